"""Tests of answers handed in from outside: what is genuine is left once, what is not leaves no trace in the inbox."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agentctl.composition.people.deliver import MAX_BYTES, Delivered, WouldNotCount, deliver
from agentctl.composition.project import Project
from agentctl.events.approval import MessageRefused
from agentctl.events.run import RunFinished
from agentctl.foundation.errors import UsageError
from agentctl.identity.public_keys import public_half
from agentctl.identity.signatures import Signature, to_be_signed
from agentctl.trace.message import AnswerMessage
from agentctl.trace.ports import Received
from tests.fakes.journals import RUN, answered
from tests.fakes.waiting_run import a_project, append, moved, request_in, wait

KEY = Ed25519PrivateKey.generate()
PINNED = [
    {"name": "alice", "public_key": public_half(KEY).text},
    {"name": "bob"},
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project with a run that waits; alice has a key, bob has none."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = a_project(tmp_path, reviewers=PINNED)
    wait(project)
    return project


def message(**changes: object) -> AnswerMessage:
    """Return bob's approval, or another answer."""
    whole = {
        "id": "a" * 32,
        "run": RUN,
        "at": "2026-03-14T09:10:00.000000Z",
        "by": "bob",
        "answer": "approve",
        "approval": request_in(RUN).approval,
        "binding": request_in(RUN).binding,
        **changes,
    }
    return AnswerMessage.model_validate(whole)


def written(answer: AnswerMessage) -> bytes:
    """Return an answer as a chat bot sends it."""
    return answer.model_dump_json().encode()


def signed(answer: AnswerMessage, key: Ed25519PrivateKey = KEY) -> AnswerMessage:
    """Return an answer signed with somebody's key."""
    raw = key.sign(to_be_signed(answer.signed_bytes()))
    signature = Signature(public_half(key).fingerprint, raw).text
    return answer.model_copy(update={"signature": signature})


def inbox(project: Project) -> list[str]:
    """Return who said something in the run's inbox."""
    return [item.message.by for item in project.inbox.read(RUN) if isinstance(item, Received)]


def test_a_genuine_answer_is_left_once(project: Project) -> None:
    """Signed with the reviewer's key it lies in the inbox; handed in again it is said to lie there already."""
    answer = signed(message(by="alice"))
    assert deliver(project, written(answer)) == Delivered(answer, again=False)
    assert deliver(project, written(answer)) == Delivered(answer, again=True)
    assert inbox(project) == ["alice"]


def test_without_a_key_a_name_is_enough_where_names_are(project: Project) -> None:
    """Bob has no key, and the sandbox asks for none."""
    assert deliver(project, written(message())) == Delivered(message(), again=False)


@pytest.mark.parametrize(
    "answer",
    [
        message(by="alice"),
        signed(message(by="alice"), Ed25519PrivateKey.generate()),
        signed(message(by="alice")).model_copy(update={"answer": "deny"}),
        signed(message(by="alice")).model_copy(update={"id": "b" * 32}),
        signed(message(by="alice")).model_copy(update={"at": "2026-03-14T09:11:00.000000Z"}),
        message(by="alice", signature="ed25519:x:y"),
        signed(message()),
        message(by="system:sandbox-reviewer"),
        message(by="agent:refund-assistant"),
    ],
    ids=[
        "not signed",
        "signed by another",
        "changed after",
        "another id",
        "another time",
        "no signature",
        "a key nobody knows",
        "the platform",
        "the agent",
    ],
)
def test_what_is_not_from_whom_it_names_is_not_stored(project: Project, answer: AnswerMessage) -> None:
    """Refused, and the inbox stays empty: strangers cannot fill it."""
    with pytest.raises(UsageError):
        deliver(project, written(answer))
    assert inbox(project) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"approve it",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"v":1,"v":1}',
        written(message()) + b"{}",
        written(message()).replace(b'"v":1', b'"v":2'),
        written(message()).replace(b'"answer"', b'"grant"', 1),
        json.dumps({**json.loads(written(message())), "extra": 1}).encode(),
        json.dumps({**json.loads(written(message())), "id": "../../etc"}).encode(),
        json.dumps({**json.loads(written(message())), "run": "01KKNC2R00REFVND0000000009"}).encode(),
        written(message(void="refused")),
        b" " * (MAX_BYTES + 1),
    ],
)
def test_what_is_no_answer_is_refused_and_not_stored(project: Project, data: bytes) -> None:
    """No JSON, another form, another run, too large: a sentence, and nothing in any inbox."""
    with pytest.raises(UsageError):
        deliver(project, data)
    assert not project.paths.inbox.exists() or not list(project.paths.inbox.rglob("*.json"))


