"""One tool call as lines of a run's story: the wish, the decision, the approval, each attempt and its end; pure."""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from agentctl.cli.screen.terminal import Line, Tone, capped
from agentctl.cli.screen.words import answered, compact, counted, credential, length, moment, who
from agentctl.events.tool import DecisionMade, ToolResult, ToolUnknown
from agentctl.foundation.clock import from_rfc3339
from agentctl.foundation.money import plain
from agentctl.trace.reports.call import Approval, Attempt, AttemptEnd, Call, CallOutcome

_CAP = 300
_WORTH_SAYING = 0.1
_OUTCOMES: dict[CallOutcome, tuple[str, Tone]] = {
    "ok": ("done", "good"),
    "error": ("failed, without effect", "bad"),
    "refused": ("refused, without effect", "bad"),
    "waiting": ("waits for approval", "warn"),
    "open": ("under way, or its process died", "warn"),
    "unknown": ("outcome unknown", "warn"),
    "in_doubt": ("in doubt", "warn"),
    "executed": ("done, as was found out later", "good"),
    "not_executed": ("not done, as was found out later", "bad"),
    "retry": ("to be tried again", "warn"),
    "proposed": ("asked for, not made", "warn"),
}


def call_lines(call: Call, *, full: bool) -> Iterator[Line]:
    """Return everything about one call."""
    outcome, tone = _OUTCOMES[call.outcome]
    _, _, place = call.call.partition("/")
    asked_by = "a reviewer's look-up" if call.purpose == "review" else "call"
    yield Line(f"{asked_by} {place}  {call.tool}  {outcome}{_for_how_long(call)}", 1, tone)
    yield Line(f"arguments {capped(compact(call.arguments), _CAP, full=full)}", 2)
    for before, made in zip((None, *call.decisions), call.decisions, strict=False):
        if before and not full and _same(before.event, made.event):
            yield Line(f"decision {made.event.decision} again, for the same reasons", 2)
        else:
            yield from _decision(made.event, full=full)
    for approval in call.approvals:
        yield from _approval(approval, full=full)
    for amended in call.amendments:
        by = ", ".join(amended.event.by)
        shown = capped(compact(amended.event.arguments), _CAP, full=full)
        yield Line(f"arguments put in their place by {by}: {shown}", 2, "warn")
    for attempt in call.attempts:
        yield from _attempt(attempt, full=full)
    for refused in call.refusals:
        reasons = capped("; ".join(refused.event.reasons), _CAP, full=full)
        yield Line(f"refused at the stage `{refused.event.stage}`: {reasons}", 2, "bad")
    for doubt in call.in_doubt:
        yield Line(f"in doubt: {capped(doubt.event.reason, _CAP, full=full)}", 2, "warn")
    for found in call.resolved:
        reason = capped(found.event.reason, _CAP, full=full)
        yield Line(f"resolved as {found.event.verdict} by {who(found.event.by)}: {reason}", 2)


def _for_how_long(call: Call) -> str:
    """Return how long it took from the first decision or attempt to the last end or answer; nothing where that is nothing."""
    times = times_of(call)
    seconds = (max(times) - min(times)).total_seconds() if times else 0
    return f"  {length(seconds, digits=2)}" if seconds >= _WORTH_SAYING else ""


def times_of(call: Call) -> list[datetime]:
    """Return the moments of what happened to a call."""
    asked = [placed for one in call.approvals for placed in (one.requested, *one.answers)]
    made = [placed for one in call.attempts for placed in (one.intent, one.end) if placed]
    others = (*call.decisions, *call.refusals, *call.in_doubt, *call.resolved)
    return [placed.time for placed in (*others, *asked, *made)]


def _same(before: DecisionMade, made: DecisionMade) -> bool:
    """Whether nothing that a person would read differs."""
    first, second = (
        (
            one.decision,
            one.facts_missing,
            [(each.policy, each.decision, each.reasons) for each in one.answers],
        )
        for one in (before, made)
    )
    return first == second


