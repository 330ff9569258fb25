"""What is told of a run that is watched while it goes: what is over, in a line each; what goes on is shown below; pure."""

from agentctl.cli.run.event_lines import answered_with, lines_of, of_call, of_step
from agentctl.cli.run.live_state import Watched, about
from agentctl.cli.screen.terminal import Line, capped
from agentctl.cli.screen.words import compact, who
from agentctl.events.model import ModelAnswered, ModelFailed
from agentctl.events.record import Record
from agentctl.events.run import Envelope, RunResumed, RunStarted
from agentctl.events.tool import Decision, ToolIntent, ToolRefused, ToolResult
from agentctl.foundation.money import plain

_CAP = 200
_SEE = "agentctl runs show --full"


def story_of(before: Watched, record: Record) -> list[Line]:
    """Return the lines of a record that came to what was known before it."""
    match record.event:
        case RunStarted(envelope=envelope):
            return header_lines(envelope)
        case RunResumed(by=by):
            return [*header_lines(before.session.header), Line(f"resumed by {by.id}")]
        case ModelAnswered(step=step) as answered:
            return [of_step(step, f"{_deployment(before, answered)}: {answered_with(answered)}")]
        case ModelFailed(step=step, failure=failure, message=message, settlement=used) as failed:
            said = capped(message, _CAP, full=False, see=_SEE)
            text = (
                f"{_deployment(before, failed)} failed: {failure}: {said}; {plain(used.cost_usd)} USD counted"
            )
            return [of_step(step, text, "bad")]
        case ToolIntent(purpose="agent"):
            return []  # shown below, until its end is told
        case ToolResult(purpose="agent") as result:
            return [_result(before, result)]
        case ToolRefused(call=call, stage=stage, reasons=reasons):
            tool = before.session.calls[call].proposal.tool
            return [of_call(call, f"{tool} refused at `{stage}`: {'; '.join(reasons)}", "bad")]
        case _:
            return lines_of(record)


def header_lines(envelope: Envelope) -> list[Line]:
    """Return what stands above everything else: which run, of whom, for whom, and what it may do where."""
    place = f"{envelope.environment} ({envelope.environment_kind})"
    version = ", ".join(filter(None, (envelope.version_tag, envelope.version[:19])))
    lines = [
        Line(f"run {envelope.run}", tone="title"),
        Line(f"{envelope.agent} ({envelope.owner}) for {who(envelope.principal)}", 1),
        Line(f"{place}, isolation {envelope.isolation}, redaction {envelope.pii_redaction}", 1, "quiet"),
        Line(f"version {version}", 1, "quiet"),
    ]
    if envelope.not_enforced:
        lines.append(Line(f"not enforced yet: {', '.join(envelope.not_enforced)}", 1, "warn"))
    return lines


def _deployment(before: Watched, end: ModelAnswered | ModelFailed) -> str:
    return before.asked[about(end)].deployment


_DECIDED: dict[Decision, str] = {"allow": "allowed", "needs_approval": "approved", "deny": "denied"}
"""How a call that was made had been decided: what needed an approval had one."""


def _result(before: Watched, result: ToolResult) -> Line:
    call = before.session.calls[result.call]
    effect = f" ({call.first_intent.effect})" if call.first_intent else ""
    decision = f"{_DECIDED[call.decision.decision]}, " if call.decision else ""
    again = f", attempt {result.attempt}" if result.attempt > 1 else ""
    took = f"{result.latency_ms:.0f} ms{again}"
    if result.outcome == "ok":
        return of_call(result.call, f"{call.proposal.tool}{effect}: {decision}ok, {took}")
    said = capped(compact(result.value), _CAP, full=False, see=_SEE)
    return of_call(
        result.call, f"{call.proposal.tool}{effect}: {decision}failed without effect, {took}: {said}", "bad"
    )