def test_what_stands_in_a_malformed_message_is_not_repeated(project: Project) -> None:
    """A message that is refused may hold anything; the error names its fields only."""
    data = json.dumps({**json.loads(written(message())), "answer": "s3cret"}).encode()
    with pytest.raises(UsageError) as refusal:
        deliver(project, data)
    assert "`answer`" in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"by": "mallory"}, "`mallory` is not a reviewer of this request"),
        ({"by": "casey"}, "who a run acts for never approves its calls"),
        ({"approval": f"{RUN}-9-9-1"}, "there is no such approval request"),
        (
            {"binding": request_in(RUN).binding.model_copy(update={"arguments_digest": "sha256:other"})},
            "the answer is bound to something else than what is asked",
        ),
        ({"answer": "approve_with_changes"}, "changes belong to `approve_with_changes`"),
    ],
)
def test_a_genuine_answer_that_would_not_count_is_left_for_the_record(
    project: Project, changes: dict[str, object], reason: str
) -> None:
    """It is refused with every reason, and lies in the inbox, so that the journal will say so too."""
    found = deliver(project, written(message(**changes)))
    assert isinstance(found, WouldNotCount)
    assert reason in found.reasons
    assert len(inbox(project)) == 1


def test_too_late_is_too_late(project: Project) -> None:
    """An answer that arrives when the request has expired would not count."""
    moved(project, 3_600)
    assert deliver(project, written(message())) == WouldNotCount(
        message(), ("the request is expired, not waiting",)
    )


def test_who_has_approved_already_is_told(project: Project) -> None:
    """The same approval under another id counts once."""
    append(project, RUN, answered(f"{RUN}/0/0", reviewer="bob").model_copy(update={"message": "b" * 32}))
    found = deliver(project, written(message()))
    assert isinstance(found, WouldNotCount)


def test_what_the_run_took_in_already_is_not_left_again(project: Project) -> None:
    """A message whose id stands in the journal is said to be there."""
    append(project, RUN, MessageRefused(message="a" * 32, reasons=("late",)))
    assert deliver(project, written(message())) == Delivered(message(), again=True)
    assert inbox(project) == []


def test_another_message_of_the_same_id_is_refused(project: Project) -> None:
    """An id is used once: what lies there stays, and the second is refused by name."""
    deliver(project, written(message()))
    with pytest.raises(UsageError, match="another message has the id"):
        deliver(project, written(message(answer="deny")))
    (item,) = project.inbox.read(RUN)
    assert isinstance(item, Received)
    assert item.message == message()


def test_a_run_that_has_ended_takes_nothing(project: Project) -> None:
    """There is nothing to answer any more."""
    append(project, RUN, RunFinished(status="denied", answer="no"))
    with pytest.raises(UsageError, match="has ended"):
        deliver(project, written(message()))


def test_no_value_in_clear_reaches_the_inbox(project: Project) -> None:
    """A reason with somebody's address is refused before it is stored."""
    with pytest.raises(UsageError, match="must not lie in a file"):
        deliver(project, written(message(reason="dana@example.com agreed")))
    assert inbox(project) == []


def test_an_agents_tool_cannot_hand_in_an_answer(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed from inside a tool it is refused and on record, under an id that blocks nobody's answer."""
    monkeypatch.setattr(type(project.settings), "below_a_tool", True)
    with pytest.raises(UsageError, match="inside a tool of an agent"):
        deliver(project, written(message()))
    (item,) = project.inbox.read(RUN)
    assert isinstance(item, Received)
    assert (item.message.void, item.message.id == "a" * 32) == ("below_a_tool", False)
