"""Our side of the measured runs: the project in `desk/`, through the same composition as `agentctl run`.

All checks are on: contract, allowlist, platform rules, two Cedar policy sets, schemas, redaction, facts, one effect once in
the run and across runs, budgets in money, tokens, calls, time and bytes, loops; in `reviewed` an approval by a rule that
looks the charge up itself. The journal is synced before every call and after it. After a window a reader must find every
run of it, whole, though none is in the index yet; then all are taken into the index, which is timed apart.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from typing_extensions import override

from agentctl.composition.project import Project, open_project
from agentctl.composition.runs.orders import Audience, RunOrder, RunOutcome
from agentctl.composition.runs.service import Service, governing_now, open_service
from agentctl.events.record import Record
from agentctl.foundation.ids import new_run_id
from agentctl.runtime.live_world import Interrupt
from agentctl.trace.disk import SystemDisk
from benchmarks.refund_agent import DESK, INPUT
from benchmarks.window import Open, Way, answer_windows

ENVIRONMENT = Path("contracts/environments/loopback.yaml")


class CountingDisk(SystemDisk):
    """The disk, and how often and how long journals were synced."""

    def __init__(self) -> None:
        self.syncs = 0
        self.seconds = 0.0

    @override
    def sync(self, descriptor: int) -> None:
        begin = time.perf_counter()
        super().sync(descriptor)
        self.seconds += time.perf_counter() - begin
        self.syncs += 1


@dataclass
class Runner:
    """Runs of one agent in one project, and what they left."""

    project: Project
    service: Service
    order: RunOrder
    tools: int = 0
    fresh: list[str] = field(default_factory=list)

    async def run(self) -> str:
        """Run once and return the answer."""
        run = new_run_id(self.project.clock.now())
        outcome = await self.service.begin(run, self.order, Audience(_unobserved, (), _unsaid), Interrupt())
        self.fresh.append(run)
        self.tools += _executed(outcome)
        return outcome.state.finished.answer if outcome.state.finished else str(outcome.state.suspended)

    async def look_up(self) -> None:
        """Find the new runs as any reader would, and take them into the index."""
        await asyncio.to_thread(self._look_up)
        self.fresh.clear()

    def _look_up(self) -> None:
        asked = "SELECT count(*) FROM runs WHERE run IN (SELECT unnest($runs)) AND reason = 'answered'"
        with self.project.index().reader() as reader:
            ((found,),) = reader.rows(asked, runs=self.fresh)
        if found != len(self.fresh):
            raise RuntimeError(f"of {len(self.fresh)} runs, a reader finds {found}")


@asynccontextmanager
async def ours(
    url: str, *, provider: str = "openai_compatible", isolation: str = "none", agent: str = "refunds"
) -> AsyncIterator[Way]:
    """Open a copy of the project whose model is at a URL."""
    with tempfile.TemporaryDirectory(prefix="agentctl-bench-") as folder:
        disk = CountingDisk()
        copied(Path(folder) / "desk", url, provider, isolation)
        project = open_project(Path(folder) / "desk", disk=disk)
        order = RunOrder(agent, INPUT, None, "loopback", None)
        async with open_service(project, governing_now(project, order)) as service:
            runner = Runner(project, service, order)
            yield Way(
                runner.run,
                lambda: runner.tools,
                syncs=lambda: (disk.syncs, disk.seconds),
                later=runner.look_up,
            )


def copied(folder: Path, url: str, provider: str, isolation: str) -> None:
    """Copy the project and bind its model."""
    shutil.copytree(DESK, folder, ignore=shutil.ignore_patterns("traces", "__pycache__"))
    path = folder / ENVIRONMENT
    text = path.read_text(encoding="utf-8")
    for old, new in (
        ("openai_compatible", provider),
        ("http://127.0.0.1:1/v1", url),
        ("isolation: none", f"isolation: {isolation}"),
    ):
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def _executed(outcome: RunOutcome) -> int:
    return sum(call.ok for call in outcome.state.session.calls.values())


def _unobserved(records: Sequence[Record]) -> None:
    del records


def _unsaid(remark: str) -> None:
    del remark


WAYS: dict[str, Open] = {
    "thin": ours,
    "litellm": partial(ours, provider="litellm"),
    "isolated": partial(ours, isolation="process"),
    "reviewed": partial(ours, agent="reviewed"),
}

if __name__ == "__main__":
    # It sets how often the collector looks for rubbish, as in every process of the command.
    import agentctl.__main__  # noqa: F401

    answer_windows(WAYS[sys.argv[1]])
