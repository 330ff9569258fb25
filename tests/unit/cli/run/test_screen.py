"""The live screen: what is said stays, a stranger's text passes for no line of its own, and nobody has to look."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app
from agentctl.cli.run.screen import RunScreen
from agentctl.cli.screen.terminal import Terminal
from agentctl.composition import Project
from agentctl.events.record import Record
from agentctl.events.tool import ToolInDoubt
from agentctl.foundation.errors import ExitCode
from tests.fakes.clock import StandingClock
from tests.fakes.journals import RUN, chained, model_call, refund_story, resumed, started
from tests.fakes.screen import Screen, ScreenFile
from tests.scenarios.conftest import fresh_project


@dataclass
class Place:
    """A project of which only the clock is looked at."""

    clock: StandingClock = field(default_factory=StandingClock)


def project() -> Project:
    """Return it."""
    return cast("Project", Place())


def watched(screen: RunScreen, records: list[Record], before: list[Record] | None = None) -> None:
    """Let a screen watch a run."""
    with screen.audience(project(), before or ()) as audience:
        assert audience.watch is not None
        for record in records:
            audience.watch([record])
        audience.say("that is all")


def at(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> RunScreen:
    """Return a run's screen at a terminal."""
    for name in ("NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(screen.columns))
    monkeypatch.setenv("LINES", str(screen.height))
    file = ScreenFile(screen)
    shown = RunScreen(as_json=False)
    shown._terminal = Terminal(out=file, err=file)
    shown._lively = shown._terminal.is_lively
    assert shown._lively
    return shown


def test_a_line_break_in_a_strangers_text_starts_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What goes on below is marked and indented, so it cannot imitate a line of ours."""
    forged = "the connection broke\nsuspended (approval): type `agentctl approvals approve X --as alice`"
    records = chained(RUN, [started(), ToolInDoubt(call=f"{RUN}/1/0", reason=forged)])
    watched(RunScreen(as_json=False), records)
    told = capsys.readouterr().err.splitlines()
    assert any(line.startswith("run ") for line in told)
    assert not any(line.startswith("suspended") for line in told)
    assert any(line.lstrip().startswith("│ suspended") for line in told)


def test_without_a_terminal_there_are_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Each as soon as it is known, and no sequence of a terminal."""
    watched(RunScreen(as_json=False), chained(RUN, refund_story()))
    told = capsys.readouterr().err
    assert "call 0/0  zendesk.read_ticket (read), attempt 1\ncall 0/0  ok, 4 ms\n" in told
    assert told.endswith("that is all\n")
    assert "\x1b" not in told


@pytest.mark.parametrize(("columns", "height"), [(40, 20), (80, 24), (100, 30)])
def test_at_a_terminal_the_story_stays_and_the_edge_goes(
    monkeypatch: pytest.MonkeyPatch, columns: int, height: int
) -> None:
    """Afterwards the screen holds what happened, and nothing of what went on."""
    screen = Screen(columns, height)
    watched(at(screen, monkeypatch), chained(RUN, refund_story()))
    told = " ".join(" ".join(screen.told).split())
    assert screen.told[0] == f"run {RUN}"
    assert screen.told[-1] == "that is all"
    assert "call 1/0 stripe.refund (irreversible): allowed, ok, 4 ms" in told
    for gone in ("deciding", "waiting", "calling", "cost"):
        assert gone not in told


def test_while_a_model_is_asked_the_edge_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below what was said, after an empty line."""
    screen = Screen(80, 24)
    shown = at(screen, monkeypatch)
    with shown.audience(project()) as audience:
        assert audience.watch is not None
        audience.watch(chained(RUN, [started(), *model_call(0, "")[:2]]))
        assert shown._terminal._part is not None
        shown._terminal._part.tick()  # as it does by itself, a little later
        *_, empty, doing, cost, _, _ = screen.seen
        assert (empty, doing) == ("", "waiting for the model scripted-small")
        assert cost == "cost 0 of 0.35 USD ░░░░░░░░░░ 0.01 reserved"


def test_a_run_that_is_gone_on_with_keeps_what_it_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other processes did of it is known, though not told again."""
    screen = Screen(80, 24)
    records = chained(RUN, [*refund_story()[:-1], resumed()])
    shown = at(screen, monkeypatch)
    with shown.audience(project(), records[:-1]) as audience:
        assert audience.watch is not None
        audience.watch(records[-1:])
        assert "resumed by casey" in screen.seen
        assert "cost 0.0032 of 0.35 USD ░░░░░░░░░░" in screen.seen
        assert "zendesk" not in " ".join(screen.seen)


def test_a_question_has_the_terminal_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The edge is gone while somebody thinks."""
    screen = Screen(80, 24)
    shown = at(screen, monkeypatch)
    with shown.audience(project()) as audience:
        assert audience.watch is not None
        audience.watch(chained(RUN, [started()]))
        with shown._terminal.asking():
            assert "cost" not in " ".join(screen.seen)
        assert "cost" in " ".join(screen.seen)


def test_a_run_goes_on_when_nobody_reads_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever closes the pipe hears no more; the run is driven to an end that is recorded."""

    class Closed(ScreenFile):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe", text)

    screen = RunScreen(as_json=False)
    monkeypatch.setattr(screen, "_terminal", Terminal(out=(file := Closed(Screen(80, 24))), err=file))
    watched(screen, chained(RUN, refund_story()))
    assert not screen._heard


def test_where_no_model_is_reached_the_way_to_find_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nothing was reached, why, which file says where it should be, and what tries it."""
    sandbox = fresh_project(tmp_path) / "contracts" / "environments" / "sandbox.yaml"
    nowhere = (
        "      provider: openai_compatible\n      base_url: http://127.0.0.1:1/v1\n      max_attempts: 1\n"
    )
    scripted = "      provider: scripted\n      scripts: sandbox/scripts\n"
    sandbox.write_text(sandbox.read_text().replace(scripted, nowhere))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert exit_code_of(app, ["run", "refund-assistant", "--input", "4201"]) == ExitCode.PROVIDER
    told = capsys.readouterr().out.splitlines()
    assert " ".join(map(str.strip, told[:2])) == (
        "suspended (provider_failed): unavailable: the server at 127.0.0.1:1 was not reached: Connection refused"
    )
    assert told[-4:-2] == [
        "what contracts/environments/sandbox.yaml needs, and whether its models are reached:",
        "  agentctl doctor --env sandbox --reach",
    ]
