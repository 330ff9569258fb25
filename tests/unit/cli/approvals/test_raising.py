"""What `approvals raise` takes for a ceiling, and the line that a stopped run prints."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from agentctl.cli.approvals.raising import raise_budget
from agentctl.cli.run.raise_hint import lines_to_raise
from agentctl.composition.runs.running import RunOutcome
from agentctl.events.budget import BudgetStopped, Meter
from agentctl.events.run import Limits
from agentctl.foundation.errors import ExitCode, UsageError
from agentctl.models.client import Usage
from agentctl.runtime.state import RunState
from tests.fakes.models import FakeModel, asks
from tests.fakes.runs import RUN, Stage, default_limits


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"max_steps": -1}, "`--max-steps`: `-1` is no ceiling"),
        ({"max_bytes": 2**53}, "`--max-bytes`"),
        ({"max_cost_usd": "much"}, "`--max-cost-usd`: `much` is not a number"),
        ({"max_cost_usd": "NaN"}, "`--max-cost-usd`: `NaN` is not a finite number"),
        ({"max_cost_usd": "-1"}, "`--max-cost-usd`: `-1` is no ceiling"),
        ({"max_cost_usd": "1000000000000.01"}, "an amount from 0 to 1000000000000"),
        ({"max_wall_clock": "1h30"}, "`--max-wall-clock`: `1h30` is no length of time"),
        ({"max_wall_clock": "30m\n"}, "is no length of time"),
        ({"max_wall_clock": "0s"}, "90s, 30m or 2h"),
    ],
    ids=str,
)
def test_what_is_no_ceiling_is_refused_with_its_option(given: dict[str, object], told: str) -> None:
    """Before anything is read; with what would be accepted."""
    with pytest.raises(UsageError) as refused:
        raise_budget(RUN, "alice", **given)  # type: ignore[arg-type]
    assert told in str(refused.value)


def outcome(
    folder: Path, stop: BudgetStopped | None, ceilings: dict[str, object], limits: Limits | None = None
) -> RunOutcome:
    """Return how a run ended that asked once and was stopped."""
    stage = Stage(folder, FakeModel([asks(usage=Usage(5, 1))]), limits=limits or default_limits(max_steps=0))
    state: RunState = asyncio.run(stage.start())
    state = RunState(session=state.session, stop=stop, suspended=state.suspended)
    reviewers = [SimpleNamespace(name=name) for name in ("system:rule", "casey", "alice")]
    environment = SimpleNamespace(environment=SimpleNamespace(reviewers=reviewers))
    governing = SimpleNamespace(ceilings=ceilings, environment=environment)
    return RunOutcome(RUN, state, ExitCode.BUDGET, governing)  # type: ignore[arg-type]


ROWS: list[tuple[Meter, str, str, str, str]] = [
    ("steps", "2", "2", "1", "--max-steps 4"),
    ("tool_calls", "0", "0", "1", "--max-tool-calls 1"),
    ("input_tokens", "100", "90", "500", "--max-input-tokens 590"),
    ("output_tokens", "100", "100", "1", "--max-output-tokens 200"),
    ("cost_usd", "0.75", "0.7", "0.1", "--max-cost-usd 1.5"),
    ("wall_clock_seconds", "60", "59.000001", "120", "--max-wall-clock 180s"),
    ("bytes", "1000", "0", "1001", "--max-bytes 2000"),
    ("approval_requests", "20", "20", "1", "--max-approval-requests 40"),
]


@pytest.mark.parametrize(("meter", "limit", "used", "asked", "option"), ROWS, ids=[row[0] for row in ROWS])
def test_the_line_names_the_ceiling_that_stopped_the_run(
    tmp_path: Path, meter: Meter, limit: str, used: str, asked: str, option: str
) -> None:
    """Twice as much, or as much as was asked; by somebody who may: no rule, and not whom the run acts for."""
    stop = BudgetStopped(meter=meter, limit=limit, used=used, asked=asked)
    ((about, line),) = lines_to_raise(outcome(tmp_path, stop, {}))
    assert about == "to raise the ceiling and go on"
    assert line.endswith(f"approvals raise {RUN} {option} --as alice --resume")


def test_the_line_stays_under_the_platforms_ceiling(tmp_path: Path) -> None:
    """As much as it permits; and where that is not enough, it says where it stands."""
    stop = BudgetStopped(meter="steps", limit="30", used="30", asked="1")
    ((_, line),) = lines_to_raise(outcome(tmp_path / "one", stop, {"max_steps": 40}))
    assert "--max-steps 40 " in line
    ((about, line),) = lines_to_raise(outcome(tmp_path / "two", stop, {"max_steps": 30}))
    assert (
        about == "the platform permits no more than 30; once `max_steps` is higher in contracts/platform.yaml"
    )
    assert "--max-steps 31 " in line


def test_a_stop_that_no_ceiling_explains_needs_no_raise(tmp_path: Path) -> None:
    """An overrun under all ceilings: a resume is enough. Too many open requests: somebody answers them."""
    ((_, line),) = lines_to_raise(outcome(tmp_path / "one", None, {}))
    assert line.endswith(f"resume {RUN}")
    many = BudgetStopped(meter="open_approvals", limit="5", used="5", asked="1")
    ((_, line),) = lines_to_raise(outcome(tmp_path / "two", many, {}))
    assert line.endswith("approvals list")


def test_an_overrun_above_a_ceiling_names_it(tmp_path: Path) -> None:
    """Though nothing was stopped at it."""
    limits = default_limits(max_input_tokens=100, max_steps=1)
    stage = Stage(tmp_path / "one", FakeModel([asks(usage=Usage(150, 1))]), limits=limits)
    state = asyncio.run(stage.start())
    found = outcome(tmp_path / "two", None, {})
    ((_, line),) = lines_to_raise(RunOutcome(RUN, state, ExitCode.BUDGET, found.governing))
    assert "--max-input-tokens 200 " in line
