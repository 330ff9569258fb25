"""Asks one question in a process of its own, and gives the answer or says why there is none."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agentctl.audit.hearing import (
    Answer,
    AnswerColumn,
    Bounds,
    Question,
    RottenDatabase,
    asked_for,
    hear,
)
from agentctl.audit.own_process import command_of
from agentctl.audit.problems import gone_wrong
from agentctl.foundation.errors import InternalError
from agentctl.trace.index.store import Index

__all__ = ["Answer", "AnswerColumn", "Bounds", "Question", "ask"]

_COMMAND: Final = command_of("agentctl.audit.cell")


def ask(database: Path, journals: Path, question: Question) -> Answer:
    """Answer a question over the durable prefix of every journal.

    Raises:
        InvalidInput: the SQL is refused, is wrong, or took more than it may.
        JournalUnavailable: the journals cannot be looked at.
    """
    index = Index(database, journals)
    if not database.exists():
        index.ingest()
    try:
        return _asked(index, database, journals, question)
    except RottenDatabase:
        answer = _asked(None, database, journals, question)
    index.rebuild()
    return answer


def _asked(index: Index | None, database: Path, journals: Path, question: Question) -> Answer:
    """Ask once; without an index, past the database."""
    task = _task(database, journals, question, around=index is None)
    with _process(task) as process:
        if process.stdout is None:
            raise InternalError("the process has no output")
        ahead, answer = hear(process.stdout, process.kill, question)
    if index is not None and ahead:
        index.ingest()  # the next question finds it there
    return answer


def _task(database: Path, journals: Path, question: Question, *, around: bool) -> bytes:
    task = {
        "parent": os.getpid(),
        "database": str(database),
        "journals": str(journals),
        "around": around,
        "kind": question.kind,
        **asked_for(question),
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
