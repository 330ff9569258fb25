"""Trials of golden cases: each is a run of the kind `eval`, in a world made for its case, judged when it has stopped.

There is no second runner: a trial goes through the same service, session and loop as any run. All trials in one
environment share one service and one back office; each has a ledger, a clock, doors and people of its own.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from agentctl.audit.cells import Cells
from agentctl.composition.evals.case_names import unknown_names
from agentctl.composition.evals.trial_journals import TrialSyncs
from agentctl.composition.evals.trial_scene import (
    Plan,
    TrialScene,
    finder,
    why_not_tried,
)
from agentctl.composition.governing import Governing
from agentctl.composition.project import Project
from agentctl.composition.runs.assembly import issuer_of
from agentctl.composition.runs.orders import Audience, RunOrder
from agentctl.composition.runs.service import Service, open_service
from agentctl.contract.golden import GoldenCase
from agentctl.contract.golden_assertions import Sql
from agentctl.contract.golden_files import GoldenFile
from agentctl.evals.evidence import Evidence, Left, evidence_of
from agentctl.evals.judging import holds, judge, problems_of
from agentctl.evals.wording import masked
from agentctl.events.evals import Score, TrialJudged, TrialOutcome
from agentctl.events.record import Record
from agentctl.events.run import TrialOf
from agentctl.foundation.discreet import Discreet
from agentctl.foundation.errors import AgentctlError, ExitCode, InvalidInput, Place, Problem, UsageError
from agentctl.foundation.threads import in_thread
from agentctl.runtime.live_world import Interrupt
from agentctl.runtime.state import RunState
from agentctl.sandbox.process import BackOfficeProcess, BackOfficeSetup

GoverningOf = Callable[[str], Governing]
"""Returns what governs runs in an environment, by its name.

Raises:
    AgentctlError: there is no such environment, or the contract fails its check there.
"""


class Trial(Struct, frozen=True):
    """One trial of a case, judged; or why it could not be."""

    of: TrialOf
    run: str
    outcome: TrialOutcome
    exit_code: ExitCode
    scores: tuple[Score, ...] = ()
    cost_usd: Decimal = Decimal(0)
    duration_ms: float = 0.0
    detail: str = ""
    answer: str | None = None
    tools: tuple[str, ...] = ()

    @property
    def judged(self) -> TrialJudged:
        """The event that says so."""
        return TrialJudged(
            case=self.of.case,
            trial=self.of.trial,
            run=self.run,
            outcome=self.outcome,
            scores=self.scores,
            exit_code=int(self.exit_code),
            cost_usd=self.cost_usd,
            duration_ms=self.duration_ms,
            detail=self.detail,
            tools=self.tools,
        )


class Stages:
    """Where trials take place: one stage per environment, set up when the first trial needs it."""

    def __init__(
        self,
        project: Project,
        cases: GoldenFile,
        governing_of: GoverningOf,
        usual: str,
        *,
        every_call_durable: bool = True,
        cells: Cells | None = None,
    ) -> None:
        self._project = project
        self._cells = cells or Cells()
        self._every_call_durable = every_call_durable
        self._cases = cases
        self._governing_of = governing_of
        self._usual = usual
        self._stages: dict[str, _Stage] = {}
        self._turn = asyncio.Lock()
        self._open = AsyncExitStack()

    def governing(self, case: GoldenCase) -> Governing:
        """Return what governs a case's runs; their worst cost is its `limits.max_cost_usd`."""
        return self._governing_of(case.environment or self._usual)

    def check(self, cases: Sequence[GoldenCase]) -> None:
        """See that every case can be tried.

        Raises:
            InvalidInput: some cannot; names each with its place.
        """
        problems: list[Problem] = []
        registry = frozenset(self._project.files.tools())
        for case in cases:
            place = self._cases.place_of(case.id)
            try:
                governing = self.governing(case)
            except InvalidInput as error:
                problems += error.problems if case.environment is None else _named_in(case, place, error)
                continue
            whys = (
                *problems_of(case),
                *unknown_names(case, governing, registry),
                *why_not_tried(case, self._cases.tapes.get(case.id), governing),
            )
            problems += (Problem(place, why, path=f"cases.{case.id}") for why in whys)
        if problems:
            raise InvalidInput(dict.fromkeys(problems))

    async def try_case(
        self, case: GoldenCase, trial: TrialOf, run: str, interrupt: Interrupt | None = None
    ) -> Trial:
        """Try a case once, as a new run under this id. What goes wrong is the trial's outcome, not an error."""
        try:
            stage = await self._stage(case)
            plan = Plan(case, self._cases.tapes.get(case.id), trial, run, self._every_call_durable)
            return await stage.play(plan, interrupt or Interrupt())
        except AgentctlError as error:
            return Trial(trial, run, "error", error.exit_code, detail=masked(str(error)))

    async def close(self) -> None:
        """Take all stages down."""
        await self._open.aclose()

    async def _stage(self, case: GoldenCase) -> "_Stage":
        name = case.environment or self._usual
        async with self._turn:
            if name not in self._stages:
                governing = self._governing_of(name)
                opened = _open_stage(self._project, governing, self._cells)
                self._stages[name] = await self._open.enter_async_context(opened)
            return self._stages[name]


