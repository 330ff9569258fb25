"""The recorded journals of every released form, as records, and ways to change one place of a run."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

from agentctl.events.base import Event
from agentctl.events.record import Record
from agentctl.trace.journals.chain import scan

Records: TypeAlias = tuple[Record, ...]

_FOLDER = Path(__file__).parents[1] / "recorded"
STORIES = tuple(sorted(str(path.relative_to(_FOLDER)) for path in _FOLDER.glob("v*/*") if path.is_dir()))
"""Every recorded story: `v2/answered`."""


@cache
def recorded_run(story: str) -> Records:
    """Return the records of a story."""
    (journal,) = (_FOLDER / story).glob("journal/*/*.jsonl")
    return scan(journal.read_bytes(), journal.stem).records


def changed(records: Sequence[Record], seq: int, change: Callable[[Event], Event]) -> Records:
    """Return a run in which one event is another."""
    return tuple(
        replace(record, event=change(record.event)) if record.seq == seq else record  # type: ignore[arg-type]
        for record in records
    )


def with_field(records: Sequence[Record], seq: int, **values: object) -> Records:
    """Return a run in which one event has other values."""
    return changed(records, seq, lambda event: event.model_copy(update=values))


def renumbered(records: Sequence[Record]) -> Records:
    """Return a run whose records count from 0 without gaps."""
    return tuple(replace(record, seq=number) for number, record in enumerate(records))
