"""The ledger of a trial in the back office: made and filled before its run, and read when that has stopped."""

import json
from pathlib import Path

from msgspec.structs import replace

from agentctl.composition.governing import Governing
from agentctl.composition.project import Project
from agentctl.contract.golden import GoldenCase
from agentctl.contract.golden_world import ChargeState, State, TicketState
from agentctl.evals.evidence import Left
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.clock import SystemClock
from agentctl.sandbox.ledger import open_ledger, read_charges, read_refunds, read_requests, read_tickets
from agentctl.sandbox.seed import Charge, Seed, Ticket, User
from agentctl.sandbox.seed_file import load_seed


def ledger_made(project: Project, governing: Governing, case: GoldenCase, run: str) -> None:
    """Make and fill the ledger of a trial.

    Raises:
        InvalidInput: the environment's own seed files cannot be used.
    """
    name = governing.environment.environment.name
    seeds = load_seed(project.files.seeds(project.files.environment(name)))
    ledger = open_ledger(project.paths.sandbox / run, SystemClock(), durable=False)
    try:
        ledger.fill(seeds if case.state is None else _with_state(seeds, case.state))
    finally:
        ledger.close()


def ledger_left(folder: Path) -> Left:
    """Return what stands in a ledger now, in the words of golden cases."""
    return Left(
        refunds=tuple(map(_as_json, read_refunds(folder))),
        charges=tuple(map(_charge_row, read_charges(folder))),
        tickets=tuple(map(_as_json, read_tickets(folder))),
        requests=tuple(_as_json(row) for row in read_requests(folder) if row["outcome"] == "accepted"),
    )


def _with_state(seeds: Seed, state: State) -> Seed:
    tickets, charges = tuple(map(_ticket, state.tickets)), tuple(map(_charge, state.charges))
    if state.instead:
        return replace(seeds, tickets=tickets, charges=charges, faults=())
    ticket_ids, charge_ids = {one.id for one in tickets}, {one.id for one in charges}
    return replace(
        seeds,
        tickets=(*(one for one in seeds.tickets if one.id not in ticket_ids), *tickets),
        charges=(*(one for one in seeds.charges if one.id not in charge_ids), *charges),
    )


def _ticket(state: TicketState) -> Ticket:
    requester = User(state.requester.id, state.requester.name, state.requester.email)
    return Ticket(
        id=state.id,
        subject=state.subject,
        description=state.description,
        status=state.status,
        created_at=state.created_at,
        requester=requester,
        priority=state.priority,
        tags=state.tags,
    )


def _charge(state: ChargeState) -> Charge:
    return Charge(
        id=state.id,
        amount=state.amount,
        currency=state.currency,
        created=state.created,
        description=state.description,
        name=state.customer.name,
        email=state.customer.email,
        amount_refunded=state.amount_refunded,
        status=state.status,
        disputed=state.disputed,
    )


def _charge_row(row: dict[str, object]) -> JsonObject:
    return _as_json({**row, "disputed": bool(row["disputed"])})


def _as_json(row: dict[str, object]) -> JsonObject:
    """Return a row of SQLite, or a document that was in one, as JSON."""
    found: JsonObject = json.loads(json.dumps(row))
    return found
