"""What people think of runs: a pure fold over their journal. The last word on a run counts; earlier ones stay."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from agentctl.events.control import RunLabelled
from agentctl.events.record import Record


@dataclass(frozen=True, slots=True)
class Said:
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


def last_label(labels: Labels, run: str) -> RunLabelled | None:
    """Return the label that counts; None where nobody gave one."""
    said = labels.get(run)
    return said[-1].event if said else None
