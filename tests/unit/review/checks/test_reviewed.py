"""A review loads, checks and names the version; what does not load is told all at once."""

import pytest

from agentctl.foundation.errors import UsageError
from agentctl.review.checks.reviewed import review
from tests.fakes.project_copy import AGENT, CONTRACT, PLATFORM, REFUND, SANDBOX, TODAY, ProjectCopy


def test_a_review_names_the_version_that_a_run_would_have(project: ProjectCopy) -> None:
    """The digest is that of the contract with all it refers to."""
    reviewed = project.review()
    assert reviewed.passed
    assert reviewed.version == project.files.agent_version(project.files.agent(AGENT)).digest


def test_documents_that_do_not_load_are_told_together(project: ProjectCopy) -> None:
    """Contract, environment, platform and registry: one look finds all that is wrong."""
    for file in (CONTRACT, SANDBOX, PLATFORM, REFUND):
        project.set(file, ("surprise",), 1)
    reviewed = project.review()
    assert [problem.place.file for problem in reviewed.report.errors] == [CONTRACT, SANDBOX, PLATFORM, REFUND]
    assert not reviewed.passed
    assert (reviewed.agent, reviewed.version) == (AGENT, None)


def test_a_contract_with_errors_has_a_version_if_it_loads(project: ProjectCopy) -> None:
    """What is refused can be named."""
    project.drop(CONTRACT, ("tools", "allowlist", 2, "requires_approval"))
    reviewed = project.review()
    assert not reviewed.passed
    assert reviewed.version is not None


def test_an_agent_or_environment_that_does_not_exist_is_a_usage_error(project: ProjectCopy) -> None:
    """Nothing is reviewed then."""
    with pytest.raises(UsageError, match="there is no agent `nobody`"):
        review(project.files, lambda: project.files.agent("nobody"), "sandbox", called="nobody", today=TODAY)
    with pytest.raises(UsageError, match="there is no environment `prod`"):
        project.review("prod")


def test_a_contract_outside_the_project_has_any_file_name(project: ProjectCopy) -> None:
    """Only the project's own contracts are found by their names."""
    path = project.root / "draft.yaml"
    (project.root / CONTRACT).rename(path)
    found = review(
        project.files, lambda: project.files.contract_at(path), "sandbox", called="draft", today=TODAY
    )
    assert found.passed
    assert found.agent == AGENT
