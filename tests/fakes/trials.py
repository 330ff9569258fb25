"""Trials for tests: some cases of a project, side by side in this process."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from agentctl.composition import open_project
from agentctl.composition.evals.trials import Trial, open_stages
from agentctl.composition.governing import Governing
from agentctl.composition.runs.orders import RunOrder
from agentctl.composition.runs.service import governing_now
from agentctl.contract.golden import GoldenCase
from agentctl.contract.golden_files import GoldenFile, golden_file, load_golden_file
from agentctl.events.run import TrialOf
from agentctl.foundation.ids import new_run_id

AGENT = "refund-assistant"
EVAL = "01KKNC2R00REFVND00000EVA01"


def trials_of(
    folder: Path, cases: GoldenFile, chosen: Sequence[GoldenCase] = (), agent: str = AGENT
) -> dict[str, Trial]:
    """Return a trial of every case that is not skipped, or of those that are chosen."""
    wanted = chosen or [case for case in cases.cases if case.skip is None]
    return asyncio.run(_tried(folder, cases, wanted, agent))


def trial_of(folder: Path, text: str, tape: str | None = None) -> Trial:
    """Return the trial of the one case that a text holds: what stands below `cases: [`."""
    path = folder / "goldensets" / f"{AGENT}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if tape is not None:
        (path.parent / "tape.yaml").write_text(tape, encoding="utf-8")
    (trial,) = trials_of(folder, load_golden_file(path, f"goldensets/{AGENT}.yaml")).values()
    return trial


def wanting(trials: dict[str, Trial]) -> dict[str, object]:
    """Return, by case, what does not hold."""
    return {
        name: [f"{score.type}: {score.detail}" for score in trial.scores if not score.passed] or trial.detail
        for name, trial in trials.items()
        if trial.outcome != "passed"
    }


def repository_cases(root: Path) -> GoldenFile:
    """Return the golden cases of the repository's own agent."""
    return golden_file(root, AGENT)


async def _tried(
    folder: Path, cases: GoldenFile, wanted: Sequence[GoldenCase], agent: str
) -> dict[str, Trial]:
    project = open_project(folder)
    governing: dict[str, Governing] = {}

    def governing_of(name: str) -> Governing:
        if name not in governing:
            governing[name] = governing_now(project, RunOrder(agent, None, None, name, None))
        return governing[name]

    async with open_stages(project, cases, governing_of, "sandbox") as stages:
        stages.check(wanted)
        turns = asyncio.Semaphore(2)

        async def one(case: GoldenCase) -> Trial:
            async with turns:
                of = TrialOf(eval=EVAL, case=case.id, trial=1)
                return await stages.try_case(case, of, new_run_id(project.clock.now()))

        trials = await asyncio.gather(*(one(case) for case in wanted))
    return {trial.of.case: trial for trial in trials}
