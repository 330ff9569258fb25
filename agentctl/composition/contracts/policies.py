"""The use cases around policies: check them, judge their cases."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct

from agentctl.composition.authorities import engines_of, in_session
from agentctl.composition.governing import from_files
from agentctl.composition.project import Project
from agentctl.contract.policy_cases import PolicyCase, PolicyCases, load_policy_cases
from agentctl.contract.policy_source import CASES_SUFFIX
from agentctl.contract.source import Source
from agentctl.contract.words import dotted
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import InvalidInput, Problem, UsageError
from agentctl.review.checks.notes import files_are_readable
from agentctl.review.checks.policies import policies_hold
from agentctl.review.checks.report import Report
from agentctl.review.checks.subject import gather
from agentctl.review.decisions.case_runs import NotACase, Stand
from agentctl.review.decisions.cases import Judged, judge_case
from agentctl.tools.registry import Registry


class CaseFile(Struct, frozen=True):
    """A file of cases, the agent they are about, and what became of each."""

    file: str
    agent: str
    judged: tuple[Judged, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def failed(self) -> tuple[Judged, ...]:
        """The cases that are not as they should be."""
        return tuple(item for item in self.judged if not item.passed)


class CheckedPolicies(Struct, frozen=True):
    """What was found in the policy sets over one agent in one environment, and what these are called."""

    agent: str
    environment: str
    sets: tuple[str, ...]
    report: Report


def check_policies(project: Project, agents: Iterable[str], environment: str) -> tuple[CheckedPolicies, ...]:
    """Check the policies of contract, environment and platform over some agents, or over all.

    Raises:
        UsageError: there is no such agent or environment, or no agent at all.
    """
    asked = tuple(agents) or project.files.agents()
    if not asked:
        raise UsageError(
            "there is no contract whose policies could be checked", "a file `contracts/<agent>.yaml`"
        )
    return tuple(_checked(project, agent, environment) for agent in asked)


def _checked(project: Project, agent: str, environment: str) -> CheckedPolicies:
    today = to_rfc3339(project.clock.now())[:10]
    try:
        subject = gather(project.files, partial(project.files.agent, agent), environment, today)
    except UsageError:
        raise
    except InvalidInput as refusal:
        return CheckedPolicies(agent, environment, (), Report(errors=refusal.problems))
    found = Report.of((*files_are_readable(subject), *policies_hold(subject)))
    return CheckedPolicies(agent, environment, tuple(item.version.name for item in subject.policies), found)


def judge_cases(project: Project, agents: Iterable[str] = ()) -> tuple[CaseFile, ...]:
    """Judge all cases of some agents, or of all.

    Raises:
        UsageError: there are none.
    """
    wanted = set(agents)
    for name in wanted:
        project.files.agent(name)
    found = (judge_file(project, path) for path in case_files(project))
    judged = tuple(item for item in found if not wanted or item.agent in wanted)
    if not judged:
        raise UsageError("there are no cases", f"a file `contracts/policies/<agent>{CASES_SUFFIX}`")
    return judged


def case_files(project: Project) -> tuple[Path, ...]:
    """Return the files of cases, sorted."""
    return tuple(sorted((project.files.contracts / "policies").glob(f"*{CASES_SUFFIX}")))


def judge_file(project: Project, path: Path) -> CaseFile:
    """Judge the cases of one file; what is wrong with it is told, not raised."""
    shown, agent = project.files.shown(path), path.name.removesuffix(CASES_SUFFIX)
    try:
        cases, source = load_policy_cases(path, shown)
        agent = cases.agent or agent
        return _judge_all(_Judge(project, agent, cases, source))
    except InvalidInput as refusal:
        return CaseFile(shown, agent, (), refusal.problems)


class _Judge(Struct, frozen=True):
    """What judges the cases of one file."""

    project: Project
    agent: str
    cases: PolicyCases
    source: Source

    def stand(self, environment: str) -> Stand:
        """Return where the cases of one environment are judged."""
        governing = from_files(self.project, self.agent, environment)
        files = self.project.files
        versions = {name: files.tool_version(loaded) for name, loaded in files.tools().items()}
        return Stand(
            contract=governing.contract,
            environment=governing.environment.environment,
            registry=Registry.of(versions.values()),
            engines=engines_of(governing, self.project.settings.secret),
            today=to_rfc3339(self.project.clock.now())[:10],
        )

    def problem(self, index: int, error: NotACase) -> Problem:
        """Return what is wrong with a case, and where it stands."""
        path = ("cases", index, *error.path)
        return Problem(self.source.place_of(path), error.found, error.accepted, dotted(path), error.near)


def _judge_all(judge: _Judge) -> CaseFile:
    environments = {_environment(judge, case) for case in judge.cases.cases}
    stands = {name: judge.stand(name) for name in sorted(environments)}
    return asyncio.run(_judged(judge, stands))


async def _judged(judge: _Judge, stands: Mapping[str, Stand]) -> CaseFile:
    judged: list[Judged] = []
    problems: list[Problem] = []
    async with in_session(engine for stand in stands.values() for engine in stand.engines):
        for index, case in enumerate(judge.cases.cases):
            stand = stands[_environment(judge, case)]
            try:
                judged.append(await judge_case(stand, case, case.ask or judge.cases.ask))
            except NotACase as error:
                problems.append(judge.problem(index, error))
    return CaseFile(judge.source.file, judge.agent, tuple(judged), tuple(problems))


def _environment(judge: _Judge, case: PolicyCase) -> str:
    return case.environment or judge.cases.environment
