"""Tests of inbox messages: three kinds, strictly read, and signed over everything but the signature."""

import pytest
from pydantic import TypeAdapter, ValidationError

from agentctl.events.approval import Binding
from agentctl.foundation.canonical import ARGUMENT_LIMITS, canonical_bytes, parse_json
from agentctl.trace.message import AnswerMessage, HaltMessage, Message, ResolveMessage

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
HEAD = {"id": "0" * 32, "run": RUN, "at": "2026-03-14T09:00:00.000000Z", "by": "alice"}
BINDING = Binding(
    run=RUN,
    step=1,
    call=f"{RUN}/1/0",
    attempt=1,
    descriptor_digest="sha256:d",
    arguments_digest="sha256:a",
    version="sha256:v",
    policy_digest="sha256:p",
    view_digest="sha256:w",
)
HALT = HaltMessage(**HEAD)
RESOLVE = ResolveMessage(**HEAD, call=f"{RUN}/1/0", verdict="executed", reason="the charge is refunded")
ANSWER = AnswerMessage(
    **HEAD, approval=f"{RUN}-1-0-1", answer="approve_with_changes", changes={"amount": 10}, binding=BINDING
)
MESSAGES: TypeAdapter[Message] = TypeAdapter(Message)


@pytest.mark.parametrize("message", [HALT, RESOLVE, ANSWER], ids=lambda message: message.kind)
def test_a_message_comes_back_from_its_bytes(message: Message) -> None:
    """Each kind is known by its `kind` and read as what was written."""
    data = canonical_bytes(message.model_dump(mode="json"))
    assert MESSAGES.validate_python(parse_json(data, ARGUMENT_LIMITS)) == message


@pytest.mark.parametrize("message", [HALT, RESOLVE, ANSWER], ids=lambda message: message.kind)
def test_the_signature_covers_all_but_itself(message: Message) -> None:
    """Signing does not change what is signed, and no other field is left out of it."""
    signed = message.model_copy(update={"signature": "abc"})
    assert signed.signed_bytes() == message.signed_bytes()
    covered = parse_json(message.signed_bytes(), ARGUMENT_LIMITS)
    assert covered == message.model_dump(mode="json", exclude={"signature"})
    assert covered.keys() == type(message).model_fields.keys() - {"signature"}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "stop"},
        {"kind": None},
        {"v": 2},
        {"id": "../" + "0" * 29},
        {"id": "0" * 32 + "\n"},
        {"id": "A" * 32},
        {"run": "../../etc"},
        {"run": RUN + "\n"},
        {"by": ""},
        {"by": "a" * 129},
        {"reason": "a" * 2_001},
        {"signature": 1},
        {"extra": True},
    ],
    ids=str,
)
def test_what_is_no_message(change: dict[str, object]) -> None:
    """Unknown kinds, versions and keys, ids that could be paths, and texts of any length are refused."""
    with pytest.raises(ValidationError):
        MESSAGES.validate_python({**HALT.model_dump(mode="json"), **change})


@pytest.mark.parametrize(
    "change",
    [
        {"answer": "approved"},
        {"changes": "amount=10"},
        {"ends_run": 1},
        {"binding": {}},
        {"binding": {**BINDING.model_dump(), "step": "1"}},
        {"approval": "a" * 129},
    ],
    ids=["answer", "changes", "ends_run", "no binding", "binding", "approval"],
)
def test_what_is_no_answer(change: dict[str, object]) -> None:
    """An answer says exactly what it answers, and nothing in it is converted."""
    with pytest.raises(ValidationError):
        MESSAGES.validate_python({**ANSWER.model_dump(mode="json"), **change})


def test_a_message_never_changes() -> None:
    """What was said stays said."""
    with pytest.raises(ValidationError, match="frozen"):
        HALT.by = "mallory"  # type: ignore[misc]  # that is the point
