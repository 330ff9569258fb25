"""An answer of `agentctl audit` in the format that is asked for: a table, JSON, JSON lines, CSV or Parquet."""

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from agentctl.cli.screen.table import Column, least_width
from agentctl.cli.screen.terminal import Terminal
from agentctl.cli.screen.words import counted
from agentctl.contract.words import listed, nearest
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import InvalidInput, Place, Problem, UsageError
from agentctl.foundation.visible import visible

if TYPE_CHECKING:
    from agentctl.audit.asking import Answer


class Format(StrEnum):
    """How an answer is written."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


_MOST_COLUMNS = 9
_LONGEST = 100
"""So much of a file's name is repeated in that of one beside it."""
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)")
_IDS = frozenset({"run", "call", "approval"})
_PLAN = ("explain_key", "explain_value")
"""The columns of what `EXPLAIN` says."""
_SPREADSHEET_OBEYS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def format_named(name: str, out: Path | None) -> Format:
    """Return the format of a name.

    Raises:
        UsageError: there is none, or it needs a file and none is named.
    """
    if name not in set(Format):
        raise UsageError(f"there is no format `{name[:40]}`", listed(Format), nearest(name, Format))
    if name == Format.parquet and out is None:
        raise UsageError("`--format parquet` has no file to write to", "`--out FILE`")
    return Format(name)


def format_of_file(out: Path | None) -> Format:
    """Return the format that the end of a file's name stands for; `table` where it stands for none."""
    ending = "" if out is None else out.suffix.removeprefix(".").lower()
    return Format(ending) if ending in set(Format) else Format.table


def show_answer(terminal: Terminal, answer: "Answer", form: Format, out: Path | None) -> None:
    """Write an answer to a file, or to the standard output where none is named; say what it leaves out."""
    if out is None:
        _print(terminal, answer, form)
    else:
        _write(answer, form, out)
        terminal.progress(f"{counted(len(answer.rows), 'row')} in {out}")
    _say_what_is_left_out(terminal, answer)


def _print(terminal: Terminal, answer: "Answer", form: Format) -> None:
    match form:
        case Format.json:
            terminal.document(_document(answer))
        case Format.jsonl:
            terminal.data(_json_lines(answer))
        case Format.csv:
            terminal.data(_csv_lines(answer))
        case Format.table | Format.parquet:
            _print_table(terminal, answer)


def _say_what_is_left_out(terminal: Terminal, answer: "Answer") -> None:
    if answer.more:
        terminal.progress(f"the first {counted(len(answer.rows), 'row')}; `--limit` gives more")
    if answer.left_out:
        kinds = " and ".join(f"{count:,} of kind `{kind}`" for kind, count in answer.left_out.items())
        terminal.progress(f"only live runs; left out: {kinds} (`--all`)")


def _document(answer: "Answer") -> dict[str, object]:
    return {
        "columns": [{"name": name, "type": type_} for name, type_ in _columns(answer)],
        "rows": list(_objects(answer)),
        "more": answer.more,
        "left_out": answer.left_out,
    }


def _columns(answer: "Answer") -> list[tuple[str, str]]:
    """Return names and types; a name that comes again gets a number, so that no object loses a value."""
    names: dict[str, str] = {}
    again: Counter[str] = Counter()
    for column in answer.columns:
        name = column.name
        while name in names:
            again[column.name] += 1
            name = f"{column.name}:{again[column.name]}"
        names[name] = column.type
    return list(names.items())


def _objects(answer: "Answer") -> Iterator[dict[str, JsonValue]]:
    names = [name for name, _ in _columns(answer)]
    for row in answer.rows:
        yield dict(zip(names, row, strict=True))


def _json_lines(answer: "Answer") -> Iterator[str]:
    yield from map(json.dumps, _objects(answer))


def _csv_lines(answer: "Answer") -> Iterator[str]:
    columns = _columns(answer)
    numeric = [_is_number(type_) for _, type_ in columns]
    yield _csv_line([_harmless(name) for name, _ in columns])
    for row in answer.rows:
        texts = (_text(value) for value in row)
        yield _csv_line(
            [text if number else _harmless(text) for text, number in zip(texts, numeric, strict=True)]
        )


