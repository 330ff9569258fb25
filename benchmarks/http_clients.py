"""Compares HTTP clients as the floor of the thin model client: one POST of a chat request, JSON in and out.

A loopback server in another process answers at once; each round runs every client once.
"""

import argparse
import asyncio
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace
from typing_extensions import override

from agentctl.models import wire
from agentctl.models.client import Message, ModelRequest, ToolDefinition
from agentctl.models.openai_compatible import OpenAICompatibleClient
from benchmarks.results import Section

Post = Callable[[], Awaitable[object]]
TOOL = ToolDefinition(
    "zendesk.read_ticket", "Reads a ticket.", {"type": "object", "properties": {"id": {"type": "string"}}}
)
REQUEST = ModelRequest(
    "fake-1", (Message("system", "Be kind. " * 40), Message("user", "hi")), (TOOL,), 64, 30.0
)
BODY = wire.sent_bytes(REQUEST)
HEADERS = {"content-type": "application/json", "authorization": "Bearer test"}
ANSWER = json.dumps(
    {
        "id": "c1",
        "model": "fake-1",
        "choices": [{"message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20},
    }
).encode()
RESPONSE = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER) + ANSWER
)


class Server(asyncio.Protocol):
    """Answers every request the same, as cheaply as Python can."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self.transport: Any = transport
        self.data = b""

    @override
    def data_received(self, data: bytes) -> None:
        """Answer once head and body are complete."""
        self.data += data
        head, end, body = self.data.partition(b"\r\n\r\n")
        if end and len(body) >= _content_length(head):
            self.data = b""
            self.transport.write(RESPONSE)


def _content_length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), 0)


async def serve() -> None:
    """Print the port and serve until the process is told to end."""
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@asynccontextmanager
async def bare_aiohttp(url: str) -> AsyncIterator[Post]:
    """Post with aiohttp alone."""
    import aiohttp  # noqa: PLC0415  # each client is loaded only when it is measured

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post() -> object:
            async with session.post(f"{url}/chat/completions", data=BODY, headers=HEADERS) as response:
                return json.loads(await response.read())

        yield post


@asynccontextmanager
async def thin_client(url: str) -> AsyncIterator[Post]:
    """Post with our client: aiohttp, and everything it checks."""
    client = OpenAICompatibleClient(url, api_key="test")
    yield lambda: client.complete(replace(REQUEST))
    await client.close()


def httpx_like(name: str) -> Callable[[str], Any]:
    """Return a maker of posts for httpx or a library with its interface."""

    @asynccontextmanager
    async def opened(url: str) -> AsyncIterator[Post]:
        httpx = importlib.import_module(name)
        limits = httpx.Limits(max_connections=1000, max_keepalive_connections=1000)
        async with httpx.AsyncClient(limits=limits, timeout=30, trust_env=False) as session:

            async def post() -> object:
                return (await session.post(f"{url}/chat/completions", content=BODY, headers=HEADERS)).json()

            yield post

    return opened


CLIENTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "aiohttp": ("aiohttp", bare_aiohttp),
    "thin client (aiohttp)": ("aiohttp", thin_client),
    "httpx": ("httpx", httpx_like("httpx")),
    "httpx2": ("httpx2", httpx_like("httpx2")),
}


async def seconds_per_post(opened: Callable[[str], Any], url: str, at_once: int, posts: int) -> float:
    """Return the seconds of one post, with so many under way at once, after one warm round."""
    async with opened(url) as post:

        async def some() -> None:
            for _ in range(posts // at_once):
                await post()

        await asyncio.gather(*(post() for _ in range(at_once)))
        begin = time.perf_counter()
        await asyncio.gather(*(some() for _ in range(at_once)))
        return (time.perf_counter() - begin) / (posts // at_once * at_once)


def measure(url: str, at_once: int, posts: int, rounds: int) -> dict[str, list[float]]:
    """Return each client's seconds per post, one figure a round."""
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, (library, opened) in CLIENTS.items():
            if importlib.util.find_spec(library):
                seconds = asyncio.run(seconds_per_post(opened, url, at_once, posts))
                found.setdefault(name, []).append(seconds)
    return found


def main() -> None:
    """Parse the command line, start the server, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--serve", action="store_true", help="be the server")
    parser.add_argument("--posts", type=int, default=200, help="posts of a client in a round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    command = [sys.executable, "-m", "benchmarks.http_clients", "--serve"]
    with (
        Section("http_clients", "One POST of the thin client", ("aiohttp",)) as section,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None  # noqa: S101  # it was asked for
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        for at_once in (1, 50):
            found = measure(url, at_once, options.posts, options.rounds)
            section.ratios(f"{at_once} at once, the time of a post over that of aiohttp alone", found)
        server.terminate()


if __name__ == "__main__":
    main()
