"""How approvals go in a project: the fold over its journals, damaged ones left out by name."""

from collections.abc import Iterator

from msgspec import Struct

from agentctl.approval.stats import Stats, Told, stats_of, told_by
from agentctl.composition.project import Project
from agentctl.events.record import Record
from agentctl.events.run import Envelope, RunStarted
from agentctl.foundation.clock import from_rfc3339, to_rfc3339
from agentctl.foundation.errors import AgentctlError, UsageError


class StatsQuestion(Struct, frozen=True):
    """Which runs and requests count; `since` is a day (UTC) as `2026-11-22`, and runs other than `live` count only if asked."""

    since: str | None = None
    agent: str | None = None
    all_kinds: bool = False


class ApprovalStats(Struct, frozen=True):
    """The numbers, and the runs that could not be read, each with why."""

    stats: Stats
    unread: tuple[tuple[str, str], ...]


def approval_stats(project: Project, question: StatsQuestion) -> ApprovalStats:
    """Return the numbers over all runs that count.

    Raises:
        UsageError: `since` is no day.
    """
    since, now = _since(question.since), to_rfc3339(project.clock.now())
    runs: list[tuple[Told, ...]] = []
    unread: list[tuple[str, str]] = []
    for run in project.journals.runs():
        try:
            records = project.journals.read(run)
        except AgentctlError as error:
            unread.append((run, str(error)))
        else:
            runs.extend(_told(records, question, since, now))
    return ApprovalStats(stats_of(runs), tuple(unread))


def _told(
    records: tuple[Record, ...], question: StatsQuestion, since: str, now: str
) -> Iterator[tuple[Told, ...]]:
    """Yield the requests of a run, if it counts and did anything since."""
    envelope = _envelope(records)
    if envelope is None or not _counts(envelope, question) or records[-1].time < since:
        return
    yield tuple(item for item in told_by(records, now) if item.requested_at >= since)


def _envelope(records: tuple[Record, ...]) -> Envelope | None:
    first = records[0].event if records else None
    return first.envelope if isinstance(first, RunStarted) else None


def _counts(envelope: Envelope, question: StatsQuestion) -> bool:
    of_kind = question.all_kinds or envelope.kind == "live"
    return of_kind and question.agent in {None, envelope.agent}


def _since(day: str | None) -> str:
    """Return the first moment of a day; the beginning of time where none is named."""
    if day is None:
        return ""
    try:
        return to_rfc3339(from_rfc3339(f"{day}T00:00:00.000000Z"))
    except ValueError as error:
        raise UsageError(
            f"`{day[:40]}` is no day", "a day like `2026-11-22`; it begins at midnight UTC"
        ) from error
