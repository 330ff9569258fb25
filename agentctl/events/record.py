"""The record: an event with its place in the journal. The union of all events stands here."""

from typing import TypeAlias, TypeVar, get_args

from msgspec import Struct

from agentctl.events.approval import (
    ApprovalAnnounced,
    ApprovalAnswered,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalRequested,
    GrantGiven,
    MessageRefused,
)
from agentctl.events.base import Event
from agentctl.events.budget import BudgetOverrun, BudgetRaised, BudgetStopped
from agentctl.events.control import ReviewerAdded, ReviewerRevoked, RunLabelled
from agentctl.events.evals import EvalCapRaised, EvalFinished, EvalStarted, TrialJudged, TrialStarted
from agentctl.events.form import JOURNAL_VERSION
from agentctl.events.loop import LoopDetected
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed, ModelRefused, RouteChosen
from agentctl.events.replay import ReplayJudged
from agentctl.events.run import (
    ClockAnomaly,
    JournalRecovered,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSuspended,
)
from agentctl.events.tool import (
    DecisionMade,
    ToolAmended,
    ToolInDoubt,
    ToolIntent,
    ToolProposed,
    ToolRefused,
    ToolResolved,
    ToolResult,
    ToolUnknown,
)
from agentctl.events.written import in_full
from agentctl.foundation.canonical import JsonObject, JsonValue, canonical_bytes, quick_bytes

T = TypeVar("T")

AnyEvent: TypeAlias = (
    RunStarted
    | RunResumed
    | RunSuspended
    | RunFinished
    | JournalRecovered
    | ClockAnomaly
    | RouteChosen
    | ModelAsked
    | ModelAnswered
    | ModelFailed
    | ModelRefused
    | ToolProposed
    | ToolAmended
    | DecisionMade
    | ToolRefused
    | ToolIntent
    | ToolResult
    | ToolUnknown
    | ToolInDoubt
    | ToolResolved
    | ApprovalRequested
    | ApprovalAnswered
    | ApprovalExpired
    | ApprovalEscalated
    | ApprovalAnnounced
    | GrantGiven
    | MessageRefused
    | BudgetStopped
    | BudgetOverrun
    | BudgetRaised
    | LoopDetected
    | ReviewerAdded
    | ReviewerRevoked
    | RunLabelled
    | ReplayJudged
    | EvalStarted
    | EvalCapRaised
    | TrialStarted
    | TrialJudged
    | EvalFinished
)
"""Every event. A `match` over it is checked for exhaustiveness."""

EVENT_TYPES: dict[str, type[Event]] = {event.type: event for event in get_args(AnyEvent)}
"""Every event by its name in the journal."""


def kinds_of(union: object) -> frozenset[type]:
    """Return the classes in a union of events, for who looks at these alone.

    To look up which class an event is of is quicker than to compare it with one after another.
    """
    return frozenset(get_args(union))


class Record(Struct, frozen=True):
    """An event in its place.

    `time` is effective time (never before the record ahead of it), RFC 3339 in UTC; `mono_us` the writer's monotonic
    clock in microseconds; `version` that of the journal's form; `epoch` counts writers of this run from 1; `sealed` maps
    placeholders first used here, and with a writer's first record those that it found, to the keyed digest of their
    value; `prev` and `hash` are SHA-256 in hex.
    """

    run: str
    seq: int
    epoch: int
    time: str
    mono_us: int
    event: AnyEvent
    sealed: dict[str, str]
    prev: str
    hash: str
    version: int = JOURNAL_VERSION


def body_of(record: Record) -> dict[str, JsonValue]:
    """Return the record as a JSON object, without its own hash."""
    data: JsonObject = record.event.model_dump(mode="json")
    return _body_with(data, record)


def _body_with(data: T, record: Record) -> dict[str, JsonValue | T]:
    return {
        "v": record.version,
        "run": record.run,
        "seq": record.seq,
        "epoch": record.epoch,
        "time": record.time,
        "mono_us": record.mono_us,
        "type": record.event.type,
        "data": data,
        "sealed": record.sealed,
        "prev": record.prev,
    }


def canonical_body(record: Record) -> bytes:
    """Return the bytes a record's hash covers.

    Raises:
        NotCanonical: the event holds something that has no canonical form.
    """
    quick = quick_bytes(_body_with(record.event, record), in_full)
    return canonical_bytes(body_of(record)) if quick is None else quick
