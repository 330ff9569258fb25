"""Answers have one form in JSON, exact and readable by any program."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec import Struct

from agentctl.cli.screen.json_form import json_form
from agentctl.events.base import Principal
from agentctl.events.run import RunFinished
from agentctl.foundation.errors import InternalError


class Answer(Struct, frozen=True):
    """An answer with everything in it."""

    name: str
    parts: tuple[object, ...]


def test_everything_an_answer_may_hold_has_a_form() -> None:
    """Fields, models, events, moments and money, however deep."""
    moment = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
    answer = Answer(
        "a",
        (
            None,
            True,
            1,
            1.5,
            Decimal("0.3500"),
            moment,
            {"key": [Answer("b", ())]},
            Principal(id="casey", kind="user", assurance="asserted"),
            RunFinished(status="answered", answer="done"),
        ),
    )
    assert json_form(answer) == {
        "name": "a",
        "parts": [
            None,
            True,
            1,
            1.5,
            "0.35",
            "2026-03-14T09:00:00.000000Z",
            {"key": [{"name": "b", "parts": []}]},
            {"id": "casey", "kind": "user", "assurance": "asserted"},
            {"type": "run.finished", "status": "answered", "answer": "done"},
        ],
    }


def test_what_has_no_form_is_a_bug_of_ours() -> None:
    """Nothing is turned into text by chance."""
    with pytest.raises(InternalError, match="object has no form in JSON"):
        json_form({"a": object()})
