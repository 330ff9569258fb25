"""Runs of one agent in one process: what they share is read, judged and made once; each run has parts of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from copy import copy
from functools import partial
from typing import Any

from msgspec import Struct

from agentctl import __version__
from agentctl.composition.at_hand import tool_definitions
from agentctl.composition.authorities import policies_of
from agentctl.composition.contracts.checking import refuse_unless_sound
from agentctl.composition.contracts.versions import tag_of
from agentctl.composition.governing import Governing, from_files, store, tightened
from agentctl.composition.project import Project
from agentctl.composition.runs.assembly import (
    Fixtures,
    Surroundings,
    back_office,
    fixtures,
    parts_of,
)
from agentctl.composition.runs.asserted import asserted
from agentctl.composition.runs.orders import Audience, RunOrder, RunOutcome
from agentctl.composition.runs.watching import watched
from agentctl.contract.enforcement import not_enforced
from agentctl.events.base import Principal, Source
from agentctl.events.run import Envelope, RunResumed, RunStarted
from agentctl.foundation.errors import UsageError
from agentctl.foundation.ids import is_plain_name, random_bytes
from agentctl.gateway.corridor import Parts
from agentctl.gateway.session import Session, open_session
from agentctl.runtime.live_world import Interrupt, LiveWorld
from agentctl.runtime.outcome import exit_code
from agentctl.runtime.runs import resume, start
from agentctl.runtime.state import RunState, fold
from agentctl.sandbox.process import SpareProcess
from agentctl.trace.ports import Acquired, Journal, Journals
from agentctl.trace.sealing.vault import Vault


class Scene(Struct, frozen=True):
    """Where runs take place that are not ordinary ones: what of their surroundings is not the project's own."""

    journals: Journals
    """Where their journals are; they have the scene's own clock."""
    vault: Vault
    """What keeps the values that redaction finds."""
    back_office_url: str | None
    """A back office that is open already; None: there is none."""
    envelope: Callable[[Envelope], Envelope]
    """Changes what the run says of itself."""
    parts: Callable[[Parts], Parts]
    """Changes what its session works with."""


class Service:
    """One agent under one version, ready to run; as many runs at once as the caller likes.

    A change of the project's files changes nothing here: whoever opened it decides when to open another.
    """

    def __init__(
        self, project: Project, governing: Governing, fixed: Fixtures, spare: SpareProcess | None = None
    ) -> None:
        self._project = project
        self._governing = governing
        self._fixed = fixed
        self._spare = spare
        self._tools = tool_definitions(governing.version.tools)
        self._is_stored = False
        self._said_by_all: dict[str, Any] | None = None
        self._scene: Scene | None = None

    def within(self, scene: Scene) -> "Service":
        """Return the same for runs that take place elsewhere."""
        self._store()  # this and what all say once, and not for every scene
        self._of_all()
        other = copy(self)
        other._scene = scene  # noqa: SLF001 - of this very class
        return other

    async def begin(self, run: str, order: RunOrder, audience: Audience, interrupt: Interrupt) -> RunOutcome:
        """Begin a run under a new id and drive it until it is finished or suspended.

        Raises:
            AgentctlError: nothing was begun, or the journal could not be written.
        """
        text = _input(self._project, self._governing, order, audience)
        envelope = self._envelope(order, run)
        if self._scene is not None:
            envelope = self._scene.envelope(envelope)
        self._store()
        ledger = envelope.ledger or envelope.run
        async with self._office(ledger) as url, self._begun(envelope.run) as journal:
            parts = self._parts(journal, ledger, audience, url)
            async with open_session(parts) as session:
                started = RunStarted(
                    envelope=envelope,
                    input=session.redact(text),
                    source=Source(id="input", labels=("untrusted",)),
                    agentctl=__version__,
                )
                state = await start(self._world(session, audience, interrupt), started)
        return self._outcome(parts, state)

    async def go_on(
        self, acquired: Acquired, by: str | None, audience: Audience, interrupt: Interrupt
    ) -> RunOutcome:
        """Go on with a run that was suspended, or whose process died."""
        header = fold(acquired.records).session.header
        ledger = header.ledger or header.run
        async with self._office(ledger) as url:
            parts = self._parts(acquired.journal, ledger, audience, url)
            async with open_session(parts, acquired.records) as session:
                resumed = _resumed(self._project, self._governing, header, by)
                world = self._world(session, audience, interrupt)
                state = await resume(world, acquired.records, *acquired.repairs, resumed)
        return self._outcome(parts, state)

    def _envelope(self, order: RunOrder, run: str) -> Envelope:
        environment = self._governing.environment.environment
        principal = _principal(self._project, self._governing, order.principal)
        return Envelope(
            run=run,
            principal=principal,
            ledger=(order.ledger or run) if environment.needs_back_office else None,
            traceparent=f"00-{random_bytes(16).hex()}-{random_bytes(8).hex()}-01",
            teams=environment.teams_of(principal.id),
            **self._of_all(),
        )

    def _of_all(self) -> dict[str, Any]:
        """Return what every run says of itself; digests of everything that governs are dear, and the same for each."""
        if self._said_by_all is None:
            self._said_by_all = _said_by_all(self._project, self._governing)
        return self._said_by_all

    def _store(self) -> None:
        if not self._is_stored:
            store(self._project, self._governing)
            self._is_stored = True

    @asynccontextmanager
    async def _begun(self, run: str) -> AsyncIterator[Journal]:
        """Give a new run's journal; it is closed whatever happens, also before a session takes it."""
        journals: Journals = self._project.journals if self._scene is None else self._scene.journals
        with closing(journals.create(run)) as journal:
            yield journal

    @asynccontextmanager
    async def _office(self, ledger: str) -> AsyncIterator[str | None]:
        """Give the URL of a back office that serves a ledger: the scene's, else one of the run's own."""
        if self._scene is not None:
            yield self._scene.back_office_url
            return
        with back_office(self._project, self._governing, ledger, self._spare) as office:
            yield await asyncio.to_thread(office.start) if office else None

    def _parts(self, journal: Journal, ledger: str, audience: Audience, url: str | None) -> Parts:
        vault = None if self._scene is None else self._scene.vault
        around = Surroundings(watched(journal, audience.watch), ledger, audience.reviewers, url, vault)
        parts = parts_of(self._project, self._governing, self._fixed, around)
        return parts if self._scene is None else self._scene.parts(parts)

    def _world(self, session: Session, audience: Audience, interrupt: Interrupt) -> LiveWorld:
        instructions = self._governing.version.instructions
        return LiveWorld(session, instructions, self._tools, interrupt, audience.observe)

    def _outcome(self, parts: Parts, state: RunState) -> RunOutcome:
        if state.finished is not None:
            parts.vault.destroy()
        return RunOutcome(parts.journal.run, state, exit_code(state), self._governing)


