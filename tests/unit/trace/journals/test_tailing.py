"""Tests of following journals: every complete record once, torn tails awaited, damage told."""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from agentctl.events.record import Record
from agentctl.foundation.clock import SystemClock
from agentctl.trace.journals import tailing
from agentctl.trace.journals.tailing import (
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    Heard,
    JournalTail,
    Tail,
    following,
)
from tests.fakes.journals import BEGINNING, RUN, chained, journal_bytes, refund_story, run_id, write_journal

STORY = journal_bytes(RUN, refund_story())
RECORDS = chained(RUN, refund_story())
LINES = STORY.splitlines(keepends=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journal that is still empty."""
    path = tmp_path / "2026-03-14" / f"{RUN}.jsonl"
    path.parent.mkdir()
    path.touch()
    return path


def add(file: Path, data: bytes) -> None:
    """Let the writer of a journal go on."""
    with file.open("ab") as opened:
        opened.write(data)


class TestOneJournal:
    def test_every_record_is_told_once_however_the_bytes_arrive(self, file: Path) -> None:
        """Pieces that end in the middle of a line, at its end, in a character of several bytes: nobody sees a half."""
        tail, told = JournalTail(RUN, file), list[Record]()
        for start in range(0, len(STORY), 577):
            add(file, STORY[start : start + 577])
            heard = tail.look()
            assert heard.damage is None
            told += heard.records
        assert told == RECORDS
        assert tail.look() == Heard(RUN, ())

    def test_a_torn_tail_is_waited_for_and_may_be_cut_off(self, file: Path) -> None:
        """A writer died in the middle of a line, even one with a line break in it; the next one cuts it off and goes on."""
        tail = JournalTail(RUN, file)
        add(file, b"".join(LINES[:3]) + b'{"v":2,\n"half')
        assert tail.look() == Heard(RUN, tuple(RECORDS[:3]))
        assert tail.look() == Heard(RUN, ())
        os.truncate(file, sum(map(len, LINES[:3])))
        add(file, LINES[3])
        assert tail.look() == Heard(RUN, (RECORDS[3],))

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            (lambda lines: [*lines[:4], lines[4].replace(b"2026", b"2027"), *lines[5:]], "record 4: "),
            (
                lambda lines: [*lines[:4], b"torn\n", *lines[5:]],
                "record 4 is damaged and valid records follow",
            ),
            (lambda lines: [*lines[:4], *lines[5:]], "does not follow the one before it"),
            (
                lambda lines: [*lines[:4], journal_bytes(run_id(9), refund_story(run_id(9)))],
                f"it belongs to run `{run_id(9)}`",
            ),
        ],
        ids=["changed", "destroyed", "removed", "swapped"],
    )
    def test_damage_is_told_once_after_what_holds(
        self, file: Path, change: Callable[[list[bytes]], list[bytes]], what: str
    ) -> None:
        """What stands before the first bad record is told as ever; nothing after it."""
        tail = JournalTail(RUN, file)
        add(file, b"".join(change(LINES)))
        heard = tail.look()
        assert heard.records == tuple(RECORDS[:4])
        assert what in str(heard.damage)
        add(file, b"more\n")
        assert tail.look() == Heard(RUN, ())

    def test_a_journal_that_does_not_begin_with_a_record_is_damaged(self, file: Path) -> None:
        """A first line is synced whole before anything happens."""
        add(file, b"date,amount\n")
        assert JournalTail(RUN, file).look().damage == "record 0: not a record"

    def test_a_journal_that_loses_records_is_damaged(self, file: Path) -> None:
        """Nobody cuts off what was complete."""
        tail = JournalTail(RUN, file)
        add(file, STORY)
        tail.look()
        os.truncate(file, len(LINES[0]))
        assert "is shorter than" in str(tail.look().damage)

    def test_a_journal_that_cannot_be_read_is_told(self, file: Path) -> None:
        """The system's own words say why."""
        file.unlink()
        assert JournalTail(RUN, file).look().damage == "cannot be read: No such file or directory"


class TestAllJournals:
    def test_runs_that_begin_meanwhile_are_heard(self, tmp_path: Path) -> None:
        """The run whose news are the oldest comes first; who has none is left out."""
        tail = Tail(tmp_path)
        assert tail.look() == ()
        write_journal(tmp_path, run_id(2), refund_story(run_id(2)))
        write_journal(tmp_path, run_id(1), refund_story(run_id(1)), start=BEGINNING.replace(hour=11))
        assert [heard.run for heard in tail.look()] == [run_id(2), run_id(1)]
        assert tail.look() == ()

    def test_only_records_since_then_are_told(self, tmp_path: Path) -> None:
        """Those before are read all the same: the chain is checked from its beginning."""
        write_journal(tmp_path, RUN, refund_story())
        (heard,) = Tail(tmp_path, since=RECORDS[20].time).look()
        assert heard.records == tuple(RECORDS[20:])

    def test_what_nobody_wrote_to_is_not_read_until_somebody_does(self, tmp_path: Path) -> None:
        """Thousands of old runs cost a look at their size, not a reading."""
        path = write_journal(tmp_path, RUN, refund_story()[:5])
        os.utime(path, ns=(1, 1))
        tail = Tail(tmp_path)
        tail.skip_unchanged(2)
        assert tail.look() == ()
        add(path, LINES[5])
        (heard,) = tail.look()
        assert heard.records == tuple(RECORDS[:6])

    def test_one_run_among_many_is_followed_alone(self, tmp_path: Path) -> None:
        """Where its journal is taken away, that is told."""
        for number in (1, 2):
            write_journal(tmp_path, run_id(number), refund_story(run_id(number)))
        tail = Tail(tmp_path, run=run_id(1))
        assert [heard.run for heard in tail.look()] == [run_id(1)]
        (tmp_path / "2026-03-14" / f"{run_id(1)}.jsonl").unlink()
        assert tail.look() == (Heard(run_id(1), (), "is not there any more"),)


async def listen(tail: Tail, looks: int) -> list[tuple[Heard, ...]]:
    """Return what is told until so many looks told something."""
    told: list[tuple[Heard, ...]] = []
    async with aclosing(following(tail, SystemClock())) as news:
        async for heard in news:
            told.append(heard)
            if len(told) == looks:
                return told
    return told


async def test_between_looks_there_is_a_rest_that_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing happens it grows to a second, no further; news make it short again. The first look is always told."""
    path = tmp_path / "2026-03-14" / f"{RUN}.jsonl"
    path.parent.mkdir()
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 12:
            path.write_bytes(LINES[0])
        if len(rests) == 14:
            add(path, LINES[1])

    monkeypatch.setattr(tailing.asyncio, "sleep", rest)
    told = await listen(Tail(tmp_path), 3)
    assert [[one.records for one in heard] for heard in told] == [[], [(RECORDS[0],)], [(RECORDS[1],)]]
    assert rests[:2] == pytest.approx([SHORTEST_SECONDS * 1.5, SHORTEST_SECONDS * 1.5**2])
    assert max(rests) == rests[11] == LONGEST_SECONDS
    assert rests[12] == SHORTEST_SECONDS


class _EnoughError(Exception):
    """Raised to end a test's waiting."""


async def test_looking_in_vain_takes_at_most_a_fifth_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a look takes two seconds, the rest after it takes eight; where it found news, not more than the longest."""
    rests: list[float] = []

    class Slow(SystemClock):
        seconds = 0

        def monotonic_ns(self) -> int:
            self.seconds += 2
            return self.seconds * 1_000_000_000

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) > 1:
            raise _EnoughError
        write_journal(tmp_path, RUN, refund_story())

    monkeypatch.setattr(tailing.asyncio, "sleep", rest)
    async with aclosing(following(Tail(tmp_path), Slow())) as news:
        await anext(news)
        await anext(news)
        with pytest.raises(_EnoughError):
            await anext(news)
    assert rests == [8, LONGEST_SECONDS]


async def test_a_writer_beside_is_heard_whole(tmp_path: Path) -> None:
    """Records written in pieces by another thread arrive once each, in order."""
    path = tmp_path / "2026-03-14" / f"{RUN}.jsonl"
    path.parent.mkdir()

    def write(pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            add(path, piece)

    pieces = [STORY[start : start + 331] for start in range(0, len(STORY), 331)]
    told: list[Record] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(write, pieces))
        async with aclosing(following(Tail(tmp_path), SystemClock())) as news:
            async for heard in news:
                told += [record for one in heard for record in one.records]
                assert all(one.damage is None for one in heard)
                if len(told) == len(RECORDS):
                    break
    assert told == RECORDS
