"""The use case of replaying a run: its journal is driven again through the ordinary session, and nothing is reached."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from itertools import islice

from msgspec import Struct

from agentctl.composition.at_hand import tool_definitions
from agentctl.composition.authorities import policies_of
from agentctl.composition.contracts.versions import put_version, tag_of, version_named
from agentctl.composition.governing import Governing, tightened
from agentctl.composition.project import Project
from agentctl.composition.replays.parts import Archive, Ready, governed_of, is_at_hand
from agentctl.contract.enforcement import not_enforced
from agentctl.events.form import JOURNAL_VERSION
from agentctl.events.record import Record
from agentctl.events.replay import ReplayJudged
from agentctl.events.run import Envelope, ReplayMode, ReplayOf, RunKind, RunResumed, RunStarted
from agentctl.foundation.canonical import NotJson
from agentctl.foundation.errors import ExitCode, IntegrityError, UsageError
from agentctl.foundation.ids import is_run_id, new_run_id, random_bytes
from agentctl.replay.causes import Sides
from agentctl.replay.driving import Setting, drive_tape
from agentctl.replay.guard import nothing_reached
from agentctl.replay.judging import Replayed, judged
from agentctl.replay.recorded.clock import SetClock
from agentctl.replay.recorded.journal import Identity, OwnJournal
from agentctl.replay.recorded.ports import TapedPorts
from agentctl.replay.recorded.sittings import Sitting
from agentctl.replay.recorded.tape import Tape
from agentctl.replay.recorded.tools import unmeasured_calls
from agentctl.replay.recorded.vault import TapedVault
from agentctl.trace.disk import SystemDisk
from agentctl.trace.journals.chain import parse_line
from agentctl.trace.journals.journal import FileJournals
from agentctl.trace.reports.run_names import LATEST, run_named, the_one
from agentctl.trace.sealing.sealed_file import KEY_BYTES
from agentctl.trace.sealing.vault import Vault


class ReplayOrder(Struct, frozen=True):
    """What is to be replayed: a run, how, and under which version; None: its own."""

    run: str
    mode: ReplayMode = "verify"
    contract: str | None = None


class ReplayOutcome(Struct, frozen=True):
    """A replay that is over: its own id, that of the run, how far it is the same, and what it could not look at."""

    run: str
    of: ReplayOf
    agent: str
    judged: ReplayJudged
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """What it says to the shell."""
        same = self.judged.fidelity in {"exact", "drift"}
        return ExitCode.OK if same else ExitCode.WANTING


def replay_run(project: Project, order: ReplayOrder, archive: Archive | None = None) -> ReplayOutcome:
    """Replay a run.

    Args:
        project: the project.
        order: what is to be replayed.
        archive: what former replays in this project made ready, where there may be any.

    Raises:
        UsageError: there is no such run or version, or it cannot be replayed under that.
        IntegrityError: the run's journal, or something that it names, is damaged.
    """
    tape = tape_of(project, order.run)
    under = governed_by(archive or Archive(project), tape, order.contract)
    with nothing_reached() if order.mode != "tools-taped" else nullcontext():
        return asyncio.run(_replayed(project, tape, order.mode, under))


def tape_of(project: Project, text: str) -> Tape:
    """Return the journal of the run that is meant: an id, the beginning of one, or `latest`, which is never a replay.

    Raises:
        UsageError: there is none, there are several, or it is a replay itself.
        IntegrityError: the journal is damaged, or the run has not begun.
    """
    if text == LATEST:
        others = (run for run in reversed(project.journals.runs()) if not _begins_as_replay(project, run))
        read = ((run, project.journals.read(run)) for run in others)
        found = dict(islice(((run, records) for run, records in read if _is_run(records)), 1))
        return Tape(found[the_one(tuple(found), text)])
    run = text if is_run_id(text) else run_named(project.journals.runs(), text)
    records = project.journals.read(run)
    if _kind(records) == "replay":
        raise UsageError(f"run `{run}` is itself a replay", "the run that it replays")
    return Tape(records)


def _begins_as_replay(project: Project, run: str) -> bool:
    """Return whether the first line of a journal says that it is a replay's: there may be a hundred, and each is long."""
    try:
        with project.journals.path_of(run).open("rb") as file:
            return _kind((parse_line(file.readline()),)) == "replay"
    except (OSError, NotJson, IntegrityError):
        return False  # whoever reads it whole says what is wrong


def _is_run(records: Sequence[Record]) -> bool:
    """Return whether a journal is that of a run that has begun, and no replay."""
    return _kind(records) not in {None, "replay"}


def _kind(records: Sequence[Record]) -> RunKind | None:
    first = records[0].event if records else None
    return first.envelope.kind if isinstance(first, RunStarted) else None


class Under(Struct, frozen=True):
    """What governs both sides of a replay: the run as it was recorded, and the replay at any time of its sittings."""

    envelope: Envelope
    then: Ready
    at: Callable[[str], Ready]

    @property
    def ready(self) -> Ready:
        """What governs the replay's beginning, made ready."""
        return self.at(self.envelope.platform_digest)

    @property
    def now(self) -> Governing:
        """What governs the replay's beginning."""
        return self.ready.governing

    @property
    def is_same(self) -> bool:
        """Whether both sides are of the same version."""
        return self.now.version.digest == self.envelope.version


def governed_by(archive: Archive, tape: Tape, named: str | None) -> Under:
    """Return what governs a replay; a version that is not the recorded one is stored, for the replay's journal names it.

    Raises:
        UsageError: there is no such version, or it has policies that only another process could ask.
        IntegrityError: something that the journal names is missing or damaged.
    """
    project, envelope = archive.project, tape.started.envelope
    version = None if named is None else version_named(project, named, envelope.agent)
    then = archive.as_then(envelope, envelope.platform_digest)
    under = Under(envelope, then, lambda platform: archive.as_then(envelope, platform, version))
    if version is not None and not under.is_same:
        _refuse_unknown_policies(under)
        put_version(project, version)
    return under


