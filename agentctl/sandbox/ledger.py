"""The ledger: one SQLite file with everything the back office knows and everything it did.

Two servers may share it, so whatever reads in order to write does so under `BEGIN IMMEDIATE`.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

from msgspec import Struct

from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.clock import Clock, to_rfc3339
from agentctl.sandbox.exchange import Answer, Call, Caller
from agentctl.sandbox.seed import Charge, ChargeStatus, Fault, FaultAction, Seed, Ticket

FILE_NAME = "ledger.sqlite"
_BUSY_SECONDS = 10.0
_LETTERS = str.maketrans("0123456789", "ghijklmnop")

_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tickets (
    id INTEGER PRIMARY KEY, status TEXT NOT NULL, created_at TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS charges (
    id TEXT PRIMARY KEY, amount INTEGER NOT NULL, currency TEXT NOT NULL, created TEXT NOT NULL,
    description TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL,
    amount_refunded INTEGER NOT NULL, status TEXT NOT NULL, disputed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS refunds (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, charge TEXT NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, reason TEXT, parameters TEXT NOT NULL, idempotency_key TEXT,
    created TEXT NOT NULL, subject TEXT NOT NULL, actor TEXT NOT NULL, jti TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, request_digest TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS used_tokens (jti TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    outcome TEXT NOT NULL, status INTEGER, subject TEXT NOT NULL, actor TEXT NOT NULL, jti TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS faults (
    number INTEGER PRIMARY KEY, operation TEXT NOT NULL, action TEXT NOT NULL, nth INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 0);
COMMIT;
"""


class Refund(Struct, frozen=True):
    """A refund about to be written: minor units, lower-case currency, the parameters as they came."""

    charge: str
    amount: int
    currency: str
    reason: str | None
    parameters: JsonObject


class SavedAnswer(Struct, frozen=True):
    """The first answer given under an idempotency key, and the digest of the request it was given to."""

    request_digest: str
    answer: Answer


class Admission(Struct, frozen=True):
    """A request was let in under this number; `fault` is what is planned for it."""

    number: int
    fault: Fault | None


class Ledger:
    """The open ledger. One thread uses it; other processes may have it open too."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written together or not at all; no other writer comes between."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    # -- the beginning --------------------------------------------------------------------------

    @property
    def is_seeded(self) -> bool:
        """Whether the ledger has its first content; a ledger is filled once."""
        return self._setting("seeded") is not None

    @property
    def accepts_everything(self) -> bool:
        """Whether refunds are made without any check, for tests of what stands in front of this office."""
        return self._setting("accept_everything") == "1"

    def fill(self, seed: Seed) -> None:
        """Write the seed into a ledger that has none; one that another process filled meanwhile stays as it is."""
        with self.transaction():
            if self.is_seeded:
                return
            self._insert_seed(seed)

    def _insert_seed(self, seed: Seed) -> None:
        many = self._connection.executemany
        many("INSERT INTO tickets VALUES (?, ?, ?, ?)", [_ticket_row(ticket) for ticket in seed.tickets])
        many("INSERT INTO charges VALUES (?,?,?,?,?,?,?,?,?,?)", [_charge_row(one) for one in seed.charges])
        many(
            "INSERT INTO faults (operation, action, nth, milliseconds) VALUES (?, ?, ?, ?)",
            [(fault.operation, fault.action, fault.nth, fault.milliseconds) for fault in seed.faults],
        )
        settings = {"seeded": "1", "accept_everything": str(int(seed.accept_everything))}
        if seed.today is not None:
            settings["today"] = seed.today
        many("INSERT INTO settings VALUES (?, ?)", list(settings.items()))

    # -- who came -------------------------------------------------------------------------------

    def admit(self, call: Call, operation: str) -> Admission | None:
        """Let a request in and spend its token; None when the token was spent before, here or in another process."""
        with self.transaction():
            spent = self._connection.execute(
                "INSERT OR IGNORE INTO used_tokens VALUES (?)", (call.caller.token_id,)
            )
            if spent.rowcount == 0:
                return None
            number = self._write_request(call.method, call.path, call.caller, "accepted", None)
            return Admission(number, self._next_fault((operation, f"{call.method} {call.path}")))

    def turn_away(self, method: str, path: str, caller: Caller, why: str, status: int) -> None:
        """Write down a request that was not let in."""
        with self.transaction():
            self._write_request(method, path, caller, f"refused: {why}", status)

    def answered(self, number: int, status: int) -> None:
        """Write down with which status an admitted request is answered; one that never is keeps none."""
        with self.transaction():
            self._connection.execute("UPDATE requests SET status = ? WHERE number = ?", (status, number))

    def _write_request(self, method: str, path: str, caller: Caller, outcome: str, status: int | None) -> int:
        at = to_rfc3339(self._clock.now())
        row = self._connection.execute(
            "INSERT INTO requests (at, method, path, outcome, status, subject, actor, jti)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (at, method, path, outcome, status, caller.subject, caller.actor, caller.token_id),
        )
        return cast("int", row.lastrowid)

    def _next_fault(self, names: tuple[str, str]) -> Fault | None:
        self._connection.execute("UPDATE faults SET seen = seen + 1 WHERE operation IN (?, ?)", names)
        row = self._connection.execute(
            "SELECT operation, action, nth, milliseconds FROM faults"
            " WHERE operation IN (?, ?) AND seen = nth ORDER BY number",
            names,
        ).fetchone()
        return None if row is None else Fault(row[0], cast("FaultAction", row[1]), row[2], row[3])

    # -- Zendesk --------------------------------------------------------------------------------

    def ticket(self, ticket: int) -> JsonObject | None:
        """Return a ticket's document, with its requester under `requester`."""
        row = self._connection.execute("SELECT document FROM tickets WHERE id = ?", (ticket,)).fetchone()
        return None if row is None else cast("JsonObject", json.loads(row[0]))

    def tickets(self, status: str | None) -> list[JsonObject]:
        """Return tickets, the oldest first; of one status, or all."""
        rows = self._connection.execute(
            "SELECT document FROM tickets WHERE ?1 IS NULL OR status = ?1 ORDER BY created_at, id", (status,)
        )
        return [json.loads(row[0]) for row in rows]

    # -- Stripe ---------------------------------------------------------------------------------

    def charge(self, charge: str) -> Charge | None:
        """Return a charge as it stands now."""
        row = self._connection.execute("SELECT * FROM charges WHERE id = ?", (charge,)).fetchone()
        return None if row is None else _charge_of(row)

    def add_refund(self, refund: Refund, call: Call) -> tuple[str, str]:
        """Write a refund and take it from its charge; call it inside a transaction. Returns id and moment."""
        number = self._connection.execute("SELECT COUNT(*) FROM refunds").fetchone()[0] + 1
        identifier = _refund_id(call.idempotency_key or f"refund {number}, without a key")
        created = self._setting("today") or to_rfc3339(self._clock.now())
        self._connection.execute(
            "INSERT INTO refunds VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                number, identifier, refund.charge, refund.amount, refund.currency, refund.reason,
                json.dumps(refund.parameters), call.idempotency_key, created,
                call.caller.subject, call.caller.actor, call.caller.token_id,
            ),
        )  # fmt: skip
        self._connection.execute(
            "UPDATE charges SET amount_refunded = amount_refunded + ? WHERE id = ?",
            (refund.amount, refund.charge),
        )
        return identifier, created

    def saved_answer(self, key: str) -> SavedAnswer | None:
        """Return what was first answered under an idempotency key."""
        row = self._connection.execute(
            "SELECT request_digest, status, body FROM answers WHERE key = ?", (key,)
        ).fetchone()
        return None if row is None else SavedAnswer(row[0], Answer(row[1], json.loads(row[2])))

    def save_answer(self, key: str, saved: SavedAnswer) -> None:
        """Save the first answer under a key; call it inside the transaction that has the effect."""
        self._connection.execute(
            "INSERT INTO answers VALUES (?, ?, ?, ?)",
            (key, saved.request_digest, saved.answer.status, json.dumps(saved.answer.body)),
        )

    def _setting(self, name: str) -> str | None:
        row = self._connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])


