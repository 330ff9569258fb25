"""One run as a person reads it: who, for whom, what, why it was allowed, cost, time, and what proves it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from agentctl.budget.loops import sentence
from agentctl.budget.raising import differing
from agentctl.cli.going_on import going_on
from agentctl.cli.run.three_answers import three_answers_lines
from agentctl.cli.runs.call_lines import call_lines, times_of
from agentctl.cli.screen.terminal import Line, Terminal, capped
from agentctl.cli.screen.words import (
    ceilings,
    chain,
    counted,
    granted,
    journal_file,
    length,
    moment,
    reviewer,
    usd,
    who,
)
from agentctl.events.approval import GrantGiven, MessageRefused
from agentctl.events.budget import BudgetOverrun, BudgetRaised, BudgetStopped
from agentctl.events.loop import LoopDetected
from agentctl.events.model import ModelAnswered, ModelFailed, RouteChosen
from agentctl.events.run import ClockAnomaly, JournalRecovered, RunFinished, RunResumed, RunSuspended
from agentctl.foundation.clock import from_rfc3339
from agentctl.foundation.money import plain
from agentctl.trace.index.labels import Said
from agentctl.trace.index.run_rows import RunRow
from agentctl.trace.journals.holding import Standing
from agentctl.trace.reports.call import Call
from agentctl.trace.reports.placed import Placed
from agentctl.trace.reports.run import ModelCall, RunReport, Step
from agentctl.trace.reports.three_questions import three_questions

_CAP = 600

_RUNNING: dict[Standing, str] = {
    "held": "running",
    "stopped": "stopped: its process is gone; {then}",
    "unknown": "running, or its process died",
}


def show_run(
    terminal: Terminal,
    report: RunReport,
    labels: Sequence[Said] = (),
    *,
    full: bool = False,
    standing: Standing = "unknown",
) -> None:
    """Print a run, and what people said of it. Long texts are cut, and say so, and details left out, unless `full`."""
    terminal.line(f"run {report.row.run}", tone="title")
    terminal.fields([*header(report, full=full, standing=standing), *_labels(labels, full=full)])
    for step in report.steps:
        terminal.line()
        terminal.tree([*_step(step, report, full=full)])
    if report.steps and not full:
        terminal.line("`--full` adds routes, credentials and whole texts", tone="quiet")
    events = tuple(_events(report))
    if events:
        terminal.line()
        terminal.lines(events)
    for answers in three_questions(report):
        terminal.line()
        terminal.lines(three_answers_lines([answers], full=full))


def status_words(row: RunRow) -> str:
    """Return how a run stands, in a word or two."""
    match row.status:
        case "running":
            return "running"
        case "suspended":
            return f"suspended: {row.reason}"
        case "finished":
            return str(row.reason)


def header(report: RunReport, *, full: bool, standing: Standing = "unknown") -> Iterator[tuple[str, str]]:
    """Return what stands above a run's story: names and values."""
    row, envelope = report.row, report.started.envelope
    yield "for", f"{who(envelope.principal)}{chain(envelope.on_behalf_of)}"
    yield "agent", f"{envelope.agent}, owned by {envelope.owner}"
    yield "version", ", ".join(filter(None, (envelope.version_tag, envelope.version)))
    if envelope.replay is not None:
        yield "replay", f"of run {envelope.replay.run} ({envelope.replay.mode}); times are those of that run"
    yield "environment", f"{envelope.environment}: {_EFFECTS[envelope.environment_kind]}"
    yield "isolation", _ISOLATION[envelope.isolation]
    yield "input", capped(report.started.input, _CAP, full=full)
    yield "status", _status(report, standing)
    if row.answer is not None:
        yield "answer", capped(row.answer, _CAP, full=full)
    yield "cost", _cost(report)
    yield "used", _used(report)
    yield "time", f"{moment(row.started_at)}, {length(row.seconds)}"
    yield "journal", journal_file(report.journal.path)
    yield "chain", _chain(report)
    yield "head", report.head
    if envelope.not_enforced:
        yield (
            "not enforced",
            f"{', '.join(envelope.not_enforced)} (accepted in the contract, without effect yet)",
        )


