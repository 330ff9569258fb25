"""The independent reviewer that is a rule: it reads the object itself, under its own name, and compares."""

from decimal import Decimal

from agentctl.approval.reviewer import Case, Evidence, LookUpFunction, Opinion
from agentctl.contract.environment import ReviewRule, SameValue
from agentctl.events.approval import Answer, ReviewerRecord
from agentctl.foundation.canonical import JsonValue, canonical_bytes
from agentctl.foundation.money import from_minor_units, parse_decimal, plain
from agentctl.foundation.pointer import at


class RuleReviewer:
    """Approves within its limits, denies what is wrong, leaves the rest to people."""

    def __init__(self, name: str, rule: ReviewRule) -> None:
        self._name = name
        self._rule = rule

    async def review(self, case: Case, look_up: LookUpFunction) -> Opinion | None:
        """Return this rule's opinion; None when the request is not its business."""
        if case.request.tool != self._rule.tool or not case.asks(self._name):
            return None
        arguments = {
            name: at(case.arguments, pointer) for name, pointer in self._rule.look_up.arguments.items()
        }
        found = await look_up(self._name, self._rule.look_up.tool, arguments)
        answer, reason = self._judge(case, found)
        record = ReviewerRecord(id=self._name, kind="rule", assurance="platform")
        return Opinion(answer, reason, record, looked_up=(found.call,))

    def _judge(self, case: Case, found: Evidence) -> tuple[Answer, str]:
        if found.failure is not None:
            return "deny", f"{self._rule.look_up.tool} could not be read: {found.failure}"
        difference = next(
            (same.message for same in self._rule.same if not _equal(same, case, found.value)), None
        )
        if difference is not None:
            return "deny", difference
        amount, available = _amount(case, self._rule.amount_fact), self._available(found.value)
        if amount is None or available is None:
            return (
                "deny",
                f"the amount cannot be judged: no `{self._rule.amount_fact}`, or no amount in what was read",
            )
        return self._within(amount, available, case)

    def _within(self, amount: Decimal, available: Decimal, case: Case) -> tuple[Answer, str]:
        if amount > available:
            return "deny", f"{plain(amount)} USD is more than the {plain(available)} USD that are left"
        total = _amount(case, f"{self._rule.amount_fact}_total")
        if total is None:
            return "deny", f"this run's total of `{self._rule.amount_fact}` is not known"
        if total > self._rule.total_usd_le:
            return (
                "escalate",
                f"{plain(total)} USD in this run; above {plain(self._rule.total_usd_le)} USD a person decides",
            )
        return "approve", f"{plain(total)} USD in this run, {plain(available)} USD left, by its own look-up"

    def _available(self, looked_up: JsonValue) -> Decimal | None:
        amount = _cents(at(looked_up, self._rule.amount))
        spent = _cents(at(looked_up, self._rule.amount_spent))
        return None if amount is None or spent is None else from_minor_units(amount - spent, "usd")


def _amount(case: Case, fact: str) -> Decimal | None:
    """Return a fact as an amount; None where it is absent, no number, or nothing that could be paid."""
    try:
        amount = parse_decimal(case.facts.get(fact, ""))
    except ValueError:
        return None
    return amount if amount > 0 else None


def _cents(value: JsonValue) -> int | None:
    """Return a whole number of cents; None for anything else, a boolean and a debt too."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _equal(same: SameValue, case: Case, looked_up: JsonValue) -> bool:
    """Compare two redacted values as JSON; a value that is absent on either side is not equal to anything."""
    own = at(looked_up, same.looked_up)
    if same.argument is not None:
        other = at(case.arguments, same.argument)
    else:
        other = at(case.results.get(same.result_of or ""), same.result or "")
    return own is not None and canonical_bytes(own) == canonical_bytes(other)
