"""Whole runs against their budgets: a stop has its numbers, a raise lets the run go on, a crash gives nothing back."""

import asyncio
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from agentctl.budget.limits import exceeded, lowered
from agentctl.budget.spend import Spend, evolve_spend
from agentctl.budget.worked import Worked, evolve_worked
from agentctl.events.approval import MessageRefused
from agentctl.events.base import Reservation
from agentctl.events.budget import BudgetOverrun, BudgetRaised, BudgetStopped
from agentctl.events.model import ModelAsked
from agentctl.events.record import Record
from agentctl.events.run import Limits
from agentctl.events.tool import ToolIntent, ToolRefused
from agentctl.foundation.errors import ExitCode
from agentctl.foundation.ids import new_secret_id
from agentctl.models.client import Usage
from agentctl.runtime.outcome import exit_code
from agentctl.runtime.state import RunState, fold
from agentctl.tools.executors.executor import Execution, Failed, Outcome, Unknown
from agentctl.trace.message import RaiseMessage
from tests.fakes.executor import FakeExecutor, accepts_everything
from tests.fakes.models import TurnModel, asks, says
from tests.fakes.runs import PRICE, RUN, Stage, default_limits

READ = ("zendesk.read_ticket", {"ticket_id": "4201"})
LOOK_UP = ("stripe.lookup_charge", {"charge": "ch_small"})
EVERYTHING: dict[str, object] = {
    "max_steps": 50,
    "max_input_tokens": 100_000,
    "max_output_tokens": 100_000,
    "max_cost_usd": Decimal(50),
    "max_tool_calls": 100,
    "max_wall_clock_seconds": 10_000,
    "max_bytes": 10**9,
    "max_refusals": 100,
    "max_approval_requests": 100,
}


def a_run(folder: Path, **limits: object) -> Stage:
    """Return a run that reads twice and answers, under other ceilings."""
    model = TurnModel([asks(READ), asks(LOOK_UP), says("done", Usage(100, 5))])
    return Stage(folder, model, limits=default_limits(**limits))


def raise_to(stage: Stage, by: str = "alice", instead_of: Limits | None = None, **ceilings: object) -> None:
    """Leave higher ceilings in the run's inbox."""
    now = instead_of or stage.state().session.header.limits
    wanted = now.model_copy(update=ceilings)
    stage.inbox.post(
        RaiseMessage(
            id=new_secret_id(), run=RUN, at="now", by=by, reason="a case", limits=wanted, instead_of=now
        )
    )


STOPS: list[tuple[dict[str, object], str]] = [
    ({"max_steps": 1}, "steps"),
    ({"max_tool_calls": 1}, "tool_calls"),
    ({"max_input_tokens": 109}, "input_tokens"),
    ({"max_output_tokens": 5}, "output_tokens"),
    ({"max_cost_usd": PRICE.cost(100, 301)}, "cost_usd"),
    ({"max_bytes": 1_000_100}, "bytes"),
    ({"max_wall_clock_seconds": 59}, "wall_clock_seconds"),
]


@pytest.mark.parametrize(("limits", "meter"), STOPS, ids=[meter for _, meter in STOPS])
async def test_every_ceiling_stops_a_run_and_a_raise_lets_it_end(
    tmp_path: Path, limits: dict[str, object], meter: str
) -> None:
    """Exit 6 with the numbers; stopped again without a raise; with one it ends as if there had been no ceiling."""
    stage = a_run(tmp_path, **limits)
    for _ in range(2):
        state = await (stage.resume() if stage.observed else stage.start())
        assert exit_code(state) == ExitCode.BUDGET
    stops = stage.events(BudgetStopped)
    assert [stop.meter for stop in stops] == [meter, meter]
    assert all(Decimal(stop.used) + Decimal(stop.asked) > Decimal(stop.limit) for stop in stops)
    raise_to(stage, **{name: value for name, value in EVERYTHING.items() if name in limits})
    state = await stage.resume()
    assert exit_code(state) == ExitCode.OK
    assert [item.descriptor.name for item in stage.executor.executions] == [READ[0], LOOK_UP[0]]
    assert stage.events(ToolRefused) == []
    assert state == stage.state()


