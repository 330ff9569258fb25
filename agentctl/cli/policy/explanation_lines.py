"""A decision explained, as lines: who said what, which rules matched, what they looked at, what would have changed it."""

from collections.abc import Iterator

from agentctl.cli.screen.terminal import Line, Tone
from agentctl.cli.screen.words import compact, counted
from agentctl.composition.contracts.explanations import AskedAgain, Explanation
from agentctl.events.tool import Decision
from agentctl.foundation.canonical import JsonValue
from agentctl.policy.cedar.explain import Condition, RuleView

_TONES: dict[Decision, Tone] = {"allow": "good", "needs_approval": "warn", "deny": "bad"}
_MOST_FLIPS = 8


def explanation_lines(found: Explanation, *, full: bool) -> Iterator[Line]:
    """Return what is known of a decision. Rules that have nothing to say of the call are only named if `full`."""
    made = found.made
    yield Line(f"{found.tool}: {made.decision}", tone=_TONES[made.decision])
    yield Line(f"call {found.call}, attempt {made.attempt}, record {found.seq}", 1)
    yield from _agreement(found)
    for name, value in sorted(made.facts.items()):
        yield Line(f"{name} = {value}", 1)
    for name, why in sorted(made.facts_missing.items()):
        yield Line(f"{name} is not known: {why}", 1, "warn")
    for authority in found.authorities:
        yield from _authority(authority, full=full)
    yield from _flips(found)


def _agreement(found: Explanation) -> Iterator[Line]:
    digest = found.made.inputs_digest
    if found.agrees:
        yield Line(f"asked again exactly as then: {digest}", 1, "good")
    elif found.agrees is None:
        yield Line(
            "the journal does not say all that was asked: what was recorded is all that can be shown",
            1,
            "warn",
        )
    else:
        yield Line(
            f"what is made of the journal now is not what was asked then, {digest}: do not rely on what follows",
            1,
            "bad",
        )


def _authority(asked: AskedAgain, *, full: bool) -> Iterator[Line]:
    said = asked.recorded
    yield Line("")
    yield Line(f"{said.policy} ({said.authority}): {said.decision}", tone=_TONES[said.decision])
    rules = {view.rule.id for view in asked.rules}
    for reason in (*said.reasons, *said.errors):
        if reason not in rules:
            yield Line(reason, 1)
    if asked.why_not:
        yield Line(f"not asked again: {asked.why_not}", 1, "quiet")
    elif asked.again is None or asked.again.decision != said.decision:
        now = "nothing" if asked.again is None else asked.again.decision
        yield Line(f"asked again, it says {now}", 1, "bad")
    for view in asked.rules:
        yield from _rule(view, view.rule.id in asked.once_approved, full=full)


def _rule(view: RuleView, once_approved: bool, *, full: bool) -> Iterator[Line]:
    rule = view.rule
    near = rule.effect == "permit" or full
    state, tone = _state(view, once_approved)
    yield Line(f"{rule.id}: {rule.effect}, {state} ({rule.place})", 1, tone)
    if view.matches or once_approved or near:
        for condition in view.conditions:
            yield _condition(condition)


def _state(view: RuleView, once_approved: bool) -> tuple[str, Tone]:
    if view.matches and once_approved:
        return "matches", "plain"
    if view.matches:
        return "matches as long as there is no approval", "plain"
    return ("matches once it is approved", "plain") if once_approved else ("does not match", "quiet")


def _condition(condition: Condition) -> Line:
    words = {True: "holds", False: "does not hold", None: "cannot be told"}
    tone: Tone = "quiet" if condition.holds else "plain"
    return Line(f"{words[condition.holds]}: {condition.text}{_seen(condition)}", 2, tone)


def _seen(condition: Condition) -> str:
    """Return what a condition looked at; a single thing needs no name beside the condition itself."""
    values = [(path.removeprefix("context."), _value(value)) for path, value in condition.seen.items()]
    if len(values) == 1:
        return f" (it is {values[0][1]})"
    return f" ({'; '.join(f'{path} is {value}' for path, value in values)})" if values else ""


def _value(value: JsonValue) -> str:
    return "absent" if value is None else compact(value)


def _flips(found: Explanation) -> Iterator[Line]:
    yield Line("")
    if found.agrees is None:
        return
    if not found.flips:
        yield Line("no single change was found that would have led to another decision")
        yield from _nearest(found)
        return
    first, *others = found.flips
    yield Line("the smallest change that would have led to another decision", tone="title")
    yield Line(f"{first.what}: {first.before} -> {first.after}, then {first.decision}", 1)
    if others:
        yield Line("other single changes that would have")
    for flip in others[:_MOST_FLIPS]:
        yield Line(f"{flip.what}: {flip.before} -> {flip.after}, then {flip.decision}", 1, "quiet")


def _nearest(found: Explanation) -> Iterator[Line]:
    """Yield the permit that fewest of its conditions keep from matching, where rules denied the call."""
    denied = (asked for asked in found.authorities if asked.recorded.decision == "deny")
    permits = [view for asked in denied for view in asked.rules if view.rule.effect == "permit"]
    if permits:
        view = min(permits, key=_unmet)
        yield Line(f"the nearest permit is {view.rule.id}: {counted(_unmet(view), 'condition')} not met", 1)


def _unmet(view: RuleView) -> int:
    return sum(not condition.holds for condition in view.conditions)


def explanation_form(found: Explanation) -> dict[str, object]:
    """Return an explanation as JSON."""
    return {
        "run": found.run,
        "call": found.call,
        "tool": found.tool,
        "decision": found.made.decision,
        "record": found.seq,
        "attempt": found.made.attempt,
        "inputs_digest": found.made.inputs_digest,
        "asked_as_then": found.agrees,
        "request": found.request,
        "authorities": [_authority_form(item) for item in found.authorities],
        "flips": found.flips,
    }


def _authority_form(asked: AskedAgain) -> dict[str, object]:
    return {
        "recorded": asked.recorded,
        "again": asked.again,
        "not_asked_again": asked.why_not or None,
        "rules": [
            {
                "id": view.rule.id,
                "effect": view.rule.effect,
                "place": str(view.rule.place),
                "matches": view.matches,
                "matches_once_approved": view.rule.id in asked.once_approved,
                "conditions": view.conditions,
            }
            for view in asked.rules
        ],
    }
