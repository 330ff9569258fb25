"""Replays what a stage ran: its contract, tools and authorities as they are, everything else from its journal."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from agentctl.contract.environment import Deployment, Price
from agentctl.events.approval import ApprovalAnnounced
from agentctl.events.replay import Cause, ReplayJudged
from agentctl.events.run import Envelope, ReplayOf, RunResumed, RunStarted
from agentctl.gateway.corridor import ModelDesk
from agentctl.models.client import ModelClient
from agentctl.policy.engine import PolicyEngine
from agentctl.replay.causes import Sides
from agentctl.replay.driving import Setting, drive_tape
from agentctl.replay.governs import Governs
from agentctl.replay.guard import nothing_reached
from agentctl.replay.judging import Replayed, judged
from agentctl.replay.recorded.clock import SetClock
from agentctl.replay.recorded.journal import Identity, OwnJournal
from agentctl.replay.recorded.ports import Governed, TapedPorts
from agentctl.replay.recorded.sittings import Sitting
from agentctl.replay.recorded.tape import Tape
from agentctl.replay.recorded.vault import TapedVault
from agentctl.trace.disk import SystemDisk
from agentctl.trace.journals.journal import FileJournals
from agentctl.trace.sealing.vault import Vault
from tests.fakes.runs import PRICE, Stage

REPLAY = "01KREP1AY00000000000000000"
OTHER = "sha256:other"


async def replayed(
    stage: Stage,
    under: Stage | None = None,
    differing: Cause | None = None,
    live: ModelClient | None = None,
    tapes: Callable[[Tape], tuple[PolicyEngine, ...]] | None = None,
) -> ReplayJudged:
    """Replay a stage's run in the folder `replays` and return what is said of it.

    Args:
        stage: what was run.
        under: what governs the replay, under a version of its own; None: the stage itself.
        differing: in what the two versions differ.
        live: a model that is asked anew.
        tapes: authorities in the place of the stage's own.
    """
    tape, now = Tape(stage.records()), under or stage
    own = _own_journal(stage, tape)
    fresh = None if live is None else Vault(None, bytes(32), tape.run, stage.redaction)  # type: ignore[arg-type]
    ports = TapedPorts(
        tape, "sha256:version" if under is None else OTHER, own, TapedVault(tape.records, fresh)
    )
    if live is not None:
        ports = replace(ports, live={"small-fast": (ModelDesk(_first_deployment(stage), live, PRICE),)})
    setting = Setting(
        parts=lambda sitting: ports.parts(sitting, _with(governed(now, sitting), tapes, tape)),
        begun=tape.started if under is None else _begun(tape, now),
        resumed=_as_it_was,
        instructions=now.instructions,
        tools=now.definitions(),
    )
    with nothing_reached():
        await drive_tape(tape, setting, ports.findings)
    said = judged(_over(tape, ports, (stage, now), differing))
    await own.end(said)
    return said


def _with(
    governed: Governed, tapes: Callable[[Tape], tuple[PolicyEngine, ...]] | None, tape: Tape
) -> Governed:
    return governed if tapes is None else replace(governed, engines=lambda _: tapes(tape))


def _own_journal(stage: Stage, tape: Tape) -> OwnJournal:
    of = ReplayOf(run=tape.run, head=tape.records[-1].hash, mode="verify", version="sha256:version")
    clock = SetClock(tape.records[0])
    folder = stage.folder / "replays" / str(len(list(stage.folder.glob("replays/*"))))
    return OwnJournal(FileJournals(folder, clock, SystemDisk()), clock, Identity(REPLAY, of))


def _begun(tape: Tape, now: Stage) -> RunStarted:
    envelope = tape.started.envelope.model_copy(update={"version": OTHER, "limits": now.limits})
    return tape.started.model_copy(update={"envelope": envelope})


def _over(tape: Tape, ports: TapedPorts, stages: tuple[Stage, Stage], differing: Cause | None) -> Replayed:
    then, now = stages
    parts: dict[Cause, str] = {} if differing is None else {differing: "other"}
    sides = Sides(
        then=Governs("sha256:version", then.instructions, then.definitions(), {}),
        now=Governs(ports.version, now.instructions, now.definitions(), parts),
        tape=tape,
        findings=ports.findings,
        possible=frozenset({"model"} if ports.live else ()),
    )
    return Replayed("tools-taped" if ports.live else "verify", sides, ports.answers.count, ())


def _first_deployment(stage: Stage) -> Deployment:
    return stage.model_desks()[0].deployment


def governed(stage: Stage, sitting: Sitting) -> Governed:
    """Return what governs a stage's run; a test's sweep has webhooks of its own."""
    parts = stage.parts_without_journal()
    return Governed(
        contract=parts.contract,
        ceilings=parts.ceilings,
        allowed=parts.allowed,
        registry=parts.registry,
        engines=lambda _: parts.engines,
        deployments=_deployments(parts.models),
        review_deployments=_deployments(parts.review_models),
        reviewers=parts.reviewers,
        reviewer_names=parts.reviewer_names,
        backends={},
        webhooks=tuple(parts.announcers if sitting.driven else _webhooks_of_sweeps(stage)),
    )


def _webhooks_of_sweeps(stage: Stage) -> list[str]:
    events = (record.event for record in stage.records())
    return sorted({event.webhook for event in events if isinstance(event, ApprovalAnnounced)})


def _deployments(models: Mapping[str, tuple[ModelDesk, ...]]) -> dict[str, tuple[Deployment, ...]]:
    return {alias: tuple(map(_deployment, desks)) for alias, desks in models.items()}


def _deployment(desk: ModelDesk) -> Deployment:
    """Return a desk's deployment with the price that is charged at it."""
    if desk.price is None:
        return desk.deployment
    price = Price(
        input_usd_per_million=desk.price.input_usd_per_million,
        output_usd_per_million=desk.price.output_usd_per_million,
    )
    return desk.deployment.model_copy(update={"price": price})


def _as_it_was(event: RunResumed, header: Envelope) -> RunResumed:
    del header
    return event
