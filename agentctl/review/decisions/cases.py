"""Judges the cases of policies: what the authorities say of each, and whether that is what the case expects."""

from msgspec import Struct

from agentctl.contract.policy_cases import Asked, PolicyCase
from agentctl.events.tool import Decision, PolicyAnswer
from agentctl.policy.decision import reasons_for, strictest
from agentctl.review.decisions.case_runs import Stand, question_of
from agentctl.review.decisions.court import answers_to


class Judged(Struct, frozen=True):
    """What became of a case. `missing` are expected reasons that nobody gave."""

    case: PolicyCase
    decision: Decision
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    answers: tuple[PolicyAnswer, ...]

    @property
    def passed(self) -> bool:
        """Whether everything is as the case expects."""
        return self.decision == self.case.expect and not self.missing


async def judge_case(stand: Stand, case: PolicyCase, ask: Asked) -> Judged:
    """Put a case to its authorities; where none of them is there, the answer is a denial.

    Raises:
        NotACase: it names a tool that does not exist, or arguments that a schema refuses.
    """
    given = await answers_to(question_of(stand, case), stand.engines)
    answers = tuple(answer for answer in given if ask in {"everybody", answer.authority})
    decision = strictest(answers)
    reasons = reasons_for(decision, answers)
    missing = tuple(wanted for wanted in case.reasons if not any(wanted in reason for reason in reasons))
    lifted = decision == "needs_approval" and case.approved
    return Judged(case, "allow" if lifted else decision, reasons, missing, answers)
