"""What a change of an approval rule does: when somebody is asked, who, how many, and for how long. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeAlias

from agentctl.contract.agent import RiskAcceptance
from agentctl.contract.approval_rule import ApprovalRule
from agentctl.contract.durations import seconds_of
from agentctl.review.differences.change import Change, Direction, Measure, Weight, of_sets, opposite, said

Bounds: TypeAlias = dict[str, tuple[Decimal, bool]]
"""From which amount of a fact an approval is needed, and whether only above it."""


def approval_changes(path: str, before: ApprovalRule | None, after: ApprovalRule | None) -> Iterator[Change]:
    """Yield what differs between two rules of approval; None is none."""
    path = f"{path}.requires_approval"
    if before is None and after is not None:
        yield Change("narrower", "high", path, "somebody must approve", "nobody", _when(after))
    elif before is not None and after is None:
        yield Change("wider", "high", path, "nobody must approve any more", _when(before), "nobody")
    elif before is not None and after is not None:
        yield from _between(path, before, after)


def acceptance_changes(
    path: str, before: Sequence[RiskAcceptance], after: Sequence[RiskAcceptance]
) -> Iterator[Change]:
    """Yield the risks that are accepted in writing now and were not, or the other way round, or for another time."""
    one, other = ({item.risk: item for item in items} for items in (before, after))
    for risk in sorted(one.keys() | other.keys()):
        texts = [_accepted(items.get(risk)) for items in (one, other)]
        if texts[0] != texts[1]:
            direction: Direction = "wider" if not texts[0] else "narrower" if not texts[1] else "other"
            yield Change(direction, "high", f"{path}.accepts: {risk}", "a risk that is accepted", *texts)


def _accepted(item: RiskAcceptance | None) -> str:
    return (
        ""
        if item is None
        else f"by {item.by} from {item.date} until {item.until or 'it is withdrawn'}: {item.reason}"
    )


def _between(path: str, before: ApprovalRule, after: ApprovalRule) -> Iterator[Change]:
    yield from _thresholds(path, before, after)
    yield from _reviewers(path, before, after)
    yield from Measure(f"{path}.quorum", "how many must approve", "high", "narrower").between(
        before.quorum, after.quorum, amount=int
    )
    yield from Measure(f"{path}.expires_in", "how long somebody may take to answer").between(
        before.expires_in, after.expires_in, amount=seconds_of
    )
    yield from Measure(f"{path}.valid_for", "how long an approval may be used", "medium").between(
        before.valid_for, after.valid_for, amount=seconds_of
    )
    yield from Measure(f"{path}.model_may_approve", "whether a model's approval counts", "high").between(
        before.model_may_approve, after.model_may_approve, amount=int
    )
    steps = [_escalation(rule) for rule in (before, after)]
    if steps[0] != steps[1]:
        yield Change("other", "medium", f"{path}.escalation", "who else may answer when time passes", *steps)


def _thresholds(path: str, before: ApprovalRule, after: ApprovalRule) -> Iterator[Change]:
    """Compare when somebody is asked. No threshold means always; any one of several is enough."""
    if not before.when and not after.when:
        return
    if not before.when or not after.when:
        direction: Direction = "wider" if after.when else "narrower"
        yield Change(direction, "high", f"{path}.when", "when somebody is asked", _when(before), _when(after))
        return
    one, other = _bounds(before), _bounds(after)
    for fact in sorted(one.keys() | other.keys()):
        texts = [_bound(fact, bounds.get(fact)) for bounds in (one, other)]
        if one.get(fact) != other.get(fact):
            direction = _direction(one.get(fact), other.get(fact))
            yield Change(direction, "high", f"{path}.when.{fact}", "when somebody is asked", *texts)


def _direction(before: tuple[Decimal, bool] | None, after: tuple[Decimal, bool] | None) -> Direction:
    if before is None or after is None:
        return "narrower" if before is None else "wider"
    return "wider" if after > before else "narrower"


def _bounds(rule: ApprovalRule) -> Bounds:
    """Return the lowest bound of each fact."""
    found: Bounds = {}
    for name, amount in rule.when.items():
        fact, _, comparison = name.rpartition("_")
        bound = (amount, comparison == "gt")
        found[fact] = min(bound, found.get(fact, bound))
    return found


def _bound(fact: str, bound: tuple[Decimal, bool] | None) -> str:
    return "" if bound is None else f"{fact} {'above' if bound[1] else 'from'} {said(bound[0])}"


def _when(rule: ApprovalRule) -> str:
    texts = (_bound(fact, bound) for fact, bound in sorted(_bounds(rule).items()))
    return ", ".join(texts) or "always"


def _reviewers(path: str, before: ApprovalRule, after: ApprovalRule) -> Iterator[Change]:
    """Compare who may answer; nobody named means everybody whom the environment names."""
    one, other = frozenset(before.reviewers), frozenset(after.reviewers)
    if one == other:
        return
    direction = of_sets(one, other) if one and other else opposite("wider") if other else "wider"
    texts = [said(names) or "everybody the environment names" for names in (one, other)]
    weight: Weight = "medium"
    yield Change(direction, weight, f"{path}.reviewers", "who may approve", *texts)


def _escalation(rule: ApprovalRule) -> str:
    return "; ".join(f"after {step.after}: {', '.join(sorted(step.to))}" for step in rule.escalation)
