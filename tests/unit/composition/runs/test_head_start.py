"""Which runs give the back office a head start."""

from pathlib import Path

import pytest

from agentctl.composition.project import Project, open_project
from agentctl.composition.runs.head_start import head_start
from tests.fakes.project_copy import ProjectCopy


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of this repository's project."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return open_project(ProjectCopy(tmp_path / "project").root)


def test_an_environment_with_a_back_office_gets_its_process_early(project: Project) -> None:
    """It runs before the contract is so much as looked at, and leaves nothing when the run does not come to it."""
    with head_start(project, "sandbox") as spare:
        assert spare is not None
        assert spare.pid is not None
    assert spare.pid is None
    assert not project.paths.sandbox.exists()


@pytest.mark.parametrize("broken", [True, False])
def test_no_process_is_started_for_what_is_not_there(project: Project, *, broken: bool) -> None:
    """Of an environment that cannot be read, or does not exist, the check of the run tells later."""
    if broken:
        (project.files.contracts / "environments" / "sandbox.yaml").write_text("kind: [", encoding="utf-8")
    with head_start(project, "sandbox" if broken else "nowhere") as spare:
        assert spare is None
