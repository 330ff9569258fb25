"""What people think of runs: a pure fold over their journal, or what the index holds of it. The last word on a run counts; earlier ones stay."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from agentctl.events.base import Principal
from agentctl.events.control import RunLabelled
from agentctl.events.record import Record
from agentctl.foundation.clock import to_rfc3339
from agentctl.trace.index.run_rows import query, utc

if TYPE_CHECKING:
    from agentctl.trace.index.reading import Reader


class Said(Struct, frozen=True):
    """What somebody said of a run, and when (RFC 3339)."""

    event: RunLabelled
    at: str


Labels: TypeAlias = Mapping[str, tuple[Said, ...]]
"""What was said of each run, oldest first; a run of which nothing was said is not in it."""


def labels_of(records: Iterable[Record]) -> Labels:
    """Return all labels that stand in the records."""
    found: dict[str, list[Said]] = {}
    for record in records:
        if isinstance(record.event, RunLabelled):
            found.setdefault(record.event.run, []).append(Said(record.event, record.time))
    return {run: tuple(said) for run, said in found.items()}


def labels_said(reader: "Reader", run: str) -> tuple[Said, ...]:
    """Return all labels of one run that the index knows, oldest first."""
    return tuple(_said(run, *row) for row in query(reader, "labels_of_run", run=run))


def _said(run: str, label: Any, *by_reason_time: Any) -> Said:  # what DuckDB has in its cells
    name, kind, assurance, reason, time = by_reason_time
    by = Principal(id=name, kind=kind, assurance=assurance)
    return Said(RunLabelled(run=run, label=label, by=by, reason=reason), to_rfc3339(utc(time)))
