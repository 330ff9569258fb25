"""What is wrong with some SQL, as a person is told: where, what was found, what was probably meant."""

import re
from typing import Final

from agentctl.audit.tables import Table, nearest_column, tables
from agentctl.contract.words import listed, nearest
from agentctl.foundation.errors import InvalidInput, Place, Problem

_FILE: Final = "SQL"
_WHERE: Final = re.compile(r"^LINE (?P<line>\d+): (?P<text>.*)\n(?P<gap> *)\^", re.MULTILINE)
_COLUMN: Final = re.compile(r'column "(?P<name>[^"]+)" not found|column named "(?P<other>[^"]+)"')
_TABLE: Final = re.compile(r"Table with name (?P<name>\S+) does not exist")
_MEANT: Final = re.compile(r'Did you mean "(?P<name>[^"]+)"')
_KIND: Final = re.compile(r"^(?:\w+ )?Error: ")
_CUT: Final = "..."
_SMALLER: Final = "a smaller question: fewer runs, fewer columns, `--limit`"


def problem_with(sql: str, kind: str, message: str, memory_mb: int) -> InvalidInput:
    """Return what DuckDB said of some SQL as a problem with its place."""
    if kind == "OutOfMemoryException":
        return _told(f"the question needs more than {memory_mb} MB", _SMALLER)
    found, _, _rest = message.partition("\n")
    found = _KIND.sub("", found).rstrip("!.")
    table, column = _TABLE.search(message), _COLUMN.search(found)
    accepted, meant = "", ""
    if table:
        found = f"there is no table `{table['name']}`"
        names = [one.name for one in tables()]
        accepted, meant = (
            f"{listed(names)}; `agentctl audit tables` describes them",
            nearest(table["name"], names),
        )
    elif column:
        name = column["name"] or column["other"]
        found = f"there is no column `{name}`"
        accepted, meant = "a column that `agentctl audit tables` shows", nearest_column(name, _named_in(sql))
    elif other := _MEANT.search(message):
        meant = other["name"]
    return InvalidInput([Problem(_place(sql, message), found, accepted, nearest=meant)])


def too_late(seconds: float) -> InvalidInput:
    """Return that there was no answer in time."""
    return _told(
        f"no answer within {seconds:g} s, so the question was stopped", f"{_SMALLER}; or more `--seconds`"
    )


def too_large(megabytes: int) -> InvalidInput:
    """Return that the answer is larger than one may be."""
    return _told(f"the answer is larger than {megabytes} MB", _SMALLER)


def gone_wrong() -> InvalidInput:
    """Return that the process ended without an answer: it took too much, or the question made it crash."""
    return _told("the process that answers ended without an answer", _SMALLER)


def _told(found: str, accepted: str) -> InvalidInput:
    return InvalidInput([Problem(Place(_FILE), found, accepted)])


def _named_in(sql: str) -> list[Table]:
    """Return the views that the SQL names; all, where it names none."""
    words = set(re.findall(r"\w+", sql.casefold()))
    return [table for table in tables() if table.name in words] or list(tables())


def _place(sql: str, message: str) -> Place:
    """Return line and column, counted in the SQL as it was written; a long line is shown cut."""
    where = _WHERE.search(message)
    if where is None:
        return Place(_FILE)
    number, shown = int(where["line"]), where["text"]
    column = len(where["gap"]) - len(f"LINE {number}: ")
    lines = sql.split("\n")
    if shown.startswith(_CUT) and number <= len(lines):
        before = lines[number - 1].find(shown[len(_CUT) :].removesuffix(_CUT))
        return Place(_FILE, number, before + column - len(_CUT) + 1 if before >= 0 else 0)
    return Place(_FILE, number, column + 1)