def _refuse_unknown_policies(under: Under) -> None:
    """Refuse what nobody in this process could judge by, and nobody on the tape did."""
    for policy in under.now.policies:
        if not is_at_hand(policy) and under.envelope.policies.get(policy.name) != policy.digest:
            raise UsageError(
                f"`{policy.name}` judges in another process, and the run was never judged by it as it is there",
                "a version whose policies are in Cedar, or as they were recorded",
            )


async def _replayed(project: Project, tape: Tape, mode: ReplayMode, under: Under) -> ReplayOutcome:
    of = ReplayOf(run=tape.run, head=tape.records[-1].hash, mode=mode, version=under.now.version.digest)
    clock = SetClock(tape.records[0])
    journals = FileJournals(project.paths.journal, clock, SystemDisk())
    own = OwnJournal(journals, clock, Identity(new_run_id(project.clock.now()), of))
    try:
        work = _rejudged if mode == "policy" else _driven
        said = await work(project, tape, own, under)
        await own.end(said)
    finally:
        own.close()
    return ReplayOutcome(own.identity.run, of, under.envelope.agent, said, tuple(_notes(tape, mode, under)))


def _notes(tape: Tape, mode: ReplayMode, under: Under) -> Iterator[str]:
    """Yield what a replay of this run cannot look at."""
    if any(record.version != JOURNAL_VERSION for record in tape.records):
        yield "an earlier version of the journal: what it does not say is not compared"
    unmeasured = unmeasured_calls(tape.records).moved
    if unmeasured:
        yield f"the bytes of {len(unmeasured)} of its calls are not compared: values in them are gone"
    if mode == "policy" and not under.is_same and under.now.limits != under.envelope.limits:
        yield "the ceilings differ, and here only tool calls are judged; `--mode verify` drives the steps under them too"


async def _driven(project: Project, tape: Tape, own: OwnJournal, under: Under) -> ReplayJudged:
    """Drive the whole tape and judge what came of it."""
    ports = await _ports(project, tape, own, under)
    tools = tool_definitions(under.now.version.tools)
    setting = Setting(
        parts=lambda sitting: ports.parts(sitting, governed_of(under.at(_platform_of(sitting, under)), tape)),
        begun=_begun(project, tape, under),
        resumed=lambda event, header: _resumed(event, header, under),
        instructions=under.now.version.instructions,
        tools=tools,
    )
    await drive_tape(tape, setting, ports.findings)
    sides = Sides(
        then=under.then.governs,
        now=under.ready.governs,
        tape=tape,
        findings=ports.findings,
        possible=frozenset({"model"} if ports.live else ()),
    )
    return judged(Replayed(own.identity.of.mode, sides, ports.answers.count, _from_tape(under)))


async def _rejudged(project: Project, tape: Tape, own: OwnJournal, under: Under) -> ReplayJudged:
    """Judge all calls of a tape again."""
    from agentctl.composition.replays.rejudging import Rejudging  # noqa: PLC0415 - other modes have no need of it

    return await Rejudging(tape, under.then.governing, under.ready, _begun(project, tape, under)).work(own)


async def _ports(project: Project, tape: Tape, own: OwnJournal, under: Under) -> TapedPorts:
    of = own.identity.of
    if of.mode != "tools-taped":
        return TapedPorts(tape, of.version, own, TapedVault(tape.records))
    from agentctl.composition.runs.assembly import models_of  # noqa: PLC0415 - loads what reaches the network

    level = under.envelope.pii_redaction
    fresh = Vault(None, random_bytes(KEY_BYTES), tape.run, level)
    live = await models_of(project, under.now)
    return TapedPorts(tape, of.version, own, TapedVault(tape.records, fresh), live)


def _platform_of(sitting: Sitting, under: Under) -> str:
    """Return which rules of the platform held in a sitting."""
    gone_on = (event.platform_digest for event in sitting.given if isinstance(event, RunResumed))
    return next(gone_on, under.envelope.platform_digest)


def _begun(project: Project, tape: Tape, under: Under) -> RunStarted:
    """Return how a replay begins: as the run did, with all that follows from what governs it made anew."""
    governing, environment = under.now, under.now.environment.environment
    contract, version = governing.contract, governing.version
    update = {
        "agent": contract.agent.name,
        "owner": contract.agent.owner,
        "version": version.digest,
        "environment": environment.name,
        "environment_kind": environment.kind,
        "policies": policies_of(governing),
        "limits": governing.limits,
        "trace_level": contract.logging.trace_level,
        "pii_redaction": contract.logging.pii_redaction,
        "isolation": environment.isolation,
        "signatures_required": environment.signatures_required,
        "teams": environment.teams_of(under.envelope.principal.id),
    }
    if not under.is_same:
        update["version_tag"] = tag_of(project, contract.agent.name, version.digest)
        update["not_enforced"] = not_enforced(contract)
    return tape.started.model_copy(update={"envelope": under.envelope.model_copy(update=update)})


def _resumed(event: RunResumed, header: Envelope, under: Under) -> RunResumed:
    """Return how a replay goes on: the rules of that day hold over what it has by then."""
    limits, redaction = tightened(under.at(event.platform_digest).governing, header)
    return event.model_copy(update={"limits": limits, "pii_redaction": redaction})


def _from_tape(under: Under) -> tuple[str, ...]:
    return tuple(policy.name for policy in under.now.policies if not is_at_hand(policy))
