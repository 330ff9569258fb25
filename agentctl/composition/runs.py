"""The use cases around a run: begin one, go on with one."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from agentctl import __version__
from agentctl.approval.reviewer import Reviewer
from agentctl.budget.limits import lowered
from agentctl.composition.assembly import (
    Surroundings,
    assemble,
    back_office,
    policies_of,
    tool_definitions,
    vault_of,
)
from agentctl.composition.governing import Governing, from_files, recorded, store
from agentctl.composition.project import Project
from agentctl.contract.enforcement import not_enforced
from agentctl.events.base import Principal, Source
from agentctl.events.run import Envelope, RunResumed, RunStarted
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import ExitCode, InvalidInput, UsageError
from agentctl.foundation.ids import is_plain_name, is_principal, new_run_id, random_bytes
from agentctl.gateway.session import Session, open_session
from agentctl.review.reviewed import review
from agentctl.runtime.live_world import Interrupt, LiveWorld, Observer
from agentctl.runtime.outcome import exit_code
from agentctl.runtime.runs import resume, start
from agentctl.runtime.state import RunState, fold
from agentctl.sandbox.seed import oldest_open_ticket
from agentctl.sandbox.seed_file import load_seed
from agentctl.trace.ports import Acquired

_STRICTNESS = ("off", "standard", "strict")


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What somebody wants to be run; what is None follows from the environment."""

    agent: str
    input: str | None
    principal: str | None
    environment: str
    ledger: str | None


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a run stopped, with all its records."""

    run: str
    state: RunState
    exit_code: ExitCode
    governing: Governing


@dataclass(frozen=True, slots=True)
class Audience:
    """Who watches a run from this process: told what happened, asked for answers, told remarks."""

    observe: Observer
    reviewers: tuple[Reviewer, ...]
    say: Callable[[str], None]


def run_agent(project: Project, order: RunOrder, audience: Audience) -> RunOutcome:
    """Run an agent until the run is finished or suspended.

    Raises:
        AgentctlError: nothing was begun, or the journal could not be written.
    """
    if order.ledger is not None and not is_plain_name(order.ledger):
        raise UsageError(
            f"`{order.ledger[:80]}` cannot name a ledger", "lower-case letters, digits, `_`, `-`"
        )
    governing = _checked(project, order)
    text = _input(project, governing, order, audience)
    run = new_run_id(project.clock.now())
    envelope = _envelope(project, governing, order, run)
    store(project, governing)
    return _driven(_start(project, governing, envelope, text, audience), run, audience)


def _checked(project: Project, order: RunOrder) -> Governing:
    """Return what a new run is judged by; a contract that fails its check does not run."""
    today = to_rfc3339(project.clock.now())[:10]
    load = partial(project.files.agent, order.agent)
    reviewed = review(project.files, load, order.environment, called=order.agent, today=today)
    if not reviewed.passed:
        raise InvalidInput(reviewed.report.errors)
    return from_files(project, order.agent, order.environment)


def resume_run(project: Project, run: str, by: str | None, audience: Audience) -> RunOutcome:
    """Go on with a run; one that is finished is only reported.

    Raises:
        AgentctlError: there is no such run, somebody else is writing it, or its journal is damaged.
    """
    acquired = project.journals.acquire(run)
    try:
        state = fold(acquired.records)
        governing = recorded(project, state.session.header)
    except BaseException:
        acquired.journal.close()
        raise
    if state.finished is not None:
        acquired.journal.close()
        return _outcome(project, run, state, governing)
    project.objects.put(governing.platform.to_bytes())  # today's rules judge from here on
    return _driven(_resume(project, governing, acquired, by, audience), run, audience)


def _driven(work: Coroutine[None, None, RunOutcome], run: str, audience: Audience) -> RunOutcome:
    """Drive a run to its stop. Told twice to stop, it ends at once; what was under way is in the journal as unknown.

    Raises:
        KeyboardInterrupt: it was told twice.
    """
    try:
        return asyncio.run(work)
    except asyncio.CancelledError as error:
        audience.say(f"stopped at once; `agentctl resume {run}` goes on")
        raise KeyboardInterrupt from error


async def _start(
    project: Project, governing: Governing, envelope: Envelope, text: str, audience: Audience
) -> RunOutcome:
    ledger = envelope.ledger or envelope.run
    with back_office(project, governing, ledger) as office:
        url = await asyncio.to_thread(office.start) if office else None
        around = Surroundings(project.journals.create(envelope.run), ledger, audience.reviewers, url)
        async with open_session(await assemble(project, governing, around)) as session:
            started = RunStarted(
                envelope=envelope,
                input=session.redact(text),
                source=Source(id="input", labels=("untrusted",)),
                agentctl=__version__,
            )
            with _world(session, governing, audience) as world:
                state = await start(world, started)
    return _outcome(project, envelope.run, state, governing)


async def _resume(
    project: Project, governing: Governing, acquired: Acquired, by: str | None, audience: Audience
) -> RunOutcome:
    header = fold(acquired.records).session.header
    ledger = header.ledger or header.run
    with back_office(project, governing, ledger) as office:
        url = await asyncio.to_thread(office.start) if office else None
        around = Surroundings(acquired.journal, ledger, audience.reviewers, url)
        async with open_session(await assemble(project, governing, around), acquired.records) as session:
            resumed = _resumed(project, governing, header, by)
            with _world(session, governing, audience) as world:
                state = await resume(world, acquired.records, *acquired.repairs, resumed)
    return _outcome(project, header.run, state, governing)


@contextmanager
def _world(session: Session, governing: Governing, audience: Audience) -> Iterator[LiveWorld]:
    """Make the live world, and let signals stop it: the first at the next safe place, the second at once."""
    interrupt = Interrupt()
    tools = tool_definitions(governing.version.tools)
    instructions = governing.version.instructions
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def stop() -> None:
        if interrupt.wanted and task is not None:
            task.cancel()
        interrupt.wanted = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield LiveWorld(session, instructions, tools, interrupt, audience.observe)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _outcome(project: Project, run: str, state: RunState, governing: Governing) -> RunOutcome:
    if state.finished is not None:
        vault_of(project, run, governing).destroy()
    return RunOutcome(run, state, exit_code(state), governing)


def _input(project: Project, governing: Governing, order: RunOrder, audience: Audience) -> str:
    """Return what the run is asked; in the sandbox, without a word from anybody, it takes the oldest open ticket."""
    if order.input is not None and order.input.strip():
        return order.input
    environment = governing.environment.environment
    if order.input is None and environment.sandbox is not None:
        seeds = project.files.seeds(project.files.environment(environment.name))
        ticket = oldest_open_ticket(load_seed(seeds))
        if ticket is not None:
            audience.say(f"no --input given: taking the oldest open ticket of the sandbox, {ticket}")
            return str(ticket)
    raise UsageError("the run has no input", "`--input TEXT`")


def _envelope(project: Project, governing: Governing, order: RunOrder, run: str) -> Envelope:
    contract, environment = governing.contract, governing.environment.environment
    principal = _principal(project, governing, order.principal)
    return Envelope(
        run=run,
        kind="live",
        agent=contract.agent.name,
        owner=contract.agent.owner,
        version=governing.version.digest,
        principal=principal,
        environment=environment.name,
        environment_kind=environment.kind,
        environment_digest=governing.environment.digest,
        platform_digest=governing.platform_digest,
        policies=policies_of(governing),
        limits=governing.limits,
        trace_level=contract.logging.trace_level,
        pii_redaction=contract.logging.pii_redaction,
        isolation=environment.isolation,
        ledger=(order.ledger or run) if environment.needs_back_office else None,
        traceparent=f"00-{random_bytes(16).hex()}-{random_bytes(8).hex()}-01",
        signatures_required=environment.signatures_required,
        teams=environment.teams_of(principal.id),
        not_enforced=not_enforced(contract),
    )


def _principal(project: Project, governing: Governing, name: str | None) -> Principal:
    """Return for whom a run acts: as asked, else as the environment says, else the operating-system user."""
    default = governing.environment.environment.identity.default_principal
    chosen = name or default or project.settings.user
    if not is_principal(chosen):
        raise UsageError(
            f"`{chosen[:80]}` cannot be a principal", "a plain name: letters, digits, `.`, `_`, `-`, `@`"
        )
    return Principal(id=chosen, kind="user", assurance="asserted")


def _resumed(project: Project, governing: Governing, header: Envelope, by: str | None) -> RunResumed:
    """Return the resume event: today's rules hold in addition, never instead."""
    today = governing.contract.logging.pii_redaction
    return RunResumed(
        by=_principal(project, governing, by),
        platform_digest=governing.platform_digest,
        limits=lowered(header.limits, governing.ceilings),
        pii_redaction=max(today, header.pii_redaction, key=_STRICTNESS.index),
    )