def _labels(labels: Sequence[Said], *, full: bool) -> Iterator[tuple[str, str]]:
    """Return what people said of the run, the last word first: it counts."""
    for number, said in enumerate(reversed(labels)):
        event, at = said.event, moment(from_rfc3339(said.at))
        reason = capped(event.reason, _CAP, full=full)
        yield "earlier label" if number else "label", f"{event.label}, by {who(event.by)}, {at}: {reason}"


_EFFECTS = {"sandbox": "effects stay in the sandbox", "live": "effects are real"}
_ISOLATION = {
    "process": "python tools run in a process of their own",
    "none": "none: python tools run in the process of the run",
}


def _status(report: RunReport, standing: Standing) -> str:
    row = report.row
    suspensions = [one.event for one in report.life if isinstance(one.event, RunSuspended)]
    if row.status == "suspended" and suspensions:
        return f"{status_words(row)}: {suspensions[-1].detail} (exit code {row.exit_code})"
    if row.status == "running":
        return _RUNNING[standing].format(then=going_on(row.kind, row.run))
    return f"{status_words(row)} (exit code {row.exit_code})"


def _cost(report: RunReport) -> str:
    limit = usd(report.limits.max_cost_usd)
    reserved = f"; {usd(report.open_usd)} reserved by calls whose end is not known" if report.open_usd else ""
    return f"{plain(report.spent_usd)} of {limit}{reserved}"


def _used(report: RunReport) -> str:
    row, limits = report.row, report.limits
    parts = (
        f"{row.steps} of {counted(limits.max_steps, 'step')}",
        counted(row.model_calls, "model call"),
        f"{counted(row.tool_calls, 'tool call')} ({row.refused_calls} refused)",
        f"{row.input_tokens:,} of {limits.max_input_tokens:,} tokens in",
        f"{row.output_tokens:,} of {limits.max_output_tokens:,} out",
    )
    return ", ".join(parts)


def _chain(report: RunReport) -> str:
    records = counted(report.journal.records, "record")
    if report.journal.whole:
        return f"{records}, unbroken"
    return f"DAMAGED: only the first {records} can be believed"


def _step(step: Step, report: RunReport, *, full: bool) -> Iterator[Line]:
    yield Line(f"step {step.step}{_took(step)}", tone="title")
    for route in step.routes:
        if full or len(route.event.candidates) > 1:
            yield from _route(route.event, full=full)
    for call in step.model_calls:
        yield from _model_call(call, full=full)
    for refused in step.model_refusals:
        reasons = capped("; ".join(refused.event.reasons), _CAP, full=full)
        yield Line(f"model call refused at the stage `{refused.event.stage}`: {reasons}", 1, "bad")
    for tool_call in step.calls:
        yield from call_lines(tool_call, full=full)
        yield from _stopped_at(tool_call, report)


def _stopped_at(call: Call, report: RunReport) -> Iterator[Line]:
    """Return why a call was not made, where the run stopped at it; it may have been made later."""
    stops = (*report.budget, *(loop for loop in report.loops if loop.event.stops))
    for event in (stop.event for stop in sorted(stops, key=lambda one: one.seq)):
        match event:
            case LoopDetected(call=call.call):
                yield Line(f"not made: {sentence(event)}; the run was stopped", 2, "warn")
            case BudgetStopped(call=call.call):
                yield Line(f"not made: {_budget(event)}", 2, "warn")
            case _:
                pass


def _took(step: Step) -> str:
    """Return how long a step took and what its model calls cost."""
    ends = [call.end for call in step.model_calls if call.end]
    asked = [call.asked.time for call in step.model_calls]
    times = [*asked, *(end.time for end in ends), *(time for call in step.calls for time in times_of(call))]
    took = f"  {length((max(times) - min(times)).total_seconds(), digits=2)}" if times else ""
    cost = sum((end.event.settlement.cost_usd for end in ends), Decimal(0))
    return took + (f"  {usd(cost)}" if cost else "")


