"""What is said where nothing was found because nothing ever had such a name."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentctl.audit.names import Unheard
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.settings import Paths

_NAMED = 16


def say_unheard(terminal: "Terminal", paths: "Paths", names: Mapping[str, str | None]) -> None:
    """Say of each name that no run ever had it, what was probably meant, and which there are; None is no name."""
    from agentctl.audit.names import unheard_of

    for one in unheard_of(paths.database, paths.journal, names):
        terminal.warning("; ".join(_parts(one)))


def _parts(one: "Unheard") -> Iterator[str]:
    from agentctl.contract.words import listed

    named = f"`{one.name[:80]}`"
    yield (
        f"no run's id begins with {named}" if one.what == "run" else f"no run ever had the {one.what} {named}"
    )
    if one.nearest:
        yield f"did you mean `{one.nearest}`?"
    elif one.known:
        more = len(one.known) - _NAMED
        others = f" and {more:,} others" if more > 0 else ""
        yield f"they had {listed(one.known[:_NAMED])}{others}"
