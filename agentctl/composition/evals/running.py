"""The use cases around an eval: begin one, go on with one.

An eval is a journal of its own: what is tried, every trial that begins, every trial that was judged. So an eval that was
killed goes on from its journal; a trial of which nobody knows what came is tried again.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, closing
from functools import partial
from socket import socket

from msgspec import Struct
from msgspec.structs import replace

from agentctl.audit.cells import Cells
from agentctl.composition.contracts.versions import tag_of, version_named
from agentctl.composition.evals.baselines import baseline_of
from agentctl.composition.evals.case_sql import refuse_wrong_sql
from agentctl.composition.evals.garbage import collected_rarely
from agentctl.composition.evals.making import Trying, spent_before
from agentctl.composition.evals.orders import EvalOrder, Raised, Watch
from agentctl.composition.evals.subject import Subject, governing_as_ordered, subject_as_begun
from agentctl.composition.evals.trial_crew import Crew, crew, processes_for
from agentctl.composition.evals.trial_makers import Here, MakerGone, serve
from agentctl.composition.evals.trials import Stages, open_stages
from agentctl.composition.governing import store
from agentctl.composition.project import Project
from agentctl.composition.runs.asserted import asserted
from agentctl.contract.baseline import Baseline
from agentctl.contract.golden_files import GoldenFile, golden_file
from agentctl.contract.words import nearest
from agentctl.evals.blessing import obstacles_to
from agentctl.evals.cap import Cap
from agentctl.evals.parts import changes
from agentctl.evals.plan import PlannedTrial, chosen, planned
from agentctl.evals.report import EvalReport
from agentctl.evals.results import results_of
from agentctl.evals.state import EvalState, fold
from agentctl.evals.verdict import verdict_of
from agentctl.events.base import Principal
from agentctl.events.evals import EvalCapRaised, EvalFinished, EvalStarted
from agentctl.foundation.errors import IntegrityError, InternalError, LockedError, UsageError
from agentctl.foundation.ids import new_run_id
from agentctl.foundation.machine import cores
from agentctl.foundation.money import plain
from agentctl.runtime.live_world import Interrupt
from agentctl.trace.ports import Acquired, Journal
from agentctl.trace.reports.run_names import LATEST


class EvalOutcome(Struct, frozen=True):
    """How an eval stopped. `report` is None where it was interrupted: it can go on."""

    eval: str
    report: EvalReport | None
    done: int
    planned: int


def run_eval(
    project: Project, order: EvalOrder, at_once: int | None, watch: Watch, *, blesses: bool = False
) -> EvalOutcome:
    """Try an agent's golden cases and judge what comes of them.

    Whoever blesses the results puts them in the place of the baseline: that they cannot be compared with it is no obstacle.

    Raises:
        UsageError: there are no such cases, or no such version.
        InvalidInput: the cases, the contract or the baseline are not what they must be; names every problem found.
        AgentctlError: the eval's journal could not be written.
    """
    golden = golden_file(project.paths.root, order.agent)
    cases = chosen(golden.cases, order.patterns, order.tags)
    if all(case.skip for case in cases):
        raise _no_cases(golden, order, found=bool(cases))
    governing_of, baseline = governing_as_ordered(project, order), baseline_of(project, order.agent)
    subject = Subject(project, golden, cases, governing_of, order.environment, baseline)
    subject.refuse_unless_triable()
    with closing(Cells()) as cells:
        refuse_wrong_sql(golden, cases, cells)
        started = _started(subject, order)
        store(project, subject.governing)
        with closing(project.evals.create(new_run_id(project.clock.now()))) as journal:
            way = _Way(at_once or cores(), watch, begins=True, blesses=blesses)
            return _carry_out(_Eval(subject, started, EvalState(), journal, cells), way)


def resume_eval(
    project: Project,
    eval_id: str,
    at_once: int | None,
    watch: Watch,
    *,
    blesses: bool = False,
    raised: Raised | None = None,
) -> EvalOutcome:
    """Go on with an eval from its journal; one that is finished is only reported, unless its cap is raised.

    Raises:
        UsageError: there is no such eval, or what it tries is not there any more as it was, or its cap cannot be raised so.
        AgentctlError: somebody else is writing it, or its journal is damaged.
    """
    acquired = _acquired(project, _eval_named(project.evals.runs(), eval_id))
    with closing(acquired.journal):
        state = fold(acquired.records)
        if state.started is None:
            raise IntegrityError(
                f"the journal of eval {acquired.journal.run} does not begin with what is tried"
            )
        subject = subject_as_begun(project, state.started)
        subject.refuse_unless_triable()
        with closing(Cells()) as cells:
            refuse_wrong_sql(subject.golden, subject.cases, cells)
            way = _Way(at_once or cores(), watch, begins=False, blesses=blesses)
            one = _Eval(subject, state.started, state, acquired.journal, cells)
            return _carry_out(one if raised is None else _under_a_higher_cap(one, raised), way)


def _acquired(project: Project, eval_id: str) -> Acquired:
    """Become the one who writes an eval's journal.

    Raises:
        LockedError: somebody else is.
        IntegrityError: it is damaged.
    """
    try:
        return project.evals.acquire(eval_id)
    except LockedError as error:
        raise LockedError(f"another process carries out eval {eval_id}; wait for it, or stop it") from error
    except IntegrityError as error:
        raise IntegrityError(f"eval {eval_id} cannot go on: {error}") from error


def _eval_named(evals: Sequence[str], name: str) -> str:
    """Return the one eval, of all of them by age, that a name stands for: the beginning of its id, or `latest`."""
    found = evals[-1:] if name == LATEST else [one for one in evals if name and one.startswith(name.upper())]
    if len(found) != 1:
        many = f"`{name[:80]}` is the beginning of {len(found)} evals"
        what = many if found else f"there is no eval `{name[:80]}`"
        raise UsageError(what, "the id that an eval shows, its beginning, or `latest`")
    return found[0]


class _Way(Struct, frozen=True):
    """How an eval is carried out: how many trials at once, who watches, whether it begins or goes on, and what for."""

    at_once: int
    watch: Watch
    begins: bool
    blesses: bool


class _Eval(Struct, frozen=True):
    """An eval that is carried out: what is tried, and what of it was done before."""

    subject: Subject
    started: EvalStarted
    state: EvalState
    journal: Journal
    cells: Cells

    @property
    def trials(self) -> tuple[PlannedTrial, ...]:
        """All trials."""
        return planned(self.subject.cases, self.started.trials, self.started.seed)

    @property
    def rest(self) -> tuple[PlannedTrial, ...]:
        """The trials that nobody has judged yet."""
        return tuple(trial for trial in self.trials if trial.key not in self.state.judged)

    def stages(self) -> AbstractAsyncContextManager[Stages]:
        """Open where its trials take place. What a trial was paid must outlast this machine only where there is a cap."""
        subject = self.subject
        return open_stages(
            subject.project,
            subject.golden,
            subject.governing_of,
            subject.environment,
            every_call_durable=self.started.max_cost_usd is not None,
            cells=self.cells,
        )

    def here(self, stages: Stages, interrupt: Interrupt) -> Here:
        """Return who makes its trials in this process."""
        cases = {case.id: case for case in self.subject.cases}
        return Here(self.journal.run, cases, stages, interrupt)


def _under_a_higher_cap(one: _Eval, raised: Raised) -> _Eval:
    """Put on record that an eval goes on under a higher cap."""
    found, cap = f"eval {one.journal.run}", one.started.max_cost_usd
    if cap is None:
        raise UsageError(f"{found} has no cap on its spend", "`--resume` without `--max-cost-usd`")
    if raised.max_cost_usd <= cap:
        raise UsageError(f"the cap of {found} is {plain(cap)} USD already", "a higher one")
    if not one.rest:
        raise UsageError(f"every trial of {found} was made", "`--resume` without `--max-cost-usd`")
    one.journal.append(
        (EvalCapRaised(max_cost_usd=raised.max_cost_usd, by=_by(one.subject.project, raised)),)
    )
    state = one.state.under(raised.max_cost_usd)
    return replace(one, started=state.started or one.started, state=state)


def _carry_out(one: _Eval, way: _Way) -> EvalOutcome:
    """Carry an eval out, its trials in this process or in some beside it."""
    processes = processes_for(len(one.rest), way.at_once)
    with collected_rarely(), crew(processes, partial(_make_trials, one)) as hands:
        try:
            return asyncio.run(_carried_out(one, way, hands))
        except MakerGone as error:
            raise InternalError(f"{error}; `agentctl eval --resume {one.journal.run}` goes on") from error


def _make_trials(one: _Eval, line: socket) -> None:
    """Make the trials of an eval that another process asks for; its journal is the other's to write."""
    one.journal.close()
    asyncio.run(_served(one, line))


