"""A server of the OpenAI chat-completions protocol that behaves, request by request, as it is told; real HTTP on loopback.

Start it in a test with `async with OpenAIServer([says("hello")]) as server:`, or in a process of its own with
`python tests/fakes/openai_server.py --port 0 --script FILE`, where the file holds a JSON list of behaviours.
"""

import argparse
import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

MODEL = "fake-1"
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


@dataclass(frozen=True)
class Behaviour:
    """What the server does with one request; the functions below make the usual ones."""

    do: Literal["answer", "status", "raw", "hang", "drop", "cut"] = "answer"
    text: str | None = None
    calls: tuple[Mapping[str, Any], ...] = ()
    usage: Any = field(default_factory=lambda: dict(USAGE))
    finish_reason: str | None = None
    status: int = 200
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    delay: float = 0.0


@dataclass(frozen=True)
class Received:
    """One request as it arrived; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: Any
    peer: str = ""
    """Host and port of the client's end of the connection."""


def says(text: str, **more: Any) -> Behaviour:
    """Return an answer in words."""
    return Behaviour(text=text, **more)


def calls(*wanted: tuple[str | None, str, str], **more: Any) -> Behaviour:
    """Return an answer with tool calls, each an id (None: left out), a name and the text of its arguments."""
    return Behaviour(calls=tuple(_call(*one) for one in wanted), **more)


def without_usage(text: str) -> Behaviour:
    """Return an answer that does not say what it cost."""
    return Behaviour(text=text, usage=None)


def rate_limited(retry_after: str | None = None) -> Behaviour:
    """Return a 429, with `Retry-After` if one is given."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Behaviour("status", status=429, message="slow down", headers=headers)


def fails(status: int = 500, message: str = "something broke") -> Behaviour:
    """Return an error status with a message."""
    return Behaviour("status", status=status, message=message)


def raw(body: str, status: int = 200) -> Behaviour:
    """Return exactly this body."""
    return Behaviour("raw", body=body, status=status)


def truncated() -> Behaviour:
    """Return well-framed HTTP with half of the JSON."""
    whole = json.dumps(completion(says("half of this"), 0))
    return raw(whole[: len(whole) // 2])


def cut() -> Behaviour:
    """Promise a whole body, send half of it and break the connection."""
    return Behaviour("cut", text="half of this")


def dropped() -> Behaviour:
    """Read the request and break the connection."""
    return Behaviour("drop")


def hangs() -> Behaviour:
    """Read the request and never answer."""
    return Behaviour("hang")


def completion(behaviour: Behaviour, number: int) -> dict[str, Any]:
    """Return the body of an answer."""
    message: dict[str, Any] = {"role": "assistant", "content": behaviour.text}
    if behaviour.calls:
        message["tool_calls"] = list(behaviour.calls)
    reason = behaviour.finish_reason or ("tool_calls" if behaviour.calls else "stop")
    body: dict[str, Any] = {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reason}],
    }
    return body if behaviour.usage is None else body | {"usage": behaviour.usage}


class OpenAIServer:
    """The server; `requests` holds what it received, `url` is its base URL.

    A request beyond the last behaviour is answered 400: a test that asks more often than it said is wrong.
    """

    def __init__(self, behaviours: Iterable[Behaviour] = (), *, port: int = 0) -> None:
        self.behaviours = list(behaviours)
        self.requests: list[Received] = []
        self._port = port
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        """The base URL, which `/chat/completions` is appended to."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> Self:
        """Start listening."""
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/v1/chat/completions", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of who still waits and stop."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        peer = str(request.transport and request.transport.get_extra_info("peername"))
        self.requests.append(Received(request.path, headers, await request.json(), peer))
        number = len(self.requests)
        if number > len(self.behaviours):
            return _error(400, f"request {number}, but only {len(self.behaviours)} behaviours were given")
        return await self._behave(self.behaviours[number - 1], request, number)

    async def _behave(self, behaviour: Behaviour, request: web.Request, number: int) -> web.StreamResponse:
        await asyncio.sleep(behaviour.delay)
        match behaviour.do:
            case "answer":
                return _json(json.dumps(completion(behaviour, number)))
            case "status":
                return _error(behaviour.status, behaviour.message, behaviour.headers)
            case "raw":
                return _json(behaviour.body, behaviour.status, behaviour.headers)
            case "hang":
                await self._closing.wait()
                return _error(503, "closing")
            case "drop":
                return _abort(request, web.Response())
            case "cut":
                return await _half(json.dumps(completion(behaviour, number)).encode(), request)


def _call(identifier: str | None, name: str, arguments: str) -> Mapping[str, Any]:
    call = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return call if identifier is None else {"id": identifier} | call


def _json(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(text=body, status=status, headers=headers, content_type="application/json")


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return _json(json.dumps({"error": {"message": message, "type": "fake_error"}}), status, headers)


def _abort(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response


async def _half(body: bytes, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": "application/json", "Content-Length": str(len(body))}
    )
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    return _abort(request, response)


# -- as a process of its own ----------------------------------------------------------------------


def behaviours_in(path: Path) -> list[Behaviour]:
    """Return the behaviours in a JSON file: a list of objects with the fields of `Behaviour`.

    A call may be written short, as `["id", "name", "arguments"]`.
    """
    return [_behaviour(row) for row in json.loads(path.read_text("utf-8"))]


def _behaviour(row: Mapping[str, Any]) -> Behaviour:
    listed = tuple(_call(*one) if isinstance(one, list) else one for one in row.get("calls", ()))
    return Behaviour(**{**row, "calls": listed})


async def serve(behaviours: Iterable[Behaviour], port: int) -> None:
    """Print the base URL and serve until the process is told to end."""
    async with OpenAIServer(behaviours, port=port) as server:
        print(server.url, flush=True)  # noqa: T201  # the URL is this program's answer
        await asyncio.Event().wait()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description="An OpenAI-compatible server that behaves as it is told.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, required=True, help="a JSON list of behaviours")
    options = parser.parse_args()
    asyncio.run(serve(behaviours_in(options.script), options.port))


if __name__ == "__main__":
    main()
