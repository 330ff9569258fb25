"""The part of Zendesk's Support API that a refund agent reads: one ticket, and the list of them."""

import re

from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.sandbox.api import Api, Operation
from agentctl.sandbox.exchange import Answer, Call, TokenRefused
from agentctl.sandbox.ledger import Ledger

_TICKET_ID = re.compile(r"[0-9]{1,15}")
_STEPS = {"created_at": 1, "-created_at": -1}
_ERRORS = {400: "InvalidValue", 403: "Forbidden", 404: "RecordNotFound", 500: "InternalError"}


def read_ticket(ledger: Ledger, call: Call) -> Answer:
    """Answer `GET /tickets/{id}.json`, with the requester beside it when `include=users` asks for that."""
    identifier = call.values["ticket"]
    found = ledger.ticket(int(identifier)) if _TICKET_ID.fullmatch(identifier) else None
    if found is None:
        return fail(404, "Not found")
    return Answer(200, {"ticket": _without_requester(found), **_sideloaded(call, [found])})


def list_tickets(ledger: Ledger, call: Call) -> Answer:
    """Answer `GET /tickets.json?status=&sort=`: all tickets or those of a status, the oldest first unless asked otherwise."""
    asked = dict(call.query)
    step = _STEPS.get(asked.get("sort", "created_at"))
    if step is None:
        return fail(400, "sort takes " + " or ".join(_STEPS))
    found = ledger.tickets(asked.get("status"))[::step]
    tickets: list[JsonValue] = [_without_requester(ticket) for ticket in found]
    pages: JsonObject = {"count": len(tickets), "next_page": None, "previous_page": None}
    return Answer(200, {"tickets": tickets, **_sideloaded(call, found), **pages})


def fail(status: int, description: str) -> Answer:
    """Return an error in Zendesk's form."""
    return Answer(status, {"error": _ERRORS.get(status, "InvalidRequest"), "description": description})


def refuse(refused: TokenRefused) -> Answer:
    """Answer a request whose token does not let it in."""
    if refused.error == "insufficient_scope":
        return fail(403, refused.description)
    return Answer(401, {"error": "invalid_token", "description": refused.description})


def break_down(_ledger: Ledger, _call: Call) -> Answer:
    """Answer as a server that has failed."""
    return fail(500, "the server failed")


def _without_requester(ticket: JsonObject) -> JsonObject:
    return {name: value for name, value in ticket.items() if name != "requester"}


def _sideloaded(call: Call, tickets: list[JsonObject]) -> JsonObject:
    if ("include", "users") not in call.query:
        return {}
    users = {str(ticket["requester_id"]): ticket["requester"] for ticket in tickets}
    return {"users": list(users.values())}


ZENDESK = Api(
    audience="zendesk",
    operations=(
        Operation(
            "GET",
            "/zendesk/api/v2/tickets/{ticket}.json",
            "zendesk.read_ticket",
            read_ticket,
            break_down,
        ),
        Operation("GET", "/zendesk/api/v2/tickets.json", "zendesk.list_tickets", list_tickets, break_down),
    ),
    refuse=refuse,
    fail=fail,
)
