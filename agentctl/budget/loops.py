"""Whether the next call would only go on with a loop: a pure comparison with the calls before it.

Progress is whatever is new: other arguments, another result of the same call, an answer of a tool that is there to be
asked again. A loop is the absence of it, so often that the limit is reached; then the next call is not made.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import Final, Literal

from msgspec import Struct

from agentctl.budget.noise import differing, essence, tells_much, without
from agentctl.contract.tool import Effect
from agentctl.events.loop import LoopDetected, LoopKind, LoopMeter
from agentctl.events.run import Limits
from agentctl.foundation.canonical import JsonObject, JsonValue

LONGEST_PERIOD: Final = 8
"""The longest round of calls that is recognised when it comes again."""

MoveEnd = Literal["ok", "error", "refused", "open"]
"""How a call ended, as far as is known; `open`: it is under way, or nobody knows."""


class Move(Struct, frozen=True):
    """One call of the agent and what became of it; `digest` is that of what the model was shown."""

    call: str
    step: int
    tool: str
    arguments: JsonObject
    arguments_digest: str
    effect: Effect
    polling: bool = False
    end: MoveEnd = "open"
    digest: str = ""
    result: JsonValue = None

    @property
    def key(self) -> tuple[str, str]:
        """What makes two calls the same."""
        return self.tool, self.arguments_digest


class Loop(Struct, frozen=True):
    """What the next call would only go on with."""

    kind: LoopKind
    meter: LoopMeter
    limit: int
    repeats: int
    one_round: tuple[Move, ...]
    evidence: tuple[Move, ...]

    def detected(self, wish: Move, *, stops: bool) -> LoopDetected:
        """Return the event that says so."""
        return LoopDetected(
            call=wish.call,
            kind=self.kind,
            meter=self.meter,
            tools=tuple(move.tool for move in self.one_round),
            repeats=self.repeats,
            limit=self.limit,
            calls=tuple(move.call for move in self.evidence),
            differing=self._differing(wish),
            stops=stops,
        )

    def _differing(self, wish: Move) -> tuple[str, ...]:
        if self.kind == "cycle":
            return ()
        return differing((*(move.arguments for move in self.evidence), wish.arguments))


def loop_ahead(history: Sequence[Move], wish: Move, limits: Limits) -> Loop | None:
    """Return the loop that a call would go on with, after all calls that were asked for before it; None where it is none."""
    if wish.polling:
        return None
    recent = _since_last_poll(history)
    return (
        _same_call(recent, wish, limits.max_repeats)
        or _near_duplicate(recent, wish, limits.max_near_repeats)
        or _same_error(recent, wish, limits.max_same_errors)
        or _any_cycle(recent, wish, limits)
    )


def fewest(limits: Limits) -> int | None:
    """Return how many calls there are before any loop is detected; None where nothing counts as one."""
    kinds = (limits.max_repeats, limits.max_near_repeats, limits.max_same_errors)
    return min((limit for limit in kinds if limit is not None), default=None)


def sentence(loop: LoopDetected) -> str:
    """Return what was repeated, in words."""
    tool, times = f"`{loop.tools[0]}`", f"{loop.repeats} times"
    names = ", ".join(f"`{name}`" for name in loop.differing)
    match loop.kind:
        case "same_call":
            return (
                f"{tool} was asked for {times} in a row with the same arguments, and the result was the same"
            )
        case "near_duplicate":
            return f"{tool} was asked for {times} in a row with another {names}, and the result was the same"
        case "same_error":
            with_others = f", also with another {names}" if names else ""
            return f"{tool} failed {times} with the same error{with_others}"
        case "cycle":
            tools = ", ".join(f"`{name}`" for name in loop.tools)
            return f"the same {len(loop.tools)} calls ({tools}) came {times} in a row, and the results were the same"


def advice(loop: LoopDetected) -> str:
    """Return what the model is told once."""
    return f"{sentence(loop)}; do something else, or answer with what is known: the next repetition stops the run"


def _since_last_poll(history: Sequence[Move]) -> Sequence[Move]:
    """Return the moves after the last answer of a tool that polls: waiting is progress."""
    polls = [place for place, move in enumerate(history) if move.polling]
    return history[polls[-1] + 1 :] if polls else history


def _same_call(history: Sequence[Move], wish: Move, limit: int | None) -> Loop | None:
    streak = _streak(history, lambda move: move.key == wish.key and move.end in {"ok", "open"})
    return _of_one_call("same_call", "repeats", streak, limit)


def _near_duplicate(history: Sequence[Move], wish: Move, limit: int | None) -> Loop | None:
    if limit is None:
        return None
    wanted = essence(wish.arguments, wish.effect)

    def is_near(move: Move) -> bool:
        return _is_answer_of(move, wish) and essence(move.arguments, wish.effect) == wanted

    return _with_a_difference(_streak(history, is_near), wish, limit) or _odd_argument(history, wish, limit)


def _odd_argument(history: Sequence[Move], wish: Move, limit: int) -> Loop | None:
    """Look for an argument of any name that makes no difference.

    It may well be what is wanted, and many things have the same short answer. So it counts only for reads, beside other
    arguments, where the answer tells much, and half.
    """
    if wish.effect != "read" or len(wish.arguments) == 1:
        return None
    streaks = [_streak(history, _differs_in(name, wish)) for name in wish.arguments]
    streak = max(streaks, key=len, default=[])
    if len(streak) < 2 * limit or not tells_much(streak[-1].result):
        return None
    return _with_a_difference(streak, wish, limit)


def _with_a_difference(streak: Sequence[Move], wish: Move, limit: int) -> Loop | None:
    """Return the loop that some calls are if not all of those that count are the very same."""
    loop = _of_one_call("near_duplicate", "near_repeats", streak, limit)
    return None if loop is None or _is_one_key((*loop.evidence, wish)) else loop


def _differs_in(name: str, wish: Move) -> Callable[[Move], bool]:
    rest = without(wish.arguments, name)
    return lambda move: _is_answer_of(move, wish) and without(move.arguments, name) == rest


def _is_answer_of(move: Move, wish: Move) -> bool:
    return move.tool == wish.tool and move.end == "ok"


def _same_error(history: Sequence[Move], wish: Move, limit: int | None) -> Loop | None:
    """Count the steps in which a tool failed the same way, for a model sees errors once a step; and calls that are the same."""
    errors = _errors_in_a_row(history, wish)
    if all(move.end == "open" for move in errors):
        return None
    steps = {move.step: move for move in errors}
    same = _largest_group(errors)
    counted = same if len(same) > len(steps) else tuple(steps.values())
    return _of_one_call("same_error", "same_errors", counted, limit)


def _errors_in_a_row(history: Sequence[Move], wish: Move) -> list[Move]:
    """Return a tool's last failures with one error, and the same call under way.

    A success of the tool ends them, and so does whatever changed the world.
    """
    since = takewhile(lambda move: not _makes_a_difference(move, wish), reversed(history))
    own = [move for move in since if move.tool == wish.tool]
    failed = [move for move in own if move.end == "error" or (move.end == "open" and move.key == wish.key)]
    return _streak(failed[::-1], lambda _: True)


def _makes_a_difference(move: Move, wish: Move) -> bool:
    return move.end == "ok" and (move.tool == wish.tool or move.effect != "read")


def _largest_group(moves: Iterable[Move]) -> tuple[Move, ...]:
    """Return the moves that are the same call, of the call that comes most often."""
    groups: dict[tuple[str, str], list[Move]] = defaultdict(list)
    for move in moves:
        groups[move.key].append(move)
    largest = max(groups.values(), key=len, default=[])
    return tuple(largest)


def _any_cycle(history: Sequence[Move], wish: Move, limits: Limits) -> Loop | None:
    periods = range(2, min(LONGEST_PERIOD, len(history)) + 1)
    return next(filter(None, (_cycle(history, wish, limits, period) for period in periods)), None)


def _cycle(history: Sequence[Move], wish: Move, limits: Limits, period: int) -> Loop | None:
    """Look for the last moves coming round and round. A round with failures in it may be waiting for better times."""
    last = tuple(history[-period:])
    if not _is_same_wish(last[0], wish) or all(_is_alike(move, last[0]) for move in last):
        return None
    failing = any(move.end in {"error", "refused"} for move in last)
    meter: LoopMeter = "same_errors" if failing else "repeats"
    limit = limits.max_same_errors if failing else limits.max_repeats
    pairs = zip(reversed(history), reversed(history[:-period]), strict=False)
    rounds = 1 + sum(1 for _ in takewhile(lambda pair: _is_alike(*pair), pairs)) // period
    if limit is None or rounds < limit:
        return None
    return Loop("cycle", meter, limit, rounds, last, tuple(history[-period * limit :]))


def _is_alike(one: Move, other: Move) -> bool:
    """Whether two moves are the same for all that matters; the same call under way is taken to end the same."""
    if "open" in {one.end, other.end}:
        return one.key == other.key
    return (one.end, one.digest) == (other.end, other.digest) and _is_same_wish(one, other)


def _is_same_wish(one: Move, other: Move) -> bool:
    if one.tool != other.tool:
        return False
    return one.key == other.key or (
        essence(one.arguments, one.effect) == essence(other.arguments, one.effect)
    )


def _is_one_key(moves: Sequence[Move]) -> bool:
    return len({move.key for move in moves}) == 1


def _streak(history: Sequence[Move], belongs: Callable[[Move], bool]) -> list[Move]:
    """Return the last moves that belong together and ended the same, oldest first; those under way are taken to do so."""
    streak: list[Move] = []
    ends: set[str] = set()
    for move in reversed(history):
        if not belongs(move) or len(ends | _known_end(move)) > 1:
            break
        ends |= _known_end(move)
        streak.append(move)
    return streak[::-1]


def _known_end(move: Move) -> set[str]:
    return set() if move.end == "open" else {move.digest}


def _of_one_call(kind: LoopKind, meter: LoopMeter, moves: Sequence[Move], limit: int | None) -> Loop | None:
    if limit is None or len(moves) < limit:
        return None
    return Loop(kind, meter, limit, len(moves), tuple(moves[-1:]), tuple(moves[-limit:]))
