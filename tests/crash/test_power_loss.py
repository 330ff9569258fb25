"""Power cuts: what was written and not synced may be gone, wholly or in part. Every such state is resumed."""

import asyncio
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentctl.events.tool import ToolIntent
from agentctl.foundation.errors import ExitCode, IntegrityError, UsageError
from agentctl.gateway.corridor import Corridor
from agentctl.runtime.outcome import exit_code
from agentctl.trace.disk import SystemDisk
from agentctl.trace.journals.chain import scan
from tests.crash.test_kill import refunds, stage_of
from tests.fakes.runs import RUN, Stage


@dataclass(frozen=True, slots=True)
class Cut:
    """What a power cut at one moment leaves: so many bytes of the journal, and what the world had seen by then."""

    journal_bytes: int
    world_bytes: int


@dataclass
class PowerDisk:
    """A disk that notes, at every write and sync, what a power cut just then could leave."""

    world: Path
    durable: int = 0
    cuts: set[Cut] = field(default_factory=set)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write; a cut now leaves anything from what was durable to all of it."""
        SystemDisk().write(descriptor, data)
        self.note(os.fstat(descriptor).st_size)

    def sync(self, descriptor: int) -> None:
        """Sync; what is written is durable afterwards."""
        size = os.fstat(descriptor).st_size
        self.note(size)
        SystemDisk().sync(descriptor)
        self.durable = size

    def note(self, size: int) -> None:
        """Note the cuts that are possible now: nothing of the unsynced bytes, a part of them, all of them."""
        seen = self.world.stat().st_size if self.world.exists() else 0
        for left in (self.durable, (self.durable + size) // 2, size - 1, size):
            self.cuts.add(Cut(max(left, self.durable), seen))


def observed_cuts(folder: Path) -> tuple[Stage, list[Cut]]:
    """Run the small refund once and return every state a power cut during it could leave."""
    stage = stage_of(folder)
    disk = PowerDisk(folder / "world")
    stage.disk = disk
    usual = stage.executor.before

    def send(execution: object) -> None:
        usual(execution)  # type: ignore[arg-type]
        disk.note(stage.journals.path_of(RUN).stat().st_size)

    stage.executor.before = send
    assert exit_code(asyncio.run(stage.start())) == ExitCode.OK
    return stage, sorted(disk.cuts, key=lambda cut: (cut.journal_bytes, cut.world_bytes))


def after_cut(original: Stage, cut: Cut, folder: Path) -> Stage:
    """Return the run as it is found after a power cut."""
    shutil.copytree(original.folder, folder)
    os.truncate(folder / "journal" / "2026-03-14" / f"{RUN}.jsonl", cut.journal_bytes)
    if (folder / "world").exists():
        os.truncate(folder / "world", cut.world_bytes)
    return stage_of(folder)


def violations(original: Stage, cuts: list[Cut], folder: Path) -> list[str]:
    """Resume from every cut; return where something was sent without an intent, or took effect other than once."""
    found = []
    for number, cut in enumerate(cuts):
        stage = after_cut(original, cut, folder / str(number))
        sent = set(refunds(stage.folder))
        journal = stage.journals.path_of(RUN).read_bytes()
        known = {
            r.event.idempotency_key for r in scan(journal, RUN).records if isinstance(r.event, ToolIntent)
        }
        if not sent <= known:
            found.append(f"{cut}: sent without an intent")
        try:
            code = exit_code(asyncio.run(stage.resume()))
        except (UsageError, IntegrityError):  # the first record is gone, and nothing can have happened
            found += [f"{cut}: something happened in a run that never began"] if sent else []
            continue
        if code != ExitCode.OK or len(set(refunds(stage.folder))) != 1:
            found.append(f"{cut}: exit {code}, {len(set(refunds(stage.folder)))} refunds")
    return found


def test_every_power_cut_is_survived(tmp_path: Path) -> None:
    """No call was sent without a durable intent, and the resumed run refunds once."""
    original, cuts = observed_cuts(tmp_path / "run")
    assert len(cuts) > 40
    assert violations(original, cuts, tmp_path) == []


def test_the_same_check_sees_a_missing_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the sync between intent and send, some cut leaves an effect that no journal knows."""
    usual = Corridor.durable

    async def durable(self: Corridor) -> None:
        if not (self._fresh and isinstance(self._fresh[-1].event, ToolIntent)):
            await usual(self)

    with monkeypatch.context() as patched:
        patched.setattr(Corridor, "durable", durable)
        original, cuts = observed_cuts(tmp_path / "run")
    assert any("without an intent" in item for item in violations(original, cuts, tmp_path))
