"""Puts the same questions to the policies of two versions, and says where the answers flip."""

import asyncio
from pathlib import Path

from msgspec import Struct, field

from agentctl.composition.authorities import in_session, is_elsewhere
from agentctl.composition.project import Project
from agentctl.contract.environment import Environment
from agentctl.contract.policy_cases import PolicyCase, load_policy_cases
from agentctl.contract.policy_source import CASES_SUFFIX
from agentctl.contract.version import AgentVersion
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import InvalidInput
from agentctl.policy.catalog import Around, engines_for
from agentctl.policy.decision import strictest
from agentctl.review.decisions.case_runs import NotACase, Stand, question_of
from agentctl.review.decisions.court import answers_to
from agentctl.review.decisions.questions import (
    MOST_QUESTIONS,
    Questions,
    amounts_of,
    numbers_of,
    questions_of,
)
from agentctl.review.differences.policies import PolicyFlip, Said, differ_in_effect
from agentctl.tools.registry import Registry


class PolicyTrial(Struct, frozen=True):
    """What came of asking the policies of two versions: how many questions, which answers flipped, and why none was asked.

    `left_out` says with which amounts no more calls were asked about, and about how many.
    """

    asked: int = 0
    flips: tuple[PolicyFlip, ...] = ()
    why_not: str = ""
    left_out: dict[int, int] = field(default_factory=dict)


def policy_trial(project: Project, before: AgentVersion, after: AgentVersion) -> PolicyTrial:
    """Ask both versions' policies the cases beside the agent's policy; running services are not asked."""
    if not differ_in_effect(before.policies, after.policies):
        return PolicyTrial()
    agent = after.contract.agent.name
    path = project.files.contracts / "policies" / f"{agent}{CASES_SUFFIX}"
    if not path.exists():
        return PolicyTrial(why_not=f"there are no cases to ask: `{project.files.shown(path)}`")
    try:
        cases, environment = _cases(project, path)
        stands = [_stand(project, version, environment) for version in (before, after)]
    except InvalidInput as refusal:
        return PolicyTrial(why_not=str(refusal.problems[0]))
    one, other = (numbers_of((version.contract,), version.policies) for version in (before, after))
    questions = questions_of(cases, amounts_of(one, other), MOST_QUESTIONS)
    return asyncio.run(_asked(stands[0], stands[1], questions))


async def _asked(before: Stand, after: Stand, questions: Questions) -> PolicyTrial:
    flips: list[PolicyFlip] = []
    async with in_session((*before.engines, *after.engines)):
        for question in questions.asked:
            one, other = [await _answer(stand, question.case) for stand in (before, after)]
            if one is not None and other is not None and one != other:
                flips.append(PolicyFlip(question.text, question.case.tool, one, other))
    return PolicyTrial(len(questions.asked), tuple(flips), left_out=questions.left_out)


async def _answer(stand: Stand, case: PolicyCase) -> Said | None:
    """Return what a version's policies say; None where the question cannot be put to it. Without a policy all is allowed by them."""
    try:
        answers = await answers_to(question_of(stand, case), stand.engines)
    except NotACase:
        return None
    decision = strictest(answers) if answers else "allow"
    asked = [answer.terms.quorum for answer in answers if answer.decision == decision and answer.terms]
    return Said(decision, max(asked, default=1) if decision == "needs_approval" else 1)


def _cases(project: Project, path: Path) -> tuple[tuple[PolicyCase, ...], Environment]:
    """Return the cases of a file that play in its usual environment, and that environment."""
    found, _ = load_policy_cases(path, project.files.shown(path))
    usual = [case for case in found.cases if case.environment in {None, found.environment}]
    return tuple(usual), project.files.environment(found.environment).document


def _stand(project: Project, version: AgentVersion, environment: Environment) -> Stand:
    """Return where a version's own policies are asked; the tools that cases speak of beside its own are the registry's."""
    files = project.files
    known = {name: files.tool_version(loaded) for name, loaded in files.tools().items()}
    here = [policy for policy in version.policies if not is_elsewhere(policy.name)]
    around = Around(version.descriptors, environment.decision_points, project.settings.secret)
    return Stand(
        contract=version.contract,
        environment=environment,
        registry=Registry.of({**known, **version.tools}.values()),
        engines=engines_for(here, "policy", around),
        today=to_rfc3339(project.clock.now())[:10],
    )