async def test_a_raise_is_on_record_with_who_and_how_sure_we_are(tmp_path: Path) -> None:
    """Who, why, all ceilings before and after; and the state goes on under the new ones."""
    stage = a_run(tmp_path, max_steps=1)
    before = stage.limits
    await stage.start()
    raise_to(stage, max_steps=9, max_cost_usd=Decimal("1.50"))
    state = await stage.resume()
    event = stage.events(BudgetRaised)[0]
    assert (event.reviewer.id, event.reviewer.assurance, event.reason) == ("alice", "asserted", "a case")
    assert event.instead_of == before
    assert event.limits == state.session.header.limits
    assert (event.limits.max_steps, event.limits.max_cost_usd) == (9, Decimal("1.5"))


@pytest.mark.parametrize(
    ("by", "ceilings", "reason"),
    [
        ("casey", {"max_steps": 9}, "who a run acts for never approves for it"),
        ("mallory", {"max_steps": 9}, "`mallory` is no reviewer here"),
        ("agent:refund-assistant", {"max_steps": 9}, "nobody speaks for the platform by letter"),
        ("system:sandbox-reviewer", {"max_steps": 9}, "nobody speaks for the platform by letter"),
        ("alice", {"max_steps": 41}, "`max_steps` may be 40 at most, says the platform, and not 41"),
        ("alice", {"max_steps": 9, "max_tool_calls": 1}, "`max_tool_calls` is 20 already, and 1 is not more"),
        ("alice", {}, "no ceiling would be higher than it is"),
    ],
)
async def test_a_raise_that_does_not_count_is_refused_and_recorded(
    tmp_path: Path, by: str, ceilings: dict[str, object], reason: str
) -> None:
    """Requester, stranger, agent, rule; above the platform; less; nothing: the run stops again."""
    stage = a_run(tmp_path, max_steps=1)
    stage.ceilings = {"max_steps": 40}
    await stage.start()
    raise_to(stage, by, **ceilings)
    assert exit_code(await stage.resume()) == ExitCode.BUDGET
    assert stage.events(BudgetRaised) == []
    assert reason in stage.events(MessageRefused)[0].reasons


async def test_a_raise_counts_once_and_only_over_the_ceilings_that_were_shown(tmp_path: Path) -> None:
    """A second letter that was written over the old ceilings is refused, and the first is not taken again."""
    stage = a_run(tmp_path, max_steps=1)
    await stage.start()
    raise_to(stage, max_steps=2)
    raise_to(stage, max_steps=50)
    await stage.resume()
    await stage.resume()
    assert len(stage.events(BudgetRaised)) == 1
    assert ["the ceilings are others by now" in item.reasons[0] for item in stage.events(MessageRefused)] == [
        True
    ]


async def test_a_raised_ceiling_stays_raised_and_todays_platform_holds_over_it(tmp_path: Path) -> None:
    """A later resume keeps what was raised, as far as the platform permits by then."""
    stage = a_run(tmp_path, max_steps=1)
    await stage.start()
    raise_to(stage, max_steps=2)
    await stage.resume()
    stage.limits = lowered(stage.state().session.header.limits, {"max_steps": 40})
    assert exit_code(await stage.resume()) == ExitCode.BUDGET
    assert stage.state().session.header.limits.max_steps == 2
    assert [stop.limit for stop in stage.events(BudgetStopped)] == ["1", "2", "2"]


@pytest.mark.parametrize(
    ("usage", "meters"),
    [
        (Usage(101, 1), ["input_tokens"]),
        (Usage(1, 301), ["output_tokens"]),
        (Usage(500, 301), ["input_tokens", "output_tokens", "cost_usd"]),
    ],
)
async def test_a_provider_that_used_more_than_was_reserved_stops_the_run(
    tmp_path: Path, usage: Usage, meters: list[str]
) -> None:
    """Every meter it broke is an event with its numbers; under the ceilings a resume is enough."""
    stage = a_run(tmp_path)
    stage.model = TurnModel([asks(READ, usage=usage), says("done")])
    assert exit_code(await stage.start()) == ExitCode.BUDGET
    overruns = stage.events(BudgetOverrun)
    assert [item.meter for item in overruns] == meters
    assert all(Decimal(item.reported) > Decimal(item.reserved) for item in overruns)
    assert stage.executor.executions == []
    assert exit_code(await stage.resume()) == ExitCode.OK


