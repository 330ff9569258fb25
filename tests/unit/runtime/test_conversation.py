"""Tests of the conversation a model sees, as it grows with its run."""

import pytest

from agentctl.events.model import ModelAsked
from agentctl.models.client import Message
from agentctl.runtime.conversation import Conversation, messages
from agentctl.runtime.state import RunState, evolve
from tests.fakes.recorded_runs import STORIES, recorded_run


@pytest.mark.parametrize("story", STORIES)
def test_what_grew_is_what_is_made_anew(story: str) -> None:
    """Wherever a model was asked; and what was said before is handed on as it was."""
    state, growing = RunState(), Conversation("Be kind.")
    before: tuple[Message, ...] = ()
    asked = 0
    for record in recorded_run(story):
        if isinstance(record.event, ModelAsked) and record.event.review is None:
            now = growing.messages(state)
            assert now == messages(state, "Be kind.")
            assert all(one is other for one, other in zip(before, now, strict=False))
            before, asked = now, asked + 1
        state = evolve(state, record)
    assert asked
    assert len(before) > len(messages(RunState(), ""))