def open_ledger(folder: Path, clock: Clock, *, durable: bool = True) -> Ledger:
    """Open the ledger in a folder; both are made when absent. One that is not durable may be lost when the machine stops."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / FILE_NAME, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
    connection.executescript(_SCHEMA)
    return Ledger(connection, clock)


def read_refunds(folder: Path) -> list[dict[str, object]]:
    """Return every refund in a folder's ledger in the order they were made; no ledger, no refunds."""
    return _read(folder, "SELECT * FROM refunds ORDER BY number")


def read_requests(folder: Path) -> list[dict[str, object]]:
    """Return every request in the order they came, those that were turned away too."""
    return _read(folder, "SELECT * FROM requests ORDER BY number")


def read_charges(folder: Path) -> list[dict[str, object]]:
    """Return every charge as it stands now, by its id."""
    return _read(folder, "SELECT * FROM charges ORDER BY id")


def read_tickets(folder: Path) -> list[dict[str, object]]:
    """Return every ticket's document, by its number."""
    rows = _read(folder, "SELECT document FROM tickets ORDER BY id")
    return [json.loads(str(row["document"])) for row in rows]


def _read(folder: Path, query: str) -> list[dict[str, object]]:
    path = folder / FILE_NAME
    if not path.exists():
        return []
    # Not `mode=ro`: a reader that may not write leaves the write-ahead log it opened behind.
    address = f"{path.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, timeout=_BUSY_SECONDS, uri=True)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def _refund_id(origin: str) -> str:
    """Return an id of letters alone: some digits of a digest would pass for a card's, and be redacted in one run of many."""
    return f"re_{hashlib.sha256(origin.encode()).hexdigest()[:24].translate(_LETTERS)}"


def _ticket_row(ticket: Ticket) -> tuple[int, str, str, str]:
    requester = ticket.requester
    document = {
        "id": ticket.id,
        "subject": ticket.subject,
        "description": ticket.description,
        "status": ticket.status,
        "priority": ticket.priority,
        "tags": list(ticket.tags),
        "created_at": ticket.created_at,
        "updated_at": ticket.created_at,
        "requester_id": requester.id,
        "custom_fields": [],
        "requester": {"id": requester.id, "name": requester.name, "email": requester.email},
    }
    return ticket.id, ticket.status, ticket.created_at, json.dumps(document)


def _charge_row(charge: Charge) -> tuple[str | int, ...]:
    return (
        charge.id, charge.amount, charge.currency, charge.created, charge.description,
        charge.name, charge.email, charge.amount_refunded, charge.status, int(charge.disputed),
    )  # fmt: skip


def _charge_of(row: tuple[str | int, ...]) -> Charge:
    return Charge(
        id=str(row[0]),
        amount=int(row[1]),
        currency=str(row[2]),
        created=str(row[3]),
        description=str(row[4]),
        name=str(row[5]),
        email=str(row[6]),
        amount_refunded=int(row[7]),
        status=cast("ChargeStatus", row[8]),
        disputed=bool(row[9]),
    )
