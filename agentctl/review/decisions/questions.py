"""Questions by which two versions' policies are told apart: the cases beside them, and the same calls with other amounts. Pure.

Amounts that are tried stand around every number of which a policy or a contract speaks, in major and in minor units: where
a bound was moved, one of them lies between the old place and the new. Numbers of which only one version speaks come first,
so that what is left out, where there are too many, tells least.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct

from agentctl.contract.agent import AgentContract
from agentctl.contract.policy_cases import PolicyCase
from agentctl.contract.policy_version import PolicyVersion

MOST_QUESTIONS: Final = 400
"""How many are asked, unless there are more cases; other amounts beyond it are left out, and told."""

_NUMBER: Final = re.compile(r"(?<![\w.])\d{1,12}(?:\.\d{1,4})?(?![\w.])")
_CENTS: Final = 100


class CaseQuestion(Struct, frozen=True):
    """A case, perhaps with one argument changed."""

    text: str
    case: PolicyCase


class Questions(Struct, frozen=True):
    """What is asked, and the amounts with which calls were left out, each with how many calls."""

    asked: tuple[CaseQuestion, ...]
    left_out: dict[int, int]

    @property
    def count(self) -> int:
        """How many there are, asked or not."""
        return len(self.asked) + sum(self.left_out.values())


def amounts_of(one: frozenset[int], other: frozenset[int]) -> tuple[int, ...]:
    """Return the numbers of two versions, those of which only one of them speaks first."""
    return (*sorted(one ^ other), *sorted(one & other))


def questions_of(cases: Iterable[PolicyCase], amounts: Sequence[int], most: int) -> Questions:
    """Return every case as it is, and then, amount by amount, the calls that take a whole number, with that amount in its place.

    Args:
        cases: the cases; all of them are asked.
        amounts: what is tried, what tells most first.
        most: how many questions are asked, where the cases alone are not more.
    """
    whole = tuple(cases)
    calls = [(case, name, was) for case in whole for name, was in case.arguments.items() if type(was) is int]
    tried = ((case, name, amount) for amount in amounts for case, name, was in calls if amount != was)
    changed = [_with(*each) for each in islice(tried, max(0, most - len(whole)))]
    left_out: dict[int, int] = {}
    for _, _, amount in tried:
        left_out[amount] = left_out.get(amount, 0) + 1
    return Questions((*(CaseQuestion(f"case `{case.id}`", case) for case in whole), *changed), left_out)


def numbers_of(contracts: Iterable[AgentContract], policies: Iterable[PolicyVersion]) -> frozenset[int]:
    """Return the numbers around those of which contracts' thresholds and policies speak."""
    texts = [text for policy in policies for text in policy.texts.values()]
    spoken = [float(found) for text in texts for found in _NUMBER.findall(_without_comments(text))]
    for contract in contracts:
        for entry in contract.tools.allowlist:
            spoken += map(float, entry.approval.when.values() if entry.approval else ())
    near = {int(number * unit) + step for number in spoken for unit in (1, _CENTS) for step in (-1, 0, 1)}
    return frozenset(number for number in near if number > 0)


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("//", "#")))


def _with(case: PolicyCase, name: str, value: int) -> CaseQuestion:
    changed = case.model_copy(update={"arguments": {**case.arguments, name: value}})
    return CaseQuestion(f"case `{case.id}` with `{name}` {value}", changed)
