"""Journals of released forms: every version reads them, folds them and goes on with them."""

import shutil
from pathlib import Path

import pytest

from agentctl.composition import open_project
from agentctl.foundation.errors import ExitCode
from agentctl.runtime.outcome import exit_code
from agentctl.runtime.state import fold
from agentctl.trace.journals.chain import line_of, parse_line
from tests.scenarios.conftest import REPOSITORY, Shell

RECORDED = sorted(path for path in (REPOSITORY / "tests" / "recorded").glob("v*/*") if path.is_dir())
ENDS = {"answered": ExitCode.OK, "refused": ExitCode.OK, "waiting": ExitCode.WAITING}
LATER_ENDS = {"edited": ExitCode.OK, "raised": ExitCode.OK}
VERSIONS = pytest.mark.parametrize("version", ["v1", "v2"])


def placed(shell: Shell, recorded: Path) -> str:
    """Put a recorded story into a project and return its run."""
    shutil.copytree(recorded, shell.folder / "traces")
    (run,) = open_project(shell.folder).journals.runs()
    return run


def test_every_version_was_recorded() -> None:
    """Version 1 has its four stories, version 2 two more."""
    assert {path.name for path in RECORDED if path.parent.name == "v1"} == {*ENDS, "killed"}
    assert {path.name for path in RECORDED if path.parent.name == "v2"} == {*ENDS, *LATER_ENDS, "killed"}


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_recorded_line_is_written_again_as_it_was(recorded: Path) -> None:
    """Byte by byte, whatever later versions added."""
    (journal,) = recorded.glob("journal/*/*.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    assert [line_of(parse_line(line)) for line in lines] == lines
    assert {parse_line(line).version for line in lines} == {int(recorded.parent.name[1:])}


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_recorded_journal_is_read_folded_and_indexed(shell: Shell, recorded: Path) -> None:
    """Its chain holds, its fold says how it stopped, and the same questions are answered."""
    run = placed(shell, recorded)
    state = fold(open_project(shell.folder).journals.read(run))
    assert state.going == (recorded.name == "killed")
    if recorded.name != "killed":
        assert exit_code(state) == {**ENDS, **LATER_ENDS}[recorded.name]
    assert shell("runs", "show", run).code == 0


@VERSIONS
def test_a_recorded_run_that_was_killed_can_be_resumed(shell: Shell, version: str) -> None:
    """Its key is older than the server honours: in doubt; with a word from an operator it ends well."""
    run = placed(shell, REPOSITORY / "tests" / "recorded" / version / "killed")
    code = shell("resume", run).code
    if code == ExitCode.OK:  # on the day it was recorded the key still holds
        return
    assert code == ExitCode.IN_DOUBT
    done = shell(
        "resolve", f"{run}/2/0", "--not-executed", "--reason", "the ledger shows nothing", "--resume"
    )
    assert done.code == ExitCode.OK
    assert shell.refunds(run) == []


@VERSIONS
def test_a_recorded_request_is_too_old_to_be_approved(shell: Shell, version: str) -> None:
    """It has expired, which is a denial; the run ends without a refund."""
    run = placed(shell, REPOSITORY / "tests" / "recorded" / version / "waiting")
    code = shell("resume", run).code
    assert code in {ExitCode.OK, ExitCode.WAITING}  # waiting only on the day it was recorded
    assert shell.refunds(run) == []


@VERSIONS
@pytest.mark.parametrize("story", ["answered", "refused"])
def test_a_recorded_run_that_is_over_is_only_reported(shell: Shell, story: str, version: str) -> None:
    """A resume of a finished run changes nothing."""
    run = placed(shell, REPOSITORY / "tests" / "recorded" / version / story)
    before = open_project(shell.folder).journals.path_of(run).read_bytes()
    assert shell("resume", run).code == ExitCode.OK
    assert open_project(shell.folder).journals.path_of(run).read_bytes() == before