def _csv_line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().removesuffix("\n")


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula and no terminal for an order."""
    safe = f"'{text}" if text.startswith(_SPREADSHEET_OBEYS) else text
    return visible(safe, keep_newlines=True)


def _print_table(terminal: Terminal, answer: "Answer") -> None:
    columns = _columns(answer)
    if not answer.rows:
        terminal.line("nothing was found")
        return
    if tuple(name for name, _ in columns) == _PLAN:
        _print_plan(terminal, answer)
        return
    heads = [_head(name, type_, folds=terminal.room is not None) for name, type_ in columns]
    rows = [_cells(row, columns) for row in answer.rows]
    if len(columns) > _MOST_COLUMNS or not _has_room(terminal, heads, rows):
        _print_one_by_one(terminal, answer)
    else:
        terminal.table(heads, rows)


def _print_plan(terminal: Terminal, answer: "Answer") -> None:
    """Print what `EXPLAIN` says as it is drawn, line by line: in a cell it would be one long line."""
    for key, drawn in answer.rows:
        terminal.line(_text(key), tone="title")
        for line in _text(drawn).splitlines():
            terminal.verbatim(line)


def _head(name: str, type_: str, *, folds: bool) -> Column:
    """Return a column's head; where no terminal breaks lines, a row is one line, which `grep` and `sort` take as one."""
    return Column(name, whole=not folds or name in _IDS or type_ == "TIMESTAMP", right=_is_number(type_))


def _has_room(terminal: Terminal, heads: list[Column], rows: list[list[str]]) -> bool:
    """Return whether a terminal can show rows beside each other: no word is broken, and no text has lines of its own."""
    if terminal.room is None:
        return True
    of_lines = any("\n" in cell for row in rows for cell in row)
    return not of_lines and least_width(heads, map(_seen, rows)) <= terminal.room


def _seen(row: list[str]) -> list[str]:
    return [visible(cell) for cell in row]


def _print_one_by_one(terminal: Terminal, answer: "Answer") -> None:
    """Print each row as names and values below each other; what is empty is left out."""
    columns = _columns(answer)
    for number, row in enumerate(answer.rows, 1):
        terminal.line(f"row {number:,}", tone="title")
        cells = zip(columns, _cells(row, columns), row, strict=True)
        terminal.fields((name, cell) for (name, _), cell, value in cells if value not in (None, []))


def _cells(row: list[JsonValue], columns: list[tuple[str, str]]) -> list[str]:
    return [_cell(value, type_) for value, (_, type_) in zip(row, columns, strict=True)]


def _cell(value: JsonValue, type_: str) -> str:
    match value:
        case str() if type_ == "TIMESTAMP":
            return value[:19].replace("T", " ")
        case list() if all(isinstance(item, str) for item in value):
            return ", ".join(map(str, value))
        case _:
            return _text(value)


def _text(value: JsonValue) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def _is_number(type_: str) -> bool:
    return _NUMBER.fullmatch(type_) is not None


def _write(answer: "Answer", form: Format, out: Path) -> None:
    """Write an answer to a file.

    Raises:
        InvalidInput: it cannot be written.
    """
    try:
        if out.exists() and not out.is_file():  # a pipe, a device; a folder says so itself
            _write_there(answer, form, out)
        else:
            _write_whole(answer, form, out.resolve())
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        why = getattr(error, "strerror", None) or str(error)
        problem = Problem(Place(str(out)), f"cannot be written: {why}", "a file that can be written")
        raise InvalidInput([problem]) from error


def _write_whole(answer: "Answer", form: Format, out: Path) -> None:
    """Write an answer beside the file that is wanted, then give it its name: nobody ever reads half of one."""
    beside = out.with_name(f".{out.name[:_LONGEST]}.{os.getpid()}.part")
    try:
        _write_there(answer, form, beside)
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)


def _write_there(answer: "Answer", form: Format, file: Path) -> None:
    from agentctl.audit.parquet import write_parquet

    if form is Format.parquet:
        write_parquet(answer, file)
        return
    text = io.StringIO()
    _print(Terminal(out=text), answer, form)
    file.write_text(text.getvalue(), encoding="utf-8", newline="")
