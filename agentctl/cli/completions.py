"""What a shell offers when somebody presses the tab key: names as they are in the project of the working folder.

A shell waits for it, and shows what is said on stderr amid the command line: so little is loaded, and nothing is said.
What is offered is typed, and zsh even evaluates it: so a name is offered only if it means nothing to a shell.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from agentctl.contract.project import ProjectFiles
    from agentctl.settings import Paths

_ZSH: Final = """
if [ "$funcstack[1]" = "_%(prog_name)s" ]; then
  %(complete_func)s
fi
"""
"""zsh reads the file of a command at the first press of the key, as the body of what is to offer something."""

Offer: TypeAlias = Callable[[str], list[str]]
"""Returns what could be meant by the beginning of a word."""

_MOST_RUNS = 20
_ONE_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""What no shell reads as anything but itself; whoever names a file in a project that is merely looked at may name it anything."""


def mend_scripts() -> None:
    """Let the script for zsh offer something at the first press of the key too: typer's only says what will."""
    from typer import _completion_shared as shells

    script = shells.COMPLETION_SCRIPT_ZSH
    shells._completion_scripts["zsh"] = script.rstrip("\n") + _ZSH  # noqa: SLF001 - typer lets nobody say another one


def words(*known: str) -> Offer:
    """Return what offers the words of a vocabulary."""

    def offered(incomplete: str) -> list[str]:
        return _beginning(known, incomplete)

    return offered


def agents(incomplete: str) -> list[str]:
    """Offer the agents of the project."""
    files = _files()
    return _beginning(files.agents() if files else (), incomplete)


def environments(incomplete: str) -> list[str]:
    """Offer the environments of the project."""
    files = _files()
    return _beginning(files.environments() if files else (), incomplete)


def runs(incomplete: str) -> list[str]:
    """Offer `latest`, and the newest runs whose ids begin so."""
    from agentctl.trace.reports.run_names import LATEST

    return [*_beginning((LATEST,), incomplete), *_newest(incomplete.upper())]


def runs_and_agents(incomplete: str) -> list[str]:
    """Offer what can be compared: runs, and agents for what their files say now."""
    return [*agents(incomplete), *runs(incomplete)]


def approvals(incomplete: str) -> list[str]:
    """Offer the requests that wait for an answer."""
    from agentctl.composition import open_project
    from agentctl.composition.people.answers import open_approvals
    from agentctl.foundation.errors import AgentctlError

    try:
        waiting = open_approvals(open_project()).approvals
    except (AgentctlError, OSError):
        return []
    return _beginning((item.id for item in waiting), incomplete.upper())


def _beginning(known: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in known if word.startswith(incomplete) and _ONE_WORD.fullmatch(word)]


def _newest(beginning: str) -> list[str]:
    """Return the newest runs whose ids begin so; none where nobody may look."""
    paths = _paths()
    try:
        ids = (run for run in _by_day(paths.journal) if run.startswith(beginning)) if paths else ()
        return list(islice(ids, _MOST_RUNS))
    except OSError:
        return []


def _by_day(journal: Path) -> Iterator[str]:
    """Yield the ids of runs, the newest day's first: a folder of every day is as much as is looked at."""
    from agentctl.foundation.ids import is_run_id

    for day in sorted(journal.glob("????-??-??"), reverse=True):
        yield from sorted((path.stem for path in day.glob("*.jsonl") if is_run_id(path.stem)), reverse=True)


def _files() -> "ProjectFiles | None":
    from agentctl.contract.project import ProjectFiles

    paths = _paths()
    return ProjectFiles(paths.root) if paths else None


def _paths() -> "Paths | None":
    """Return where the project of the working folder keeps its files; None outside of one."""
    from agentctl.foundation.errors import AgentctlError
    from agentctl.settings import find_settings

    try:
        return find_settings().paths
    except (AgentctlError, OSError):
        return None