def governing_now(project: Project, order: RunOrder) -> Governing:
    """Return what a new run is judged by; a contract that fails its check does not run.

    Raises:
        InvalidInput: every problem that was found.
        UsageError: there is no such agent or environment.
    """
    if order.ledger is not None and not is_plain_name(order.ledger):
        raise UsageError(
            f"`{order.ledger[:80]}` cannot name a ledger", "lower-case letters, digits, `_`, `-`"
        )
    load = partial(project.files.agent, order.agent)
    refuse_unless_sound(project, load, order.agent, order.environment)
    return from_files(project, order.agent, order.environment)


@asynccontextmanager
async def open_service(
    project: Project, governing: Governing, spare: SpareProcess | None = None
) -> AsyncIterator[Service]:
    """Open what runs share; with the block, its connections and processes end. The first run that can use it takes the spare."""
    fixed = await fixtures(project, governing)
    try:
        yield Service(project, governing, fixed.lent(), spare)
    finally:
        await fixed.close()


def _input(project: Project, governing: Governing, order: RunOrder, audience: Audience) -> str:
    """Return what the run is asked; in the sandbox, without a word from anybody, it takes the oldest open ticket."""
    if order.input is not None and order.input.strip():
        return order.input
    environment = governing.environment.environment
    if order.input is None and environment.sandbox is not None:
        from agentctl.sandbox.seed import oldest_open_ticket  # noqa: PLC0415 - for who asks nothing
        from agentctl.sandbox.seed_file import load_seed  # noqa: PLC0415 - as above

        seeds = project.files.seeds(project.files.environment(environment.name))
        ticket = oldest_open_ticket(load_seed(seeds))
        if ticket is not None:
            audience.say(f"no --input given: taking the oldest open ticket of the sandbox, {ticket}")
            return str(ticket)
    raise UsageError("the run has no input", "`--input TEXT`")


def _said_by_all(project: Project, governing: Governing) -> dict[str, Any]:
    """Return what every run under a version says of itself."""
    contract, environment = governing.contract, governing.environment.environment
    return {
        "kind": "live",
        "agent": contract.agent.name,
        "owner": contract.agent.owner,
        "version": governing.version.digest,
        "version_tag": tag_of(project, contract.agent.name, governing.version.digest),
        "environment": environment.name,
        "environment_kind": environment.kind,
        "environment_digest": governing.environment.digest,
        "platform_digest": governing.platform_digest,
        "policies": policies_of(governing),
        "limits": governing.limits,
        "trace_level": contract.logging.trace_level,
        "pii_redaction": contract.logging.pii_redaction,
        "isolation": environment.isolation,
        "signatures_required": environment.signatures_required,
        "not_enforced": not_enforced(contract),
    }


def _principal(project: Project, governing: Governing, name: str | None) -> Principal:
    """Return for whom a run acts: as asked, else as the environment says, else the operating-system user."""
    default = governing.environment.environment.identity.default_principal
    return asserted(name or default or project.settings.user)


def _resumed(project: Project, governing: Governing, header: Envelope, by: str | None) -> RunResumed:
    """Return the resume event: today's rules hold in addition, never instead."""
    limits, redaction = tightened(governing, header)
    return RunResumed(
        by=_principal(project, governing, by),
        platform_digest=governing.platform_digest,
        limits=limits,
        pii_redaction=redaction,
    )
