"""The modes of the files that only their owner may read: keys, and evidence."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from agentctl.composition.project import Project
from agentctl.foundation.errors import IntegrityError
from agentctl.review.doctor import machine as doctor_machine
from agentctl.review.doctor.machine import Entry
from agentctl.review.doctor.observation import Observation


def keys(project: Project) -> tuple[Observation, ...]:
    """Return whether our keys are there, ours alone, and usable."""
    state = project.paths.state
    there = next(place for place in (state, *state.parents) if os.path.lexists(place))
    if not there.is_dir():
        return (doctor_machine.no_keys_below(str(state), str(there)),)
    below = sorted(state.rglob("*")) if state.is_dir() else []
    above = next(_entries((_nearest(state),), shown=str), None)
    return doctor_machine.keys_folder(
        str(state),
        _entries((state, *below), shown=str),
        issuer=_issuer(project),
        ran=os.path.lexists(project.paths.journal),
        outside=not state.is_relative_to(project.paths.root),
        above=above,
    )


def in_the_way(project: Project) -> tuple[Observation, ...]:
    """Return what stands where a folder of evidence must be: nothing of it can be looked at then."""
    paths = project.paths
    folders = (paths.traces, paths.journal, paths.objects, paths.inbox, paths.sealed)
    others = (path for path in folders if os.path.lexists(path) and not path.is_dir())
    return tuple(doctor_machine.no_folder(project.files.shown(path)) for path in others)


def traces_folder(project: Project) -> tuple[Observation, ...]:
    """Return whether evidence can be written, and read by its owner only; folders are looked at, they guard the files."""
    paths = project.paths
    folders = (paths.journal, paths.objects, paths.inbox, paths.sealed, paths.database)
    shown = project.files.shown
    (above,) = _entries((_nearest(paths.journal.parent),), shown=shown)
    return doctor_machine.traces(_entries(folders, shown=shown), above)


def _nearest(folder: Path) -> Path:
    """Return a folder, or the one that exists and that it would be made in."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _entries(paths: Iterable[Path], shown: Callable[[Path], str]) -> Iterator[Entry]:
    for path in paths:
        try:
            found = path.lstat()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # not made yet, gone since it was listed, or in a folder that is told of as one that is closed
        if not stat.S_ISLNK(found.st_mode):  # a link's own mode says nothing
            yield _entry(path, shown(path), found)


def _entry(path: Path, shown: str, found: os.stat_result) -> Entry:
    writable = os.access(path, os.W_OK)
    return Entry(
        shown,
        stat.S_IMODE(found.st_mode),
        stat.S_ISDIR(found.st_mode),
        writable=writable,
        read_only=not writable and bool(os.statvfs(path).f_flag & os.ST_RDONLY),
        ours=os.geteuid() in {0, found.st_uid},
    )


def _issuer(project: Project) -> str | None:
    """Return what is wrong with the issuer's key; None where there is none, for asking would make one."""
    path = project.paths.state / "issuer.pem"
    if not path.exists():
        return None
    if path.stat().st_mode & 0o077:  # said already, and nobody uses it like that
        return ""
    try:
        project.keys.issuer()
    except IntegrityError as error:
        return str(error)
    return ""
