"""For every call that changed the world, or may have: who, why, and what proves it."""

from datetime import timedelta
from pathlib import Path

import pytest

from agentctl.events.record import AnyEvent
from agentctl.events.tool import ToolInDoubt, ToolUnknown
from agentctl.trace.index.reading import Reader
from agentctl.trace.reports.questions import show_run
from agentctl.trace.reports.three_questions import ThreeAnswers, three_questions, three_questions_of
from tests.fakes.journals import (
    BEGINNING,
    CASEY,
    RUN,
    answered,
    approval_of,
    chained,
    decided,
    intended,
    proposed,
    refund_story,
    requested,
    result,
    started,
    write_journal,
)

CALL = f"{RUN}/0/0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "journal"


def asked(folder: Path, *events: AnyEvent) -> tuple[ThreeAnswers, ...]:
    """Return the answers for a run of these events; the index and the journal itself give the same."""
    write_journal(folder, RUN, events)
    with Reader(None, folder) as reader:
        report = show_run(reader, RUN)
    assert report is not None
    answers = three_questions(report)
    assert three_questions_of(chained(RUN, events), report.journal.path) == answers
    return answers


def test_the_refund_of_a_run_has_all_three_answers(folder: Path) -> None:
    """Principal, reviewer, policy, and the records with their hashes; reads, look-ups and refusals are not asked about."""
    records = chained(RUN, refund_story())
    (answers,) = asked(folder, *refund_story())
    assert (answers.call, answers.tool, answers.outcome) == (f"{RUN}/1/0", "stripe.refund", "ok")
    assert answers.arguments == {"amount": 4900, "charge": "ch_1001", "currency": "usd"}

    assert (answers.who.principal, answers.who.actor) == (CASEY, "agent:refund-assistant")
    assert answers.who.on_behalf_of == ("helpdesk",)
    (said,) = answers.who.reviewers
    assert (said.reviewer.id, said.answer) == ("system:sandbox-reviewer", "approve")
    assert said.at == BEGINNING + timedelta(seconds=16)

    assert answers.why.decision == "allow"
    assert [answer.policy for answer in answers.why.answers] == ["contract:allowlist"]
    assert answers.why.facts == {"amount_usd": "49"}

    proof = answers.proof
    assert [(one.seq, one.type) for one in proof.records] == [
        (12, "decision.made"),
        (13, "approval.requested"),
        (16, "approval.answered"),
        (17, "decision.made"),
        (18, "tool.intent"),
        (19, "tool.result"),
    ]
    assert [one.hash for one in proof.records] == [records[one.seq].hash for one in proof.records]
    assert proof.journal == f"2026-03-14/{RUN}.jsonl"
    assert proof.head == records[-1].hash
    assert [credential.jti for credential in proof.credentials] == ["jti-1"]
    assert proof.approvals == (approval_of(f"{RUN}/1/0"),)
    assert proof.version == "sha256:" + "c0" * 32


@pytest.mark.parametrize(
    "events",
    [
        (intended(CALL, "t", {}, effect="read"), result(CALL, {})),
        (intended(CALL, "t", {}, effect="write"), result(CALL, {}, outcome="error")),
        (intended(CALL, "t", {}, effect="write", purpose="review"), result(CALL, {}, purpose="review")),
        (decided(CALL, "deny"),),
    ],
)
def test_what_certainly_changed_nothing_is_not_asked_about(
    folder: Path, events: tuple[AnyEvent, ...]
) -> None:
    """Reads, certain failures, look-ups and calls that were never attempted."""
    assert asked(folder, started(), proposed(CALL, "t", {}), *events) == ()


def test_a_call_in_doubt_is_asked_about_with_every_attempt(folder: Path) -> None:
    """It may have happened, so it must be answered for; attempts keep their own credentials."""
    unknown = ToolUnknown(call=CALL, attempt=1, reason="cut off", status=0, latency_ms=1.0)
    (answers,) = asked(
        folder,
        started(),
        proposed(CALL, "t", {}),
        decided(CALL),
        intended(CALL, "t", {}, effect="write"),
        unknown,
        intended(CALL, "t", {}, effect="write", attempt=2),
        ToolInDoubt(call=CALL, reason="its process died"),
    )
    assert answers.outcome == "in_doubt"
    assert [one.type for one in answers.proof.records] == [
        "decision.made",
        "tool.intent",
        "tool.unknown",
        "tool.intent",
        "tool.in_doubt",
    ]
    assert [credential.jti for credential in answers.proof.credentials] == ["jti-1", "jti-2"]
    assert answers.who.reviewers == ()


def test_a_call_without_a_decision_does_not_get_one_made_up(folder: Path) -> None:
    """A journal that holds no decision before the intent permits nothing; a later decision does not count."""
    (answers,) = asked(
        folder, started(), intended(CALL, "t", {}, effect="write"), result(CALL, {}), decided(CALL)
    )
    assert answers.why.decision is None
    assert answers.why.answers == ()


def test_only_approvals_that_were_used_count(folder: Path) -> None:
    """An approval that the intent does not name authorized nothing."""
    (answers,) = asked(
        folder,
        started(),
        proposed(CALL, "t", {}),
        requested(CALL, "t"),
        answered(CALL),
        decided(CALL),
        intended(CALL, "t", {}, effect="write"),
        result(CALL, {}),
    )
    assert answers.who.reviewers == ()
    assert [one.type for one in answers.proof.records] == ["decision.made", "tool.intent", "tool.result"]
