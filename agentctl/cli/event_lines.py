"""One calm line per event worth seeing while a run goes; pure."""

from agentctl.budget.loops import sentence
from agentctl.cli.words import compact
from agentctl.events.approval import (
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


def line_of(record: Record) -> str | None:
    """Return the line of a record; None for what is only of interest afterwards."""
    event = record.event
    return _run_line(event) or _model_line(event) or _tool_line(event) or _answer_line(event)


def _run_line(event: AnyEvent) -> str | None:
    match event:
        case RunStarted():
            return _header(event)
        case RunResumed(by=by):
            return f"resumed by {by.id}"
        case JournalRecovered(bytes=count):
            return f"{count} bytes that were never synced were cut off the journal and kept aside"
        case BudgetStopped(meter=meter, limit=limit, used=used, asked=asked):
            return f"budget: {meter}: {used} used, {asked} more asked, ceiling {limit}"
        case BudgetOverrun(meter=meter, reserved=reserved, reported=reported):
            return f"budget: {meter}: {reported} reported, {reserved} reserved"
        case BudgetRaised(reviewer=reviewer):
            return f"ceilings raised by {reviewer.id} ({reviewer.assurance})"
        case ClockAnomaly(behind_seconds=behind):
            return f"the wall clock went back {behind:.1f} s: open approvals are void"
        case _:
            return None


def _model_line(event: AnyEvent) -> str | None:
    match event:
        case ModelAnswered(step=step, settlement=used, latency_ms=latency):
            tokens = f"{used.input_tokens} tokens in, {used.output_tokens} out, {plain(used.cost_usd)} USD"
            return f"step {step}    model answered: {tokens}, {latency:.0f} ms"
        case ModelFailed(step=step, failure=failure, message=message):
            return f"step {step}    model failed: {failure}: {message}"
        case ModelRefused(step=step, reasons=reasons):
            return f"step {step}    model refused: {'; '.join(reasons)}"
        case _:
            return None


def _tool_line(event: AnyEvent) -> str | None:
    match event:
        case ToolAmended(call=call, arguments=arguments, by=by):
            return f"{_short(call)}  {', '.join(by)} put other arguments in place: {compact(arguments)}"
        case ToolIntent(purpose="review", tool=tool, principal=principal):
            return f"          {principal.id} looks for itself: {tool}"
        case ToolIntent(call=call, tool=tool, effect=effect, attempt=attempt):
            return f"{_short(call)}  {tool} ({effect}), attempt {attempt}"
        case ToolResult(purpose="agent", call=call, outcome=outcome, latency_ms=latency):
            return f"{_short(call)}  {outcome}, {latency:.0f} ms"
        case ToolRefused(call=call, stage=stage, reasons=reasons):
            return f"{_short(call)}  refused at `{stage}`: {'; '.join(reasons)}"
        case LoopDetected(call=call, stops=True) as loop:
            return f"{_short(call)}  not made: {sentence(loop)}"
        case ToolUnknown(call=call, reason=reason):
            return f"{_short(call)}  outcome unknown: {reason}"
        case ToolInDoubt(call=call, reason=reason):
            return f"{_short(call)}  in doubt: {reason}"
        case ToolResolved(call=call, verdict=verdict, by=by):
            return f"{_short(call)}  {verdict}, says {by.id}"
        case _:
            return None


def _answer_line(event: AnyEvent) -> str | None:
    match event:
        case ApprovalRequested(binding=binding, tool=tool, reasons=reasons):
            return f"{_short(binding.call)}  {tool} needs approval: {'; '.join(reasons)}"
        case ApprovalAnswered(binding=binding, reviewer=reviewer, answer=answer, reason=reason):
            return f"{_short(binding.call)}  {reviewer.id}: {answer}" + (f": {reason}" if reason else "")
        case ApprovalExpired(approval=approval):
            return f"approval {approval} expired: nobody answered in time"
        case ApprovalEscalated(approval=approval, reviewers=reviewers, why=why):
            return f"approval {approval}: {', '.join(reviewers)} may answer too: {why}"
        case ApprovalAnnounced(webhook=webhook, delivered=delivered, detail=detail):
            return f"{'announced' if delivered else 'could not be announced'} at {webhook}: {detail}"
        case GrantGiven(reviewer=reviewer, tool=tool, until=until):
            return f"{reviewer.id} granted {tool} within limits, until {until}"
        case MessageRefused(reasons=reasons):
            return f"a message was not accepted: {'; '.join(reasons)}"
        case _:
            return None


def _header(event: RunStarted) -> str:
    envelope = event.envelope
    head = f"run {envelope.run}  {envelope.agent} ({envelope.owner}) for {envelope.principal.id}, {envelope.principal.assurance}"
    rest = (
        f"{envelope.environment} ({envelope.environment_kind}), isolation {envelope.isolation}, "
        f"redaction {envelope.pii_redaction}, version {envelope.version[:19]}"
    )
    gaps = f"\n  not enforced yet: {', '.join(envelope.not_enforced)}" if envelope.not_enforced else ""
    return f"{head}\n  {rest}{gaps}"


def _short(call: str) -> str:
    _, _, tail = call.partition("/")
    return f"call {tail}"
