"""What `agentctl doctor` says of the machine: packages, disk, and who can read what. Pure."""

import shlex
from collections.abc import Iterable, Mapping

from msgspec import Struct

from agentctl.review.doctor.observation import NOT_YOURS, Observation, listed, note, ok, problem

_OTHERS = 0o077
_MOVE = "set `XDG_STATE_HOME` to an absolute path outside of it"
_ELSEWHERE = "set `XDG_STATE_HOME` to a folder that you may write to"
_FULL = 100 << 20
_NEARLY_FULL = 1 << 30


class Package(Struct, frozen=True):
    """A package that not everybody needs, and how it is had."""

    module: str
    distribution: str
    install: str


DUCKDB = Package("duckdb", "duckdb", "pip install duckdb")
CEDAR = Package("cedarpy", "cedarpy", "pip install cedarpy")
LITELLM = Package("litellm", "litellm", "pip install 'litellm[mcp]'")
REGO = Package("regorus", "celine-regorus", "pip install 'agentctl[rego]'")


class Entry(Struct, frozen=True):
    """A file or folder and its mode.

    `writable`: by this process; `read_only`: the whole file system is; `ours`: whether we may change the mode.
    """

    path: str
    mode: int
    is_folder: bool
    writable: bool = True
    read_only: bool = False
    ours: bool = True

    @property
    def private(self) -> bool:
        """Whether nobody but its owner can read it."""
        return not self.mode & _OTHERS


def packages(python: str, program: str, versions: Mapping[Package, str | None]) -> tuple[Observation, ...]:
    """Return what is installed of what every project needs; None is the version of what is missing."""
    there = [f"{package.distribution} {version}" for package, version in versions.items() if version]
    missing = (
        problem(f"`{package.distribution}` is not installed", package.install)
        for package, version in versions.items()
        if version is None
    )
    return (ok(", ".join([f"Python {python}", f"agentctl {program}", *there])), *missing)


def needed(package: Package, version: str | None, by: Iterable[str]) -> tuple[Observation, ...]:
    """Return whether a package is there that something needs; nothing where nothing does."""
    needs = tuple(by)
    if not needs:
        return ()
    verb = "need" if len(needs) > 1 else "needs"
    who = f"{listed(needs)} {verb} it"
    if version is None:
        return (problem(f"`{package.distribution}` is not installed, and {who}", package.install),)
    return (ok(f"{package.distribution} {version}: {who}"),)


def disk(free: int) -> Observation:
    """Return whether there is room for evidence; a run stops where it cannot write it."""
    text = f"{free / (1 << 30):,.1f} GiB of disk are free"
    if free < _FULL:
        return problem(f"{text}; a run stops where its journal cannot be written", "make room on the disk")
    if free < _NEARLY_FULL:
        return note(f"{text}; a run stops where its journal cannot be written")
    return ok(text)


def keys_folder(
    folder: str,
    entries: Iterable[Entry],
    *,
    issuer: str | None,
    outside: bool,
    above: Entry | None = None,
    ran: bool = False,
) -> tuple[Observation, ...]:
    """Return whether our keys are there, ours alone, and usable.

    Args:
        folder: where they lie.
        entries: the folder and everything in it; none where it does not exist.
        issuer: what is wrong with the issuer's key; empty: nothing; None: there is none yet.
        outside: whether the folder lies outside the project.
        above: the folder in which it is made, where it does not exist.
        ran: whether something ran in the project before.
    """
    found = tuple(entries)
    near = () if outside else (problem(f"the keys lie inside the project, in {folder}", _MOVE),)
    if not found and above is not None and not above.writable:
        found_out = f"no keys can be made in {folder}: {above.path} cannot be written"
        return (*near, problem(found_out, f"{_for(above, 'u+rwX')}; or {_ELSEWHERE}"))
    if not found:
        return (*near, _lost(folder) if ran else note(f"no keys yet: the first run makes them in {folder}"))
    open_ones = tuple(_open(entry) for entry in found if not entry.private)
    well = () if open_ones else (ok(f"{folder} can be read by its owner only"),)
    return (*near, *open_ones, *well, _issuer(issuer))


def no_keys_below(folder: str, what: str) -> Observation:
    """Return that keys can be made nowhere, for something else than a folder stands where one must be."""
    return problem(f"no keys can be made in {folder}: {what} is no folder", _ELSEWHERE)


def no_folder(path: str) -> Observation:
    """Return that something stands where a folder must be."""
    quoted = shlex.quote(path)
    return problem(
        f"{path} is no folder that can be entered, so nothing can run",
        f"mv {quoted} {shlex.quote(path + '.away')}",
    )


def traces(entries: Iterable[Entry], above: Entry) -> tuple[Observation, ...]:
    """Return whether evidence can be written, and read by its owner only.

    Args:
        entries: what there is of it.
        above: the folder in which the next of it is made.
    """
    found = tuple(entries)
    closed = tuple(_closed(entry) for entry in dict.fromkeys((above, *found)) if not entry.writable)
    if not found:
        return closed or (ok("no evidence yet: the first run makes its folders below traces/"),)
    wrong = (*closed, *(_open(entry) for entry in found if not entry.private))
    return wrong or (ok("evidence below traces/ can be read by its owner only"),)


def _lost(folder: str) -> Observation:
    """Return that there were keys: their folder has its name after the project's path, and does not move with it."""
    return note(
        f"no keys in {folder}, yet something ran here: moved, or by somebody else? The next run makes new ones, "
        "which open nothing that was sealed before",
        "give the folder of the keys that were this name",
    )


def _issuer(wrong: str | None) -> Observation:
    match wrong:
        case None:
            return note("no issuer's key yet: the first run makes it, and so does this", "agentctl keys jwks")
        case "":
            return ok("the issuer's key is there (`agentctl keys jwks` prints its public half)")
        case _:
            return problem(wrong, "put the right file back, or remove it: the next run makes a new key")


def _closed(entry: Entry) -> Observation:
    if entry.read_only:
        return problem(
            f"{entry.path} cannot be written, so nothing can run: its file system is read-only",
            "mount it anew to be written, or put the project on another one",
        )
    return problem(f"{entry.path} cannot be written, so nothing can run", _for(entry, "u+rwX"))


def _open(entry: Entry) -> Observation:
    mode = "700" if entry.is_folder else "600"
    return problem(f"{entry.path} can be read by others (mode {entry.mode:o})", _for(entry, mode))


def _for(entry: Entry, mode: str) -> str:
    return f"chmod {mode} {shlex.quote(entry.path)}" if entry.ours else NOT_YOURS
