"""The fake OpenAI server does what it is told, over real HTTP, and remembers what it was asked."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes import openai_server
from tests.fakes.openai_server import OpenAIServer

QUESTION = {"model": "m", "messages": []}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that knows nothing of the fake."""
    async with aiohttp.ClientSession() as session:
        yield session


async def ask(http: aiohttp.ClientSession, url: str) -> tuple[int, Any]:
    """Return the status and the parsed body of one answer."""
    async with http.post(f"{url}/chat/completions", json=QUESTION, headers={"X-Who": "me"}) as response:
        return response.status, json.loads(await response.text())


async def test_it_answers_in_words_and_remembers_the_question(http: aiohttp.ClientSession) -> None:
    """An answer is a chat completion; the request stands in `requests`."""
    async with OpenAIServer([openai_server.says("hello")]) as server:
        status, body = await ask(http, server.url)
    assert (status, body["choices"][0]["message"]["content"]) == (200, "hello")
    assert body["usage"] == openai_server.USAGE
    assert server.requests[0].body == QUESTION
    assert server.requests[0].headers["x-who"] == "me"
    assert server.requests[0].path == "/v1/chat/completions"


async def test_it_asks_for_tools_with_or_without_ids(http: aiohttp.ClientSession) -> None:
    """A call without an id leaves the key out."""
    behaviour = openai_server.calls(("a", "t", "{}"), (None, "u", "{"), usage=None)
    async with OpenAIServer([behaviour]) as server:
        _, body = await ask(http, server.url)
    first, second = body["choices"][0]["message"]["tool_calls"]
    assert (first["id"], first["function"]) == ("a", {"name": "t", "arguments": "{}"})
    assert "id" not in second
    assert "usage" not in body
    assert body["choices"][0]["finish_reason"] == "tool_calls"


async def test_it_fails_as_told(http: aiohttp.ClientSession) -> None:
    """Statuses carry a message, 429 a `Retry-After`; one request too many is a 400."""
    async with OpenAIServer([openai_server.fails(503), openai_server.rate_limited("3")]) as server:
        assert await ask(http, server.url) == (
            503,
            {"error": {"message": "something broke", "type": "fake_error"}},
        )
        async with http.post(f"{server.url}/chat/completions", json=QUESTION) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "3")
        assert (await ask(http, server.url))[0] == 400


async def test_it_sends_half_an_answer(http: aiohttp.ClientSession) -> None:
    """Truncated: half the JSON in whole HTTP. Cut: half the HTTP."""
    async with OpenAIServer([openai_server.truncated(), openai_server.cut()]) as server:
        with pytest.raises(json.JSONDecodeError):
            await ask(http, server.url)
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask(http, server.url)


async def test_it_drops_and_it_hangs(http: aiohttp.ClientSession) -> None:
    """Dropped: the connection breaks. Hangs: no answer until the server closes, and closing is quick."""
    async with OpenAIServer([openai_server.dropped(), openai_server.hangs()]) as server:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await ask(http, server.url)
        hanging = asyncio.create_task(ask(http, server.url))
        while len(server.requests) < 2:
            await asyncio.sleep(0.01)
    assert (await hanging)[0] == 503


async def test_it_runs_in_a_process_of_its_own(http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """With a script in a file it prints its URL and serves."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"text": "hi"}, {"calls": [["a", "t", "{}"]]}]))
    command = [sys.executable, openai_server.__file__, "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220  # reads one line
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert (await ask(http, url))[1]["choices"][0]["message"]["content"] == "hi"
            assert (await ask(http, url))[1]["choices"][0]["message"]["tool_calls"][0]["id"] == "a"
        finally:
            process.terminate()
