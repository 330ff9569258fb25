"""One attempt is one request, to where it may go, against real servers on loopback."""

import asyncio
import gzip
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from agentctl.foundation.canonical import JsonObject
from agentctl.tools.executors import http
from agentctl.tools.executors.executor import Answered, Failed, Outcome, Unknown
from agentctl.tools.executors.http import BackendAddress, HttpExecutor
from tests.fakes.pace import cut_off
from tests.unit.tools.samples import execution, http_tool, python_tool

SECRET = {"Authorization": "Bearer very-secret-token"}


@dataclass
class Backend:
    """A real HTTP server that remembers what it was asked."""

    port: int = 0
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Remember the request and answer it."""
        self.seen.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        return await self.answer(request) if self.answer else web.json_response({"id": "re_1"})

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    """Return a running backend."""
    state = Backend()
    application = web.Application(client_max_size=1 << 24)
    application.router.add_route("*", "/{tail:.*}", state.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    state.port = runner.addresses[0][1]
    yield state
    await runner.cleanup()


@pytest.fixture
async def executor(backend: Backend) -> AsyncIterator[HttpExecutor]:
    """Return an executor that may reach it."""
    executor = HttpExecutor({"stripe": BackendAddress(f"{backend.url}/base/", allow_private_network=True)})
    yield executor
    await executor.close()


async def reach(
    url: str, tool: str = "write", *, private: bool = True, seconds: float = 30, **parts: object
) -> Outcome:
    """Make one attempt at some URL."""
    executor = HttpExecutor({"stripe": BackendAddress(url, allow_private_network=private)})
    try:
        return await executor.execute(execution(http_tool(tool, seconds, **parts), {"a": 1}, SECRET))
    finally:
        await executor.close()


def responding(
    response: Callable[[], web.StreamResponse],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a handler that gives a response."""

    async def handle(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0)
        return response()

    return handle


async def test_a_request_is_what_the_descriptor_says(backend: Backend, executor: HttpExecutor) -> None:
    """Method, path below the base URL, form, key, credential; nothing that was not asked for."""
    tool = http_tool("write", form={"amount": "{amount}"}, idempotency_header="Idempotency-Key")
    found = await executor.execute(execution(tool, {"amount": 4900}, SECRET))
    assert found == Answered({"id": "re_1"}, 200)
    ((method, path, headers, body),) = backend.seen
    assert (method, path, body) == ("POST", "/base/v1/refunds", b"amount=4900")
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["authorization"] == "Bearer very-secret-token"
    assert headers["idempotency-key"] == "agentctl-key"
    assert headers["traceparent"] == "00-1-2-01"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert "cookie" not in headers


async def test_a_path_is_sent_byte_by_byte(backend: Backend, executor: HttpExecutor) -> None:
    """Nobody decodes or tidies it on the way."""
    tool = http_tool("read", method="GET", path="/v1/{a}", query={"q": "{a}"})
    await executor.execute(execution(tool, {"a": "x?%41 ä"}))
    assert backend.seen[0][:2] == ("GET", "/base/v1/x%3F%2541%20%C3%A4?q=x%3F%2541+%C3%A4")


async def test_a_json_body_is_sent(backend: Backend, executor: HttpExecutor) -> None:
    """With its types; and without a key where the descriptor names no header for it."""
    await executor.execute(execution(http_tool("write", body={"n": "{n}"}), {"n": [1, None]}))
    _, _, headers, body = backend.seen[0]
    assert json.loads(body) == {"n": [1, None]}
    assert "agentctl-key" not in headers.values()


async def test_cookies_are_not_kept(backend: Backend, executor: HttpExecutor) -> None:
    """What one answer sets, the next request does not carry."""

    def with_cookie() -> web.Response:
        response = web.json_response({})
        response.set_cookie("session", "1")
        return response

    backend.answer = responding(with_cookie)
    for _ in range(2):
        await executor.execute(execution(http_tool("read")))
    assert all("Cookie" not in headers for _, _, headers, _ in backend.seen)


