"""Journals of trials are durable before a trial counts as judged, and at every call only where a cap depends on it."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from agentctl.composition import trial_journals
from agentctl.composition.trial_journals import TrialJournals, made_durable
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
        made_durable(place.journals, RUN)
