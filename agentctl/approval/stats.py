"""How approvals go: how long answers take, and how often they are yes. A pure fold over the records of runs.

A reviewer who says yes to everything within seconds does not review; these numbers are there to be looked at.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Literal, TypeAlias

from msgspec import Struct

from agentctl.approval.pending import Approval, Approvals, evolve_approvals
from agentctl.events.approval import Answer, ApprovalAnswered
from agentctl.events.record import Record
from agentctl.foundation.clock import from_rfc3339

Outcome: TypeAlias = Literal["approved", "edited", "denied", "expired", "void", "waiting"]
"""What became of a request; `edited`: approved with other arguments, `void`: the clock went back while it waited."""


class Reply(Struct, frozen=True):
    """One answer, and how many seconds after the request it was taken in."""

    reviewer: str
    answer: Answer
    seconds: float


class Told(Struct, frozen=True):
    """One request as its run tells it; `seconds` is how long it took to be settled by an answer."""

    tool: str
    requested_at: str
    outcome: Outcome
    seconds: float | None
    replies: tuple[Reply, ...]


class Times(Struct, frozen=True):
    """How long answers took, in seconds; None where there are none."""

    median: float | None
    p90: float | None


class ToolStats(Struct, frozen=True):
    """The requests for one tool. `approved` counts those with changes too."""

    tool: str
    requests: int
    approved: int
    edited: int
    denied: int
    expired: int
    void: int
    waiting: int
    seconds: Times


class ReviewerStats(Struct, frozen=True):
    """The answers of one reviewer. `approved` counts those with changes too."""

    reviewer: str
    answers: int
    approved: int
    edited: int
    denied: int
    left_to_others: int
    seconds: Times


class Stats(Struct, frozen=True):
    """All of it. `runs` counts those that were looked at, whether anything was asked in them or not."""

    runs: int
    requests: int
    requests_per_run: float | None
    most_in_one_run: int
    seconds: Times
    tools: tuple[ToolStats, ...]
    reviewers: tuple[ReviewerStats, ...]


def told_by(records: Iterable[Record], now: str) -> tuple[Told, ...]:
    """Return the requests of one run as they stand at a moment (RFC 3339)."""
    seen = reduce(_look, records, _Seen({}, {}))
    return tuple(_told(item, seen.moments.get(name, ()), now) for name, item in seen.approvals.items())


def stats_of(runs: Sequence[tuple[Told, ...]]) -> Stats:
    """Return the numbers over some runs, each given by its requests."""
    requests = [request for run in runs for request in run]
    tools = sorted({request.tool for request in requests})
    replies = [reply for request in requests for reply in request.replies]
    reviewers = sorted({reply.reviewer for reply in replies})
    return Stats(
        runs=len(runs),
        requests=len(requests),
        requests_per_run=len(requests) / len(runs) if runs else None,
        most_in_one_run=max((len(run) for run in runs), default=0),
        seconds=_times(requests),
        tools=tuple(_of_tool(name, [item for item in requests if item.tool == name]) for name in tools),
        reviewers=tuple(
            _of_reviewer(name, [item for item in replies if item.reviewer == name]) for name in reviewers
        ),
    )


class _Seen(Struct, frozen=True):
    """The requests up to a record, and the moments of the answers to each, in their order."""

    approvals: Approvals
    moments: Mapping[str, tuple[str, ...]]


def _look(seen: _Seen, record: Record) -> _Seen:
    approvals, moments = evolve_approvals(seen.approvals, record), seen.moments
    if isinstance(record.event, ApprovalAnswered):
        name = record.event.approval
        moments = {**moments, name: (*moments.get(name, ()), record.time)}
    return _Seen(approvals, moments)


def _told(approval: Approval, moments: tuple[str, ...], now: str) -> Told:
    replies = tuple(
        Reply(answer.reviewer.id, answer.answer, _seconds(approval.requested_at, moment))
        for answer, moment in zip(approval.answers, moments, strict=True)
    )
    return Told(
        tool=approval.request.tool,
        requested_at=approval.requested_at,
        outcome=_outcome(approval, now),
        seconds=_settled_after(approval, replies),
        replies=replies,
    )


def _outcome(approval: Approval, now: str) -> Outcome:
    if approval.denied_by is not None:
        return "denied"
    if approval.granted_at is not None:
        return "approved" if approval.changes is None else "edited"
    match approval.status(now):
        case "expired":
            return "expired"
        case "lapsed":
            return "void"
        case _:
            return "waiting"


def _settled_after(approval: Approval, replies: tuple[Reply, ...]) -> float | None:
    """Return how long it took until an answer settled it; None where none did."""
    if approval.granted_at is not None:
        return _seconds(approval.requested_at, approval.granted_at)
    return next((reply.seconds for reply in replies if reply.answer == "deny"), None)


def _of_tool(tool: str, requests: Sequence[Told]) -> ToolStats:
    count = _counter([request.outcome for request in requests])
    return ToolStats(
        tool=tool,
        requests=len(requests),
        approved=count("approved") + count("edited"),
        edited=count("edited"),
        denied=count("denied"),
        expired=count("expired"),
        void=count("void"),
        waiting=count("waiting"),
        seconds=_times(requests),
    )


def _of_reviewer(reviewer: str, replies: Sequence[Reply]) -> ReviewerStats:
    count = _counter([reply.answer for reply in replies])
    return ReviewerStats(
        reviewer=reviewer,
        answers=len(replies),
        approved=count("approve") + count("approve_with_changes"),
        edited=count("approve_with_changes"),
        denied=count("deny"),
        left_to_others=count("escalate"),
        seconds=_times(replies),
    )


def _counter(words: Sequence[str]) -> Callable[[str], int]:
    return words.count


def _times(items: Iterable[Told | Reply]) -> Times:
    seconds = sorted(item.seconds for item in items if item.seconds is not None)
    return Times(_quantile(seconds, 0.5), _quantile(seconds, 0.9))


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest value that this share of all values does not exceed: one that was really measured."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None


def _seconds(begin: str, end: str) -> float:
    return (from_rfc3339(end) - from_rfc3339(begin)).total_seconds()
