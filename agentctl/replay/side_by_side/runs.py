"""Two runs compared: what each is, what it came to and cost, and everywhere they differ. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed
from agentctl.events.record import Record
from agentctl.events.replay import Difference
from agentctl.events.run import RunKind
from agentctl.events.tool import ToolProposed, ToolRefused, ToolResult, ToolUnknown
from agentctl.foundation.clock import from_rfc3339
from agentctl.replay.side_by_side.alignment import Alignment, aligned
from agentctl.runtime.state import RunState, fold

Aspect: TypeAlias = Literal[
    "governed",
    "input",
    "outcome",
    "calls",
    "arguments",
    "decisions",
    "approvals",
    "results",
    "text",
    "route",
    "cost",
]
"""In what two runs differ: what they are governed by, what they were asked, how they ended; then, step by step, which calls were
made and with what, what was decided and by whom approved, what came of them, what the model said, which model, and what it used."""

ASPECTS: tuple[Aspect, ...] = get_args(Aspect)


class RunSide(Struct, frozen=True):
    """One of two runs. Times are in milliseconds; `duration_ms` is from the first record to the last, waiting included."""

    run: str
    kind: RunKind
    agent: str
    version: str
    tag: str | None
    environment: str
    principal: str
    agentctl: str
    input: str
    status: str
    answer: str | None
    steps: int
    model_calls: int
    tool_calls: int
    refused: int
    approvals: int
    cost_usd: Decimal
    input_tokens: int
    output_tokens: int
    model_ms: float
    tool_ms: float
    duration_ms: float


class RunComparison(Struct, frozen=True):
    """Two runs, each side with its figures, laid side by side."""

    before: RunSide
    after: RunSide
    alignment: Alignment
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether they differ in nothing but times and ids."""
        return not self.differences

    @property
    def aspects(self) -> Mapping[Aspect, int]:
        """How many differences there are in each aspect, in the order in which they are told."""
        counts = Counter(aspect_of(difference) for difference in self.differences)
        return {aspect: counts[aspect] for aspect in ASPECTS if counts[aspect]}


def compare_runs(before: Sequence[Record], after: Sequence[Record]) -> RunComparison:
    """Compare two runs; either may be finished, suspended, or cut short. Both journals hold the run's beginning."""
    found = aligned(before, after)
    return RunComparison(run_side(before), run_side(after), found, found.differences())


def aspect_of(difference: Difference) -> Aspect:
    """Return in what two runs differ at one place."""
    match difference.event, difference.field:
        case "run.started", "/input":
            return "input"
        case (("run.started" | "run.resumed"), _):
            return "governed"
        case (("tool.proposed" | "tool.amended" | "tool.intent" | "model.answered"), field) if (
            "/arguments" in field
        ):
            return "arguments"
        case (("model.asked" | "model.answered"), field) if field.startswith(
            ("/reservation", "/settlement", "/max_")
        ):
            return "cost"
        case event, _:
            return _BY_EVENT.get(event, "outcome")


_BY_EVENT: Mapping[str, Aspect] = {
    "approval.answered": "approvals",
    "approval.announced": "approvals",
    "approval.escalated": "approvals",
    "approval.expired": "approvals",
    "approval.grant": "approvals",
    "approval.requested": "approvals",
    "decision.made": "decisions",
    "inbox.refused": "approvals",
    "model.answered": "text",
    "model.asked": "route",
    "model.failed": "results",
    "model.refused": "decisions",
    "route.chosen": "route",
    "tool.amended": "approvals",
    "tool.in_doubt": "results",
    "tool.intent": "calls",
    "tool.proposed": "calls",
    "tool.refused": "decisions",
    "tool.resolved": "results",
    "tool.result": "results",
    "tool.unknown": "results",
}


def run_side(records: Sequence[Record]) -> RunSide:
    """Return what one run is and came to."""
    state = fold(records)
    envelope, spent = state.session.header, state.session.spend.settled
    events = [record.event for record in records]
    ends = [event for event in events if isinstance(event, ToolResult | ToolUnknown)]
    answers = [event for event in events if isinstance(event, ModelAnswered | ModelFailed)]
    return RunSide(
        run=envelope.run,
        kind=envelope.kind,
        agent=envelope.agent,
        version=envelope.version,
        tag=envelope.version_tag,
        environment=envelope.environment,
        principal=envelope.principal.id,
        agentctl=_agentctl(records),
        input=state.input,
        status=_status(state),
        answer=state.finished.answer if state.finished else None,
        steps=state.session.spend.steps,
        model_calls=sum(isinstance(event, ModelAsked) for event in events),
        tool_calls=sum(isinstance(event, ToolProposed) for event in events),
        refused=sum(isinstance(event, ToolRefused) for event in events),
        approvals=len(state.session.approvals),
        cost_usd=spent.cost_usd,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        model_ms=sum(event.latency_ms for event in answers),
        tool_ms=sum(event.latency_ms for event in ends),
        duration_ms=_duration_ms(records),
    )


def _agentctl(records: Sequence[Record]) -> str:
    return str(getattr(records[0].event, "agentctl", ""))


def _status(state: RunState) -> str:
    if state.finished is not None:
        return state.finished.status
    return f"suspended: {state.suspended.reason}" if state.suspended is not None else "not ended"


def _duration_ms(records: Sequence[Record]) -> float:
    first, last = (from_rfc3339(record.time) for record in (records[0], records[-1]))
    return (last - first).total_seconds() * 1_000