@pytest.mark.parametrize("answer", [asks(READ, usage=Usage(9_000, 5)), says("done", Usage(9_000, 5))])
async def test_an_overrun_above_the_ceiling_takes_a_raise(tmp_path: Path, answer: object) -> None:
    """The excess counts: nothing more is done, not even the end, until somebody raises the ceiling."""
    stage = a_run(tmp_path, max_input_tokens=8_000)
    stage.model = TurnModel([answer, says("done")])  # type: ignore[list-item]
    assert exit_code(await stage.start()) == ExitCode.BUDGET
    state = await stage.resume()
    assert exit_code(state) == ExitCode.BUDGET
    assert state.stop == BudgetStopped(meter="input_tokens", limit="8000", used="9000", asked="0")
    raise_to(stage, max_input_tokens=12_000)
    assert exit_code(await stage.resume()) == ExitCode.OK


async def test_waiting_between_processes_is_not_work(tmp_path: Path) -> None:
    """A week between two processes costs no second of a budget of an hour."""
    stage = a_run(tmp_path, max_wall_clock_seconds=3_600, max_steps=1)
    await stage.start()
    stage.clock.move(7 * 86_400)  # type: ignore[attr-defined]
    stage.limits = default_limits(max_wall_clock_seconds=3_600)
    assert exit_code(await stage.resume()) == ExitCode.OK


async def test_work_in_many_processes_adds_up(tmp_path: Path) -> None:
    """Each took a part of the time; what is left is too little for the next model."""
    stage = a_run(tmp_path, max_wall_clock_seconds=100, max_steps=1)
    stage.executor = FakeExecutor(before=lambda _: stage.clock.move(30))  # type: ignore[attr-defined]
    await stage.start()
    stage.limits = default_limits(max_wall_clock_seconds=100)
    state = await stage.resume()
    assert exit_code(state) == ExitCode.BUDGET
    assert state.stop == BudgetStopped(meter="wall_clock_seconds", limit="100", used="60", asked="60")


async def test_a_run_of_version_1_may_take_as_long_as_it_likes(tmp_path: Path) -> None:
    """Its journal names no such ceilings, and none is made up."""
    stage = a_run(tmp_path)
    assert stage.limits.max_wall_clock_seconds is None
    stage.executor = FakeExecutor(before=lambda _: stage.clock.move(10**6))  # type: ignore[attr-defined]
    assert exit_code(await stage.start()) == ExitCode.OK


def random_limits(chance: Random) -> Limits:
    """Return ceilings of which some run into early."""
    return default_limits(
        max_steps=chance.randint(1, 9),
        max_tool_calls=chance.randint(0, 12),
        max_input_tokens=chance.randint(0, 900),
        max_output_tokens=chance.randint(0, 900),
        max_cost_usd=PRICE.cost(chance.randint(0, 900), chance.randint(0, 900)),
        max_bytes=chance.randint(0, 6_000_000),
        max_wall_clock_seconds=chance.randint(30, 400),
    )


def random_model(chance: Random) -> TurnModel:
    """Return a model that asks for some tools, turn by turn, and uses what it may or less."""
    turns = [
        asks(*chance.choices([READ, LOOK_UP], k=chance.randint(1, 6)), usage=_usage(chance))
        for _ in range(chance.randint(1, 8))
    ]
    return TurnModel([*turns, says("done", _usage(chance))])


def _usage(chance: Random) -> Usage:
    return chance.choice([Usage(None, None), Usage(chance.randint(0, 100), 0), Usage(100, 0)])


def random_executor(chance: Random, stage: Stage) -> FakeExecutor:
    """Return tools that work, fail, lose their answers, and take a while."""

    def answer(execution: Execution) -> Outcome:
        stage.clock.move(chance.choice([0, 0, 3]))  # type: ignore[attr-defined]
        outcomes = [
            accepts_everything(execution),
            Failed("busy", repeatable=True),
            Failed("no"),
            Unknown("lost"),
        ]
        return chance.choices(outcomes, [6, 1, 1, 1])[0]

    return FakeExecutor(answer)


