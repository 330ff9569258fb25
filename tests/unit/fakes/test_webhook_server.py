"""Tests of the webhook that other tests announce to: it tells a signature that holds from one that does not."""

import base64

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.fakes.webhook_server import Behaviour, Received, WebhookServer

KEY = Ed25519PrivateKey.generate()


def received(signed: bytes, version: str = "v1a") -> Received:
    """Return a request whose signature covers some bytes."""
    signature = base64.b64encode(KEY.sign(signed)).decode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": "12",
        "webhook-signature": f"{version},{signature}",
    }
    return Received("/", headers, b'{"a":1}')


@pytest.mark.parametrize(
    ("request_", "holds"),
    [
        (received(b'msg_1.12.{"a":1}'), True),
        (received(b'msg_1.13.{"a":1}'), False),
        (received(b'msg_2.12.{"a":1}'), False),
        (received(b'msg_1.12.{"a":2}'), False),
        (received(b'msg_1.12.{"a":1}', "v1"), False),
    ],
)
def test_only_a_signature_over_all_of_it_holds(request_: Received, *, holds: bool) -> None:
    """Another id, time, body or kind of signature does not pass."""
    assert request_.is_signed_by(KEY.public_key()) is holds


def test_another_key_does_not_pass() -> None:
    """The signature of a stranger does not hold."""
    stranger = Ed25519PrivateKey.generate().public_key()
    assert not received(b'msg_1.12.{"a":1}').is_signed_by(stranger)


async def test_it_behaves_as_it_is_told_and_remembers() -> None:
    """First the status it was told, then 204; both requests are remembered."""
    async with WebhookServer([Behaviour(503)]) as server, aiohttp.ClientSession() as session:
        headers = {"webhook-id": "msg_1"}
        statuses = [
            (await session.post(server.url, data=b'{"a":1}', headers=headers)).status for _ in range(2)
        ]
    assert statuses == [503, 204]
    assert [item.message for item in server.requests] == [{"a": 1}, {"a": 1}]
    assert server.requests[0].id == "msg_1"


async def test_it_breaks_the_connection_when_told() -> None:
    """A dropped connection is an error of the client's."""
    async with WebhookServer([Behaviour(drop=True)]) as server, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.post(server.url, data=b"")
