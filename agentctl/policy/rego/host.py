"""Evaluates one Rego rule in a process of its own; started by its path, it needs the standard library and `regorus` only.

The first line it reads names the rule and its modules; it answers `{"ready": true}` or `{"problem": "..."}`. Every further
line is an input document, and is answered by `{"value": "<JSON>"}` or `{"error": "..."}`. A rule that never ends is ended
by a signal, with the process; so is one that takes all memory, and a crash of the engine ends nothing else.
"""

import json
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import BinaryIO, Protocol, Self, TypeAlias, cast

Line: TypeAlias = dict[str, object]

_MEMORY_BYTES = 1 << 30
_LONGEST_MESSAGE = 2_000


class Engine(Protocol):
    """What is used of a `regorus.Engine`."""

    def add_policy(self, path: str, rego: str) -> object:
        """Read a module."""

    def clone(self) -> Self:
        """Return another engine with the same modules, and no input."""

    def set_input_json(self, value: str) -> None:
        """Set the input document."""

    def eval_rule_as_json(self, rule: str) -> str:
        """Return what a rule holds."""


def main() -> None:
    """Answer until there is nothing more to read."""
    limit()
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else writes to the standard output is no answer
    setup = json.loads(requests.readline())
    rule, seconds = str(setup["rule"]), float(setup["seconds"])
    engine, first = built(setup["modules"])
    say(answers, first)
    if engine is not None:
        for line in requests:
            say(answers, within(seconds, engine, rule, line))


def limit() -> None:
    """Leave no core file and take no more memory than a policy needs."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # not every system can
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def built(modules: dict[str, str]) -> tuple[Engine | None, Line]:
    """Return an engine with all modules, or None and what is wrong with them."""
    import regorus  # noqa: PLC0415  # this module is also imported where only its path is needed

    engine = cast("Engine", regorus.Engine())
    try:
        for name, text in sorted(modules.items()):
            engine.add_policy(name, text)
    except RuntimeError as error:
        return None, {"problem": message(error)}
    return engine, {"ready": True}


def within(seconds: float, engine: Engine, rule: str, line: bytes) -> Line:
    """Return the answer to one input; the process ends when there is none in time."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    answer = evaluated(engine.clone(), rule, line.decode("utf-8"))
    signal.setitimer(signal.ITIMER_REAL, 0)
    return answer


def evaluated(engine: Engine, rule: str, document: str) -> Line:
    """Return what the rule holds for an input document, as JSON text."""
    try:
        engine.set_input_json(document)
        return {"value": engine.eval_rule_as_json(rule)}
    except RuntimeError as error:
        return {"error": message(error)}


def message(error: RuntimeError) -> str:
    """Return what the engine says, without where in its own code it says it."""
    return str(error).partition("Stack backtrace")[0].strip()[:_LONGEST_MESSAGE]


def say(answers: BinaryIO, answer: Line) -> None:
    """Write one answer."""
    answers.write(json.dumps(answer).encode("ascii") + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
