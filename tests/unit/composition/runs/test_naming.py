"""Runs are named by whoever goes on with one as by whoever looks at one."""

from pathlib import Path

import pytest

from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app
from agentctl.composition.runs.naming import run_meant
from agentctl.foundation.errors import UsageError
from tests.fakes.journals import RUN, run_id
from tests.fakes.waiting_run import a_project, wait


def test_an_id_its_beginning_or_the_latest(tmp_path: Path) -> None:
    """A whole id is taken at its word; what is the beginning of none, or of several, is refused."""
    project = a_project(tmp_path)
    for number in (1, 2):
        project.journals.create(run_id(number)).close()
    assert run_meant(project, "latest") == run_meant(project, run_id(2)) == run_id(2)
    assert run_meant(project, run_id(1)[:-1].lower() + run_id(1)[-1]) == run_id(1)
    assert run_meant(project, run_id(3)) == run_id(3)
    for name in (run_id(1)[:8], "zzz"):
        with pytest.raises(UsageError):
            run_meant(project, name)


@pytest.mark.parametrize(
    "words",
    [
        ("raise", "latest", "--max-steps", "20"),
        ("grant", "latest", "--tool", "stripe.create_refund", "--up-to", "amount_usd=40", "--until", "1h"),
    ],
)
def test_what_is_given_to_a_run_names_it_so_too(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The line to type next has its whole id."""
    project = a_project(tmp_path)
    wait(project)
    monkeypatch.chdir(project.paths.root)
    assert exit_code_of(app, ["approvals", *words, "--as", "alice"]) == 0
    assert f"resume {RUN}" in capsys.readouterr().out
