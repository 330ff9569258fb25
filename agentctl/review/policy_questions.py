"""Questions by which two versions' policies are told apart: the cases beside them, and the same calls with other amounts. Pure.

Amounts that are tried stand around every number of which a policy or a contract speaks, in major and in minor units: where
a bound was moved, one of them lies between the old place and the new.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from agentctl.contract.agent import AgentContract
from agentctl.contract.policy_cases import PolicyCase
from agentctl.contract.policy_version import PolicyVersion

MOST_QUESTIONS: Final = 400
"""How many are asked; what is beyond is left out, and told."""

_NUMBER: Final = re.compile(r"(?<![\w.])\d{1,12}(?:\.\d{1,4})?(?![\w.])")
_CENTS: Final = 100


@dataclass(frozen=True, slots=True)
class CaseQuestion:
    """A case, perhaps with one argument changed."""

    text: str
    case: PolicyCase


def questions_of(cases: Iterable[PolicyCase], numbers: Iterable[int]) -> Iterator[CaseQuestion]:
    """Yield every case as it is, then each with its whole-number arguments changed, one after another."""
    asked = tuple(cases)
    values = sorted(set(numbers))
    yield from (CaseQuestion(f"case `{case.id}`", case) for case in asked)
    for case in asked:
        for name, known in case.arguments.items():
            if type(known) is int:
                yield from (_with(case, name, value) for value in values if value != known)


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
