"""The index holds what was said of runs, and knows whether that is all of it."""

import os
from pathlib import Path

import pytest

from agentctl.events.base import Principal
from agentctl.events.control import Label, RunLabelled
from agentctl.events.run import RunFinished
from agentctl.foundation.canonical import canonical_bytes
from agentctl.trace.disk import SystemDisk
from agentctl.trace.index.labels import labels_of, labels_said
from agentctl.trace.index.last_labels import LastLabel, SaidBy, labels_are_whole, last_labels
from agentctl.trace.index.reading import Reader
from agentctl.trace.index.run_rows import Choice, list_runs
from agentctl.trace.index.store import Index, Ingested
from agentctl.trace.journals.control import ControlJournal
from agentctl.trace.journals.control_files import control_path
from tests.fakes.clock import StandingClock
from tests.fakes.journals import run_id, started, write_journal

OLGA = Principal(id="olga", kind="user", assurance="asserted")


class Scene:
    """A project of two runs, and people who say what they think of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mark = folder / "journal", folder / "mark"
        self.journal = ControlJournal(self.folder, self.mark, StandingClock(), SystemDisk(), name="labels")
        self.path = control_path(self.folder, "labels")
        self.index = Index(folder / "index.duckdb", self.folder)
        for number in (1, 2):
            end = RunFinished(status="answered", answer="x")
            write_journal(self.folder, run_id(number), [started(run_id(number)), end])

    def say(self, number: int, label: Label, reason: str = "seen") -> None:
        """Say something of a run."""
        with self.journal.writing() as journal:
            journal.append(RunLabelled(run=run_id(number), label=label, by=OLGA, reason=reason))

    def chosen(self, label: str | None) -> list[str]:
        """Return the runs with a label."""
        with self.index.reader() as reader:
            return [row.run for row in list_runs(reader, Choice(label=label))]

    def whole(self) -> bool:
        """Return whether the labels are all there are; the same with an index and without one."""
        with self.index.reader() as reader, Reader(None, self.folder) as without:
            found = labels_are_whole(reader, self.mark)
            assert labels_are_whole(without, self.mark) == found
        with self.index.glance() as reader:
            assert labels_are_whole(reader, self.mark) == found
        return found


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A project."""
    return Scene(tmp_path)


def test_the_last_word_counts_and_earlier_ones_stay(scene: Scene) -> None:
    """As the journal itself says it, whether the index has it or not."""
    scene.say(1, "good")
    scene.say(2, "overridden", 'é "quoted"')
    assert scene.index.ingest() == Ingested("done", 2, 4)
    scene.say(1, "bad", "no")
    expected = labels_of(scene.journal.read())
    for _ in range(2):  # the second time from the index
        with scene.index.glance() as reader:
            assert labels_said(reader, run_id(1)) == expected[run_id(1)]
            assert labels_said(reader, run_id(2)) == expected[run_id(2)]
            assert labels_said(reader, run_id(3)) == ()
            assert last_labels(reader, [run_id(1), run_id(3)]) == {
                run_id(1): LastLabel(
                    "run.labelled", run_id(1), "bad", SaidBy("olga", "user", "asserted"), "no"
                )
            }
    assert scene.whole()


def test_runs_are_chosen_by_what_was_said_last(scene: Scene) -> None:
    """Or by that nothing was."""
    assert (scene.chosen("none"), scene.chosen("good")) == ([run_id(2), run_id(1)], [])
    scene.say(1, "good")
    assert (scene.chosen("none"), scene.chosen("good")) == ([run_id(2)], [run_id(1)])
    scene.say(1, "bad")
    assert (scene.chosen("good"), scene.chosen("bad")) == ([], [run_id(1)])
    assert scene.chosen(None) == [run_id(2), run_id(1)]


def test_without_labels_nothing_is_missing(scene: Scene) -> None:
    """Nobody said anything yet."""
    assert scene.whole()


def test_labels_that_were_thrown_away_are_missed(scene: Scene) -> None:
    """The mark outside the project knows of them; the index forgets them."""
    scene.say(1, "good")
    assert scene.whole()
    scene.path.unlink()
    assert not scene.whole()
    assert scene.chosen("good") == []


def test_labels_that_were_cut_off_are_missed(scene: Scene) -> None:
    """A chain that ends early is whole in itself."""
    scene.say(1, "good")
    first = scene.path.read_bytes()
    scene.say(2, "bad")
    scene.path.write_bytes(first)
    assert not scene.whole()


@pytest.mark.parametrize("mark", [b"{", canonical_bytes({"seq": 0, "hash": "0" * 64}), b"[]"])
def test_a_mark_that_cannot_be_believed_leaves_doubt(scene: Scene, mark: bytes) -> None:
    """Whoever reads the journal says what is wrong."""
    scene.say(1, "good")
    scene.mark.write_bytes(mark)
    assert not scene.whole()


@pytest.mark.parametrize(
    ("found", "instead"), [(b'"good"', b'"bad"'), (b'"label":', b'"lable":'), (b"{", b"[")]
)
def test_a_line_that_is_no_label_leaves_doubt(scene: Scene, found: bytes, instead: bytes) -> None:
    """Changed, or of another form; what stands before it is still known."""
    scene.say(2, "good")
    scene.say(1, "good")
    lines = scene.path.read_bytes().splitlines(keepends=True)
    scene.path.write_bytes(lines[0] + lines[1].replace(found, instead, 1))
    assert not scene.whole()
    assert scene.chosen("good") == [run_id(2)]


def test_a_journal_that_is_a_link_or_cannot_be_read_leaves_doubt(scene: Scene, tmp_path: Path) -> None:
    """A link could name any file: what it names is not read."""
    scene.say(1, "good")
    scene.path.rename(tmp_path / "elsewhere")
    scene.path.symlink_to(tmp_path / "elsewhere")
    assert not scene.whole()
    assert scene.chosen("good") == []
    scene.path.unlink()
    scene.path.mkdir()
    assert not scene.whole()


def test_a_torn_tail_is_no_label_and_no_damage(scene: Scene) -> None:
    """As in every journal."""
    scene.say(1, "good")
    os.truncate(scene.path, scene.path.stat().st_size)
    scene.path.write_bytes(scene.path.read_bytes() + b'{"data":{"label":"bad"')
    assert scene.whole()
    assert scene.chosen("good") == [run_id(1)]


def test_labels_are_asked_about_with_the_runs_that_are_looked_at(scene: Scene) -> None:
    """They are a table like others."""
    scene.say(1, "good")
    with scene.index.reader() as reader:
        assert reader.rows("SELECT run, label, said_by, reason FROM labels") == [
            (run_id(1), "good", "olga", "seen")
        ]
