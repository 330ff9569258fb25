"""Replays what a stage ran: its contract, tools and authorities as they are, everything else from its journal."""

from collections.abc import Mapping

from agentctl.contract.environment import Deployment, Price
from agentctl.events.approval import ApprovalAnnounced
from agentctl.events.replay import ReplayJudged
from agentctl.events.run import Envelope, ReplayOf, RunResumed
from agentctl.gateway.corridor import ModelDesk
from agentctl.replay.causes import Sides
from agentctl.replay.clock import SetClock
from agentctl.replay.driving import Setting, drive_tape
from agentctl.replay.governs import Governs
from agentctl.replay.guard import nothing_reached
from agentctl.replay.journal import Identity, OwnJournal
from agentctl.replay.judging import Replayed, judged
from agentctl.replay.ports import Governed, TapedPorts
from agentctl.replay.sittings import Sitting
from agentctl.replay.tape import Tape
from agentctl.replay.vault import TapedVault
from agentctl.trace.disk import SystemDisk
from agentctl.trace.journal import FileJournals
from tests.fakes.runs import Stage

REPLAY = "01KREP1AY00000000000000000"


async def replayed(stage: Stage) -> ReplayJudged:
    """Replay a stage's run in the folder `replays` and return what is said of it."""
    tape = Tape(stage.records())
    of = ReplayOf(run=tape.run, head=tape.records[-1].hash, mode="verify", version="sha256:version")
    clock = SetClock(tape.records[0])
    journals = FileJournals(stage.folder / "replays" / tape.records[-1].hash, clock, SystemDisk())
    own = OwnJournal(journals, clock, Identity(REPLAY, of))
    ports = TapedPorts(tape, of.version, own, TapedVault(tape.records))
    governs = Governs(of.version, stage.instructions, stage.definitions(), {})
    setting = Setting(
        parts=lambda sitting: ports.parts(sitting, governed(stage, sitting)),
        begun=tape.started,
        resumed=_as_it_was,
        instructions=stage.instructions,
        tools=stage.definitions(),
    )
    with nothing_reached():
        await drive_tape(tape, setting, ports.findings)
    said = judged(Replayed("verify", Sides(governs, governs, tape, ports.findings), ports.answers.count, ()))
    await own.end(said)
    return said


def governed(stage: Stage, sitting: Sitting) -> Governed:
    """Return what governs a stage's run; a test's sweep has webhooks of its own."""
    parts = stage.parts(stage.journals.acquire(stage.run).journal)
    parts.journal.close()
    of_sweep = {event.webhook for event in stage.events(ApprovalAnnounced)}
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
        webhooks=tuple(parts.announcers if sitting.driven else sorted(of_sweep)),
    )


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
