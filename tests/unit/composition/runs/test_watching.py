"""What is durable is told at once, in order, and nothing else is."""

import asyncio
from pathlib import Path

from agentctl.composition.runs.watching import WatchedJournal, watched
from agentctl.events.record import Record
from agentctl.trace.disk import SystemDisk
from agentctl.trace.journals.journal import FileJournals
from tests.fakes.clock import StandingClock
from tests.fakes.journals import RUN, refund_story


def test_each_record_is_told_once_when_it_is_durable(tmp_path: Path) -> None:
    """Not before; what comes while others are made durable is told with the next."""
    told: list[Record] = []
    journals = FileJournals(tmp_path, StandingClock(), SystemDisk())
    first, second, third, *_ = refund_story()

    async def write() -> None:
        journal = WatchedJournal(journals.create(RUN), told.extend)
        assert (journal.run, journal.epoch) == (RUN, 1)
        journal.append([first])
        assert told == []
        syncing = asyncio.create_task(journal.sync())
        await asyncio.sleep(0)
        journal.append([second])
        await syncing
        assert [record.event for record in told] == [first]
        journal.append([third])
        await asyncio.gather(journal.sync(), journal.sync())
        await journal.sync()
        assert [record.event for record in told] == [first, second, third]
        journal.close()

    asyncio.run(write())


def test_where_nobody_watches_the_journal_is_left_as_it_is(tmp_path: Path) -> None:
    """It costs nothing."""
    journal = FileJournals(tmp_path, StandingClock(), SystemDisk()).create(RUN)
    assert watched(journal, None) is journal
    assert isinstance(watched(journal, print), WatchedJournal)
    journal.close()
