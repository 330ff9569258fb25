"""Every case beside every policy of this repository, judged as `agentctl policy test` judges it."""

from functools import cache
from pathlib import Path

import pytest

from agentctl.composition import open_project
from agentctl.composition.contracts.policies import CaseFile, case_files, judge_file
from agentctl.contract.policy_cases import load_policy_cases
from agentctl.review.decisions.cases import Judged

REPOSITORY = Path(__file__).parents[1]
FILES = sorted((REPOSITORY / "contracts" / "policies").glob("*.cases.yaml"))
CASES = [(path, case.id) for path in FILES for case in load_policy_cases(path)[0].cases]


@cache
def judged_file(path: Path) -> CaseFile:
    """Judge each file once."""
    return judge_file(open_project(REPOSITORY), path)


@pytest.mark.parametrize(("path", "case"), CASES, ids=lambda value: getattr(value, "name", value))
def test_the_policies_say_what_their_cases_expect(path: Path, case: str) -> None:
    """A policy and its cases are changed together."""
    judged = _of(judged_file(path), case)
    assert (judged.decision, judged.missing) == (judged.case.expect, ())


def test_every_file_of_cases_is_judged() -> None:
    """What stands beside a policy is found, and nothing is wrong with it."""
    assert list(case_files(open_project(REPOSITORY))) == FILES
    assert [problem for path in FILES for problem in judged_file(path).problems] == []


def test_every_cedar_file_has_cases() -> None:
    """A policy without cases is one that nobody has tried."""
    policies = (REPOSITORY / "contracts" / "policies").glob("*.cedar")
    assert {path.stem for path in policies} == {path.name.removesuffix(".cases.yaml") for path in FILES}


def _of(file: CaseFile, case: str) -> Judged:
    return next(item for item in file.judged if item.case.id == case)
