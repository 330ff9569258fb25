"""What a session's calls are as moves, and whether the next one would go on with a loop: pure, read from the state alone."""

from collections.abc import Iterator, Mapping
from itertools import takewhile

from agentctl.budget.loops import Move, MoveEnd, fewest, loop_ahead
from agentctl.events.loop import LoopDetected
from agentctl.gateway.bench import Bench
from agentctl.gateway.state import CallState, SessionState
from agentctl.gateway.verdict import Case
from agentctl.tools.registry import Registry


def loop_before(case: Case, bench: Bench) -> LoopDetected | None:
    """Return the loop that a call would only go on with; it stops the run where the model was told in an earlier step."""
    state, limits = bench.state, bench.state.header.limits
    least = fewest(limits)
    if least is None or len(state.calls) <= least:  # the call itself is one of them
        return None
    wish = _move(CallState(case.proposal), CallState(case.proposal), bench.registry)
    loop = loop_ahead(tuple(_moves_before(wish.call, state, bench.registry)), wish, limits)
    if loop is None:
        return None
    told = any(state.calls[known.call].proposal.step < wish.step for known in state.loops)
    return loop.detected(wish, stops=told)


def _moves_before(call: str, state: SessionState, registry: Registry) -> Iterator[Move]:
    """Return the calls that were asked for before one, in order.

    A call that was refused because of a loop stands for the one it would have repeated: a refusal does not break a loop.
    """
    looped = {loop.call: loop.repeated for loop in state.loops}
    for name in takewhile(lambda name: name != call, state.calls):
        standing_for = state.calls[_resolved(name, looped, state.calls)]
        yield _move(state.calls[name], standing_for, registry)


def _resolved(name: str, looped: Mapping[str, str], calls: Mapping[str, CallState]) -> str:
    while name in looped and calls[name].status == "refused":
        name = looped[name]
    return name


def _move(call: CallState, standing_for: CallState, registry: Registry) -> Move:
    proposal, tool = call.proposal, registry.get(call.proposal.tool)
    return Move(
        call=proposal.call,
        step=proposal.step,
        tool=proposal.tool,
        arguments=proposal.arguments if isinstance(proposal.arguments, dict) else {},
        arguments_digest=proposal.arguments_digest or "",
        effect=tool.descriptor.effect if tool else "irreversible",
        polling=tool is not None and tool.descriptor.polling,
        end=_end(standing_for),
        digest=standing_for.digest,
        result=(standing_for.shown or {}).get("result"),
    )


def _end(call: CallState) -> MoveEnd:
    if call.status == "refused":
        return "refused"
    if not call.settled:
        return "open"
    return "ok" if call.ok else "error"
