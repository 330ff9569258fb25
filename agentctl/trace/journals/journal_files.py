"""Journals as an index finds them: which files there are, and whether they changed."""

import os
import stat
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from agentctl.foundation.errors import JournalUnavailable
from agentctl.foundation.ids import is_run_id

EVALS = "evals"
"""The folder of the evals' own journals: they are no runs, and whoever lists runs does not find them."""

_SUFFIX = ".jsonl"

Mark: TypeAlias = tuple[str, int, int]
"""Name, size in bytes and moment of the last write in nanoseconds: two equal ones mean the same records."""


class JournalFile(Struct, frozen=True):
    """One run's journal as it stood when somebody looked."""

    run: str
    day: str
    """The folder it lies in."""
    size: int
    changed: int

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.day, f"{self.run}.jsonl")

    @property
    def name(self) -> str:
        """The name within the journal folder: `2026-11-22/<run>.jsonl`, `evals/2026-11-22/<eval>.jsonl`."""
        above, _, day = self.day.rpartition("/")
        return f"{EVALS}/{day}/{self.run}.jsonl" if above.endswith(f"/{EVALS}") else f"{day}/{self.run}.jsonl"

    @property
    def mark(self) -> Mark:
        """What tells whether the file was written to since."""
        return (self.name, self.size, self.changed)


def journals_in(folder: Path, but: Container[str] = ()) -> dict[str, JournalFile]:
    """Return the journal of every run below `<folder>/<date>/`, and of every eval below `<folder>/evals/<date>/`.

    Folders whose names (`2026-11-22`, `evals/2026-11-22`) are in `but` are left out.
    """
    days = _days(folder)
    return _by_run(journal for name, day in days.items() if name not in but for journal in _in_day(day))


def runs_in(folder: Path) -> tuple[str, ...]:
    """Return the ids of all runs below `<folder>/<date>/`, oldest first; no file is looked at.

    Raises:
        JournalUnavailable: a folder cannot be looked at, so there may be more.
    """
    named = (entry.name.partition(".") for day in _folders(folder).values() for entry in _entries(day))
    return tuple(sorted(run for run, dot, rest in named if f"{dot}{rest}" == _SUFFIX and is_run_id(run)))


def inventories(folder: Path) -> dict[str, str]:
    """Return what lies in each of those folders, by the folder's name: a line per journal, with its size and last write.

    Every file is looked at. To make no more of each than a line lets that be quick where there are very many.
    """
    return {name: "\n".join(sorted(_lines(day))) for name, day in _days(folder).items()}


def dates_in(folder: Path) -> dict[str, int]:
    """Return the folders of runs, by their date, with the moment at which a file came or went last, in nanoseconds."""
    return {
        day.name: day.stat().st_mtime_ns
        for day in _entries(folder)
        if day.name != EVALS and day.is_dir(follow_symlinks=True)
    }


def is_as_it_was(folder: Path, mark: Mark) -> bool:
    """Return whether a journal was not written to since it had this mark."""
    name, size, changed = mark
    try:
        seen = os.lstat(f"{folder}/{name}")
    except OSError:
        return False
    return stat.S_ISREG(seen.st_mode) and (seen.st_size, seen.st_mtime_ns) == (size, changed)


def journals_among(paths: Iterable[Path]) -> dict[str, JournalFile]:
    """Return the journals among some paths, by run, oldest run first; what is no journal is left out."""
    return _by_run(_looked_at(sorted(paths)))


def _by_run(journals: Iterable[JournalFile]) -> dict[str, JournalFile]:
    """Return journals by run; a run has one, the older: a copy elsewhere does not count."""
    found: dict[str, JournalFile] = {}
    for journal in journals:
        found.setdefault(journal.run, journal)
    return dict(sorted(found.items()))


def _days(folder: Path) -> dict[str, str]:
    """Return the paths of the folders of runs, and after them of evals, the oldest first, by their names."""
    runs, evals = _folders(folder), _folders(folder / EVALS)
    return {**runs, **{f"{EVALS}/{name}": path for name, path in evals.items()}}


def _folders(folder: Path) -> dict[str, str]:
    days = sorted(_entries(folder), key=lambda day: day.name)
    return {day.name: day.path for day in days if day.is_dir(follow_symlinks=True)}


def _in_day(day: str) -> Iterator[JournalFile]:
    for entry, seen in _seen(day):
        yield JournalFile(entry.name.removesuffix(_SUFFIX), day, seen.st_size, seen.st_mtime_ns)


def _lines(day: str) -> Iterator[str]:
    for entry, seen in _seen(day):
        yield f"{entry.name} {seen.st_size} {seen.st_mtime_ns}"


def _seen(day: str) -> "Iterator[tuple[os.DirEntry[str], os.stat_result]]":
    """Yield the journals in a folder. Every file is looked at each time: a change is never missed."""
    for entry in _entries(day):
        run, dot, suffix = entry.name.partition(".")
        if (
            f"{dot}{suffix}" != _SUFFIX or not is_run_id(run) or entry.is_symlink()
        ):  # a link could name any file
            continue
        try:
            yield entry, entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # gone since it was listed
            continue


def _entries(folder: Path | str) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:  # no right to look, or links that lead in a circle
        why = error.strerror or str(error)
        raise JournalUnavailable(f"the journals in {folder} cannot be looked at: {why}") from error


def _looked_at(paths: Iterable[Path]) -> Iterator[JournalFile]:
    for path in paths:
        if not is_run_id(path.stem) or path.is_symlink():  # a link could name any file
            continue
        try:
            seen = path.stat()
        except FileNotFoundError:  # gone since it was listed
            continue
        yield JournalFile(path.stem, str(path.parent), seen.st_size, seen.st_mtime_ns)
