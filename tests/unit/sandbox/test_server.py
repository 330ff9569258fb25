"""Planned faults happen as planned, once, and leave the ledger truthful."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from agentctl.sandbox.ledger import read_refunds, read_requests
from agentctl.sandbox.seed import Fault, FaultAction
from tests.fakes.back_office import Office, with_changes

REFUNDS = "POST /stripe/v1/refunds"


def office_with(folder: Path, action: FaultAction, nth: int = 1, operation: str = REFUNDS) -> Office:
    """Return an office with one planned fault."""
    return Office(folder, with_changes(faults=(Fault(operation, action, nth),)))


@pytest.mark.parametrize(("action", "effects"), [("drop_connection", 0), ("effect_then_drop", 1)])
async def test_a_dropped_connection_says_nothing_of_the_effect(
    tmp_path: Path, action: FaultAction, effects: int
) -> None:
    """The client cannot tell; the same key tells it, and there is one refund in the end."""
    async with office_with(tmp_path, action) as office:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await office.refund("key", charge="ch_1")
        assert len(read_refunds(tmp_path)) == effects
        again = await office.refund("key", charge="ch_1")
    assert (again.status, "Idempotent-Replayed" in again.headers) == (200, bool(effects))
    assert len(read_refunds(tmp_path)) == 1
    assert [(row["outcome"], row["status"]) for row in read_requests(tmp_path)] == [
        ("accepted", None),
        ("accepted", 200),
    ]


async def test_a_server_error_is_saved_under_its_key(tmp_path: Path) -> None:
    """As Stripe does: the same key repeats the 500, a new one works."""
    async with office_with(tmp_path, "status_500") as office:
        for replayed in (None, "true"):
            reply = await office.refund("key", charge="ch_1")
            assert (reply.status, reply.body["error"]["type"]) == (500, "api_error")
            assert reply.headers.get("Idempotent-Replayed") == replayed
        assert read_refunds(tmp_path) == []
        assert (await office.refund("other", charge="ch_1")).status == 200


async def test_reads_fail_too(tmp_path: Path) -> None:
    """Named by the operation or by the very path, the nth time, and not again."""
    faults = (
        Fault("GET /zendesk/api/v2/tickets/{ticket}.json", "status_500", 2),
        Fault("GET /stripe/v1/charges/ch_1", "status_500"),
    )
    async with Office(tmp_path, with_changes(faults=faults)) as office:
        assert [(await office.ticket(10)).status for _ in range(3)] == [200, 500, 200]
        assert [(await office.charge(charge)).status for charge in ("ch_done", "ch_1", "ch_1")] == [
            200,
            500,
            200,
        ]


async def test_requests_that_are_not_let_in_do_not_count(tmp_path: Path) -> None:
    """The fault waits for the first request with a good token."""
    async with office_with(tmp_path, "status_500", operation="GET /stripe/v1/charges/{charge}") as office:
        assert (await office.ask("GET", "/stripe/v1/charges/ch_1", None)).status == 401
        assert (await office.charge("ch_1")).status == 500


async def test_a_fault_happens_once_in_the_life_of_a_ledger(tmp_path: Path) -> None:
    """A server that is started again goes on counting."""
    async with office_with(tmp_path, "status_500", nth=2) as office:
        assert (await office.refund(charge="ch_1", amount=1)).status == 200
        tokens = office.tokens
    async with Office(tmp_path, tokens=tokens) as office:
        assert [(await office.refund(charge="ch_1", amount=1)).status for _ in range(2)] == [500, 200]


async def test_an_answer_may_be_malformed(tmp_path: Path) -> None:
    """Half of the JSON, after the whole effect."""
    async with office_with(tmp_path, "malformed") as office:
        headers = {"Authorization": f"Bearer {office.tokens.token('stripe.create_refund')}"}
        url = f"{office.url}/stripe/v1/refunds"
        async with office.session.post(url, headers=headers, data={"charge": "ch_1"}) as response:
            assert response.status == 200
            with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
                await response.json()
    assert len(read_refunds(tmp_path)) == 1


async def test_a_request_that_hangs_ends_with_the_server(tmp_path: Path) -> None:
    """Nothing comes until the client gives up; the server does not wait for it when it stops, and hangs up."""
    hangs = with_changes(faults=tuple(Fault("GET /stripe/v1/charges/ch_1", "hang", nth) for nth in (1, 2)))
    async with aiohttp.ClientSession() as session:
        async with Office(tmp_path, hangs) as office:
            given_up = asyncio.create_task(office.charge("ch_1"))
            await office.received(1)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
            own, office.session = office.session, session
            hanging = asyncio.create_task(office.charge("ch_1"))
            await office.received(2)
            office.session = own
        with pytest.raises(aiohttp.ClientConnectionError):  # aiohttp asks a second time, and nobody listens
            await hanging
    assert read_refunds(tmp_path) == []


async def test_a_slow_request_is_finished_when_the_server_stops(tmp_path: Path) -> None:
    """It need not sleep to its end: the effect and the answer come first."""
    slow = with_changes(faults=(Fault(REFUNDS, "slow_ms", 1, 60_000),))
    async with Office(tmp_path, slow) as office, aiohttp.ClientSession() as session:
        office.session, own = session, office.session
        task = asyncio.create_task(office.refund("key", charge="ch_1"))
        await office.received()
        office.session = own
        stopping = asyncio.create_task(office.runner.cleanup())
        assert (await task).status == 200
        await stopping
    assert len(read_refunds(tmp_path)) == 1
