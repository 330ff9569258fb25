"""What can be asked about: every view and every column with type, unit and meaning, read from `tables.toml`."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct

from agentctl.contract.words import listed, nearest
from agentctl.foundation.errors import UsageError


class TableColumn(Struct, frozen=True):
    """One column of a view; `otel` is the OpenTelemetry GenAI name behind it, empty where there is none."""

    name: str
    type: str
    unit: str
    meaning: str
    otel: str


class Table(Struct, frozen=True):
    """One view that can be asked.

    `time`, `tool` and `decision` are the columns that filters of these names look at, None where there is none;
    `status` are all that may hold what is looked for, `states` every word that they may hold. `short` are the columns for
    somebody who writes no SQL, as SQL.
    """

    name: str
    about: str
    columns: tuple[TableColumn, ...]
    short: tuple[str, ...]
    time: str | None
    status: tuple[str, ...]
    states: tuple[str, ...]
    tool: str | None
    decision: str | None


@cache
def tables() -> tuple[Table, ...]:
    """Return every view that can be asked."""
    written = tomllib.loads((files("agentctl.audit") / "tables.toml").read_text(encoding="utf-8"))
    return tuple(_table(name, form, written[form.get("same_as", name)]) for name, form in written.items())


def table_named(name: str) -> Table:
    """Return the view of a name.

    Raises:
        UsageError: there is none.
    """
    known = {table.name: table for table in tables()}
    if name not in known:
        raise UsageError(f"there is no table `{name[:80]}`", listed(known), nearest(name, known))
    return known[name]


def nearest_column(word: str, among: Iterable[Table]) -> str:
    """Return the column that was probably meant: one that is spelled alike, or has the word as a part of its name."""
    names = list(dict.fromkeys(column.name for table in among for column in table.columns))
    plain = word.casefold().replace(".", "_")
    parts = [name for name in names if f"_{plain}_" in f"_{name}_"]
    return nearest(word.replace(".", "_"), names) or next(iter(parts), "")


def _table(name: str, form: Mapping[str, Any], source: Mapping[str, Any]) -> Table:  # what TOML holds
    return Table(
        name=name,
        about=form["about"],
        columns=tuple(_column(name, parts) for name, parts in source["columns"].items()),
        short=tuple(source["short"]),
        time=source.get("time"),
        status=tuple(source.get("status", ())),
        states=tuple(source.get("states", ())),
        tool=source.get("tool"),
        decision=source.get("decision"),
    )


def _column(name: str, parts: list[str]) -> TableColumn:
    type_, unit, meaning, *otel = parts
    return TableColumn(name, type_, unit, meaning, "".join(otel))
