"""The facts that a script finds in a conversation."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.models.client import Message, RequestedCall
from agentctl.models.script_conversation import (
    Conversation,
    NotDone,
    Succeeded,
    conversation_in,
    json_text,
    value_at,
)


def talk(*turns: tuple[str, str | None]) -> Conversation:
    """Return a conversation where each turn is a tool and the text of what came back, None if nothing did."""
    messages = [Message("system", "s"), Message("user", "first"), Message("user", "second")]
    for number, (tool, answer) in enumerate(turns):
        messages.append(Message("assistant", "", (RequestedCall(f"c{number}", tool, "{}"),)))
        if answer is not None:
            messages.append(Message("tool", answer, answers=f"c{number}"))
    return conversation_in(messages)


def test_the_input_is_the_first_user_message() -> None:
    """Without one it is empty."""
    assert talk().input == "first"
    assert conversation_in([]) == Conversation("", 0, {})


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ('{"result": {"a": 1}}', Succeeded({"a": 1})),
        ('{"result": null}', Succeeded(None)),
        ('{"error": "no such charge"}', NotDone("no such charge")),
        ('{"refused": "permitted", "reasons": ["not allowed", 5]}', NotDone("permitted; not allowed; 5")),
        ('{"refused": "permitted", "reasons": "plain"}', NotDone("permitted; plain")),
        ('{"refused": {"stage": "x"}}', NotDone('{"stage":"x"}')),
        ('{"other": 1}', Succeeded({"other": 1})),
        ("[1]", Succeeded([1])),
        ("plain words", Succeeded("plain words")),
    ],
)
def test_a_tool_message_is_an_answer_or_a_failure(text: str, outcome: Any) -> None:
    """The gateway's three forms, and anything else as an answer."""
    assert talk(("a.b", text)).latest == {"a.b": outcome}


def test_only_the_latest_outcome_of_a_tool_counts() -> None:
    """A call without an outcome hides what the tool said before."""
    assert talk(("a.b", '{"error": "x"}'), ("a.b", '{"result": 1}')).answer_of("a.b") == Succeeded(1)
    conversation = talk(("a.b", '{"result": 1}'), ("a.b", None))
    assert (conversation.calls, conversation.latest) == (2, {"a.b": None})
    assert conversation.answer_of("a.b") is None
    assert conversation.failure_of("a.b") is None
    assert conversation.failure_of("never.called") is None


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("", {"a": [10, {"b/c~d": 1}]}), ("/a/0", 10), ("/a/1/b~1c~0d", 1)],
)
def test_a_pointer_leads_somewhere(pointer: str, found: Any) -> None:
    """Keys, indices and escapes of RFC 6901."""
    assert value_at({"a": [10, {"b/c~d": 1}]}, pointer) == found


@pytest.mark.parametrize("pointer", ["/x", "/a/9", "/a/-1", "/a/01", "/a/99999999999", "/a/0/x", "/"])
def test_a_pointer_leads_nowhere(pointer: str) -> None:
    """What is not there is not guessed."""
    with pytest.raises(LookupError):
        value_at({"a": [1]}, pointer)


def test_json_text_is_sorted_and_tight() -> None:
    """So that one expression fits every order of keys."""
    assert json_text({"b": "é", "a": [1, None]}) == '{"a":[1,null],"b":"é"}'


@given(st.lists(st.tuples(st.sampled_from(["a.b", "c.d"]), st.none() | st.text(max_size=40)), max_size=6))
def test_any_conversation_can_be_read(turns: list[tuple[str, str | None]]) -> None:
    """No text of a tool raises."""
    assert talk(*turns).calls == len(turns)
