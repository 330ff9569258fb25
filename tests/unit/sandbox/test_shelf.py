"""One back office with many ledgers: each request is for the ledger that its path names, and for no other."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from agentctl.sandbox import shelf as shelf_room
from agentctl.sandbox.ledger import open_ledger, read_charges, read_refunds, read_requests, read_tickets
from agentctl.sandbox.process import BackOfficeProcess, BackOfficeSetup
from agentctl.sandbox.server import BackOffice
from agentctl.sandbox.shelf import Shelf
from agentctl.sandbox.tokens import TokenVerifier, read_keys
from tests.fakes.back_office import ISSUER, LOOK_UP, REFUND, SEED, TokenMaker


class Building:
    """An office over some ledgers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens = TokenMaker()
        for name in ("one", "two"):
            ledger = open_ledger(folder / name, self.tokens.clock, durable=False)
            ledger.fill(SEED)
            ledger.close()

    async def ask(self, path: str, scope: str, **form: object) -> tuple[int, dict[str, object]]:
        """Send a request with a good token; with a form, as a POST."""
        token = self.tokens.token(scope)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "the-key"}
        data = {name: str(value) for name, value in form.items()}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                "POST" if form else "GET", self.url + path, headers=headers, data=data
            ) as response,
        ):
            return response.status, await response.json()

    url = ""


@pytest.fixture
async def building(tmp_path: Path) -> AsyncIterator[Building]:
    """Give an office over two ledgers."""
    made = Building(tmp_path)
    verifier = TokenVerifier(read_keys(json.dumps(made.tokens.jwks()), "tests"), ISSUER, made.tokens.clock)
    shelf = Shelf(tmp_path, made.tokens.clock)
    runner = web.AppRunner(BackOffice(shelf, verifier).application(), access_log=None, shutdown_timeout=2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()
    shelf.close()


async def test_each_ledger_is_its_own(building: Building) -> None:
    """The same refund under the same key is made in both, and each holds its own, with paths as the API knows them."""
    for name in ("one", "two"):
        status, answer = await building.ask(f"/{name}/stripe/v1/refunds", REFUND, charge="ch_1", amount=100)
        assert (status, answer["amount"]) == (200, 100)
    for name in ("one", "two"):
        folder = building.folder / name
        assert [row["amount"] for row in read_refunds(folder)] == [100]
        assert [row["path"] for row in read_requests(folder)] == ["/stripe/v1/refunds"]
        assert {row["id"]: row["amount_refunded"] for row in read_charges(folder)}["ch_1"] == 100
        assert {row["id"] for row in read_tickets(folder)} == {ticket.id for ticket in SEED.tickets}


@pytest.mark.parametrize(
    "path", ["/three/stripe/v1/charges/ch_1", "/../stripe/v1/charges/ch_1", "/stripe/v1/charges/ch_1"]
)
async def test_there_is_no_other_ledger(building: Building, path: str) -> None:
    """A name that is none of theirs is not found, whatever it looks like."""
    status, _ = await building.ask(path, LOOK_UP)
    assert status == 404


async def test_what_is_no_operation_is_written_down_where_it_came(building: Building) -> None:
    """A path that no API has is turned away in the ledger that it named, in the API's words."""
    status, answer = await building.ask("/one/stripe/v1/nothing", LOOK_UP)
    assert status == 404
    assert "GET /stripe/v1/nothing" in str(answer)
    assert [row["status"] for row in read_requests(building.folder / "one")] == [404]
    assert read_requests(building.folder / "two") == []


def test_only_so_many_stay_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger that was asked for longest ago is closed; asked for again, it is opened again."""
    monkeypatch.setattr(shelf_room, "_OPEN", 1)
    building = Building(tmp_path)
    shelf = Shelf(tmp_path, building.tokens.clock)
    first = shelf.ledger("one")
    assert first is shelf.ledger("one")
    assert shelf.ledger("two") is not None
    again = shelf.ledger("one")
    assert again is not None
    assert again is not first
    assert again.is_seeded
    shelf.close()


@pytest.mark.parametrize("name", ["", "none", "../one", "one/../two", "a" * 65, "."])
def test_a_name_never_becomes_another_path(tmp_path: Path, name: str) -> None:
    """Only plain names of folders that hold a ledger name one."""
    assert Shelf(tmp_path, Building(tmp_path).tokens.clock).ledger(name) is None


async def test_the_process_serves_many(tmp_path: Path) -> None:
    """The real child, told so, serves every ledger of a folder."""
    building = Building(tmp_path)
    setup = BackOfficeSetup(tmp_path, (), building.tokens.jwks(), ISSUER, many=True)
    with BackOfficeProcess(setup) as office:
        building.url = office.start()
        status, answer = await building.ask("/two/stripe/v1/charges/ch_1", LOOK_UP)
    assert (status, answer["id"]) == (200, "ch_1")
