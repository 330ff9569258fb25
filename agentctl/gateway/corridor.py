"""What all calls of a session share: the journal, the vault, and the state they fold to."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal

from msgspec import Struct, field

from agentctl.approval.announcement import Announcer
from agentctl.approval.reviewer import Reviewer
from agentctl.approval.verification import Verifier
from agentctl.budget.limits import Ceilings
from agentctl.contract.agent import AgentContract
from agentctl.contract.environment import Deployment
from agentctl.events.base import Principal
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import ClockAnomaly
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.clock import Clock, to_rfc3339
from agentctl.foundation.discreet import Discreet
from agentctl.gateway.bench import Bench
from agentctl.gateway.state import SessionState, evolve
from agentctl.identity.broker import Broker
from agentctl.models.client import ModelClient, TokenPrice
from agentctl.policy.engine import PolicyEngine
from agentctl.tools.executors.executor import Executor
from agentctl.tools.registry import Registry
from agentctl.trace.journals.clock_anomaly import clock_anomaly
from agentctl.trace.ports import Inbox, Journal, Ledger, SealedValues


class ModelDesk(Struct, frozen=True):
    """One deployment, the client that drives it, and its price; no price means that it is never asked."""

    deployment: Deployment
    client: ModelClient
    price: TokenPrice | None


class Parts(Discreet, frozen=True):
    """Everything a session works with, put together by the composition."""

    hidden = frozenset({"fingerprint"})

    journal: Journal
    vault: SealedValues
    inbox: Inbox
    ledger: Ledger
    ledger_scope: str
    clock: Clock
    contract: AgentContract
    ceilings: Ceilings
    allowed: Registry
    registry: Registry
    engines: tuple[PolicyEngine, ...]
    broker: Broker
    executors: Executor
    models: Mapping[str, tuple[ModelDesk, ...]]
    reviewers: tuple[Reviewer, ...]
    reviewer_names: tuple[str, ...]
    verifier: Verifier
    fingerprint: Callable[[str], str]
    pause: Callable[[float], Awaitable[None]]
    closing: tuple[Callable[[], Awaitable[None]], ...] = ()
    review_models: Mapping[str, tuple[ModelDesk, ...]] = field(default_factory=dict)
    announcers: Mapping[str, Announcer] = field(default_factory=dict)


class Corridor:
    """The only place from which a run's journal is written."""

    def __init__(self, parts: Parts, records: tuple[Record, ...]) -> None:
        self.parts = parts
        self.state = SessionState()
        self._last_time = ""
        self._fresh: list[Record] = []
        self._turns: dict[str, asyncio.Lock] = {}
        self._is_behind = False
        for record in records:
            self._fold(record)

    @property
    def now(self) -> str:
        """Effective time: never before the last record."""
        return max(to_rfc3339(self.parts.clock.now()), self._last_time)

    def look_at_clock(self) -> None:
        """Record that the wall clock went back, once for each time it did: what waits or was granted is void then."""
        anomaly = clock_anomaly(self._last_time, self.parts.clock.now()) if self._last_time else None
        if anomaly is not None and not self._is_behind:
            self.record(anomaly)
        self._is_behind = anomaly is not None

    @property
    def worked(self) -> Decimal:
        """For how many seconds this run has been worked on, by all its writers so far."""
        return self.state.worked.seconds(self.parts.journal.epoch, self.parts.clock.monotonic_ns() // 1_000)

    def record(self, *events: AnyEvent) -> tuple[Record, ...]:
        """Append events in one piece and fold them; not yet durable, never waits.

        Values sealed since the last record are made durable first, so that no record names a value that is lost.
        """
        records = self.parts.journal.append(events, self.parts.vault.flush())
        for record in records:
            self._fold(record)
        self._fresh.extend(records)
        return records

    async def durable(self) -> None:
        """Return when everything recorded so far is durable."""
        await self.parts.journal.sync()

    def turn(self, call: str) -> asyncio.Lock:
        """Return the lock of a call: of several who take it further at once, each waits for what the others did."""
        return self._turns.setdefault(call, asyncio.Lock())

    def drain(self) -> tuple[Record, ...]:
        """Return the records appended since the last drain."""
        fresh, self._fresh = tuple(self._fresh), []
        return fresh

    def redact_written(self, value: JsonValue) -> JsonValue:
        """Redact what a model wrote. Under `strict` it was shown placeholders, so those that exist stay.

        Elsewhere it was shown real values: whatever looks like a placeholder there was written by somebody else, and must
        not become a value of ours.

        Raises:
            NotJson: two keys of an object become the same.
        """
        shown_placeholders = self.state.header.pii_redaction == "strict"
        return self.parts.vault.redact(value, trusted_placeholders=shown_placeholders)

    def redact_sentence(self, text: str, *, trusted_placeholders: bool = False) -> str:
        """Redact a sentence of ours that quotes what others say; this run's id stays, whatever it looks like."""
        run, redact = self.state.header.run, self.parts.vault.redact
        parts = (redact(part, trusted_placeholders=trusted_placeholders) for part in text.split(run))
        return run.join(map(str, parts))

    def digest(self, value: JsonValue) -> str:
        """Return the digest of a redacted value: of its placeholder form and the keyed digest of each sealed value."""
        return self.parts.vault.bound_digest(value)

    def bench_of_agent(self) -> Bench:
        """Return the bench for the agent's own calls."""
        header = self.state.header
        return self._bench(self.parts.allowed, header.principal, f"agent:{header.agent}")

    def bench_of_reviewer(self, name: str) -> Bench:
        """Return the bench for a reviewer's look-ups."""
        return self._bench(self.parts.registry, Principal(id=name, kind="system", assurance="platform"), name)

    def _bench(self, registry: Registry, principal: Principal, actor: str) -> Bench:
        return Bench(
            state=self.state,
            registry=registry,
            contract=self.parts.contract,
            engines=self.parts.engines,
            reviewer_names=self.parts.reviewer_names,
            principal=principal,
            actor=actor,
            now=self.now,
            worked=self.worked,
            digest=self.digest,
            restore=self.parts.vault.restore,
            lost=self.parts.vault.missing,
        )

    def _fold(self, record: Record) -> None:
        self.state = evolve(self.state, record)
        self._last_time = record.time
        self._is_behind = self._is_behind or isinstance(record.event, ClockAnomaly)
