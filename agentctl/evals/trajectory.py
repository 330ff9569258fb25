"""Judging what an agent asked for, call by call, whatever became of it: pure."""

from collections.abc import Sequence

from agentctl.contract.golden_assertions import StepCount, ToolArguments, ToolSequence, ToolUsed, Trajectory
from agentctl.contract.golden_words import ArgumentMode, ExpectedCall, Order
from agentctl.evals.comparing import arguments_fit, call_fits, why_not_in, written
from agentctl.evals.evidence import Evidence
from agentctl.evals.wording import Finding, listed
from agentctl.trace.reports.call import Call

_ORDERS: dict[Order, str] = {
    "strict": "exactly, in this order,",
    "exact": "exactly, in this order,",
    "unordered": "exactly, in any order,",
    "any_order": "exactly, in any order,",
    "in_order": "in this order, others between them,",
    "superset": "among others",
    "contains": "among others",
    "subset": "none but",
}


def tool_used(item: ToolUsed, evidence: Evidence) -> Finding:
    """Judge how often tools were asked for."""
    tools = (item.value,) if isinstance(item.value, str) else item.value
    counts = {tool: sum(call.tool == tool for call in evidence.calls) for tool in tools}
    holds = all(is_within(count, item.min, item.max) for count in counts.values())
    found = listed(f"`{tool}` {_times(count)}" for tool, count in counts.items())
    names = listed(f"`{tool}`" for tool in tools)
    return Finding(holds, f"{names} to be asked for {bounds(item.min, item.max)}", found)


def is_within(count: int, least: int | None, most: int | None) -> bool:
    """Return whether a count is within bounds; without any, one is enough."""
    least = (1 if most is None else 0) if least is None else least
    return count >= least and (most is None or count <= most)


def bounds(least: int | None, most: int | None) -> str:
    """Return bounds in words: `at least once`, `at most 3 times`, `2 to 3 times`."""
    if most is None:
        return f"at least {_times(1 if least is None else least)}"
    if least is None or least == most:
        return f"{'at most' if least is None else 'exactly'} {_times(most)}"
    return f"{least} to {_times(most)}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def tool_sequence(item: ToolSequence, evidence: Evidence) -> Finding:
    """Judge the order of tools."""
    return _calls_are(
        evidence, tuple(ExpectedCall(tool=tool) for tool in item.value), item.mode, "ignore", {}
    )


def tool_arguments(item: ToolArguments, evidence: Evidence) -> Finding:
    """Judge the arguments of a tool."""
    calls = [call for call in evidence.calls if call.tool == item.tool]
    holds = any(arguments_fit(call.arguments, item.value, item.mode) for call in calls)
    expected = f"a call {written(item.tool, item.value)}, arguments compared as `{item.mode}`"
    return Finding(
        holds, expected, listed((_told(call, evidence) for call in calls), f"no call of `{item.tool}`")
    )


def step_count(item: StepCount, evidence: Evidence) -> Finding:
    """Judge the number of steps."""
    count = evidence.steps
    expected = f"the model to be asked {bounds(item.min, item.max)}"
    return Finding(is_within(count, item.min, item.max), expected, f"{count}", f"{count}")


def trajectory(item: Trajectory, evidence: Evidence) -> Finding:
    """Judge the calls as a whole."""
    return _calls_are(evidence, item.value, item.mode, item.arguments, item.per_tool)


def calls_in_order(expected: tuple[ExpectedCall, ...], evidence: Evidence) -> Finding:
    """Judge the short form: these calls in this order, with just these arguments, others between them."""
    return _calls_are(evidence, expected, "in_order", "exact", {})


def _calls_are(
    evidence: Evidence,
    expected: Sequence[ExpectedCall],
    order: Order,
    arguments: ArgumentMode,
    per_tool: dict[str, ArgumentMode],
) -> Finding:
    def fits(call: Call, wanted: ExpectedCall) -> bool:
        return call_fits(call, wanted, per_tool.get(wanted.tool, arguments))

    wanted = f"the calls {_ORDERS[order]} {listed(_wanted(one) for one in expected)}"
    parted = why_not_in(order, expected, evidence.calls, fits)
    if parted is None:
        return Finding(holds=True, expected=wanted, found=_all(evidence))
    missing, extra = parted
    return Finding(
        holds=False,
        expected=_missed(expected, missing, order, wanted),
        found=f"{_where(evidence, extra)}the calls {_all(evidence)}",
    )


def _missed(expected: Sequence[ExpectedCall], index: int | None, order: Order, wanted: str) -> str:
    if index is None:
        return wanted
    return f"{_wanted(expected[index])} as number {index + 1} of {len(expected)} calls {_ORDERS[order].rstrip(',')}"


def _where(evidence: Evidence, index: int | None) -> str:
    return "" if index is None else f"{_told(evidence.calls[index], evidence)} in its place, among "


def _wanted(call: ExpectedCall) -> str:
    return written(call.tool, call.arguments)


def _all(evidence: Evidence) -> str:
    return listed((_told(call, evidence) for call in evidence.calls), "none")


def _told(call: Call, evidence: Evidence) -> str:
    return f"{evidence.short(call.call)} {written(call.tool, call.arguments)}"
