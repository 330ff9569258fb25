"""What `--seed` steers: the requests of trials to models that take a seed, over real HTTP."""

from pathlib import Path

import pytest

from agentctl.evals.plan import seed_of
from agentctl.events.run import RunStarted
from tests.fakes.desk import trial_desk
from tests.fakes.openai_server import OpenAIServer, says


@pytest.mark.parametrize("takes_seed", [True, False])
async def test_a_model_that_takes_a_seed_is_asked_with_the_trials_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, takes_seed: bool
) -> None:
    """Every trial has another seed, which its run's journal names too; a model that takes none is asked as ever."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    seeds, told = [seed_of(7, "a", trial) for trial in (1, 2)], []
    async with (
        OpenAIServer([says("hello")] * 2) as server,
        trial_desk(tmp_path / "desk", server.url, takes_seed=takes_seed) as desk,
    ):
        for trial, seed in enumerate(seeds, start=1):
            judged = await desk.trial(trial, seed)
            assert judged.outcome == "passed"
            event = desk.project.journals.read(judged.run)[0].event
            assert isinstance(event, RunStarted)
            assert event.envelope.trial is not None
            told.append(event.envelope.trial.seed)
    sent = [received.body.get("seed") for received in server.requests]
    assert sent == told == (seeds if takes_seed else [None, None])
    assert len(set(seeds)) == 2
