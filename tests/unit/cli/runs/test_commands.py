"""`agentctl runs` reads every run there is, and says so when there is none."""

import json
from pathlib import Path

import pytest

from agentctl.cli.runs import commands as runs
from agentctl.foundation.errors import IntegrityError, UsageError
from tests.fakes.journals import (
    BEGINNING,
    RUN,
    approval_of,
    decided,
    proposed,
    refund_story,
    requested,
    run_id,
    started,
    write_journal,
)


@pytest.fixture
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that the command is typed in; returns where its journals lie."""
    (tmp_path / "agentctl.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "traces" / "journal"


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of `agentctl runs ...`."""
    code = runs.app(list(words), standalone_mode=False)
    return int(code), *capsys.readouterr()


def test_a_list_has_a_line_for_each_run_the_newest_first(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who, for whom, how it stands, what it cost; the rest is a note."""
    write_journal(journals, run_id(1), refund_story(run_id(1)))
    other = run_id(2)
    write_journal(journals, other, [started(other, agent="triage")], start=BEGINNING.replace(hour=10))
    code, out, err = typed(capsys, "list")
    assert (code, err) == (0, "stopped: its process is gone; `agentctl resume RUN` goes on\n")
    assert [line.split() for line in out.splitlines()] == [
        ["2", "runs", "for", "casey"],
        ["run", "started", "agent", "outcome", "took", "USD", "calls", "refused"],
        [other, "2026-03-14", "10:00", "triage", "stopped", "0", "ms", "0", "0"],
        [
            run_id(1),
            "2026-03-14",
            "09:00",
            "refund-assistant",
            "answered",
            "25",
            "s",
            "0.0032",
            "3",
            "1",
        ],
    ]
    _, out, err = typed(capsys, "list", "--limit", "1")
    assert other in out
    assert err.endswith("the newest 1; `--limit` shows more\n")
    _, out, err = typed(capsys, "list", "--limit", "1", "--agent", "triage", "--status", "running")
    assert (other in out, "--limit" in err) == (True, False)


def test_a_list_as_json_has_every_field(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program gets all there is, and nothing on stderr."""
    write_journal(journals, RUN, refund_story())
    _, out, err = typed(capsys, "list", "--json", "--limit", "1")
    (row,) = json.loads(out)
    assert (row["run"], row["cost_usd"], row["exit_code"], row["overridden"]) == (RUN, "0.0032", 0, False)
    assert row["started_at"] == "2026-03-14T09:00:00.000000Z"
    assert err == ""


def test_without_runs_there_is_a_sentence(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty project and an empty choice are told apart; neither is an error."""
    assert typed(capsys, "list") == (0, "there is no run yet\n", "")
    nobody = "warning: no run ever had the agent `nobody`\n"
    assert typed(capsys, "list", "--agent", "nobody") == (0, "there is no run of that kind\n", nobody)
    assert typed(capsys, "list", "--json") == (0, "[]\n", "")
    assert not journals.exists()


def test_a_run_is_shown_by_the_beginning_of_its_id(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest has a name of its own."""
    write_journal(journals, RUN, refund_story())
    for name in (RUN, RUN[:20].lower(), "latest"):
        code, out, err = typed(capsys, "show", name)
        assert (code, err) == (0, "")
        assert out.startswith(f"run {RUN}\n")
        assert "the three questions for stripe.refund" in out


def test_a_run_as_json_has_the_report_and_the_three_questions(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything that the text shows, with places and hashes."""
    write_journal(journals, RUN, refund_story())
    _, out, _ = typed(capsys, "show", RUN, "--json")
    answer = json.loads(out)
    assert answer["run"]["row"]["run"] == RUN
    assert answer["run"]["started"]["type"] == "run.started"
    call = answer["run"]["steps"][1]["calls"][0]
    assert (call["tool"], call["attempts"][0]["intent"]["seq"]) == ("stripe.refund", 18)
    (questions,) = answer["three_questions"]
    assert questions["who"]["principal"]["id"] == "casey"
    assert questions["why"]["decision"] == "allow"
    assert questions["proof"]["records"][-1]["type"] == "tool.result"


def test_a_suspended_run_is_shown_before_anybody_ingested_it(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What its process left behind is enough."""
    call = f"{RUN}/0/0"
    events = [
        started(),
        proposed(call, "stripe.refund", {"amount": 1}),
        decided(call, "needs_approval"),
        requested(call, "stripe.refund"),
    ]
    write_journal(journals, RUN, events, torn=b'{"v":')
    _, out, err = typed(capsys, "show", "latest")
    assert f"approval {approval_of(call)} asked" in out
    assert err == ""


def test_a_run_that_does_not_exist_is_named(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So are the candidates of a beginning that several have."""
    with pytest.raises(UsageError, match="there is no run `01ZZ`"):
        typed(capsys, "show", "01ZZ")
    for number in (1, 2):
        write_journal(journals, run_id(number), [started(run_id(number))])
    with pytest.raises(UsageError, match=f"one of {run_id(2)}, {run_id(1)}"):
        typed(capsys, "show", "01")


def test_damage_is_a_warning_and_a_missing_beginning_an_error(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What holds is shown; a run of which nothing holds is not passed off as missing."""
    path = write_journal(journals, RUN, refund_story())
    path.write_bytes(path.read_bytes().replace(b'"re_1"', b'"re_2"'))
    named = f"the journal 2026-03-14/{RUN}.jsonl"
    warning = f"warning: {named} has 26 lines, and only 19 can be believed; `agentctl doctor` says what to do"
    for words in (("show", RUN), ("list",), ("list", "--json")):
        code, _, err = typed(capsys, *words)
        assert (code, " ".join(err.split())) == (0, warning)
    path.write_bytes(path.read_bytes().replace(b"run.started", b"run.stopped"))
    with pytest.raises(IntegrityError, match=f"{named} has 26 lines, and none can be believed"):
        typed(capsys, "show", RUN)
    path.unlink()
    path.mkdir()
    told = " ".join(typed(capsys, "list")[2].split())
    assert told == f"warning: {named} cannot be read; `agentctl doctor` says what to do"


def test_a_journal_of_a_newer_version_is_not_called_damaged(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody need fear for it: who reads it is named, and how much of it can be shown."""
    path = write_journal(journals, RUN, refund_story())
    lines = path.read_bytes().splitlines(keepends=True)
    newer = [line.replace(b'"v":2}', b'"v":7}') for line in lines]
    told = "is of journal version 7, and this agentctl reads 1 and 2"
    for words, begins in ((("list",), 0), (("show", RUN), 19)):
        path.write_bytes(b"".join([*lines[:begins], *newer[begins:]]))
        shown = f"; only its first {begins} records can be shown" if begins else ""
        _, _, err = typed(capsys, *words)
        assert f"jsonl {told}{shown}: use the agentctl that wrote it, or a newer one" in " ".join(err.split())
    path.write_bytes(b"".join(newer))
    with pytest.raises(IntegrityError, match=told):
        typed(capsys, "show", RUN)


def test_very_many_damaged_journals_do_not_bury_the_others(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten are named, and the rest is counted."""
    for number in range(12):
        write_journal(journals, run_id(number), refund_story()).write_text("{}\n")
    err = typed(capsys, "list")[2]
    assert err.count("warning: the journal ") == 10
    assert (
        err.splitlines()[-1]
        == "warning: 2 more journals cannot be believed; `agentctl doctor` names all of them"
    )