@asynccontextmanager
async def open_stages(
    project: Project,
    cases: GoldenFile,
    governing_of: GoverningOf,
    usual: str,
    *,
    every_call_durable: bool = True,
    cells: Cells | None = None,
) -> AsyncIterator[Stages]:
    """Open where trials take place; with the block, all of it ends.

    Args:
        project: the project.
        cases: the file of the cases, with their tapes.
        governing_of: what governs runs in an environment.
        usual: the environment of cases that name none.
        every_call_durable: whether a trial's journal is synced at every call, or once when the trial is over.
        cells: what answers their SQL, and is not theirs to close; None: something of their own.
    """
    own = None if cells else Cells()
    stages = Stages(
        project, cases, governing_of, usual, every_call_durable=every_call_durable, cells=cells or own
    )
    try:
        yield stages
    finally:
        await stages.close()
        if own:
            own.close()


def forget_trial(project: Project, governing: Governing, run: str) -> None:
    """Delete the ledger of a trial that was judged; its run stays."""
    if governing.environment.environment.needs_back_office:
        shutil.rmtree(project.paths.sandbox / run, ignore_errors=True)


def _named_in(case: GoldenCase, place: Place, error: InvalidInput) -> Iterator[Problem]:
    """Yield the problems of an environment that a case names; that there is none is the case's own."""
    for problem in error.problems:
        is_own = isinstance(error, UsageError)
        yield replace(problem, place=place, path=f"cases.{case.id}.environment") if is_own else problem


class _Stage(Discreet, frozen=True):
    """One environment, open."""

    hidden = frozenset({"sealing_key"})

    project: Project
    governing: Governing
    service: Service
    office_url: str | None
    cells: Cells
    syncs: TrialSyncs
    sealing_key: bytes

    async def play(self, plan: Plan, interrupt: Interrupt) -> Trial:
        """Make the case's world, let the run happen in it, and judge what came of it."""
        if self.office_url is not None:
            from agentctl.composition.evals.trial_ledger import ledger_made  # noqa: PLC0415 - for a back office

            await asyncio.to_thread(ledger_made, self.project, self.governing, plan.case, plan.run)
        records, state = await self._made(plan, interrupt)
        if not plan.every_call_durable:
            await self.syncs.durable(plan.run)
        if self.office_url is None and not any(isinstance(item, Sql) for item in plan.case.assertions):
            return self._judged(plan, records, state)  # there is nothing to wait for
        return await in_thread(partial(self._judged, plan, records, state))

    async def _made(self, plan: Plan, interrupt: Interrupt) -> tuple[list[Record], RunState]:
        """Begin the run, and let time pass as often as its people have more to say; return all that it came to."""
        records: list[Record] = []
        scene = TrialScene(self.project, self.governing, plan, self.sealing_key)
        audience = Audience(records.extend, (), lambda _: None)
        service = self.service.within(scene.scene(self.office_url))
        outcome = await service.begin(plan.run, self._order(plan.case), audience, interrupt)
        while (
            outcome.exit_code is ExitCode.WAITING
            and not interrupt.wanted
            and scene.time_passes(outcome.state)
        ):
            acquired = await asyncio.to_thread(scene.journals.acquire, plan.run)
            outcome = await service.go_on(acquired, None, audience, interrupt)
        scene.vault.destroy()
        return records, outcome.state

    def _order(self, case: GoldenCase) -> RunOrder:
        agent, environment = self.governing.contract.agent.name, self.governing.environment.environment.name
        return RunOrder(agent, case.input, case.principal, environment, ledger=None)

    def _judged(self, plan: Plan, records: Sequence[Record], state: RunState) -> Trial:
        left = None if self.office_url is None else self._ledger_left(plan.run)
        return judged(plan, evidence_of(records, left, finder(self.project, plan.run, self.cells), state))

    def _ledger_left(self, run: str) -> Left:
        from agentctl.composition.evals.trial_ledger import ledger_left  # noqa: PLC0415 - for a back office

        return ledger_left(self.project.paths.sandbox / run)


@asynccontextmanager
async def _open_stage(project: Project, governing: Governing, cells: Cells) -> AsyncIterator[_Stage]:
    key, syncs = project.keys.sealing(), TrialSyncs(project.journals)
    async with open_service(project, governing) as service:
        if not governing.environment.environment.needs_back_office:
            yield _Stage(project, governing, service, None, cells, syncs, key)
            return
        issuer = governing.environment.environment.identity.issuer
        setup = BackOfficeSetup(
            project.paths.sandbox, (), issuer_of(project, governing).jwks(), issuer, many=True
        )
        with BackOfficeProcess(setup) as office:
            url = await asyncio.to_thread(office.start)
            yield _Stage(project, governing, service, url, cells, syncs, key)


def judged(plan: Plan, evidence: Evidence) -> Trial:
    """Return what a trial comes to."""
    scores = judge(plan.case, evidence)
    outcome, detail = _outcome(plan.case, evidence, scores)
    return Trial(
        of=plan.of,
        run=evidence.run,
        outcome=outcome,
        exit_code=evidence.exit_code,
        scores=scores,
        cost_usd=evidence.used.cost_usd,
        duration_ms=float(evidence.worked_seconds) * 1_000,
        detail=detail,
        answer=evidence.answer,
        tools=tuple(call.tool for call in evidence.calls),
    )


def _outcome(case: GoldenCase, evidence: Evidence, scores: tuple[Score, ...]) -> tuple[TrialOutcome, str]:
    """Return what a trial comes to. A model that does not answer is nobody's failure, unless the case is about that."""
    if holds(scores):
        return "passed", ""
    is_planned = any(fault.model is not None for fault in case.faults)
    if evidence.end == "provider_failed" and not is_planned:
        return "provider_failed", masked(evidence.why)
    if evidence.end == "interrupted":
        return "error", "it was interrupted"
    return "failed", ""
