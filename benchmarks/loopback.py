"""A model on loopback: an OpenAI-compatible server in a process of its own, which plays one refund agent from memory.

It decides from the number of tool results in a request alone, so it keeps no state and answers at once: read_ticket,
lookup_charge, create_refund, final text. `/v1` answers without think time, `/t50/v1` after 50 ms; `/count` says how many
requests were answered. A tool's name is the one that the request offers, with or without the room before it; a request that
offers no tools is answered with the final text.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from typing_extensions import override

ROOM = "desk__"
"""What stands before the names of tools where they are ours."""

ANSWER = "Refund re_1001 of 42.00 USD was created for charge ch_1001."
CALLS = (
    ("read_ticket", {"ticket_id": "T-1001"}),
    ("lookup_charge", {"charge_id": "ch_1001"}),
    ("create_refund", {"charge_id": "ch_1001", "amount": 4200, "currency": "usd"}),
)


def completion(turn: int, room: str = "") -> dict[str, Any]:
    """Return the answer to a request with so many tool results in it."""
    if turn < len(CALLS):
        name, arguments = CALLS[turn]
        function = {"name": room + name, "arguments": json.dumps(arguments)}
        calls = [{"id": f"call_{turn + 1}", "type": "function", "function": function}]
        message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": calls}
    else:
        message = {"role": "assistant", "content": ANSWER}
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "tool_calls" if turn < len(CALLS) else "stop",
    }
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return {
        "id": f"chatcmpl-{turn}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "stub-1",
        "choices": [choice],
        "usage": usage,
    }


def response(body: object) -> bytes:
    """Return the whole HTTP response with a JSON body."""
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    return head.encode() + data


ANSWERS = {room: [response(completion(turn, room)) for turn in range(len(CALLS) + 1)] for room in ("", ROOM)}


class Server(asyncio.Protocol):
    """One connection; requests are answered one after another, as cheaply as Python can."""

    answered = 0

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
            self._answer(head.split(b" ", 2)[1], body)

    def _answer(self, path: bytes, body: bytes) -> None:
        if path == b"/count":
            self.transport.write(response(Server.answered))
            return
        Server.answered += 1
        turn = body.count(b'"role":"tool"') + body.count(b'"role": "tool"')
        turn = turn if b'"tools"' in body else len(CALLS)
        answer = ANSWERS[ROOM if ROOM.encode() in body else ""][min(turn, len(CALLS))]
        think = int(path[2 : path.index(b"/", 1)]) / 1_000 if path.startswith(b"/t") else 0.0
        if think:
            asyncio.get_running_loop().call_later(think, self.transport.write, answer)
        else:
            self.transport.write(answer)


def _content_length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), 0)


async def serve() -> None:
    """Print the port and serve until the process is told to end."""
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=1_024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def served() -> Iterator[str]:
    """Start the server for the time of the block and give its address, without a path."""
    command = [sys.executable, "-m", "benchmarks.loopback"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None  # noqa: S101  # it was asked for
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.terminate()


if __name__ == "__main__":
    asyncio.run(serve())
