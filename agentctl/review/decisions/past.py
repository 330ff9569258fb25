"""A decision of the past: the question that was put to the authorities then, made again from the journal alone. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from agentctl.contract.agent import AgentContract
from agentctl.contract.version import ToolVersion
from agentctl.events.record import Record
from agentctl.events.tool import DecisionMade, ToolIntent, ToolProposed
from agentctl.foundation.canonical import digest_of
from agentctl.gateway.policy_requests import Asked
from agentctl.gateway.state import SessionState, evolve
from agentctl.review.decisions.court import Question


class PastDecision(Struct, frozen=True):
    """A decision with the question it answered.

    `agrees` says whether what the authorities would be shown now is, byte for byte, what they were shown then; None where
    the journal is of a version that does not say enough to tell. `executed` says whether an attempt rested on it.
    """

    made: DecisionMade
    seq: int
    question: Question
    agrees: bool | None
    executed: bool


def past_decisions(
    records: Sequence[Record], contract: AgentContract, tools: Mapping[str, ToolVersion]
) -> Iterator[PastDecision]:
    """Yield every decision about a call whose tool the contract has, in the order of the journal."""
    states = _States(records)
    for index, record in enumerate(records):
        made = record.event
        if isinstance(made, DecisionMade):
            remade = _remade(states, index, made, contract, tools)
            if remade is not None:
                question, agrees = remade
                yield PastDecision(made, record.seq, question, agrees, _executed(records[index + 1 :], made))


class _States:
    """The states of a run after so many of its records, folded once."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self._states = [SessionState()]
        for record in records:
            self._states.append(evolve(self._states[-1], record))

    def after(self, count: int) -> SessionState:
        """Return the state after so many records."""
        return self._states[count]

    def proposed(self, call: str, before: int) -> int:
        """Return after how many records a call was known."""
        return next(
            index + 1
            for index in range(before - 1, -1, -1)
            if isinstance(event := self.records[index].event, ToolProposed) and event.call == call
        )


def _remade(
    states: _States, index: int, made: DecisionMade, contract: AgentContract, tools: Mapping[str, ToolVersion]
) -> tuple[Question, bool | None] | None:
    """Return the question that a decision answered. Calls of one step are judged together, so records of others may lie between."""
    newest = _question(states.after(index), made, contract, tools, states.records[index].time)
    if newest is None:
        return None
    if made.judged_at is None:
        return newest, None
    for count in range(index, states.proposed(made.call, index) - 1, -1):
        question = _question(states.after(count), made, contract, tools, made.judged_at)
        if question is not None and digest_of(question.request.inputs()) == made.inputs_digest:
            return question, True
    return newest, False


def _question(
    state: SessionState,
    made: DecisionMade,
    contract: AgentContract,
    tools: Mapping[str, ToolVersion],
    now: str,
) -> Question | None:
    call = state.calls.get(made.call)
    tool = tools.get(call.proposal.tool) if call is not None else None
    if call is None or tool is None or not isinstance(call.proposal.arguments, Mapping):
        return None
    header = state.header
    asked = Asked(
        proposal=call.proposal,
        descriptor=tool.descriptor,
        descriptor_digest=tool.digest,
        arguments=call.proposal.arguments,
        principal=header.principal,
        actor=f"agent:{header.agent}",
        now=made.judged_at or now,
    )
    return Question(state, contract, asked)


def _executed(after: Sequence[Record], made: DecisionMade) -> bool:
    """Return whether the next thing of the call that is decided or attempted is the attempt this decision was for."""
    for record in after:
        event = record.event
        if isinstance(event, DecisionMade) and event.call == made.call:
            return False
        if isinstance(event, ToolIntent) and event.purpose == "agent" and event.call == made.call:
            return True
    return False
