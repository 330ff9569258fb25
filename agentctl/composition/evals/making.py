"""Making an eval's trials: several at once, none that could break the cap, each in the eval's journal before and after."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from agentctl.composition.evals.orders import Progress, Watch
from agentctl.composition.evals.trial_makers import TrialMaker
from agentctl.composition.evals.trials import Stages, forget_trial
from agentctl.composition.project import Project
from agentctl.composition.runs.stopping import stopped_by_signals
from agentctl.evals.cap import Cap
from agentctl.evals.plan import PlannedTrial
from agentctl.evals.state import EvalState
from agentctl.events.evals import TrialJudged, TrialStarted
from agentctl.foundation.errors import ExitCode, IntegrityError, UsageError
from agentctl.foundation.ids import new_run_id
from agentctl.foundation.money import ZERO
from agentctl.runtime.live_world import Interrupt
from agentctl.runtime.state import fold
from agentctl.trace.ports import Journal


@dataclass
class Trying:
    """An eval while its trials are made. `judged` grows; `cap_reached` says that no more trials could be afforded."""

    project: Project
    journal: Journal
    stages: Stages
    maker: TrialMaker
    cap: Cap
    at_once: int
    watch: Watch
    planned: int
    judged: dict[tuple[str, int], TrialJudged]
    interrupt: Interrupt
    cap_reached: bool = False
    _began_ns: int = 0
    _before: int = 0
    _wanting: int = 0

    async def make(self, trials: tuple[PlannedTrial, ...]) -> None:
        """Make trials, so many at once; each begins only when it can be paid for, whatever those under way come to."""
        self._began_ns, self._before = self.project.clock.monotonic_ns(), len(self.judged)
        self._wanting = sum(trial.outcome != "passed" for trial in self.judged.values())
        self._tell(None)
        under_way: set[asyncio.Task[None]] = set()
        with stopped_by_signals(self.interrupt, self.maker.stop):
            try:
                for trial in trials:
                    worst = self._worst(trial)
                    under_way = await self._room_for(worst, under_way)
                    if self.interrupt.wanted or self.cap_reached:
                        break
                    self.cap = self.cap.promised(worst)
                    under_way.add(asyncio.create_task(self._make_one(trial, worst)))
                await asyncio.gather(*under_way)
                await self.journal.sync()
            finally:
                for task in under_way:
                    task.cancel()
                await asyncio.gather(*under_way, return_exceptions=True)

    async def _room_for(self, worst: Decimal, under_way: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
        """Wait until one more may begin that costs at most so much; return those still under way."""
        while not self.interrupt.wanted and (len(under_way) >= self.at_once or not self.cap.fits(worst)):
            if not under_way:
                self.cap_reached = True
                break
            over, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in over:
                task.result()
        return under_way

    async def _make_one(self, trial: PlannedTrial, worst: Decimal) -> None:
        run = new_run_id(self.project.clock.now())
        begun = TrialStarted(
            case=trial.case.id, trial=trial.trial, run=run, seed=trial.seed, reserved_usd=worst
        )
        self.journal.append((begun,))
        await self._durable_under_a_cap()
        judged = await self.maker.make(begun)
        self.cap = self.cap.settled(worst, judged.cost_usd)
        if not self._is_cut_short(judged):
            await self._take(trial, judged)

    def _is_cut_short(self, judged: TrialJudged) -> bool:
        """Whether a trial was stopped from outside: nothing can be said of it, and it is tried again later."""
        return self.interrupt.wanted and judged.exit_code == ExitCode.INTERRUPTED

    async def _take(self, trial: PlannedTrial, judged: TrialJudged) -> None:
        self.journal.append((judged,))
        await self._durable_under_a_cap()
        forget_trial(self.project, self.stages.governing(trial.case), judged.run)
        self.judged[trial.key] = judged
        self._wanting += judged.outcome != "passed"
        self._tell(judged)

    async def _durable_under_a_cap(self) -> None:
        """Sync where money is counted by it; what else the end of this machine takes away is only tried again."""
        if self.cap.most_usd is not None:
            await self.journal.sync()

    def _worst(self, trial: PlannedTrial) -> Decimal:
        return self.stages.governing(trial.case).max_cost_usd

    def _tell(self, judged: TrialJudged | None) -> None:
        self.watch(
            Progress(
                done=len(self.judged),
                planned=self.planned,
                wanting=self._wanting,
                spent_usd=self.cap.spent_usd,
                seconds=(self.project.clock.monotonic_ns() - self._began_ns) / 1e9,
                before=self._before,
                judged=judged,
            )
        )


def spent_before(project: Project, state: EvalState) -> Iterator[Decimal]:
    """Yield what the trials of earlier processes cost; one that was never judged what its journal says, or all that it could."""
    yield from (trial.cost_usd for trial in state.judged.values())
    yield from (_cost_of_lost(project, begun) for begun in state.under_way)


def _cost_of_lost(project: Project, begun: TrialStarted) -> Decimal:
    """Return what a trial cost that nobody judged; while its process has not ended yet, all that it may still cost."""
    try:
        if project.journals.is_held(begun.run):
            return begun.reserved_usd
        return fold(project.journals.read(begun.run)).session.spend.committed.cost_usd
    except UsageError:  # it never began
        return ZERO
    except IntegrityError:
        return begun.reserved_usd
