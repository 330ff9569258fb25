"""What is said of journals that are not what was written."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentctl.cli.terminal import Terminal
    from agentctl.trace.reading import Damage


def warn_of(terminal: "Terminal", damaged: Iterable["Damage"]) -> None:
    """Warn of journals of which not every line can be believed."""
    for harm in damaged:
        what = (
            "cannot be read"
            if harm.lines is None
            else f"has {harm.lines} lines, and only {harm.records} can be believed"
        )
        terminal.warning(f"the journal {harm.path} {what}")