async def test_a_redirect_is_not_followed(backend: Backend, executor: HttpExecutor) -> None:
    """The credential goes nowhere else."""
    backend.answer = responding(lambda: web.Response(status=307, headers={"Location": f"{backend.url}/evil"}))
    found = await executor.execute(execution(http_tool("write"), secrets=SECRET))
    assert found == Failed("the backend answered 307; redirects are not followed", 307)
    assert len(backend.seen) == 1


async def test_proxies_of_the_surroundings_are_not_used(
    backend: Backend, executor: HttpExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment variable does not move a credential."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert isinstance(await executor.execute(execution(http_tool("read"))), Answered)
    assert len(backend.seen) == 1


async def test_too_many_requests_name_their_pause(backend: Backend, executor: HttpExecutor) -> None:
    """The header reaches the gateway as seconds."""
    backend.answer = responding(lambda: web.json_response({}, status=429, headers={"Retry-After": "7"}))
    found = await executor.execute(execution(http_tool("write")))
    assert found == Failed("the backend answered 429", 429, repeatable=True, retry_after=7.0)


async def test_a_credential_that_is_echoed_is_covered(backend: Backend, executor: HttpExecutor) -> None:
    """Neither an answer nor a message holds it."""
    echo = {"error": {"message": "bad token very-secret-token"}, "got": "Bearer very-secret-token"}
    for status in (200, 400, 500):
        backend.answer = responding(lambda status=status: web.json_response(echo, status=status))  # type: ignore[misc]  # a default
        found = await executor.execute(execution(http_tool("write"), secrets=SECRET))
        assert "very-secret-token" not in repr(found)
        assert "***" in repr(found)


def test_a_credential_is_not_in_the_repr_of_an_attempt() -> None:
    """Nobody prints it by accident."""
    assert "very-secret-token" not in repr(execution(http_tool(), secrets=SECRET))


@pytest.mark.parametrize("name", ["Authorization\r\nX", "a b", ""])
async def test_a_header_that_splits_is_never_sent(
    backend: Backend, executor: HttpExecutor, name: str
) -> None:
    """Nor is its value told."""
    found = await executor.execute(execution(http_tool("write"), secrets={name: "very-secret-token"}))
    assert found == Failed("a header holds what cannot be sent over HTTP")
    found = await executor.execute(execution(http_tool("write"), secrets={"X": "a\r\nvery-secret-token"}))
    assert found == Failed("a header holds what cannot be sent over HTTP")
    assert backend.seen == []


@pytest.mark.parametrize(("effect", "expected"), [("read", Failed), ("write", Unknown)])
async def test_a_large_answer_is_cut_off(
    backend: Backend, executor: HttpExecutor, effect: str, expected: type[Outcome]
) -> None:
    """An endless body, a declared one and a bomb end at the limit."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * (1 << 20))
        except ConnectionError:
            return response

    bomb = gzip.compress(bytes(16 << 20))
    answers = (
        endless,
        responding(lambda: web.Response(body=bytes(9 << 20))),
        responding(lambda: web.Response(body=bomb, headers={"Content-Encoding": "gzip"})),
    )
    for answer in answers:
        backend.answer = answer
        assert isinstance(await executor.execute(execution(http_tool(effect))), expected)


async def test_an_answer_is_taken_up_to_what_the_descriptor_says(
    backend: Backend, executor: HttpExecutor
) -> None:
    """Exactly as much is taken, one byte more is not; plain, and after it was inflated."""
    tool = http_tool("read").model_copy(update={"max_result_bytes": 1_024})
    for size, kind in ((1_024, Answered), (1_025, Failed)):
        body = b'"' + b"x" * (size - 2) + b'"'
        packed = gzip.compress(body)
        backend.answer = responding(lambda body=body: web.Response(body=body))
        assert isinstance(await executor.execute(execution(tool)), kind)
        backend.answer = responding(
            lambda packed=packed: web.Response(body=packed, headers={"Content-Encoding": "gzip"})
        )
        assert isinstance(await executor.execute(execution(tool)), kind)


async def test_a_compressed_answer_is_read(backend: Backend, executor: HttpExecutor) -> None:
    """Also from a server that compresses although nobody asked."""
    body = gzip.compress(b'{"id": "re_1"}')
    backend.answer = responding(lambda: web.Response(body=body, headers={"Content-Encoding": "gzip"}))
    assert await executor.execute(execution(http_tool("write"))) == Answered({"id": "re_1"}, 200)


@pytest.mark.parametrize("effect", ["read", "write"])
async def test_a_read_may_be_asked_again_after_a_time_out_and_a_write_is_unknown(
    backend: Backend, executor: HttpExecutor, effect: str
) -> None:
    """The time limit is the descriptor's."""

    async def slow(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    backend.answer = slow
    limit, found = await cut_off(
        lambda limit: executor.execute(execution(http_tool(effect, limit))), lambda: bool(backend.seen)
    )
    told = f"no answer within {limit} s"
    assert found == (Failed(told, repeatable=True) if effect == "read" else Unknown(told))


async def test_cancellation_passes_through(backend: Backend, executor: HttpExecutor) -> None:
    """Who gives up is not told a tale."""
    arrived = asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.sleep(30)
        return web.Response()

    backend.answer = slow
    attempt = asyncio.create_task(executor.execute(execution(http_tool("write"))))
    await arrived.wait()
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt


@dataclass
class RawServer:
    """A server that answers with bytes and hangs up."""

    answer: bytes
    connections: int = 0
    requests: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request, send the bytes, and hang up."""
        self.connections += 1
        if await reader.readline():
            self.requests += 1
        writer.write(self.answer)
        writer.close()

    async def reached(self, effect: str, **parts: object) -> Outcome:
        """Return what becomes of an attempt at it."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        try:
            port = server.sockets[0].getsockname()[1]
            return await reach(f"http://127.0.0.1:{port}", effect, **parts)
        finally:
            server.close()
            await server.wait_closed()


BROKEN = {
    "hangs up": b"",
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a body": b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id": 1}',
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
}


@pytest.mark.parametrize(
    ("method", "answer"),
    [*[("POST", answer) for answer in BROKEN.values()], ("GET", b""), ("PUT", b""), ("DELETE", b"")],
    ids=[*BROKEN, "GET", "PUT", "DELETE"],
)
async def test_a_broken_connection_leaves_a_write_unknown_and_is_not_tried_again(
    answer: bytes, method: str
) -> None:
    """The client below must not repeat a request by itself, whatever HTTP says of its method."""
    for effect, expected in (("read", Failed), ("write", Unknown)):
        server = RawServer(answer)
        found = await server.reached(effect, method=method)
        assert isinstance(found, expected)
        assert isinstance(found, Unknown) or found.repeatable
        assert server.requests == 1
        assert server.connections == 1


async def test_a_slow_loris_ends_with_the_time_limit() -> None:
    """A byte now and then does not keep an attempt alive."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        try:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while not writer.is_closing():
                writer.write(b"X: y\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            writer.close()
            ended.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        _, found = await cut_off(lambda limit: reach(f"http://127.0.0.1:{port}", seconds=limit), begun.is_set)
        assert isinstance(found, Unknown)
        await ended.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def test_a_refused_connection_was_certainly_not_used() -> None:
    """Even a write may be repeated."""
    found = await reach(f"http://127.0.0.1:{_free_port()}")
    assert found == Failed("backend `stripe` was not reached: ConnectionRefusedError", repeatable=True)


async def test_a_name_that_does_not_exist_was_certainly_not_used() -> None:
    """Even a write may be repeated."""
    found = await reach("http://no-such-host.invalid")
    assert isinstance(found, Failed)
    assert found.repeatable


async def test_a_connection_that_is_not_made_in_time_was_certainly_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also when it is the name server that is slow."""

    async def slow(*_: object, **__: object) -> list[object]:
        await asyncio.sleep(30)
        return []

    monkeypatch.setattr(http.CheckedResolver, "resolve", slow)
    assert await reach("http://slow.example", seconds=0.4) == Failed(
        "backend `stripe` was not reached in time", repeatable=True
    )


async def test_a_private_address_is_refused_before_anything_is_sent(backend: Backend) -> None:
    """As a number and as a name."""
    assert await reach(backend.url, private=False) == Failed(
        "backend `stripe`: `127.0.0.1` is an address where requests may not go"
    )
    found = await reach(f"http://localhost:{backend.port}", private=False)
    assert isinstance(found, Failed)
    assert "is an address where requests may not go" in found.message
    assert not found.repeatable
    assert backend.seen == []


async def test_a_name_with_permission_is_reached(backend: Backend) -> None:
    """Where the environment allows a private network."""
    assert isinstance(await reach(f"http://localhost:{backend.port}"), Answered)


async def test_a_second_answer_of_the_name_server_changes_nothing(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to an address that was checked; each connection resolves once."""
    asked: list[str] = []

    def rebinding(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        address = "1.1.1.1" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, backend.port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    connected: list[tuple[str, int]] = []

    async def connect(
        *_: object, addr_infos: list[tuple[object, object, object, object, tuple[str, int]]], **__: object
    ) -> None:
        connected.extend(info[4] for info in addr_infos)
        raise ConnectionRefusedError

    monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", connect)
    first = await reach("http://rebinding.example", private=False)
    second = await reach("http://rebinding.example", private=False)
    assert [address for address, *_ in connected] == ["1.1.1.1"]
    assert asked == ["rebinding.example"] * 2
    assert isinstance(first, Failed)
    assert isinstance(second, Failed)
    assert "may not go" in second.message


async def test_a_certificate_that_is_not_trusted_was_certainly_not_used(backend: Backend) -> None:
    """Plain HTTP where TLS is expected, too."""
    found = await reach(f"https://127.0.0.1:{backend.port}")
    assert isinstance(found, Failed)
    assert backend.seen == []


async def test_the_certificate_is_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong certificate is another matter than a server that is down."""

    async def refuse(*_: object, **__: object) -> None:
        raise ssl.CertificateError("wrong name")

    monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", refuse)
    assert await reach("https://127.0.0.1:1") == Failed(
        "backend `stripe` has a certificate that is not trusted"
    )


@pytest.mark.parametrize(
    ("arguments", "url", "told"),
    [
        ({"a": "../../x"}, "http://127.0.0.1:1", "one plain segment"),
        ({}, "http://127.0.0.1:1", "the argument `a` is missing"),
        ({"a": "x"}, "http://2130706433", "number in another form"),
    ],
)
async def test_what_cannot_be_asked_fails_without_a_request(
    arguments: JsonObject, url: str, told: str
) -> None:
    """And says why."""
    executor = HttpExecutor({"stripe": BackendAddress(url, allow_private_network=True)})
    found = await executor.execute(execution(http_tool("write", path="/{a}"), arguments))
    assert isinstance(found, Failed)
    assert told in found.message
    await executor.close()


async def test_only_http_tools_of_bound_backends_are_reached() -> None:
    """Anything else fails by itself."""
    executor = HttpExecutor({})
    assert await executor.execute(execution(http_tool())) == Failed(
        "the environment binds no backend `stripe`"
    )
    assert await executor.execute(execution(python_tool())) == Failed("`local.tool` is no HTTP tool")
    await executor.close()


async def test_sessions_are_reused_and_closed(backend: Backend, executor: HttpExecutor) -> None:
    """Each attempt has a connection of its own, and closing twice does no harm."""
    await asyncio.gather(*(executor.execute(execution(http_tool("read"))) for _ in range(20)))
    assert len(backend.seen) == 20
    assert len(executor._sessions) == 1
    await executor.close()
    await executor.close()
    assert isinstance(await executor.execute(execution(http_tool("read"))), Answered)
