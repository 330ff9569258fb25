"""Asks one question in a process of its own, and gives the answer or says why there is none."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any, Final, TypeAlias

from agentctl.audit.problems import gone_wrong, problem_with, too_large, too_late
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import AgentctlError, InternalError, InvalidInput, UsageError
from agentctl.trace.store import Index

SECONDS_TO_OPEN: Final = 120.0
"""How long the process may take to open the store; what is not in the index yet is read from the journals."""

_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from agentctl.audit.cell import main; main()"
_PACKAGE: Final = str(Path(__file__).parents[2])
_COMMAND: Final = (sys.executable, "-I", "-B", "-X", "utf8", "-c", _START, _PACKAGE)
_CORES: Final = 2

Line: TypeAlias = dict[str, Any]
"""One line of the process: see `agentctl.audit.cell`."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one question may take. Who goes over them is killed; rows beyond them are left out, and that is said."""

    seconds: float = 10.0
    memory_mb: int = 512
    rows: int = 1_000
    answer_mb: int = 64


@dataclass(frozen=True, slots=True)
class Question:
    """Some SQL with its parameters, over the runs of one kind, or of all (None)."""

    sql: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    kind: str | None = "live"
    bounds: Bounds = Bounds()


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """One column of an answer: its name, and DuckDB's word for its type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found.

    `more`: there are rows beyond the bounds. `left_out`: runs of other kinds that were not looked at, by kind.
    `walls`: which of the kernel's walls stood round the process.
    """

    columns: tuple[AnswerColumn, ...]
    rows: list[list[JsonValue]]
    more: bool
    left_out: dict[str, int]
    walls: tuple[str, ...]


class _Rotten(InvalidInput):
    """Raised when it may be the database that is wrong, and not the question."""


def ask(database: Path, journals: Path, question: Question) -> Answer:
    """Answer a question over the durable prefix of every journal.

    Raises:
        InvalidInput: the SQL is refused, is wrong, or took more than it may.
    """
    index = Index(database, journals)
    if not database.exists():
        index.ingest()
    try:
        return _asked(index, database, journals, question)
    except _Rotten:
        answer = _asked(None, database, journals, question)
    index.rebuild()
    return answer


def ask_alone(journals: Path, question: Question) -> Answer:
    """Answer a question over the journals in a folder and nothing else; no database is read or made.

    Raises:
        InvalidInput: as `ask`.
    """
    return _asked(None, journals / "none.duckdb", journals, question)


def _asked(index: Index | None, database: Path, journals: Path, question: Question) -> Answer:
    """Ask once; without an index, past the database."""
    task = _task(database, journals, question, around=index is None)
    with _process(task) as process:
        ahead, answer = _read(process, question)
    if index is not None and ahead:
        index.ingest()  # the next question finds it there
    return answer


def _task(database: Path, journals: Path, question: Question, *, around: bool) -> bytes:
    bounds = question.bounds
    task = {
        "parent": os.getpid(),
        "database": str(database),
        "journals": str(journals),
        "around": around,
        "kind": question.kind,
        "sql": question.sql,
        "parameters": dict(question.parameters),
        "rows": bounds.rows,
        "memory_bytes": bounds.memory_mb * 1_000_000,
        "cpu_seconds": int(bounds.seconds * _CORES) + 1,
    }
    return json.dumps(task).encode("ascii") + b"\n"


@contextmanager
def _process(task: bytes) -> "Iterator[subprocess.Popen[bytes]]":
    """Start the process and tell it its task; it is gone after the block, whatever happened."""
    with subprocess.Popen(  # noqa: S603  # our own module, in our own interpreter
        _COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    ) as process:
        try:
            _tell(process, task)
            yield process
        finally:
            process.kill()


def _tell(process: "subprocess.Popen[bytes]", task: bytes) -> None:
    if process.stdin is None:
        raise InternalError("the process has no input")
    try:
        process.stdin.write(task)
        process.stdin.close()
    except BrokenPipeError as error:
        raise gone_wrong() from error


def _read(process: "subprocess.Popen[bytes]", question: Question) -> tuple[bool, Answer]:
    bounds = question.bounds
    lines = _lines(process, bounds.answer_mb << 20)
    with _killed_after(process, SECONDS_TO_OPEN, lambda: too_late(SECONDS_TO_OPEN)):
        ready = _next(lines, question)["ready"]
    with _killed_after(process, bounds.seconds, lambda: too_late(bounds.seconds)):
        columns, rows, more = _answered(lines, question)
    return ready["ahead"], Answer(columns, rows, more, ready["left_out"], tuple(ready["walls"]))


def _answered(
    lines: Iterator[Line], question: Question
) -> tuple[tuple[AnswerColumn, ...], list[list[JsonValue]], bool]:
    columns = tuple(AnswerColumn(name, type_) for name, type_ in _next(lines, question)["columns"])
    rows: list[list[JsonValue]] = []
    while "end" not in (line := _next(lines, question)):
        rows += line["rows"]
    return columns, rows, line["end"]["more"]


def _next(lines: Iterator[Line], question: Question) -> Line:
    line = next(lines, None)
    if line is None:
        raise gone_wrong()
    if "refused" in line:
        raise UsageError(**line["refused"])
    if "error" in line:
        raise _error(line["error"], question)
    return line


def _error(error: Mapping[str, Any], question: Question) -> InvalidInput:  # a part of a line
    problem = problem_with(question.sql, error["kind"], error["message"], question.bounds.memory_mb)
    return _Rotten(problem.problems) if error["rotten"] else problem


def _lines(process: "subprocess.Popen[bytes]", most: int) -> Iterator[Line]:
    if process.stdout is None:
        raise InternalError("the process has no output")
    left = most
    while line := process.stdout.readline(left + 1):
        left -= len(line)
        if left < 0:
            raise too_large(most >> 20)
        if not line.endswith(b"\n"):
            return
        yield json.loads(line)


@contextmanager
def _killed_after(
    process: "subprocess.Popen[bytes]", seconds: float, error: Callable[[], AgentctlError]
) -> Iterator[None]:
    """Kill the process when the block takes longer, and then raise this error instead of what that looked like."""
    late = []

    def kill() -> None:
        late.append(True)
        process.kill()

    timer = Timer(seconds, kill)
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
