"""The repository's golden cases, each a trial of its own, all of them in one process."""

import asyncio
from pathlib import Path

import pytest

from agentctl.composition import open_project
from agentctl.composition.orders import RunOrder
from agentctl.composition.service import governing_now
from agentctl.composition.trials import Trial, open_stages
from agentctl.contract.golden_files import golden_file
from agentctl.events.run import TrialOf
from agentctl.foundation.ids import new_run_id
from tests.scenarios.conftest import REPOSITORY, Shell

AGENT = "refund-assistant"


async def tried(folder: Path) -> dict[str, Trial]:
    """Return a trial of every case."""
    project = open_project(folder)
    cases = golden_file(REPOSITORY, AGENT)
    governing = governing_now(project, RunOrder(AGENT, None, None, "sandbox", None))
    eval_id = new_run_id(project.clock.now())
    wanted = [case for case in cases.cases if case.skip is None]
    async with open_stages(project, cases, lambda _: governing, "sandbox") as stages:
        stages.check(wanted)
        turns = asyncio.Semaphore(2)

        async def one(case_id: str, number: int) -> Trial:
            async with turns:
                of = TrialOf(eval=eval_id, case=case_id, trial=1)
                return await stages.try_case(wanted[number], of, new_run_id(project.clock.now()))

        trials = await asyncio.gather(*(one(case.id, number) for number, case in enumerate(wanted)))
    return {trial.of.case: trial for trial in trials}


def test_every_golden_case_passes(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """All cases of the repository pass, side by side over one back office; nothing waits for anybody afterwards."""
    monkeypatch.setenv("XDG_STATE_HOME", shell.environment["XDG_STATE_HOME"])
    trials = asyncio.run(tried(shell.folder))
    wanting = {
        name: [score.detail for score in trial.scores if not score.passed] or trial.detail
        for name, trial in trials.items()
        if trial.outcome != "passed"
    }
    assert wanting == {}
    assert "nothing waits" in shell("approvals", "list").out