def _decision(made: DecisionMade, *, full: bool) -> Iterator[Line]:
    """Return what was decided, and by whom; of a call that all allow each one's words only in full, else the strictest's."""
    tone: Tone = "bad" if made.decision == "deny" else "plain"
    strictest = [answer for answer in made.answers if answer.decision == made.decision or answer.errors]
    shown = made.answers if full else strictest if made.decision != "allow" else ()
    if shown or not made.answers:
        yield Line(f"decision {made.decision}", 2, tone)
    else:
        yield Line(f"decision {made.decision}, by {_all_of(len(made.answers))}", 2, tone)
    for answer in shown:
        why = "; ".join((*answer.reasons, *answer.errors))
        said = f"{answer.policy} says {answer.decision}" + (f" ({why})" if why else "")
        yield Line(capped(said, _CAP, full=full), 3, tone)
    for name, why in sorted(made.facts_missing.items()):
        yield Line(capped(f"no fact {name}: {why}; the restrictive reading held", _CAP, full=full), 3, "warn")


def _all_of(policies: int) -> str:
    return "the one policy asked" if policies == 1 else f"all {policies} policies asked"


def _approval(approval: Approval, *, full: bool) -> Iterator[Line]:
    request = approval.requested.event
    reasons = capped("; ".join(request.reasons), _CAP, full=full)
    yield Line(f"approval {request.approval} asked: {reasons}", 2)
    for placed in approval.answers:
        answer = placed.event
        reason = capped(answer.reason, _CAP, full=full)
        yield Line(answered(answer.answer, answer.reviewer, placed.time, reason), 3)
        if answer.changes is not None:
            yield Line(f"wants {capped(compact(answer.changes), _CAP, full=full)}", 4)
    for step in approval.escalations:
        yield Line(
            f"asked too from {moment(step.time)}: {', '.join(step.event.reviewers)} ({step.event.why})", 3
        )
    for told in approval.announcements:
        how = "announced at" if told.event.delivered else "could not be announced at"
        yield Line(
            f"{how} {told.event.webhook}: {told.event.detail}", 3, "plain" if told.event.delivered else "warn"
        )
    if approval.expired:
        yield Line("nobody answered in time: denied", 3, "bad")
    elif not approval.answers:
        names = ", ".join(request.reviewers)
        needed = counted(request.quorum, "approval")
        until = moment(from_rfc3339(request.expires_at))
        yield Line(f"{needed} needed, of {names}, until {until}", 3, "warn")


def _attempt(attempt: Attempt, *, full: bool) -> Iterator[Line]:
    """Return the lines of an attempt; for whom and under which credential it was made only in full: mostly as all others."""
    intent = attempt.intent.event
    by = f" for {who(intent.principal)}, through {intent.actor}" if full or intent.purpose == "review" else ""
    head = f"attempt {intent.attempt} ({intent.effect}){by}"
    end = attempt.end and _end(attempt.end.event, full=full)
    if end and intent.grant is None and not full:
        yield replace(end, text=f"{head}: {end.text}", depth=2)
        return
    yield Line(head, 2)
    if full:
        yield Line(f"credential {credential(intent.credential)}", 3)
    if intent.grant is not None:
        taken = ", ".join(f"{plain(amount)} {name}" for name, amount in sorted(intent.grant.amounts.items()))
        yield Line(f"under the grant {intent.grant.grant}, of which it takes {taken}", 3)
    yield end or Line("its end is not recorded", 3, "warn")


def _end(end: AttemptEnd, *, full: bool) -> Line:
    status = f", HTTP {end.status}" if end.status else ""
    took = f"{end.latency_ms:.0f} ms"
    match end:
        case ToolResult(outcome="ok", value=value):
            return Line(f"answered{status}, {took}: {capped(compact(value), _CAP, full=full)}", 3)
        case ToolResult(value=value):
            said = capped(compact(value), _CAP, full=full)
            return Line(f"failed without effect{status}, {took}: {said}", 3, "bad")
        case ToolUnknown(reason=reason):
            return Line(f"outcome unknown{status}, {took}: {capped(reason, _CAP, full=full)}", 3, "warn")
