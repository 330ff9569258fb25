"""Who may answer with which key: a pure fold over the control journal.

A key that was revoked never counts again, for nobody: it may be in anybody's hands.
"""

from collections.abc import Iterable, Mapping
from functools import reduce

from msgspec import Struct, field

from agentctl.events.control import ReviewerAdded, ReviewerRevoked
from agentctl.events.record import Record


class Entry(Struct, frozen=True):
    """What the journal says last of one name."""

    added: ReviewerAdded | None
    added_at: str
    revoked: ReviewerRevoked | None = None
    revoked_at: str = ""


class Roll(Struct, frozen=True):
    """All names and all keys that do not count any more."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    revoked: frozenset[str] = frozenset()

    def active(self, name: str) -> ReviewerAdded | None:
        """Return the key that somebody answers with; None when they have none, or none that counts."""
        entry = self.entries.get(name)
        if entry is None or entry.added is None or entry.revoked is not None:
            return None
        return None if entry.added.fingerprint in self.revoked else entry.added

    def is_revoked(self, name: str) -> bool:
        """Return whether the last word on a name is that no answer of theirs counts."""
        entry = self.entries.get(name)
        return entry is not None and self.active(name) is None


def roll_of(records: Iterable[Record], until: str | None = None) -> Roll:
    """Return the roll after all records, or as it was at a moment (RFC 3339)."""
    return reduce(_evolve, (record for record in records if until is None or record.time <= until), Roll())


def _evolve(roll: Roll, record: Record) -> Roll:
    match record.event:
        case ReviewerAdded(reviewer=name) as added:
            return Roll({**roll.entries, name: Entry(added, record.time)}, roll.revoked)
        case ReviewerRevoked(reviewer=name) as revoked:
            known = roll.entries.get(name, Entry(None, ""))
            entry = Entry(known.added, known.added_at, revoked, record.time)
            return Roll({**roll.entries, name: entry}, roll.revoked | {revoked.fingerprint})
        case _:
            return roll
