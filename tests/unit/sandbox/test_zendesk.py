"""The Zendesk part answers as Zendesk does."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentctl.sandbox.ledger import read_requests
from tests.fakes.back_office import Office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Return an office with three tickets."""
    async with Office(tmp_path) as office:
        yield office


TICKET = {
    "id": 10,
    "subject": "First",
    "description": "Refund ch_1, 49.00 USD.",
    "status": "open",
    "priority": "high",
    "tags": ["refund"],
    "created_at": "2026-03-02T08:00:00Z",
    "updated_at": "2026-03-02T08:00:00Z",
    "requester_id": 9001,
    "custom_fields": [],
}
DANA = {"id": 9001, "name": "Dana Okafor", "email": "dana@example.com"}


async def test_a_ticket_comes_with_its_requester_when_asked(office: Office) -> None:
    """`include=users` puts the requester beside the ticket; without it there is only the id."""
    assert (await office.ticket(10, "?include=users")).body == {"ticket": TICKET, "users": [DANA]}
    assert (await office.ticket(10)).body == {"ticket": TICKET}


@pytest.mark.parametrize("identifier", ["4711", "abc", "-1", "9" * 30, "1%2F2"])
async def test_a_ticket_that_is_not_there_is_not_found(office: Office, identifier: str) -> None:
    """Unknown and impossible ids get the same answer."""
    reply = await office.ticket(identifier)
    assert reply.status == 404
    assert reply.body["error"] == "RecordNotFound"


async def test_tickets_are_listed_oldest_first(office: Office) -> None:
    """By status and in either order; each requester once."""
    everything = (await office.tickets("?sort=created_at&include=users")).body
    assert [ticket["id"] for ticket in everything["tickets"]] == [9, 10, 11]
    assert [user["id"] for user in everything["users"]] == [9001, 9006]
    assert (everything["count"], everything["next_page"]) == (3, None)
    waiting = (await office.tickets("?status=open&sort=-created_at")).body
    assert [ticket["id"] for ticket in waiting["tickets"]] == [11, 10]
    assert "users" not in waiting
    assert (await office.tickets("?status=hold")).body["count"] == 0


async def test_an_order_that_is_not_known_is_refused(office: Office) -> None:
    """Not silently replaced by another."""
    reply = await office.tickets("?sort=subject")
    assert (reply.status, reply.body) == (
        400,
        {"error": "InvalidValue", "description": "sort takes created_at or -created_at"},
    )


async def test_what_is_no_operation_is_refused_in_the_apis_own_form(office: Office) -> None:
    """Unknown paths and methods, and bodies beyond all measure; each is written down."""
    missing = await office.ask("GET", "/zendesk/api/v2/users.json", None)
    assert (missing.status, missing.body["description"]) == (404, "Not Found: GET /zendesk/api/v2/users.json")
    method = await office.ask("DELETE", "/stripe/v1/refunds", None)
    assert (method.status, method.body["error"]["type"]) == (405, "invalid_request_error")
    large = await office.ask("POST", "/stripe/v1/refunds", None, data=b"x" * 70_000)
    assert (large.status, large.body["error"]["type"]) == (413, "invalid_request_error")
    nowhere = await office.ask("GET", "/admin/delete_all", None)
    assert nowhere.body == {"error": "Not Found: GET /admin/delete_all"}
    assert [row["status"] for row in read_requests(office.folder)] == [404, 405, 413, 404]
