"""What is said of journals that are not what was written, or not of a version that is read here."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.trace.index.reading import Damage

_NAMED = 10


def warn_of(terminal: "Terminal", folder: Path, damaged: "Sequence[Damage]") -> None:
    """Warn of journals, all of which lie in a folder, of which not every line can be believed; of very many not each."""
    from agentctl.cli.screen.words import counted

    for harm in damaged[:_NAMED]:
        terminal.warning(said_of(folder, harm))
    if len(damaged) > _NAMED:
        more = counted(len(damaged) - _NAMED, "more journal")
        terminal.warning(f"{more} cannot be believed; `agentctl doctor` names all of them")


def said_of(folder: Path, harm: "Damage") -> str:
    """Return what is wrong with a journal, and what to do."""
    return f"the journal {harm.path} {_wrong_with(folder, harm)}"


def _wrong_with(folder: Path, harm: "Damage") -> str:
    from agentctl.cli.screen.words import counted
    from agentctl.events.form import READABLE_VERSIONS
    from agentctl.trace.journals.other_versions import unknown_version

    version = unknown_version(folder, harm)
    if version is not None:
        known = " and ".join(map(str, READABLE_VERSIONS))
        shown = f"; only its first {counted(harm.records, 'record')} can be shown" if harm.records else ""
        return (
            f"is of journal version {version}, and this agentctl reads {known}{shown}: "
            "use the agentctl that wrote it, or a newer one"
        )
    if harm.lines is None:
        return "cannot be read; `agentctl doctor` says what to do"
    believed = f"only {harm.records:,}" if harm.records else "none"
    return f"has {counted(harm.lines, 'line')}, and {believed} can be believed; `agentctl doctor` says what to do"
