"""`agentctl runs tail`: what a run did, in calm lines, up to where it stands."""

import fcntl
import json
from pathlib import Path

import pytest

from agentctl.cli.runs import commands as runs
from agentctl.events.record import AnyEvent
from agentctl.events.run import RunFinished, RunSuspended
from agentctl.foundation.errors import IntegrityError, UsageError
from agentctl.trace.journals import tailing
from tests.fakes.journals import RUN, journal_bytes, refund_story, resumed, run_id, started, write_journal

SUSPENDED = [started(), RunSuspended(reason="approval", detail="somebody must answer")]


class EndedError(Exception):
    """Raised in the place of Ctrl-C."""


@pytest.fixture
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that the command is typed in; returns where its journals lie."""
    (tmp_path / "agentctl.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "traces" / "journal"


def tail(*words: str) -> int:
    """Type `agentctl runs tail ...`."""
    return int(runs.app(["tail", *words], standalone_mode=False))


def end_of_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait: the first rest is the last."""

    async def rest(_: float) -> None:
        raise EndedError

    monkeypatch.setattr(tailing.asyncio, "sleep", rest)


def test_a_finished_run_is_told_from_its_beginning(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines that its own process showed, and how it ended."""
    write_journal(journals, RUN, refund_story())
    assert tail("latest") == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith(f"run {RUN}  refund-assistant (support-platform) for casey")
    assert "call 1/0  stripe.refund (irreversible), attempt 1" in lines
    assert "call 1/1  refused at `registered`: there is no tool `stripe.payout`" in lines
    assert lines[-1] == "answered: Refunded 49.00 USD."
    assert err == ""


def test_only_what_happened_since_then(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The end of the run ends the command all the same."""
    write_journal(journals, RUN, refund_story())
    assert tail(RUN, "--since", "2026-03-14T09:00:25Z") == 0
    assert capsys.readouterr().out == "answered: Refunded 49.00 USD.\n"


@pytest.mark.parametrize(
    ("story", "words"), [(refund_story(), ()), (refund_story(), ("--follow",)), (SUSPENDED, ())]
)
def test_a_run_that_ended_before_then_is_not_waited_for(
    story: list[AnyEvent],
    words: tuple[str, ...],
    journals: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of it will ever be told; that is said."""
    write_journal(journals, RUN, story)
    end_of_waiting(monkeypatch)
    assert tail(RUN, "--since", "2026-03-15", *words) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"nothing happened in run {RUN} since then, and nothing will by itself\n")


def test_a_run_that_stopped_before_then_is_said_to_have_no_process(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As if it had been told from its beginning."""
    write_journal(journals, RUN, [started()])
    assert tail(RUN, "--since", "2026-03-15", "--json") == 0
    assert "its process is gone" in capsys.readouterr().err


def test_as_json_every_record_is_a_line(journals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The journal's own records, in ASCII."""
    write_journal(journals, RUN, refund_story())
    assert tail(RUN, "--json") == 0
    out, err = capsys.readouterr()
    written = [json.loads(line) for line in journal_bytes(RUN, refund_story()).splitlines()]
    assert [json.loads(line) for line in out.splitlines()] == written
    assert err == ""


def test_a_suspended_run_is_waited_for_only_when_asked(
    journals: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does nothing by itself; `--follow` waits for who resumes it, and ends with it."""
    path = write_journal(journals, RUN, SUSPENDED)
    assert tail(RUN) == 0
    assert capsys.readouterr().out.endswith("suspended (approval): somebody must answer\n")

    async def rest(_: float) -> None:
        path.write_bytes(
            journal_bytes(RUN, [*SUSPENDED, resumed(), RunFinished(status="denied", answer="no")])
        )

    monkeypatch.setattr(tailing.asyncio, "sleep", rest)
    assert tail(RUN, "--follow") == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-2:] == ["resumed by casey", "denied: no"]
    assert err == f"following run {RUN}; Ctrl-C ends it\n"


def test_several_runs_are_told_below_their_names(
    journals: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name whenever another run speaks; damage to one is a warning."""
    end_of_waiting(monkeypatch)
    write_journal(journals, run_id(1), refund_story(run_id(1)))
    write_journal(journals, run_id(2), [started(run_id(2)), resumed()])
    damaged = write_journal(journals, run_id(3), [started(run_id(3)), resumed()])
    damaged.write_bytes(damaged.read_bytes().replace(b"run.resumed", b"run.resumes"))
    with pytest.raises(EndedError):
        tail("--since", "2026-03-14T09:00:01Z")
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[:2] == [
        f"run {run_id(1)}",
        "  step 0    model answered: 412 tokens in, 38 out, 0.0012 USD, 3 ms",
    ]
    assert lines[-2:] == [f"run {run_id(2)}", "  resumed by casey"]
    assert len([line for line in lines if line.startswith("run ")]) == 2
    assert f"warning: the journal of run {run_id(3)}: record 1: " in err
    assert err.endswith("following all runs; Ctrl-C ends it\n")


def test_without_a_moment_all_runs_are_told_from_now_on(
    journals: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was is not told again."""
    end_of_waiting(monkeypatch)
    write_journal(journals, RUN, refund_story())
    with pytest.raises(EndedError):
        tail()
    assert capsys.readouterr().out == ""


def test_what_strangers_wrote_is_made_visible_and_passes_for_no_other_line(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a control nor a line break in it reaches the terminal as it is."""
    answer = "done\x1b[2J\nrun 01 answered: all is well"
    write_journal(journals, RUN, [started(), RunFinished(status="answered", answer=answer)])
    tail(RUN)
    *_, first, second = capsys.readouterr().out.splitlines()
    assert first == "answered: done\\x1b[2J"
    assert second == "    │ run 01 answered: all is well"


def test_damage_to_the_run_ends_it_after_what_holds(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 7, and where the damage is."""
    path = write_journal(journals, RUN, refund_story())
    path.write_bytes(path.read_bytes().replace(b'"re_1"', b'"re_2"'))
    with pytest.raises(IntegrityError, match=f"the journal of run {RUN}: record 19: "):
        tail(RUN)
    assert "call 1/0  stripe.refund (irreversible), attempt 1" in capsys.readouterr().out


def test_a_run_that_does_not_exist_is_not_waited_for(journals: Path) -> None:
    """Its name was probably mistyped."""
    assert not journals.exists()
    with pytest.raises(UsageError, match="there is no run `01ZZ`"):
        tail("01ZZ", "--follow")


def test_a_run_whose_process_is_gone_is_not_waited_for(
    journals: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a resume lets it go on, and that is said; `--follow` waits for it, and says it once."""
    rests = 0

    async def rest(_: float) -> None:
        nonlocal rests
        rests += 1
        if rests == 30:
            raise EndedError

    monkeypatch.setattr(tailing.asyncio, "sleep", rest)
    write_journal(journals, RUN, [started()])
    assert tail(RUN) == 0
    told = f"run {RUN} stopped: its process is gone\n  `agentctl resume {RUN}` goes on\n"
    assert capsys.readouterr().err == f"following run {RUN}; Ctrl-C ends it\n{told}"
    rests = 0
    with pytest.raises(EndedError):
        tail(RUN, "--follow")
    assert capsys.readouterr().err.count(told) == 1
    rests = 0
    with pytest.raises(EndedError):
        tail("--since", "2026-03-14T09:00:00Z")
    assert capsys.readouterr().err.count(told) == 1


def test_a_run_that_somebody_works_on_is_waited_for(
    journals: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it says nothing."""
    rests = 0

    async def rest(_: float) -> None:
        nonlocal rests
        rests += 1
        if rests == 30:
            raise EndedError

    monkeypatch.setattr(tailing.asyncio, "sleep", rest)
    with write_journal(journals, RUN, [started()]).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(EndedError):
            tail(RUN)
    assert capsys.readouterr().err == f"following run {RUN}; Ctrl-C ends it\n"