def check_every_prefix(records: tuple[Record, ...], limits: Limits) -> None:
    """See at every record, so at every crash, that no more is committed than permitted, and nothing is given back.

    What falls, falls by the end of an attempt alone. An attempt begins only if its spend fits; and time only goes on.
    """
    events = [record.event for record in records]
    spends = list(accumulate(events, evolve_spend, initial=Spend()))
    for event, before, after in zip(events, spends, spends[1:], strict=False):
        assert exceeded(after, limits, Reservation()) is None
        if isinstance(event, ModelAsked | ToolIntent):
            assert exceeded(before, limits, event.reservation) is None
        if not event.type.endswith((".answered", ".failed", ".result", ".unknown")):
            assert after.committed.cost_usd >= before.committed.cost_usd
            assert after.committed.bytes >= before.committed.bytes
    times = [item.counted_us for item in accumulate(records, evolve_worked, initial=Worked())]
    assert times == sorted(times)


async def driven(folder: Path, seed: int) -> None:
    """Drive a run with random budgets, model and tools; kill it now and then; resume it until it stops for good."""
    chance = Random(seed)
    stage = Stage(folder, random_model(chance), limits=random_limits(chance))
    for attempt in range(4):
        stage.executor = random_executor(chance, stage)
        killed = chance.random() < 0.5
        state = await _stopped(stage, begun=attempt > 0, after=chance.randint(1, 12) if killed else None)
        check_every_prefix(stage.records(), stage.limits)
        if state is not None and state.finished is not None:
            break
    assert fold(stage.records()).session.spend.steps <= stage.limits.max_steps


class Killed(Exception):
    """Raised in the middle of a run, as a process that dies."""


async def _stopped(stage: Stage, *, begun: bool, after: int | None) -> RunState | None:
    """Drive the run until it stops; or kill it when it is about to make one of its tool calls."""
    left = [after]

    def maybe_die(_: Execution) -> None:
        left[0] = None if left[0] is None else left[0] - 1
        if left[0] == 0:
            raise Killed

    stage.executor.before = maybe_die
    try:
        return await (stage.resume() if begun else stage.start())
    except Killed:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for other in others:  # calls that ran beside it die with it
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        return None


@pytest.mark.parametrize("seed", range(12))
async def test_no_random_run_ever_commits_more_than_it_may(tmp_path: Path, seed: int) -> None:
    """At no record of its journal, whatever is asked, however tools end, and wherever it is killed."""
    await driven(tmp_path, seed)


@pytest.mark.campaign
async def test_no_random_run_ever_commits_more_than_it_may_many_times(tmp_path: Path) -> None:
    """The same, a thousand times."""
    for seed in range(100, 1_100):
        await driven(tmp_path / str(seed), seed)


async def test_an_attempt_that_a_crash_left_open_still_counts(tmp_path: Path) -> None:
    """Killed in the middle of its only call, the run may not make it again, though nobody knows that it was made."""
    stage = a_run(tmp_path, max_tool_calls=1)
    stage.executor = FakeExecutor(hang=True)
    task = asyncio.create_task(stage.start())
    while not stage.executor.executions:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    stage.executor = FakeExecutor()
    assert exit_code(await stage.resume()) == ExitCode.BUDGET
    assert stage.executor.executions == []


async def test_reservations_that_are_forgotten_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: what is open counts nothing, and calls that run together overshoot."""
    monkeypatch.setattr(
        "agentctl.gateway.state.evolve_spend",
        lambda spend, event: replace(evolve_spend(spend, event), open={}),
    )
    stage = Stage(tmp_path, TurnModel([asks(*[READ] * 6)]), limits=default_limits(max_tool_calls=3))
    stage.by_hand()
    await stage.start()
    assert len(stage.executor.executions) == 6
    with pytest.raises(AssertionError):
        check_every_prefix(stage.records(), stage.limits)
