"""What a run is doing at this moment and what is left of its budget; pure."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct, field

from agentctl.cli.screen.table import columns_of
from agentctl.cli.screen.terminal import Line, Tone
from agentctl.events.approval import ApprovalRequested
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import RunFinished, RunResumed, RunSuspended
from agentctl.events.tool import ToolIntent, ToolResult, ToolUnknown
from agentctl.foundation.money import plain
from agentctl.gateway.state import SessionState, evolve

_MOST_SHOWN = 3
_CELLS = 10
_NEARLY = Decimal("0.8")
_GAP = "   "


class Doing(Struct, frozen=True):
    """Something that has begun and not ended."""

    words: str
    since_us: int
    tone: Tone = "plain"


Doings: TypeAlias = Mapping[str, Doing]
"""What is under way, by what it is about: a step, a call, an approval."""


class Watched(Struct, frozen=True):
    """A run up to its last record."""

    session: SessionState = field(default_factory=SessionState)
    doing: Doings = field(default_factory=dict)
    asked: Mapping[str, ModelAsked] = field(default_factory=dict)
    """What models were asked last, by what about."""


def watched_after(watched: Watched, record: Record) -> Watched:
    """Return the run after one more record."""
    session = evolve(watched.session, record)
    doing = _doing_after(watched.doing, record.event, record.mono_us)
    settled = {name for name, approval in session.approvals.items() if not approval.open}
    under_way = {name: one for name, one in doing.items() if name not in settled}
    if isinstance(record.event, ModelAsked):
        return Watched(session, under_way, {**watched.asked, about(record.event): record.event})
    return Watched(session, under_way, watched.asked)


def _doing_after(doing: Doings, event: AnyEvent, now_us: int) -> Doings:
    match event:
        case ModelAsked(deployment=deployment, attempt=attempt):
            again = f", attempt {attempt}" if attempt > 1 else ""
            words = f"waiting for the model {deployment}{again}"
            return {**doing, about(event): Doing(words, now_us)}
        case ModelAnswered() | ModelFailed():
            return _without(doing, about(event))
        case ToolIntent(call=call, tool=tool, effect=effect, attempt=attempt):
            again = f", attempt {attempt}" if attempt > 1 else ""
            return {**doing, call: Doing(f"calling {tool} ({effect}){again}", now_us)}
        case ToolResult(call=call) | ToolUnknown(call=call):
            return _without(doing, call)
        case ApprovalRequested(approval=approval, tool=tool, reviewers=reviewers):
            words = f"waiting for a reviewer of {tool}: {', '.join(reviewers)}"
            return {**doing, approval: Doing(words, now_us, "warn")}
        case RunSuspended() | RunFinished() | RunResumed():  # another process left it, or nothing follows
            return {}
        case _:
            return doing


def about(event: ModelAsked | ModelAnswered | ModelFailed) -> str:
    """Return what a model is asked about: a step, or an approval."""
    return f"model/{event.review or event.step}"


def _without(doing: Doings, name: str) -> Doings:
    return {other: one for other, one in doing.items() if other != name}


def bottom(watched: Watched, now_us: int, width: int) -> list[Line]:
    """Return what stands below everything that was said: what is going on for how long, and what is used of the budget."""
    if watched.session.envelope is None:
        return [Line("starting", tone="quiet")]
    rows = (row for group in _meters(watched, now_us) for row in _in_rows(group, width))
    return [*_under_way(watched.doing, now_us), *rows]


def _under_way(doing: Doings, now_us: int) -> Iterator[Line]:
    if not doing:
        yield Line("deciding what comes next", tone="quiet")
    shown = list(doing.values())
    for one in shown[:_MOST_SHOWN]:
        yield Line(one.words + _for_how_long((now_us - one.since_us) // 1_000_000), tone=one.tone)
    if len(shown) > _MOST_SHOWN:
        yield Line(f"and {len(shown) - _MOST_SHOWN} more under way; their ends will be told", tone="quiet")


def _for_how_long(seconds: int) -> str:
    return f", {whole_time(seconds)}" if seconds > 0 else ""


def whole_time(seconds: int) -> str:
    """Return a length of time in whole seconds, minutes and hours: `12 s`, `2 min 5 s`, `1 h 4 min`."""
    minutes, left = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (0 if hours else left, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


class _Meter(Struct, frozen=True):
    text: str
    share: Decimal
    """How much of its ceiling is used or promised."""


def _meters(watched: Watched, now_us: int) -> Iterator[tuple[_Meter, ...]]:
    """Return what is used of each ceiling; what belongs together stands beside each other."""
    spend, limits = watched.session.spend, watched.session.header.limits
    used, promised = spend.settled, spend.committed
    yield (_cost(used.cost_usd, promised.cost_usd, limits.max_cost_usd),)
    yield (
        _count("tokens in", used.input_tokens, limits.max_input_tokens),
        _count("out", used.output_tokens, limits.max_output_tokens),
    )
    yield (
        _count("calls", promised.tool_calls, limits.max_tool_calls),
        _count("steps", spend.steps, limits.max_steps),
        _time(_worked(watched, now_us), limits.max_wall_clock_seconds),
    )


def _cost(used: Decimal, promised: Decimal, limit: Decimal) -> _Meter:
    share, settled = _share(promised, limit), _share(used, limit)
    text = f"cost {plain(used)} of {plain(limit)} USD {_bar(settled, share)}"
    reserved = f" {plain(promised - used)} reserved" if promised > used else ""
    return _Meter(text + reserved, share)


def _count(name: str, used: int, limit: int) -> _Meter:
    return _Meter(f"{name} {used:,} of {limit:,}", _share(Decimal(used), Decimal(limit)))


def _time(seconds: int, limit: int | None) -> _Meter:
    if limit is None:
        return _Meter(f"time {whole_time(seconds)}", Decimal(0))
    return _Meter(
        f"time {whole_time(seconds)} of {whole_time(limit)}", _share(Decimal(seconds), Decimal(limit))
    )


def _share(part: Decimal, limit: Decimal) -> Decimal:
    return min(part / limit, Decimal(1)) if limit > 0 else Decimal(1)


def _bar(settled: Decimal, promised: Decimal) -> str:
    """Return a bar: what is used, what is promised besides, what is left."""
    full, taken = _cells(settled), _cells(promised)
    return "█" * full + "▒" * (taken - full) + "░" * (_CELLS - taken)


def _cells(share: Decimal) -> int:
    return int((share * _CELLS).to_integral_value(rounding="ROUND_HALF_UP"))


def _worked(watched: Watched, now_us: int) -> int:
    """Return the seconds worked; while a person makes up their mind the clock stands."""
    worked = watched.session.worked
    waits = watched.session.open_approvals > 0
    return int(worked.seconds(0 if waits else worked.epoch, now_us))


def _in_rows(meters: Iterable[_Meter], width: int) -> Iterator[Line]:
    """Return as many meters beside each other as there is room for; a row in which one is nearly used up stands out."""
    row: list[_Meter] = []
    for meter in meters:
        if row and columns_of(_GAP.join(one.text for one in (*row, meter))) > width:
            yield _row(row)
            row = []
        row.append(meter)
    yield _row(row)


def _row(meters: list[_Meter]) -> Line:
    nearly = any(meter.share >= _NEARLY for meter in meters)
    return Line(_GAP.join(meter.text for meter in meters), tone="warn" if nearly else "quiet")
