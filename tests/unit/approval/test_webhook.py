"""Tests of the webhook over real HTTP: what is sent, how it is signed, and what each way of failing means."""

import asyncio
import socket
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from agentctl.approval.announcement import Announcement, NotTaken, Taken
from agentctl.approval.webhook import Target, WebhookAnnouncer
from agentctl.foundation.resolver import CheckedResolver
from tests.fakes.clock import StandingClock
from tests.fakes.webhook_server import Behaviour, WebhookServer

KEY = Ed25519PrivateKey.generate()
MESSAGE = Announcement("msg_abc", b'{"approval":"one"}')


def announcer(url: str, *, private: bool = True, **changes: object) -> WebhookAnnouncer:
    """Return the announcer of a webhook at a URL."""
    target = Target(url, 2, 3, None, partial(CheckedResolver, allow_private=private))
    return WebhookAnnouncer(replace(target, **changes), KEY.sign, StandingClock())  # type: ignore[arg-type]


async def test_a_message_is_posted_and_its_signature_holds() -> None:
    """The other side gets the very bytes, and verifies id, time and body with our public key."""
    async with WebhookServer() as server:
        assert await announcer(server.url).send(MESSAGE) == Taken("status 204")
    request = server.requests[0]
    assert request.body == MESSAGE.body
    assert request.is_signed_by(KEY.public_key())
    assert request.id == "msg_abc"
    assert request.headers["webhook-timestamp"] == str(int(StandingClock().now().timestamp()))
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (Behaviour(200), Taken("status 200")),
        (
            Behaviour(302, {"Location": "http://127.0.0.1:1/elsewhere"}),
            NotTaken("status 302: a redirect, which is not followed"),
        ),
        (Behaviour(404), NotTaken("status 404")),
        (Behaviour(410), NotTaken("status 410")),
        (Behaviour(429, {"Retry-After": "7"}), NotTaken("status 429", again=True, retry_after=7)),
        (Behaviour(429, {"Retry-After": "soon"}), NotTaken("status 429", again=True)),
        (Behaviour(503), NotTaken("status 503", again=True)),
        (Behaviour(drop=True), NotTaken("the connection broke: ServerDisconnectedError", again=True)),
    ],
    ids=["taken", "redirects", "unknown", "gone", "busy", "busy somehow", "broken", "drops"],
)
async def test_what_the_other_side_does_is_a_value(behaviour: Behaviour, expected: Taken | NotTaken) -> None:
    """Only what may be different next time is worth another attempt; a redirect is not followed."""
    async with WebhookServer([behaviour]) as server:
        assert await announcer(server.url).send(MESSAGE) == expected
        assert len(server.requests) == 1


async def test_a_slow_webhook_is_given_up() -> None:
    """No answer in time is worth another attempt: the message has an id, and may arrive twice."""
    async with WebhookServer([Behaviour(delay=5)]) as server:
        found = await announcer(server.url, timeout_seconds=0.1).send(MESSAGE)
    assert found == NotTaken("no answer within 0.1 s", again=True)


async def test_nobody_listening_is_worth_another_attempt() -> None:
    """A refused connection may be accepted later."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        found = await announcer(url).send(MESSAGE)
    assert found == NotTaken("it was not reached: ConnectionRefusedError", again=True)


async def test_a_name_that_leads_to_a_private_address_is_not_reached() -> None:
    """A name's addresses are checked before anything is sent: nothing arrives."""
    async with WebhookServer() as server:
        found = await announcer(server.url.replace("127.0.0.1", "localhost"), private=False).send(MESSAGE)
    assert isinstance(found, NotTaken)
    assert found.detail == "it was not reached: AddressRefused"
    assert server.requests == []


async def test_where_nothing_may_be_sent_nothing_is_sent() -> None:
    """A URL that was refused is never tried, and the reason is told."""
    async with WebhookServer() as server:
        refused = announcer(server.url, refused="`127.0.0.1` is an address where requests may not go")
        assert await refused.send(MESSAGE) == NotTaken("`127.0.0.1` is an address where requests may not go")
    assert server.requests == []


async def test_a_url_that_cannot_be_used_is_a_value() -> None:
    """Even a URL that names no host ends in a sentence."""
    assert await announcer("http://").send(MESSAGE) == NotTaken("its URL cannot be used")


async def test_cancellation_passes_through() -> None:
    """Who is told to stop stops: no attempt is counted for it."""
    async with WebhookServer([Behaviour(delay=5)]) as server:
        task = asyncio.create_task(announcer(server.url).send(MESSAGE))
        while not server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_the_url_is_not_shown() -> None:
    """A webhook's URL is often its secret: no text about the target holds it."""
    assert "127.0.0.1" not in repr(Target("http://127.0.0.1/secret", 1, 1, None, CheckedResolver))  # type: ignore[arg-type]