async def _served(one: _Eval, line: socket) -> None:
    async with one.stages() as stages:
        await serve(one.here(stages, Interrupt()), *await asyncio.open_connection(sock=line))


async def _carried_out(one: _Eval, way: _Way, hands: Crew | None) -> EvalOutcome:
    subject, started, state, journal = one.subject, one.started, one.state, one.journal
    async with one.stages() as stages:
        if way.begins:
            journal.append((started,))
            await journal.sync()
        interrupt = Interrupt()
        trying = Trying(
            project=subject.project,
            journal=journal,
            stages=stages,
            maker=hands or one.here(stages, interrupt),
            interrupt=interrupt,
            cap=Cap(started.max_cost_usd).with_spent(spent_before(subject.project, state)),
            at_once=way.at_once,
            watch=way.watch,
            planned=len(one.trials),
            judged=dict(state.judged),
            cap_reached=state.finished is not None and state.finished.verdict == "spend_cap",
        )
        if state.finished is None:
            await _until_told_twice(trying, one.rest)
    if trying.interrupt.wanted and len(trying.judged) < trying.planned:
        return EvalOutcome(journal.run, None, len(trying.judged), trying.planned)
    report = _report(subject, started, journal.run, trying, blesses=way.blesses)
    if state.finished is None:
        journal.append((_finished(report),))
        await journal.sync()
    return EvalOutcome(journal.run, report, len(trying.judged), trying.planned)


