"""What only the thin client promises; the rest stands beside litellm in `test_clients_over_http.py`."""

from unittest.mock import MagicMock

import aiohttp
import pytest
from msgspec.structs import replace

from agentctl.models.client import Message, ModelFailure, ModelRequest
from agentctl.models.openai_compatible import OpenAICompatibleClient
from tests.fakes import openai_server as fake
from tests.fakes.openai_server import Behaviour, OpenAIServer

QUESTION = ModelRequest("fake-1", (Message("user", "hi"),), (), 64, 10.0)
UNSENDABLE = ModelFailure("not_usable", "the base URL, the key or a header cannot be sent over HTTP")


async def failure(behaviour: Behaviour) -> ModelFailure:
    """Return the failure of one question, which must be one; the server is asked exactly once."""
    async with OpenAIServer([behaviour]) as server:
        client = OpenAICompatibleClient(server.url, api_key="sk-secret")
        found = await client.complete(QUESTION)
        await client.close()
    assert isinstance(found, ModelFailure)
    assert len(server.requests) == 1
    return found


async def test_a_redirect_is_not_followed() -> None:
    """The conversation goes to nobody else."""
    redirect = Behaviour("raw", status=307, headers={"Location": "/v1/chat/completions"})
    assert (await failure(redirect)).kind == "refused"


async def test_an_endless_body_is_not_read() -> None:
    """More than the limit is no answer."""
    found = await failure(fake.raw(" " * (9 << 20)))
    assert (found.kind, "more than" in found.message) == ("unknown_outcome", True)


async def test_an_enormous_error_is_still_an_error() -> None:
    """The status says enough."""
    assert (await failure(fake.raw(" " * (9 << 20), status=500))).kind == "unavailable"


@pytest.mark.parametrize("url", ["nonsense", "ftp://host/v1", "http://", "http://user:pw@127.0.0.1:1"])
async def test_a_url_of_no_use_is_told(url: str) -> None:
    """A failure with a sentence, not an exception; passwords in URLs are not repeated."""
    client = OpenAICompatibleClient(url, api_key="sk-secret")
    assert await client.complete(QUESTION) == UNSENDABLE
    await client.close()


async def test_a_key_with_a_line_break_is_not_sent() -> None:
    """It would begin another header."""
    async with OpenAIServer() as server:
        client = OpenAICompatibleClient(server.url, api_key="sk-secret\nx: y")
        assert await client.complete(QUESTION) == UNSENDABLE
        await client.close()
    assert server.requests == []


async def test_without_a_key_nothing_claims_one() -> None:
    """No `Authorization` header; and no header of the request takes the place of ours."""
    async with OpenAIServer([fake.says("x")]) as server:
        client = OpenAICompatibleClient(server.url)
        await client.complete(replace(QUESTION, headers={"CONTENT-TYPE": "text/plain"}))
        await client.close()
    headers = server.requests[0].headers
    assert "authorization" not in headers
    assert headers["content-type"] == "application/json"


async def test_connections_are_kept() -> None:
    """Two questions, one connection."""
    async with OpenAIServer([fake.says("x"), fake.says("y")]) as server:
        client = OpenAICompatibleClient(server.url)
        await client.complete(QUESTION)
        await client.complete(QUESTION)
        await client.close()
    assert len({received.peer for received in server.requests}) == 1


async def test_a_server_that_is_not_reached_is_told_in_the_systems_words() -> None:
    """Once where, once why; nothing of the library that asked."""
    client = OpenAICompatibleClient("http://127.0.0.1:1/v1")
    found = await client.complete(QUESTION)
    await client.close()
    assert found == ModelFailure(
        "unavailable", "the server at 127.0.0.1:1 was not reached: Connection refused"
    )


async def test_a_server_without_tls_is_told() -> None:
    """The cause that lies below is not lost."""
    async with OpenAIServer() as server:
        client = OpenAICompatibleClient(server.url.replace("http:", "https:"))
        found = await client.complete(QUESTION)
        await client.close()
    assert isinstance(found, ModelFailure)
    assert "was not reached: [SSL" in found.message


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (aiohttp.ConnectionTimeoutError(), "no connection within 5 s"),
        (
            aiohttp.ClientConnectorCertificateError(MagicMock(), ValueError("it expired")),
            "its certificate is not accepted: it expired",
        ),
    ],
)
async def test_what_stops_a_connection_is_told(
    monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    """Nobody answered in time, or somebody who is not who they say."""
    client = OpenAICompatibleClient("https://models.example/v1")

    async def stopped(_: ModelRequest) -> None:
        raise error

    monkeypatch.setattr(client, "_posted", stopped)
    found = await client.complete(QUESTION)
    assert found == ModelFailure("unavailable", f"the server at models.example:443 was not reached: {why}")
