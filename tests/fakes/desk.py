"""The project of the measured runs as a place for trials: an agent without tools, and a model at some URL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agentctl.composition import open_project
from agentctl.composition.evals.trial_makers import Here
from agentctl.composition.evals.trials import open_stages
from agentctl.composition.governing import from_files
from agentctl.composition.project import Project
from agentctl.contract.golden_files import golden_file
from agentctl.events.evals import TrialJudged, TrialStarted
from agentctl.foundation.ids import new_run_id
from agentctl.foundation.money import ZERO
from agentctl.runtime.live_world import Interrupt
from benchmarks.ours import ENVIRONMENT, copied
from tests.fakes.trials import EVAL

AGENT, PLACE = "answers", "loopback"
CASE = '{"id": "a", "input": "hi", "expected": "It greets."}'


@dataclass(frozen=True)
class TrialDesk:
    """Makes trials of the one case."""

    project: Project
    here: Here

    async def trial(self, number: int = 1, seed: int = 0) -> TrialJudged:
        """Make one."""
        run = new_run_id(self.project.clock.now())
        return await self.here.make(
            TrialStarted(case="a", trial=number, run=run, seed=seed, reserved_usd=ZERO)
        )


@asynccontextmanager
async def trial_desk(
    folder: Path, url: str, *, takes_seed: bool = False, every_call_durable: bool = True
) -> AsyncIterator[TrialDesk]:
    """Open the project in a folder."""
    copied(folder, url, "openai_compatible", "none")
    path = folder / ENVIRONMENT
    if takes_seed:
        path.write_text(
            path.read_text().replace("      max_output", "      takes_seed: true\n      max_output")
        )
    (folder / "goldensets").mkdir()
    (folder / "goldensets" / f"{AGENT}.jsonl").write_text(CASE)
    project = open_project(folder)
    governing, golden = from_files(project, AGENT, PLACE), golden_file(project.paths.root, AGENT)
    async with open_stages(
        project, golden, lambda _: governing, PLACE, every_call_durable=every_call_durable
    ) as stages:
        cases = {case.id: case for case in golden.cases}
        yield TrialDesk(project, Here(EVAL, cases, stages, Interrupt()))
