"""Names that no run ever had: who looks for one of them has mistyped it, or looks in the wrong project."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from agentctl.audit.asking import Bounds, Question, ask
from agentctl.contract.words import nearest

_MOST: Final = 100_000
_EVERY_NAME: Final = """
SELECT DISTINCT 'agent' AS what, gen_ai_agent_name AS name FROM runs
UNION ALL SELECT DISTINCT 'principal', principal FROM runs
UNION ALL SELECT DISTINCT 'tool', gen_ai_tool_name FROM tool_calls
UNION ALL (SELECT 'run', $run FROM runs WHERE starts_with(run, upper($run)) LIMIT 1)
ORDER BY ALL
"""


class Unheard(Struct, frozen=True):
    """A name that no run ever had, those that runs had, and the nearest of these.

    `what` it names: `agent`, `principal`, `tool`; or `run`: it is the beginning of no run's id.
    """

    what: str
    name: str
    known: tuple[str, ...]
    nearest: str


def unheard_of(database: Path, journals: Path, names: Mapping[str, str | None]) -> tuple[Unheard, ...]:
    """Return those of some names, by what they name, that no run of any kind ever had; None is no name.

    Raises:
        InvalidInput: nobody can tell in time.
    """
    given = {what: name for what, name in names.items() if name is not None}
    if not given:
        return ()
    parameters = {"run": given.get("run")}
    found = ask(database, journals, Question(_EVERY_NAME, parameters, None, Bounds(rows=_MOST))).rows
    known = {what: tuple(str(name) for of, name in found if of == what) for what in given}
    return tuple(
        Unheard(what, name, known[what], nearest(name, known[what]))
        for what, name in given.items()
        if name not in known[what]
    )
