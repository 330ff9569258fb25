"""Which versions ran: when, how often and to what end, with what it cost."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from agentctl.trace.index.query_texts import query_text

if TYPE_CHECKING:
    from agentctl.trace.index.reading import Reader

_REPLAY = "replay"


class RunsOf(Struct, frozen=True):
    """Runs of a version of one kind that stand alike: `answered`, `approval`, `running`."""

    kind: str
    outcome: str
    runs: int
    cost_usd: Decimal


class RanVersion(Struct, frozen=True):
    """A version that ran; `tags` are those that it had then.

    A replay has the times of the run that it replays, and pays nobody again: `first_at` and `last_at` are None where there
    are only replays.
    """

    agent: str
    digest: str
    first_at: datetime | None
    last_at: datetime | None
    runs: tuple[RunsOf, ...]
    tags: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many runs there were, of every kind."""
        return sum(part.runs for part in self.runs)

    @property
    def cost_usd(self) -> Decimal:
        """What all of them cost."""
        return sum((part.cost_usd for part in self.runs if part.kind != _REPLAY), Decimal(0))


def versions_that_ran(reader: "Reader", agent: str | None = None) -> tuple[RanVersion, ...]:
    """Return the versions of one agent, or of all, of which there are runs."""
    rows = reader.rows(query_text("versions"), agent=agent)
    return tuple(_version(key, list(group)) for key, group in groupby(rows, lambda row: (row[0], row[1])))


def _version(
    key: tuple[Any, ...], rows: Iterable[tuple[Any, ...]]
) -> RanVersion:  # what DuckDB has in its cells
    parts = list(rows)
    begun = [row[5:7] for row in parts if row[2] != _REPLAY]
    return RanVersion(
        agent=key[0],
        digest=key[1],
        first_at=min(first for first, _ in begun).replace(tzinfo=UTC) if begun else None,
        last_at=max(last for _, last in begun).replace(tzinfo=UTC) if begun else None,
        runs=tuple(RunsOf(row[2], row[3], row[4], Decimal(row[7])) for row in parts),
        tags=tuple(sorted({tag for row in parts for tag in row[8] or ()})),
    )
