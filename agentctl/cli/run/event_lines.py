"""One calm line per event worth seeing while a run goes; pure."""

from agentctl.budget.loops import sentence
from agentctl.cli.screen.terminal import Line, Tone
from agentctl.cli.screen.words import compact
from agentctl.events.approval import (
    Answer,
    ApprovalAnnounced,
    ApprovalAnswered,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalRequested,
    GrantGiven,
    MessageRefused,
)
from agentctl.events.budget import BudgetOverrun, BudgetRaised, BudgetStopped
from agentctl.events.loop import LoopDetected
from agentctl.events.model import ModelAnswered, ModelFailed, ModelRefused
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import ClockAnomaly, JournalRecovered, RunResumed, RunStarted
from agentctl.events.tool import (
    ToolAmended,
    ToolInDoubt,
    ToolIntent,
    ToolRefused,
    ToolResolved,
    ToolResult,
    ToolUnknown,
)
from agentctl.foundation.money import plain


def line_of(record: Record) -> Line | None:
    """Return the line of a record; None for a beginning, which has several, and for what is only of interest afterwards."""
    event = record.event
    return _run_line(event) or _model_line(event) or _tool_line(event) or _answer_line(event)


def lines_of(record: Record) -> list[Line]:
    """Return what is told of a record in plain lines."""
    if isinstance(record.event, RunStarted):
        return header_lines(record.event)
    line = line_of(record)
    return [] if line is None else [line]


def header_lines(event: RunStarted) -> list[Line]:
    """Return what stands above everything that a run does."""
    envelope = event.envelope
    head = f"run {envelope.run}  {envelope.agent} ({envelope.owner}) for {envelope.principal.id}, {envelope.principal.assurance}"
    rest = (
        f"{envelope.environment} ({envelope.environment_kind}), isolation {envelope.isolation}, "
        f"redaction {envelope.pii_redaction}, version {envelope.version[:19]}"
    )
    gaps = f"not enforced yet: {', '.join(envelope.not_enforced)}"
    return [
        Line(head, tone="title"),
        Line(rest, 1, "quiet"),
        *([Line(gaps, 1, "warn")] if envelope.not_enforced else ()),
    ]


def of_step(step: int, text: str, tone: Tone = "plain") -> Line:
    """Return a line about a step's model call."""
    return Line(text, tone=tone, label=f"step {step}".ljust(_LABEL))


def of_call(call: str, text: str, tone: Tone = "plain") -> Line:
    """Return a line about a tool call."""
    _, _, place = call.partition("/")
    return Line(text, tone=tone, label=f"call {place}  ".ljust(_LABEL))


_LABEL = 10
"""Columns of what a line is about, for up to nine steps and calls each."""


def _run_line(event: AnyEvent) -> Line | None:
    match event:
        case RunResumed(by=by):
            return Line(f"resumed by {by.id}")
        case JournalRecovered(bytes=count):
            return Line(
                f"{count} bytes that were never synced were cut off the journal and kept aside", tone="warn"
            )
        case BudgetStopped(meter=meter, limit=limit, used=used, asked=asked):
            return Line(f"budget: {meter}: {used} used, {asked} more asked, ceiling {limit}", tone="warn")
        case BudgetOverrun(meter=meter, reserved=reserved, reported=reported):
            return Line(f"budget: {meter}: {reported} reported, {reserved} reserved", tone="warn")
        case BudgetRaised(reviewer=reviewer):
            return Line(f"ceilings raised by {reviewer.id} ({reviewer.assurance})")
        case ClockAnomaly(behind_seconds=behind):
            return Line(f"the wall clock went back {behind:.1f} s: open approvals are void", tone="warn")
        case _:
            return None


def _model_line(event: AnyEvent) -> Line | None:
    match event:
        case ModelAnswered(step=step):
            return of_step(step, f"model answered: {answered_with(event)}")
        case ModelFailed(step=step, failure=failure, message=message):
            return of_step(step, f"model failed: {failure}: {message}", "bad")
        case ModelRefused(step=step, reasons=reasons):
            return of_step(step, f"model refused: {'; '.join(reasons)}", "bad")
        case _:
            return None


def answered_with(event: ModelAnswered) -> str:
    """Return what an answer took."""
    used = event.settlement
    tokens = f"{used.input_tokens} tokens in, {used.output_tokens} out, {plain(used.cost_usd)} USD"
    return f"{tokens}, {event.latency_ms:.0f} ms"


def _tool_line(event: AnyEvent) -> Line | None:
    match event:
        case ToolAmended(call=call, arguments=arguments, by=by):
            return of_call(call, f"{', '.join(by)} put other arguments in place: {compact(arguments)}")
        case ToolIntent(purpose="review", tool=tool, principal=principal):
            return Line(f"{principal.id} looks for itself: {tool}", label=" " * _LABEL)
        case ToolIntent(call=call, tool=tool, effect=effect, attempt=attempt):
            return of_call(call, f"{tool} ({effect}), attempt {attempt}")
        case ToolResult(purpose="agent", call=call, outcome=outcome, latency_ms=latency):
            return of_call(call, f"{outcome}, {latency:.0f} ms", "plain" if outcome == "ok" else "bad")
        case ToolRefused(call=call, stage=stage, reasons=reasons):
            return of_call(call, f"refused at `{stage}`: {'; '.join(reasons)}", "bad")
        case LoopDetected(call=call, stops=True) as loop:
            return of_call(call, f"not made: {sentence(loop)}", "warn")
        case ToolUnknown(call=call, reason=reason):
            return of_call(call, f"outcome unknown: {reason}", "warn")
        case ToolInDoubt(call=call, reason=reason):
            return of_call(call, f"in doubt: {reason}", "warn")
        case ToolResolved(call=call, verdict=verdict, by=by):
            return of_call(call, f"{verdict}, says {by.id}")
        case _:
            return None


def _answer_line(event: AnyEvent) -> Line | None:
    match event:
        case ApprovalRequested(binding=binding, tool=tool, reasons=reasons):
            return of_call(binding.call, f"{tool} needs approval: {'; '.join(reasons)}", "warn")
        case ApprovalAnswered(binding=binding, reviewer=reviewer, answer=answer, reason=reason):
            why = f": {reason}" if reason else ""
            return of_call(binding.call, f"{reviewer.id}: {answer}{why}", _ANSWERED.get(answer, "plain"))
        case ApprovalExpired(approval=approval):
            return Line(f"approval {approval} expired: nobody answered in time", tone="bad")
        case ApprovalEscalated(approval=approval, reviewers=reviewers, why=why):
            return Line(f"approval {approval}: {', '.join(reviewers)} may answer too: {why}")
        case ApprovalAnnounced(webhook=webhook, delivered=delivered, detail=detail):
            how = "announced" if delivered else "could not be announced"
            return Line(f"{how} at {webhook}: {detail}", tone="plain" if delivered else "warn")
        case GrantGiven(reviewer=reviewer, tool=tool, until=until):
            return Line(f"{reviewer.id} granted {tool} within limits, until {until}")
        case MessageRefused(reasons=reasons):
            return Line(f"a message was not accepted: {'; '.join(reasons)}", tone="warn")
        case _:
            return None


_ANSWERED: dict[Answer, Tone] = {"approve": "good", "approve_with_changes": "good", "deny": "bad"}
