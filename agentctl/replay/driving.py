"""Drives a tape: the ordinary session and the ordinary loop, once for each writer the run had."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec import Struct
from typing_extensions import override

from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import Envelope, RunFinished, RunResumed, RunStarted, RunSuspended
from agentctl.gateway.announcements import Herald
from agentctl.gateway.corridor import Parts
from agentctl.gateway.session import Session, open_session
from agentctl.gateway.sweep import sweep
from agentctl.models.client import ToolDefinition
from agentctl.replay.recorded.findings import Findings
from agentctl.replay.recorded.sittings import Sitting
from agentctl.replay.recorded.tape import SittingOver, Tape
from agentctl.runtime.live_world import LiveWorld, Stopping
from agentctl.runtime.runs import resume, start
from agentctl.runtime.state import fold
from agentctl.trace.ports import Acquired


class Setting(Struct, frozen=True):
    """What a replay is driven with.

    Args:
        parts: the parts of a session for one sitting, all of them answered from the tape.
        begun: how the replay begins; the run's own beginning, unless it is under another version.
        resumed: how it goes on, from what the run's journal says of that and how the replay stands.
        instructions: what the model is told.
        tools: what it is shown of its tools.
    """

    parts: Callable[[Sitting], Parts]
    begun: RunStarted
    resumed: Callable[[RunResumed, Envelope], RunResumed]
    instructions: str
    tools: tuple[ToolDefinition, ...]


async def drive_tape(tape: Tape, setting: Setting, findings: Findings) -> None:
    """Drive a whole tape; what the replay recorded and where it parts from the tape is in the findings then."""
    for sitting in tape.sittings:
        if _is_over(findings.records) and not _is_over(tape.records[: sitting.start]):
            break  # what the run went on with, the replay has no need of
        tape.sit_down(sitting)
        with suppress(SittingOver):
            await _Sitting(tape, setting, findings, setting.parts(sitting)).work()
    for index in tape.left:
        findings.missing(tape.records[index], index)


def _is_over(records: Sequence[Record]) -> bool:
    return any(isinstance(record.event, RunFinished) for record in records)


class _Sitting(Struct, frozen=True):
    """One writer's part, done again."""

    tape: Tape
    setting: Setting
    findings: Findings
    parts: Parts

    async def work(self) -> None:
        """Do what the writer did: drive the run, or record what time did to it."""
        records = tuple(self.findings.records)
        if not self.tape.sitting.driven:
            herald = Herald(self.parts.announcers, self.parts.pause)
            await sweep(
                Acquired(self.parts.journal, records, self.tape.sitting.given), herald, self.parts.clock
            )
            return
        async with open_session(self.parts, records) as session:
            await self._drive(session)

    async def _drive(self, session: Session) -> None:
        records = tuple(self.findings.records)
        tools, interrupt = self.setting.tools, TapedInterrupt(self.tape)
        world = LiveWorld(session, self.setting.instructions, tools, interrupt, lambda _: None)
        if not records:
            await start(world, self.setting.begun)
        else:
            await resume(world, records, *map(self._given, self.tape.sitting.given))

    def _given(self, event: AnyEvent) -> AnyEvent:
        if not isinstance(event, RunResumed):
            return event
        return self.setting.resumed(event, fold(self.findings.records).session.header)


class TapedInterrupt(Stopping):
    """Is wanted where the run was interrupted."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    @property
    @override
    def wanted(self) -> bool:
        """Whether the next that happened is that somebody stopped the run."""
        record = self._tape.next_record
        return (
            record is not None
            and isinstance(record.event, RunSuspended)
            and record.event.reason == "interrupted"
        )
