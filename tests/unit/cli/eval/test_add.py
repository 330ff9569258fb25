"""`agentctl eval add` says what it wrote and what to type next."""

import json
from pathlib import Path

import pytest

from agentctl.cli.eval.add import add
from agentctl.foundation.errors import UsageError
from tests.fakes.journals import RUN, refund_story, write_journal


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one run, and the folder somebody stands in."""
    (tmp_path / "agentctl.toml").write_text("", encoding="utf-8")
    write_journal(tmp_path / "traces" / "journal", RUN, refund_story())
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path.parent / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_names_the_files_and_the_next_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The case, both files, what is not taken out, and the line that tries it."""
    assert add("latest", "a-refund") == 0
    out = capsys.readouterr().out
    assert f"case `a-refund` of run {RUN}, in goldensets/refund-assistant.yaml" in out
    assert "goldensets/refund-assistant/a-refund.tape.yaml" in out
    assert "agentctl eval refund-assistant --cases a-refund" in out
    assert (project / "goldensets" / "refund-assistant.yaml").exists()


def test_json_has_the_same(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For programs: run, agent, case and files; the name is made from the run's id."""
    assert add(RUN, json=True) == 0
    assert json.loads(capsys.readouterr().out) == {
        "run": RUN,
        "agent": "refund-assistant",
        "case": f"run-{RUN[-8:].lower()}",
        "golden_set": "goldensets/refund-assistant.yaml",
        "tape": f"goldensets/refund-assistant/run-{RUN[-8:].lower()}.tape.yaml",
    }
    with pytest.raises(UsageError, match="has a case"):
        add(RUN)
    assert len(list((project / "goldensets").rglob("*.yaml"))) == 2
