"""`agentctl runs list`, narrowed; and the labels beside it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app
from agentctl.cli.runs import commands as runs
from agentctl.events.run import RunSuspended
from agentctl.foundation.errors import IntegrityError, UsageError
from tests.fakes.journals import BEGINNING, refund_story, run_id, started, write_journal


@pytest.fixture
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with four runs, a day apart; returns where their journals lie."""
    (tmp_path / "agentctl.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "traces" / "journal"
    other = started(run_id(2))
    envelope = other.envelope.model_copy(
        update={
            "kind": "shadow",
            "principal": other.envelope.principal.model_copy(update={"id": "dana"}),
        }
    )
    stories = (
        refund_story(run_id(0)),
        [started(run_id(1), agent="triage"), RunSuspended(reason="approval", detail="wait")],
        [other.model_copy(update={"envelope": envelope})],
        [started(run_id(3))],
    )
    for number, story in enumerate(stories):
        write_journal(folder, run_id(number), story, start=BEGINNING + timedelta(days=number))
    return folder


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[int]:
    """Return the numbers of the runs that `agentctl runs list` shows."""
    assert runs.app(["list", "--json", *words], standalone_mode=False) == 0
    rows = json.loads(capsys.readouterr().out)
    return [int(row["run"][-10:]) for row in rows]


@pytest.mark.usefixtures("journals")
@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ((), [3, 2, 1, 0]),
        (("--agent", "triage"), [1]),
        (("--principal", "dana"), [2]),
        (("--kind", "shadow"), [2]),
        (("--kind", "live"), [3, 1, 0]),
        (("--status", "running"), [3, 2]),
        (("--status", "approval"), [1]),
        (("--since", "2026-03-16"), [3, 2]),
        (("--until", "2026-03-16"), [1, 0]),
        (("--since", "2026-03-15T09:00:00Z", "--until", "2026-03-16T11:00:00+02:00"), [1]),
        (("--label", "none"), [3, 2, 1, 0]),
        (("--label", "good"), []),
        (("--kind", "live", "--limit", "2"), [3, 1]),
    ],
)
def test_filters_leave_the_runs_that_meet_them_all(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], numbers: list[int]
) -> None:
    """By whom, for whom, how it stands, when it began."""
    assert listed(capsys, *words) == numbers


def label(number: int, word: str, reason: str = "seen") -> None:
    """Let olga label a run."""
    words = ["label", run_id(number), word, "--reason", reason, "--as", "olga"]
    assert runs.app(words, standalone_mode=False) == 0


@pytest.mark.usefixtures("journals")
def test_labels_are_a_filter_and_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    """The last word counts."""
    label(0, "bad", "the wrong\x1b[2J charge")
    told = capsys.readouterr().out
    assert told == f"run {run_id(0)} is bad, says olga: the wrong\\x1b[2J charge\n"
    label(3, "bad")
    label(3, "overridden")
    capsys.readouterr()
    assert listed(capsys, "--label", "bad") == [0]
    assert listed(capsys, "--label", "none") == [2, 1]
    runs.app(["list", "--label", "overridden"], standalone_mode=False)
    head, row = capsys.readouterr().out.splitlines()
    assert (head.split()[-1], row.split()[-1]) == ("label", "overridden")
    runs.app(["list", "--json", "--label", "bad"], standalone_mode=False)
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["label"]["label"], found["label"]["by"]["id"], found["seconds"]) == ("bad", "olga", 25.0)


