"""What `--seed` steers: the requests of trials to models that take a seed, over real HTTP."""

from pathlib import Path

import pytest

from agentctl.composition import open_project
from agentctl.composition.governing import from_files
from agentctl.composition.trial_makers import Here
from agentctl.composition.trials import open_stages
from agentctl.contract.golden_files import golden_file
from agentctl.evals.plan import seed_of
from agentctl.events.evals import TrialStarted
from agentctl.events.run import RunStarted
from agentctl.foundation.ids import new_run_id
from agentctl.foundation.money import ZERO
from agentctl.runtime.live_world import Interrupt
from benchmarks.ours import ENVIRONMENT, copied
from tests.fakes.openai_server import OpenAIServer, says
from tests.fakes.trials import EVAL


@pytest.mark.parametrize("takes_seed", [True, False])
async def test_a_model_that_takes_a_seed_is_asked_with_the_trials_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, takes_seed: bool
) -> None:
    """Every trial has another seed, which its run's journal names too; a model that takes none is asked as ever."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    async with OpenAIServer([says("hello")] * 2) as server:
        copied(tmp_path / "desk", server.url, "openai_compatible", "none")
        if takes_seed:
            path = tmp_path / "desk" / ENVIRONMENT
            path.write_text(
                path.read_text().replace("      max_output", "      takes_seed: true\n      max_output")
            )
        (tmp_path / "desk" / "goldensets").mkdir()
        (tmp_path / "desk" / "goldensets" / "answers.jsonl").write_text(
            '{"id": "a", "input": "hi", "expected": "It greets."}'
        )
        project = open_project(tmp_path / "desk")
        governing = from_files(project, "answers", "loopback")
        golden = golden_file(project.paths.root, "answers")
        seeds, told = [], []
        async with open_stages(project, golden, lambda _: governing, "loopback") as stages:
            here = Here(EVAL, {case.id: case for case in golden.cases}, stages, Interrupt())
            for trial in (1, 2):
                run, seed = new_run_id(project.clock.now()), seed_of(7, "a", trial)
                begun = TrialStarted(case="a", trial=trial, run=run, seed=seed, reserved_usd=ZERO)
                assert (await here.make(begun)).outcome == "passed"
                started = project.journals.read(run)[0].event
                assert isinstance(started, RunStarted)
                assert started.envelope.trial is not None
                seeds.append(seed)
                told.append(started.envelope.trial.seed)
    sent = [received.body.get("seed") for received in server.requests]
    assert sent == told == (seeds if takes_seed else [None, None])
    assert len(set(seeds)) == 2