def _route(route: RouteChosen, *, full: bool) -> Iterator[Line]:
    others = ", ".join(
        f"{one.deployment}: {one.verdict}" for one in route.candidates if one.deployment != route.chosen
    )
    text = f"route {route.alias} to {route.chosen}: {route.why}" + (f" ({others})" if others else "")
    yield Line(capped(text, _CAP, full=full), 1, "quiet")


def _model_call(call: ModelCall, *, full: bool) -> Iterator[Line]:
    asked = call.asked.event
    name = f"model {asked.deployment} ({asked.model})"
    if call.end is None:
        yield Line(f"{name}: no end recorded, {usd(asked.reservation.cost_usd)} stay reserved", 1, "warn")
        return
    match call.end.event:
        case ModelAnswered(settlement=used, latency_ms=latency, text=text, usage_reported=reported):
            counts = f"{used.input_tokens:,} tokens in, {used.output_tokens:,} out"
            unsure = "" if reported else " (not reported: the worst case counts)"
            yield Line(f"{name}: {counts}, {usd(used.cost_usd)}{unsure}, {latency:.0f} ms", 1)
            if text:
                yield Line(f"says {capped(text, _CAP, full=full)}", 2)
        case ModelFailed(failure=failure, message=message, settlement=used):
            said = capped(message, _CAP, full=full)
            yield Line(f"{name} failed: {failure}: {said}; {usd(used.cost_usd)} counted", 1, "bad")


def _events(report: RunReport) -> Iterator[Line]:
    """Return what happened to the run itself, in order; its end stands above."""
    of_the_run = (*report.life, *report.budget, *report.loops, *report.grants, *report.notes)
    placed = sorted(of_the_run, key=lambda one: one.seq)
    told = [(one, _event(one)) for one in placed]
    if any(text for _, text in told) or report.not_understood:
        yield Line("what happened to the run", tone="title")
    for one, text in told:
        if text:
            yield Line(f"{moment(one.time)}  {text}", 1)
    for strange in report.not_understood:
        yield Line(f"record {strange.seq} `{strange.type}` is not known to this version", 1, "warn")


def _event(
    placed: Placed[
        RunResumed
        | RunSuspended
        | RunFinished
        | BudgetStopped
        | BudgetOverrun
        | BudgetRaised
        | LoopDetected
        | GrantGiven
        | MessageRefused
        | ClockAnomaly
        | JournalRecovered
    ],
) -> str | None:
    match placed.event:
        case RunFinished():
            return None
        case RunResumed(by=by):
            return f"resumed by {who(by)}"
        case RunSuspended(reason=reason, detail=detail):
            return f"suspended: {reason}: {detail}"
        case BudgetStopped() | BudgetOverrun() | BudgetRaised() as budget:
            return _budget(budget)
        case LoopDetected() as loop:
            return _loop(loop)
        case GrantGiven() as given:
            return granted(given, placed.time)
        case MessageRefused(message=message, reasons=reasons):
            return f"message {message} was not accepted: {'; '.join(reasons)}"
        case ClockAnomaly(behind_seconds=behind):
            return f"the wall clock went back {behind:.1f} s; the run's time did not"
        case JournalRecovered(bytes=size):
            return f"a torn tail of {counted(size, 'byte')} was cut off the journal and kept"


def _budget(event: BudgetStopped | BudgetOverrun | BudgetRaised) -> str:
    match event:
        case BudgetStopped(meter=meter, limit=limit, used=used, asked=more):
            return f"stopped at the ceiling of {limit} {meter}: {used} used or reserved, {more} more asked"
        case BudgetOverrun(meter=meter, reserved=reserved, reported=reported):
            return f"more {meter} used than reserved: {reported} reported, {reserved} reserved"
        case BudgetRaised() as raised:
            return _raised(raised)


def _loop(event: LoopDetected) -> str:
    what_followed = "the run was stopped" if event.stops else "the model was told"
    return f"loop: {sentence(event)} ({', '.join(event.calls)}); {what_followed}"


def _raised(event: BudgetRaised) -> str:
    which = f": {ceilings(differing(event.limits, event.instead_of))}" if event.instead_of else ""
    return f"ceilings raised by {reviewer(event.reviewer)}{which}: {event.reason or 'no reason given'}"