async def _until_told_twice(trying: Trying, rest: tuple[PlannedTrial, ...]) -> None:
    """Make trials; told twice to stop, leave those under way as they are: the eval goes on later, as after the first time."""
    try:
        await trying.make(rest)
    except asyncio.CancelledError:
        if not trying.interrupt.wanted:
            raise


def _report(
    subject: Subject, started: EvalStarted, eval_id: str, trying: Trying, *, blesses: bool
) -> EvalReport:
    digests = {case.id: subject.golden.digest_of(case) for case in subject.cases}
    baseline, every = subject.baseline, [case.id for case in subject.golden.cases]
    results = results_of(subject.cases, started.trials, trying.judged, digests, baseline)
    obstacles = obstacles_to(baseline, started.baseline, every, started.environment)
    parts = subject.parts
    return EvalReport(
        eval=eval_id,
        started=started,
        results=results,
        verdict=verdict_of(results, obstacles, cap_reached=trying.cap_reached, blesses=blesses),
        places={case.id: subject.golden.place_of(case.id) for case in subject.cases},
        baseline=baseline,
        parts=parts,
        changes=changes(baseline.parts, parts) if baseline else (),
        blessed_here=_blessed_here(subject.project, baseline),
        tools={case: trial.tools for (case, number), trial in trying.judged.items() if number == 1},
        worst_usd=max(one.max_cost_usd for one in subject.governings),
        takes_seeds=any(one.takes_seeds for one in subject.governings),
    )


def _blessed_here(project: Project, baseline: Baseline | None) -> frozenset[str]:
    """Return the runs of a baseline whose journals are here; it was perhaps blessed on another machine."""
    if baseline is None:
        return frozenset()
    return frozenset(project.journals.runs()) & {case.run for case in baseline.cases.values()}


def _finished(report: EvalReport) -> EvalFinished:
    outcomes = [result.outcome for result in report.results]
    return EvalFinished(
        verdict=report.verdict.kind,
        passed=outcomes.count("passed"),
        failed=outcomes.count("failed"),
        unjudged=outcomes.count("unjudged") + outcomes.count("not_tried"),
        regressions=tuple(result.case.id for result in report.results if result.change == "regressed"),
        cost_usd=report.cost_usd,
        reasons=report.verdict.reasons,
    )


def _started(subject: Subject, order: EvalOrder) -> EvalStarted:
    project, governing = subject.project, subject.governing
    wanted = None if order.baseline is None else version_named(project, order.baseline, order.agent).digest
    return EvalStarted(
        agent=order.agent,
        golden_set=subject.golden.shown,
        golden_set_digest=subject.golden.digest,
        version=governing.version.digest,
        version_tag=tag_of(project, order.agent, governing.version.digest),
        environment=order.environment,
        environment_digest=governing.environment.digest,
        platform_digest=governing.platform_digest,
        cases=tuple(case.id for case in subject.cases),
        trials=order.trials,
        seed=order.seed,
        max_cost_usd=order.max_cost_usd,
        baseline=wanted,
        by=_by(project, order),
        surroundings=subject.surroundings,
    )


def _by(project: Project, order: EvalOrder | Raised) -> Principal:
    return asserted(order.principal or project.settings.user)


def _no_cases(golden: GoldenFile, order: EvalOrder, *, found: bool) -> UsageError:
    if found:
        return UsageError("every case that was chosen is skipped", "a case without `skip`")
    asked = [*order.patterns, *(f"tag {tag}" for tag in order.tags)]
    tags = sorted({tag for case in golden.cases for tag in case.tags})
    known = f"ids in {golden.shown}" + (f", tags {', '.join(tags)}" if tags else "")
    near = nearest(" ".join(order.patterns or order.tags), (*(case.id for case in golden.cases), *tags))
    return UsageError(f"no case of `{order.agent}` fits {', '.join(asked)}", known, near)
