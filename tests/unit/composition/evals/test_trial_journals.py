"""Journals of trials are durable before a trial counts as judged, and at every call only where a cap depends on it."""

import asyncio
import os
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from agentctl.composition.evals import trial_journals
from agentctl.composition.evals.trial_journals import TrialJournals, TrialSyncs, made_durable
from agentctl.foundation.errors import JournalUnavailable
from tests.fakes.desk import trial_desk
from tests.fakes.openai_server import OpenAIServer, says
from tests.fakes.place import EVENTS, RUN, Place


@pytest.mark.parametrize(("every_call_durable", "synced"), [(False, [True]), (True, [False] * 3 + [True])])
async def test_a_trial_is_durable_when_it_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, every_call_durable: bool, synced: list[bool]
) -> None:
    """Once, with its end in it; where every call must be durable, its beginning and the call before and after as well."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ended: list[bool] = []
    sync = os.fdatasync

    def watched(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.parent.parent.name == "journal":
            ended.append('"run.finished"' in path.read_text(encoding="utf-8"))
        sync(descriptor)

    async with (
        OpenAIServer([says("hello")]) as server,
        trial_desk(tmp_path / "desk", server.url, every_call_durable=every_call_durable) as desk,
    ):
        monkeypatch.setattr(os, "fdatasync", watched)
        assert (await desk.trial()).outcome == "passed"
    assert ended == synced


async def test_they_are_the_projects_own(tmp_path: Path) -> None:
    """They are written, locked, read and listed as any journal; only syncing is left for later."""
    place = Place(tmp_path / "journal")
    journals = TrialJournals(place.journals)
    with closing(journals.create(RUN)) as journal:
        assert (journal.run, journal.epoch) == (RUN, 1)
        journal.append(EVENTS)
        await journal.sync()
        assert journals.is_held(RUN)
    assert place.disk.count("sync") == 0
    acquired = journals.acquire(RUN)
    with closing(acquired.journal) as journal:
        assert journal.epoch == 2
    assert not journals.is_held(RUN)
    assert journals.is_stopped(RUN) == place.journals.is_stopped(RUN)
    assert journals.read(RUN) == acquired.records == place.journals.read(RUN)
    assert journals.runs() == (RUN,)


def test_a_disk_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial whose journal may be lost is not judged."""
    place = Place(tmp_path / "journal")
    with closing(place.journals.create(RUN)) as journal:
        journal.append(EVENTS)

    def refuse(descriptor: int) -> None:
        raise OSError(5, "Input/output error", descriptor)

    monkeypatch.setattr(trial_journals, "full_sync", refuse)
    with pytest.raises(JournalUnavailable, match="cannot be synced"):
        made_durable(place.journals, [RUN])


async def test_those_that_wait_meanwhile_are_made_durable_in_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one is synced others come; all of them are next, and none is told before its own sync is over."""
    gone, order = threading.Event(), list[Sequence[str]]()

    def slow(_files: object, runs: Sequence[str]) -> None:
        gone.wait(60)
        order.append(tuple(runs))

    monkeypatch.setattr(trial_journals, "made_durable", slow)
    syncs = TrialSyncs(Place(tmp_path / "journal").journals)
    first = asyncio.create_task(syncs.durable("a"))
    await asyncio.sleep(0)
    others = [asyncio.create_task(syncs.durable(name)) for name in "bc"]
    await asyncio.sleep(0)
    assert not any(task.done() for task in (first, *others))
    gone.set()
    await asyncio.gather(first, *others)
    assert order == [("a",), ("b", "c")]


async def test_one_that_stops_waiting_takes_nobody_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is cancelled leaves the sync to the others, first of them or not."""
    gone = threading.Event()
    monkeypatch.setattr(trial_journals, "made_durable", lambda *_: gone.wait(60))
    syncs = TrialSyncs(Place(tmp_path / "journal").journals)
    tasks = [asyncio.create_task(syncs.durable(name)) for name in "abcd"]
    await asyncio.sleep(0)
    for index in (0, 1):
        tasks[index].cancel()
    await asyncio.sleep(0)
    gone.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in done] == [True, True, False, False]
    await syncs.durable("e")


async def test_no_trial_of_a_batch_that_failed_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows which of them is lost; the next batch is tried for itself."""
    place = Place(tmp_path / "journal")
    with closing(place.journals.create(RUN)) as journal:
        journal.append(EVENTS)
    sync = trial_journals.full_sync

    def refuse(descriptor: int) -> None:
        raise OSError(5, "Input/output error", descriptor)

    monkeypatch.setattr(trial_journals, "full_sync", refuse)
    syncs = TrialSyncs(place.journals)
    found = await asyncio.gather(*(syncs.durable(RUN) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [JournalUnavailable] * 3
    monkeypatch.setattr(trial_journals, "full_sync", sync)
    await syncs.durable(RUN)
