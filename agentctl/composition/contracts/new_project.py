"""Makes a new project out of starter files: planned first, then written whole or not at all; nothing is overwritten."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from agentctl.contract.json_schema import Schema
from agentctl.foundation.errors import InvalidInput, Place, Problem, UsageError
from agentctl.foundation.ids import is_plain_name, new_secret_id
from agentctl.review.schema_files import KINDS, schema_of_kind
from agentctl.settings import MARKER, refuse_unwritable

_SLOT: Final = "{agent}"
_CONTRACTS: Final = "contracts"
_NOT_AN_AGENT: Final = "platform"  # whose file, contracts/platform.yaml, holds the platform's rules


class NewFile(Struct, frozen=True):
    """A file of a new project: its path below the root, its text, and what it is for; `{agent}` is the agent's name."""

    path: str
    text: str
    about: str

    def named_for(self, agent: str) -> "NewFile":
        """Return the file with the agent's name filled in."""
        return NewFile(*(part.replace(_SLOT, agent) for part in (self.path, self.text, self.about)))


class NewProject(Struct, frozen=True):
    """A project that can be written: when it was planned, nothing stood in its way."""

    root: Path
    files: tuple[NewFile, ...]


def plan_project(folder: Path, agent: str, starter: Sequence[NewFile]) -> NewProject:
    """Return the project of an agent in a folder, new or existing: the starter files and the schemas for editors.

    Raises:
        UsageError: the agent cannot be called that, or the folder is a project, lies inside one, or its path is no text.
        InvalidInput: files stand in the way; names them all.
    """
    _check_name(agent)
    files = tuple(file.named_for(agent) for file in (*starter, *_schema_files()))
    with _disk_errors_told(folder):
        root = folder.resolve()
        refuse_unwritable(root)
        _check_surroundings(root)
        _check_room(root, files)
    return NewProject(root, files)


def write_project(project: NewProject) -> None:
    """Write a project, all of it or nothing; a process that dies midway leaves nothing that counts as a project.

    Raises:
        InvalidInput: the disk refused, or something stands in the way by now; nothing was written.
    """
    with _disk_errors_told(project.root):
        if project.root.exists():
            _fill(project)
        else:
            _create(project)


def _check_name(agent: str) -> None:
    accepted = "lower-case letters, digits, `_`, `-`, at most 64"
    if not is_plain_name(agent):
        raise UsageError(f"`{agent[:80]}` cannot name an agent", accepted)
    if agent == _NOT_AN_AGENT:
        raise UsageError(f"`contracts/{agent}.yaml` is the file of the platform's rules", "another name")


def _check_surroundings(root: Path) -> None:
    outer = next((place for place in root.parents if (place / MARKER).is_file()), None)
    if outer is not None:
        raise UsageError(
            f"`{root}` lies inside the project `{outer}`, and projects do not nest",
            "a folder outside; another agent of that project is another file in its `contracts`",
        )
    if (root / MARKER).is_file() and (root / _CONTRACTS).is_dir():
        raise UsageError(
            f"`{root}` is a project already, and nothing is overwritten",
            "another folder; another agent of this project is another file in its `contracts`",
        )


def _check_room(root: Path, files: Iterable[NewFile]) -> None:
    if _is_there(root) and not root.is_dir():
        raise UsageError(f"`{root}` is not a folder", "a folder, new or existing")
    in_the_way = dict.fromkeys(path for file in files for path in _in_the_way(root, file.path))
    if in_the_way:
        raise InvalidInput(
            Problem(Place(path), "exists already, and nothing is overwritten", "a folder without it")
            for path in in_the_way
        )


def _in_the_way(root: Path, path: str) -> Iterator[str]:
    """Yield the file itself if it exists, or what stands where a folder is needed; a link leads somewhere else."""
    *above, _ = PurePosixPath(path).parents
    for parent in above:
        place = root / parent
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            yield str(parent)
            return
    if _is_there(root / path):
        yield path


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


@cache
def _schema_files() -> tuple[NewFile, ...]:
    schemas: dict[str, Schema] = {kind: schema_of_kind(kind) for kind in KINDS}
    return tuple(_schema_file(kind, schema) for kind, schema in schemas.items())


def _schema_file(kind: str, schema: Schema) -> NewFile:
    text = f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n"
    return NewFile(f"contracts/schemas/{kind}.schema.json", text, f"lets editors check {kind} files")


def _create(project: NewProject) -> None:
    """Write a project into a folder that does not exist: built beside it, then renamed in one step."""
    missing = [place for place in (project.root, *project.root.parents) if not _is_there(place)]
    top = missing[-1]
    with _workshop(top.parent) as workshop:
        built = workshop / "project"
        _write(built / project.root.relative_to(top), project.files)
        built.rename(top)


def _fill(project: NewProject) -> None:
    """Write a project into a folder that exists: each file appears whole, and the marker last of all."""
    with _workshop(project.root) as workshop, ExitStack() as undo:
        _write(workshop, project.files)
        for file in sorted(project.files, key=lambda file: file.path == MARKER):
            target = project.root / file.path
            _make_folders(target.parent, undo)
            target.hardlink_to(workshop / file.path)  # unlike a rename, it fails where a file is
            undo.callback(target.unlink, missing_ok=True)
        undo.pop_all()


def _make_folders(folder: Path, undo: ExitStack) -> None:
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir()
        undo.callback(_remove_if_empty, place)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # somebody else put something into it
        folder.rmdir()


def _write(folder: Path, files: Iterable[NewFile]) -> None:
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")


@contextmanager
def _workshop(beside: Path) -> Iterator[Path]:
    """Make a hidden folder to build in, on the same file system; it is gone afterwards, whatever happens."""
    folder = beside / f".agentctl-init-{new_secret_id()}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _disk_errors_told(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        reason = getattr(error, "strerror", None) or "its links lead in a circle"
        found = f"no project can be made here: {reason.lower()}; nothing was written"
        raise InvalidInput([Problem(Place(str(folder)), found, "a folder that you may write to")]) from error
