"""Tests of trying connections: against real ports, and with the rules that requests are bound by."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from agentctl.composition.doctor.reaching import Target, reach, targets_of
from agentctl.contract.environment import Environment
from agentctl.foundation.addresses import BackendAddress


@pytest.fixture
def port() -> Iterator[int]:
    """Return a port of this machine at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def target(url: str, *, private: bool = True) -> Target:
    """Return a backend at a URL."""
    return Target("backend `shop`", BackendAddress(url, private))


def test_what_listens_is_reached(port: int) -> None:
    """One connection, and its port is named."""
    (found,) = reach([target(f"http://127.0.0.1:{port}/v1")])
    assert (found.health, found.text) == ("ok", f"backend `shop` is reached at 127.0.0.1:{port}")


def test_not_a_byte_is_sent() -> None:
    """Whoever listens sees a connection that ends without a word."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            connection, _ = server.accept()
            with connection:
                heard.append(connection.recv(1))

        listener = threading.Thread(target=listen)
        listener.start()
        reach([target(f"http://127.0.0.1:{server.getsockname()[1]}")])
        listener.join(60)
    assert heard == [b""]


def test_what_does_not_listen_is_a_problem(port: int) -> None:
    """The others are tried all the same."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    gone, there = reach([target(f"http://127.0.0.1:{closed}"), target(f"http://127.0.0.1:{port}")])
    assert (gone.health, there.health) == ("problem", "ok")
    assert gone.text == f"backend `shop` cannot be reached at 127.0.0.1:{closed}: Connection refused"


def test_private_addresses_are_refused_as_in_a_run(port: int) -> None:
    """Written as an address or as a name that leads to one: nothing is connected."""
    for host in ("127.0.0.1", "localhost"):
        (found,) = reach([target(f"http://{host}:{port}", private=False)])
        assert (found.health, "where requests may not go" in found.text) == ("problem", True)


def test_a_url_that_leads_nowhere_is_a_problem() -> None:
    """It is told, not raised."""
    (found,) = reach([target("http://shop.example.com:99999999")])
    assert (found.health, "cannot be read" in found.text) == ("problem", True)


def test_silence_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who never answers is given up on."""

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("agentctl.composition.doctor.reaching._SECONDS", 0.01)
    monkeypatch.setattr(asyncio, "open_connection", never)
    (found,) = reach([target("http://127.0.0.1:9")])
    assert "no connection within" in found.text


def test_everything_an_environment_names_is_a_target() -> None:
    """Backends, decision points, webhooks and models; a webhook's query, which may hold a secret, goes nowhere."""
    document: dict[str, Any] = {
        "name": "live",
        "kind": "live",
        "identity": {"issuer": "us"},
        "models": {
            "a": [{"name": "m", "provider": "openai_compatible", "base_url": "http://127.0.0.1:8/v1"}]
        },
        "backends": {"shop": {"url": "https://shop.example.com"}},
        "decision_points": {"central": {"url": "https://opa.example.com:8181"}},
        "approvals": {"webhooks": [{"name": "chat", "url": "https://chat.example.com/x?token=s3cret"}]},
    }
    found = targets_of(Environment.model_validate(document))
    assert [(item.name, item.shown) for item in found] == [
        ("backend `shop`", "shop.example.com:443"),
        ("decision point `central`", "opa.example.com:8181"),
        ("webhook `chat`", "chat.example.com:443"),
        ("model `m`", "127.0.0.1:8"),
    ]
    assert "s3cret" not in repr(found)
