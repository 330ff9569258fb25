"""Hears what a process says that answers a question (see `agentctl.audit.cell`), for as long as it may take."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Timer
from typing import IO, Any, Final, TypeAlias

from msgspec import Struct, field

from agentctl.audit.problems import gone_wrong, problem_with, too_large, too_late
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.errors import AgentctlError, InvalidInput, JournalUnavailable, UsageError

SECONDS_TO_OPEN: Final = 120.0
"""How long the process may take to open the store; what is not in the index yet is read from the journals."""

_CORES: Final = 2

Line: TypeAlias = dict[str, Any]
"""One line of the process: see `agentctl.audit.cell`."""


class Bounds(Struct, frozen=True):
    """What one question may take. Who goes over them is killed; rows beyond them are left out, and that is said."""

    seconds: float = 10.0
    memory_mb: int = 512
    rows: int = 1_000
    answer_mb: int = 64


class Question(Struct, frozen=True):
    """Some SQL with its parameters, over the runs of one kind, or of all (None).

    `only_checked`: whether it is only found out if it can be answered at all.
    """

    sql: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    kind: str | None = "live"
    bounds: Bounds = Bounds()
    only_checked: bool = False


class AnswerColumn(Struct, frozen=True):
    """One column of an answer: its name, and DuckDB's word for its type."""

    name: str
    type: str


class Answer(Struct, frozen=True):
    """What was found.

    `more`: there are rows beyond the bounds. `left_out`: runs of other kinds that were not looked at, by kind.
    `walls`: which of the kernel's walls stood round the process.
    """

    columns: tuple[AnswerColumn, ...]
    rows: list[list[JsonValue]]
    more: bool
    left_out: dict[str, int]
    walls: tuple[str, ...]


class RottenDatabase(InvalidInput):
    """Raised when it may be the database that is wrong, and not the question."""


def asked_for(question: Question) -> JsonObject:
    """Return the question as the process is told it: `agentctl.audit.cell.Asked`."""
    bounds = question.bounds
    return {
        "sql": question.sql,
        "parameters": dict(question.parameters),
        "rows": bounds.rows,
        "memory_bytes": bounds.memory_mb * 1_000_000,
        "cpu_seconds": int(bounds.seconds * _CORES) + 1,
        "only_checked": question.only_checked,
    }


def hear(voice: IO[bytes], end: Callable[[], None], question: Question) -> tuple[bool, Answer]:
    """Return what a process says, and whether there was more in the journals than in the index.

    Args:
        voice: what it says.
        end: ends it, whatever it does.
        question: what it was asked.

    Raises:
        InvalidInput: the SQL is refused, is wrong, or took more than it may.
        JournalUnavailable: the journals cannot be looked at.
    """
    bounds = question.bounds
    lines = _lines(voice, bounds.answer_mb << 20)
    with _ended_after(end, SECONDS_TO_OPEN, lambda: too_late(SECONDS_TO_OPEN)):
        ready = _next(lines, question)["ready"]
    with _ended_after(end, bounds.seconds, lambda: too_late(bounds.seconds)):
        columns, rows, more = _answered(lines, question)
    return ready["ahead"], Answer(columns, rows, more, ready["left_out"], tuple(ready["walls"]))


def _answered(
    lines: Iterator[Line], question: Question
) -> tuple[tuple[AnswerColumn, ...], list[list[JsonValue]], bool]:
    columns: tuple[AnswerColumn, ...] = ()
    rows: list[list[JsonValue]] = []
    while "end" not in (line := _next(lines, question)):
        columns += tuple(AnswerColumn(name, type_) for name, type_ in line.get("columns", ()))
        rows += line.get("rows", ())
    return columns, rows, line["end"]["more"]


def _next(lines: Iterator[Line], question: Question) -> Line:
    line = next(lines, None)
    if line is None:
        raise gone_wrong()
    if "unavailable" in line:
        raise JournalUnavailable(line["unavailable"])
    if "refused" in line:
        raise UsageError(**line["refused"])
    if "error" in line:
        raise _error(line["error"], question)
    return line


def _error(error: Mapping[str, Any], question: Question) -> InvalidInput:  # a part of a line
    problem = problem_with(question.sql, error["kind"], error["message"], question.bounds.memory_mb)
    return RottenDatabase(problem.problems) if error["rotten"] else problem


def _lines(voice: IO[bytes], most: int) -> Iterator[Line]:
    left = most
    while line := voice.readline(left + 1):
        left -= len(line)
        if left < 0:
            raise too_large(most >> 20)
        if not line.endswith(b"\n"):
            return
        yield json.loads(line)


@contextmanager
def _ended_after(
    end: Callable[[], None], seconds: float, error: Callable[[], AgentctlError]
) -> Iterator[None]:
    """End the process when the block takes longer, and then raise this error instead of what that looked like."""
    late = []

    def end_it() -> None:
        late.append(True)
        end()

    timer = Timer(seconds, end_it)
    timer.daemon = True
    timer.start()
    try:
        yield
    except AgentctlError as other:
        if late:
            raise error() from other
        raise
    finally:
        timer.cancel()
        timer.join()  # whoever forks afterwards may have no other thread
