"""Where things are and what the environment says; read once, at the edge."""

import getpass
import hashlib
import os
from pathlib import Path

from msgspec import Struct

from agentctl.foundation.errors import UsageError
from agentctl.tools.tool_mark import TOOL_MARK, is_below_tool

MARKER = "agentctl.toml"
"""The file that marks the root of a project."""


class Paths(Struct, frozen=True):
    """Where a project keeps its files."""

    root: Path
    state: Path

    @property
    def traces(self) -> Path:
        """Everything that runs leave behind."""
        return self.root / "traces"

    @property
    def journal(self) -> Path:
        """One journal per run, in a folder per day."""
        return self.traces / "journal"

    @property
    def objects(self) -> Path:
        """Content by digest."""
        return self.traces / "objects"

    @property
    def inbox(self) -> Path:
        """What others say to runs."""
        return self.traces / "inbox"

    @property
    def sealed(self) -> Path:
        """Encrypted values of open runs."""
        return self.traces / "sealed"

    @property
    def sandbox(self) -> Path:
        """The back office's ledgers."""
        return self.traces / "sandbox"

    @property
    def effects(self) -> Path:
        """Which effects were caused, across runs."""
        return self.traces / "effects.sqlite"

    @property
    def reviewer_keys(self) -> Path:
        """The encrypted keys of reviewers who work here."""
        return self.state / "reviewers"

    @property
    def control_mark(self) -> Path:
        """How far the control journal had got, beside the keys."""
        return self.state / "control.json"

    @property
    def labels_mark(self) -> Path:
        """How far the journal of labels had got, beside the keys."""
        return self.state / "labels.json"

    @property
    def database(self) -> Path:
        """The index; it can be deleted and rebuilt."""
        return self.traces / "agentctl.duckdb"


class Settings(Struct, frozen=True):
    """What the surroundings say."""

    paths: Paths
    user: str
    """The operating-system user: who a run acts for when nobody says otherwise."""

    @property
    def child_environment(self) -> dict[str, str]:
        """What the process of a python tool gets of our variables, and nothing else."""
        return {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}

    @property
    def ssh_agent(self) -> Path | None:
        """The socket of the agent that the user runs; None without one."""
        named = os.environ.get("SSH_AUTH_SOCK")
        return Path(named) if named else None

    @property
    def below_a_tool(self) -> bool:
        """Whether this very process was started by a `python` tool of some agent."""
        return TOOL_MARK in os.environ or is_below_tool(os.getpid())

    def secret(self, name: str) -> str | None:
        """Return the value of an environment variable that a file names; None when it is not set."""
        return os.environ.get(name)


def step_summary() -> Path | None:
    """Return the file that GitHub shows as the summary of a step; None elsewhere."""
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    return Path(named) if named else None


def repository_on_github() -> Path | None:
    """Return the root of the repository that GitHub has checked out; None elsewhere."""
    named = os.environ.get("GITHUB_WORKSPACE")
    return Path(named) if named else None


def wants_plain_lines() -> bool:
    """Return whether the surroundings ask for plain lines: no terminal that can do more, no colours, or nobody who looks."""
    asked = any(os.environ.get(name) for name in ("NO_COLOR", "CI"))
    return asked or os.environ.get("TERM", "dumb") in {"", "dumb", "unknown"}


def find_settings(start: Path | None = None) -> Settings:
    """Return the settings of the project that a folder lies in.

    Raises:
        UsageError: no folder above holds the project's marker, its path is no text, there is nowhere to keep its keys, or no
            working folder.
    """
    folder = (start or working_folder()).resolve()
    root = next((place for place in (folder, *folder.parents) if (place / MARKER).is_file()), None)
    if root is None:
        raise UsageError(
            f"no `{MARKER}` here or in a folder above", "a folder inside a project; `agentctl init` makes one"
        )
    refuse_unwritable(root)
    return Settings(Paths(root, _state_folder(root)), _user())


def working_folder() -> Path:
    """Return the folder that a command is typed in.

    Raises:
        UsageError: it was removed, or whoever types may not pass through a folder above it.
    """
    try:
        return Path.cwd()
    except OSError as error:
        found = f"the working folder cannot be found: {(error.strerror or '').lower()}"
        raise UsageError(found, "a folder that is there: `cd` to one") from error


def refuse_unwritable(root: Path) -> None:
    """Refuse a project's folder whose path is no text: neither the index nor a message could name it.

    Raises:
        UsageError: it is none.
    """
    try:
        str(root).encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"the path of the project is no text: `{root}`", "a path in UTF-8") from error


def _state_folder(root: Path) -> Path:
    """Return where this project's keys lie: outside the project, apart from other projects of the same name."""
    apart = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
    return _state_home() / "agentctl" / f"{root.name}-{apart}"


def _state_home() -> Path:
    """Return the folder for state. A relative one would lie in the project at times; the XDG rules say to ignore it."""
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    if named.is_absolute():
        return named
    accepted = "an absolute path in `XDG_STATE_HOME`"
    try:
        home = Path.home()
    except RuntimeError as error:
        raise UsageError("no home folder to keep keys in", accepted) from error
    if not home.is_absolute():
        raise UsageError(
            "the home folder in `HOME` is no absolute path, and keys would lie where one works", accepted
        )
    return home / ".local" / "state"


def _user() -> str:
    """Return the operating-system user's name; a container's user may have none, only a number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
