"""Following journals that other processes write: what is complete is told once, a torn tail is waited for, damage is told.

Nothing is locked and nothing is written: whoever follows a run is in nobody's way.
"""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

from msgspec import Struct

from agentctl.events.record import Record
from agentctl.foundation.canonical import NotJson
from agentctl.foundation.clock import Clock
from agentctl.foundation.errors import IntegrityError
from agentctl.trace.journals.chain import Head, follows, head_after, parse_line
from agentctl.trace.journals.journal_files import JournalFile, Mark, journals_among, journals_in

SHORTEST_SECONDS: Final = 0.05
LONGEST_SECONDS: Final = 1.0
"""Between two looks: short while something happens, longer and longer while nothing does."""

_SLOWER: Final = 1.5
_REST_PER_WORK: Final = (
    4  # with very many journals a look in vain takes time itself: never more than a fifth of it
)
_NANOSECONDS: Final = 1_000_000_000


class Heard(Struct, frozen=True):
    """What is new in one run: its complete records, in order, and what is wrong with what follows them."""

    run: str
    records: tuple[Record, ...]
    damage: str | None = None


class JournalTail:
    """How far one journal was read."""

    def __init__(self, run: str, path: Path) -> None:
        self._run = run
        self._path = path
        self._head = Head()
        self._offset = 0
        self._over = False

    def look(self) -> Heard:
        """Return what was completed since the last look; after damage, or where the file is gone, nothing any more."""
        before = self._head, self._offset
        heard = self._look()
        if heard.damage is not None:  # perhaps read in the middle of a recovery, which cuts a torn tail off
            self._head, self._offset = before
            heard = self._look()
        self._over = heard.damage is not None
        return heard

    def _look(self) -> Heard:
        if self._over:
            return Heard(self._run, ())
        try:
            data = self._unread()
        except OSError as error:
            return Heard(self._run, (), f"cannot be read: {error.strerror or error}")
        if data is None:
            return Heard(self._run, (), f"is shorter than the {self._offset} bytes that were read of it")
        return self._told(data)

    def _unread(self) -> bytes | None:
        """Return the bytes that were not read yet; None where some that were read are gone."""
        with self._path.open("rb") as file:
            if file.seek(0, 2) < self._offset:
                return None
            file.seek(self._offset)
            return file.read()

    def _told(self, data: bytes) -> Heard:
        records: list[Record] = []
        *lines, _incomplete = data.split(b"\n")
        for number, line in enumerate(lines):
            try:
                record = self._next(line)
            except IntegrityError as error:
                return Heard(self._run, tuple(records), f"record {self._head.seq + 1}: {error}")
            except NotJson:  # torn, unless something believable follows
                return Heard(self._run, tuple(records), self._damage_before(lines[number + 1 :]))
            records.append(record)
            self._head, self._offset = head_after(record), self._offset + len(line) + 1
        return Heard(self._run, tuple(records))

    def _next(self, line: bytes) -> Record:
        record = parse_line(line)
        if record.run != self._run:
            raise IntegrityError(f"it belongs to run `{record.run}`")
        if not follows(record, self._head):
            raise IntegrityError("it does not follow the one before it: the chain is broken there")
        return record

    def _damage_before(self, lines: list[bytes]) -> str | None:
        if self._head == Head():
            return "record 0: not a record"  # a journal is made with a whole first line
        believable = any(map(_is_believable, lines))
        return f"record {self._head.seq + 1} is damaged and valid records follow it" if believable else None


class Tail:
    """How far all journals of a project were read, or one.

    Args:
        folder: where journals lie.
        run: only this run's; None: all, also those that begin meanwhile.
        since: only records of this moment (RFC 3339) or later.
    """

    def __init__(self, folder: Path, *, run: str | None = None, since: str = "") -> None:
        self._folder = folder
        self._run = run
        self._since = since
        self._marks: dict[str, Mark] = {}
        self._tails: dict[str, JournalTail] = {}

    def skip_unchanged(self, before_ns: int) -> None:
        """Take journals that nobody wrote to since a moment (nanoseconds since 1970) as read, until somebody does."""
        self._marks |= {
            journal.run: journal.mark for journal in self._journals() if journal.changed < before_ns
        }

    def look(self) -> tuple[Heard, ...]:
        """Return what is new, the run whose news are the oldest first; runs without any are left out."""
        journals = self._journals()
        if self._run is not None and not journals:
            return (Heard(self._run, (), "is not there any more"),)
        changed = [journal for journal in journals if self._marks.get(journal.run) != journal.mark]
        self._marks |= {journal.run: journal.mark for journal in changed}
        heard = [self._since_then(self._tail(journal).look()) for journal in changed]
        return tuple(sorted((one for one in heard if one.records or one.damage), key=_age))

    def _journals(self) -> tuple[JournalFile, ...]:
        if self._run is None:
            return tuple(journals_in(self._folder).values())
        return tuple(journals_among(self._folder.glob(f"*/{self._run}.jsonl")).values())

    def _tail(self, journal: JournalFile) -> JournalTail:
        return self._tails.setdefault(journal.run, JournalTail(journal.run, journal.path))

    def _since_then(self, heard: Heard) -> Heard:
        recent = tuple(record for record in heard.records if record.time >= self._since)
        return Heard(heard.run, recent, heard.damage)


async def following(
    tail: Tail, clock: Clock, *, idle: bool = False
) -> AsyncGenerator[tuple[Heard, ...], None]:
    """Yield what is new, look after look, for as long as anybody listens; nothing is said of a look that found nothing.

    The first look is always told, so that the listener knows that everything there was has been told.

    Args:
        tail: what is followed.
        clock: measures how long looking takes.
        idle: whether looks that find nothing are told too, once nothing happened for a while.
    """
    pause, first = SHORTEST_SECONDS, True
    while True:
        begun = clock.monotonic_ns()
        heard = tail.look()
        took = (clock.monotonic_ns() - begun) / _NANOSECONDS
        if heard or first or (idle and pause >= LONGEST_SECONDS):
            yield heard
        pause = SHORTEST_SECONDS if heard else min(pause * _SLOWER, LONGEST_SECONDS)
        rest = max(pause, took * _REST_PER_WORK)
        first = False
        await asyncio.sleep(
            min(rest, LONGEST_SECONDS) if heard else rest
        )  # where there is news, more is to come


def _age(heard: Heard) -> str:
    return heard.records[0].time if heard.records else ""


def _is_believable(line: bytes) -> bool:
    try:
        parse_line(line)
    except (NotJson, IntegrityError):
        return False
    return True
