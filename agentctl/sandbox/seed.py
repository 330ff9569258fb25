"""What a new ledger begins with: tickets, charges and planned faults, as plain data."""

from typing import Literal

from msgspec import Struct

TicketStatus = Literal["new", "open", "pending", "hold", "solved", "closed"]
ChargeStatus = Literal["succeeded", "pending", "failed"]
FaultAction = Literal["status_500", "hang", "drop_connection", "effect_then_drop", "slow_ms", "malformed"]


class User(Struct, frozen=True):
    """A Zendesk user, here always somebody who wrote a ticket."""

    id: int
    name: str
    email: str


class Ticket(Struct, frozen=True):
    """A Zendesk ticket; `created_at` is RFC 3339."""

    id: int
    subject: str
    description: str
    status: TicketStatus
    created_at: str
    requester: User
    priority: str = "normal"
    tags: tuple[str, ...] = ()


class Charge(Struct, frozen=True):
    """A Stripe charge; amounts in minor units, `created` is RFC 3339."""

    id: str
    amount: int
    currency: str
    created: str
    description: str
    name: str
    email: str
    amount_refunded: int = 0
    status: ChargeStatus = "succeeded"
    disputed: bool = False


class Fault(Struct, frozen=True):
    """A planned fault: the `nth` request let in for `operation` meets `action`, once in the life of a ledger."""

    operation: str
    action: FaultAction
    nth: int = 1
    milliseconds: int = 0


class Seed(Struct, frozen=True):
    """All of it. `today` stands in for the clock in what the APIs create, so that two runs create the same."""

    tickets: tuple[Ticket, ...] = ()
    charges: tuple[Charge, ...] = ()
    faults: tuple[Fault, ...] = ()
    today: str | None = None
    accept_everything: bool = False


def oldest_open_ticket(seed: Seed) -> int | None:
    """Return the id of the open ticket that waits longest; None when nothing is open."""
    waiting = sorted((ticket.created_at, ticket.id) for ticket in seed.tickets if ticket.status == "open")
    return waiting[0][1] if waiting else None
