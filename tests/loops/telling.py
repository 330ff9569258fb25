"""How a labelled trace is told, and how a detector is tried on it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from msgspec.structs import replace

from agentctl.budget.loops import Loop, Move, loop_ahead
from agentctl.contract.tool import Effect
from agentctl.events.loop import LoopKind
from agentctl.events.run import Limits
from agentctl.foundation.canonical import JsonValue, digest_of
from tests.fakes.runs import default_limits

LIMITS = default_limits(max_repeats=3, max_near_repeats=5, max_same_errors=5)
"""The limits of a contract that says nothing about loops."""

Detector: TypeAlias = Callable[[Sequence[Move], Move, Limits], Loop | None]


@dataclass(frozen=True)
class Trace:
    """What an agent did, step by step, and what it is.

    `kind` is None for what is fine; else `made` says how many calls may be made before the one that must not be.
    """

    name: str
    steps: tuple[tuple[Move, ...], ...]
    kind: LoopKind | None = None
    made: int = 0
    seed: int | None = None

    def __str__(self) -> str:
        """Return its name, and what it was made from."""
        return self.name if self.seed is None else f"{self.name} (seed {self.seed})"


def fine(name: str, *steps: Move | tuple[Move, ...], seed: int | None = None) -> Trace:
    """Return a trace that nobody may stop; a call alone is a step of its own."""
    return Trace(name, tuple(map(_step, steps)), seed=seed)


def loop(
    name: str, kind: LoopKind, made: int, *steps: Move | tuple[Move, ...], seed: int | None = None
) -> Trace:
    """Return a trace that must be stopped after some calls."""
    return Trace(name, tuple(map(_step, steps)), kind, made, seed)


def reads(tool: str, result: JsonValue, /, **arguments: JsonValue) -> Move:
    """Return a read and its answer."""
    return _move(tool, "read", result, arguments)


def writes(tool: str, result: JsonValue, /, **arguments: JsonValue) -> Move:
    """Return a write and its answer."""
    return _move(tool, "write", result, arguments)


def polls(tool: str, result: JsonValue, /, **arguments: JsonValue) -> Move:
    """Return a read by a tool that is there to be asked again."""
    return replace(reads(tool, result, **arguments), polling=True)


def fails(tool: str, error: str, /, effect: Effect = "read", **arguments: JsonValue) -> Move:
    """Return a call that failed."""
    return replace(_move(tool, effect, error, arguments), end="error", result=None)


def refused(tool: str, /, **arguments: JsonValue) -> Move:
    """Return a call that a stage refused."""
    return replace(_move(tool, "write", None, arguments), end="refused", digest="")


def stopped(
    trace: Trace, detector: Detector = loop_ahead, limits: Limits = LIMITS
) -> tuple[int, Loop] | None:
    """Return how many calls were made before the first that was not, and why it was not; None where all were made."""
    history: list[Move] = []
    for number, step in enumerate(trace.steps):
        together = all(move.effect == "read" for move in step)
        begun = len(history)
        for move in _placed(step, number, begun):
            found = detector(history, replace(move, end="open", digest="", result=None), limits)
            if found is not None:
                return len(history), found
            history.append(replace(move, end="open") if together else move)
        history[begun:] = _placed(step, number, begun)
    return None


def _placed(step: tuple[Move, ...], number: int, begun: int) -> Iterator[Move]:
    return (replace(move, call=str(begun + index), step=number) for index, move in enumerate(step))


def _step(step: Move | tuple[Move, ...]) -> tuple[Move, ...]:
    return step if isinstance(step, tuple) else (step,)


def _move(tool: str, effect: Effect, result: JsonValue, arguments: dict[str, JsonValue]) -> Move:
    return Move(
        call="",
        step=0,
        tool=tool,
        arguments=arguments,
        arguments_digest=digest_of(arguments),
        effect=effect,
        end="ok",
        digest=digest_of(result),
        result=result,
    )
