"""Questions that are asked again and again: each is one file of SQL over the documented views."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from msgspec import Struct

from agentctl.audit.asking import Bounds, Question
from agentctl.contract.words import listed, nearest
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import UsageError

Wants = Literal["id", "dimension", "resource"]
"""What a question can be asked about: the beginning of an id (or everything), one dimension of many, any one thing."""

_OF_RUNS: Final = ("agent", "principal", "owner", "version", "environment", "run", "day")
_OF_CALLS: Final = {"model": "spend_by_model", "deployment": "spend_by_model", "tool": "spend_by_tool"}
"""What is a part of a run, with the file that looks there."""

DIMENSIONS: Final = (*_OF_RUNS, *_OF_CALLS)
"""What spending is counted by."""


class Canned(Struct, frozen=True):
    """One question by its name."""

    name: str
    wants: Wants


CANNED: Final = (
    Canned("who-approved", "id"),
    Canned("why-denied", "id"),
    Canned("spend-by", "dimension"),
    Canned("touched", "resource"),
    Canned("in-doubt", "id"),
    Canned("budget-stops", "id"),
    Canned("overrides", "id"),
)
"""All of them, in the order in which they are shown."""


def canned_named(name: str) -> Canned:
    """Return the question of a name.

    Raises:
        UsageError: there is none.
    """
    known = {canned.name: canned for canned in CANNED}
    if name not in known:
        raise UsageError(f"there is no question `{name[:80]}`", listed(known), nearest(name, known))
    return known[name]


def question_of(
    canned: Canned,
    argument: str | None,
    narrowed: Mapping[str, JsonValue],
    *,
    kind: str | None,
    bounds: Bounds,
) -> Question:
    """Return a canned question about something, narrowed to an `agent` and to what happened `since` then.

    Raises:
        UsageError: there is nothing to ask about of that name.
    """
    parameters = {"argument": _argument(canned, argument), "agent": None, "since": None, **narrowed}
    return Question(sql_of(canned, argument), parameters, kind, bounds)


def sql_of(canned: Canned, argument: str | None) -> str:
    """Return the question's SQL, over the documented views."""
    return _text(_OF_CALLS.get(argument or "", canned.name) if canned.wants == "dimension" else canned.name)


def _argument(canned: Canned, argument: str | None) -> str | None:
    match canned.wants:
        case "dimension" if argument not in DIMENSIONS:
            found = f"nothing is counted by `{(argument or '')[:80]}`"
            raise UsageError(found, listed(DIMENSIONS), nearest(argument or "", DIMENSIONS))
        case "id" if argument is not None:
            return argument.upper()  # ids are written so
        case _:
            return argument


@cache
def _text(name: str) -> str:
    file = files("agentctl.audit") / "questions" / f"{name.replace('-', '_')}.sql"
    return file.read_text(encoding="utf-8")