@pytest.mark.usefixtures("journals")
def test_a_run_is_shown_with_all_that_was_said_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The last word first, with who, when and why."""
    label(3, "bad", "too slow")
    label(3, "good", "fast enough")
    capsys.readouterr()
    runs.app(["show", "latest"], standalone_mode=False)
    said = [line.strip() for line in capsys.readouterr().out.splitlines() if " label " in f"{line} "]
    assert [line.split()[0] for line in said] == ["label", "earlier"]
    assert said[0].startswith("label          good, by olga (asserted, not proved), ")
    runs.app(["show", "latest", "--json"], standalone_mode=False)
    labels = json.loads(capsys.readouterr().out)["labels"]
    assert [item["event"]["reason"] for item in labels] == ["too slow", "fast enough"]


@pytest.mark.usefixtures("journals")
def test_what_all_runs_share_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Above them; a run alone has it beside it."""
    runs.app(["list", "--status", "running", "--agent", "refund-assistant"], standalone_mode=False)
    above, head, *_ = capsys.readouterr().out.splitlines()
    assert (above, "agent" in head, "for" in head) == ("2 runs of refund-assistant", False, True)
    runs.app(["list", "--agent", "triage"], standalone_mode=False)
    head, row = capsys.readouterr().out.splitlines()
    assert ("agent  " in head, "  triage  casey  " in row) == (True, True)


@pytest.mark.usefixtures("journals")
def test_a_kind_that_is_not_live_is_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    """Where all runs are live there is none."""
    runs.app(["list"], standalone_mode=False)
    head, *rows = capsys.readouterr().out.splitlines()
    assert "  kind    for    " in head
    assert "  shadow  " in next(row for row in rows if row.startswith(run_id(2)))
    runs.app(["list", "--kind", "live"], standalone_mode=False)
    assert "kind" not in capsys.readouterr().out


@pytest.mark.usefixtures("journals")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--status", "finishd"), "did you mean `finished`"),
        (("--kind", "real"), "accepted: `live`, `eval`, `replay`, `shadow`"),
        (("--label", "ok"), "accepted: `good`, `bad`, `overridden`, `none`"),
        (("--since", "yesterday"), "`yesterday` is no moment"),
        (("--until", "9999999d"), "`9999999d` is no moment"),
    ],
)
def test_a_wrong_filter_is_refused(words: tuple[str, ...], told: str) -> None:
    """A word that means nothing here does not pass for an empty answer."""
    with pytest.raises(UsageError, match=told):
        runs.app(["list", *words], standalone_mode=False)


def test_labels_that_cannot_be_believed_hide_no_run(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are missed only by who asks for them."""
    label(0, "bad")
    capsys.readouterr()
    (journals / "control" / "labels.jsonl").unlink()
    assert runs.app(["list"], standalone_mode=False) == 0
    out, err = capsys.readouterr()
    assert run_id(0) in out
    assert err.startswith("warning: labels are not shown:")
    with pytest.raises(IntegrityError):
        runs.app(["list", "--label", "bad"], standalone_mode=False)


@pytest.mark.usefixtures("journals")
def test_an_unknown_label_is_refused() -> None:
    """With what would be accepted."""
    with pytest.raises(UsageError, match="the label: `badd` is none of them"):
        runs.app(["label", "latest", "badd", "--reason", "seen"], standalone_mode=False)


@pytest.mark.parametrize("limit", ["0", "-1", "9223372036854775807", "99999999999999999999"])
@pytest.mark.usefixtures("journals")
def test_a_limit_that_nothing_could_keep_is_refused(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no bug of ours that somebody types many digits."""
    assert exit_code_of(app, ["runs", "list", "--limit", limit]) == 2
    assert "Invalid value for '--limit'" in capsys.readouterr().err


@pytest.mark.usefixtures("journals")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--agent", "triag"), "warning: no run ever had the agent `triag`; did you mean `triage`?\n"),
        (
            ("--principal", "xyz"),
            "warning: no run ever had the principal `xyz`; they had `casey`, `dana`\n",
        ),
        (("--agent", "triage", "--principal", "dana"), ""),
        (("--status", "denied"), ""),
    ],
)
def test_a_name_that_no_run_ever_had_is_said_so_of(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    """Nobody who mistyped a name takes it that there was nothing; with the nearest, or those there are."""
    assert runs.app(["list", *words], standalone_mode=False) == 0
    assert capsys.readouterr() == ("there is no run of that kind\n", told)
