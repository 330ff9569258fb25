"""Every recorded call, judged again against the run as it was recorded up to there: no model is asked, nothing happens.

From the first answer that is another one, the run would have gone on in a way that nobody knows. So what is said of later
calls is said of calls that might never have been made.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from agentctl.budget.limits import sentence
from agentctl.contract.agent import AgentContract
from agentctl.contract.version import ToolVersion
from agentctl.events.budget import BudgetStopped
from agentctl.events.record import AnyEvent, Record
from agentctl.events.tool import DecisionMade, Stage, ToolProposed, ToolRefused
from agentctl.foundation.canonical import digest_of
from agentctl.foundation.errors import InternalError
from agentctl.gateway.bench import Bench
from agentctl.gateway.policy_requests import Asked, judgeable
from agentctl.gateway.stages import affordable, judge, permitted, registered, well_formed
from agentctl.gateway.state import SessionState, evolve
from agentctl.gateway.verdict import Case, NeedsApproval, Refused
from agentctl.policy.decision import sentences_for
from agentctl.replay.recorded.places import call_of

Answer: TypeAlias = Literal["allowed", "asks", "denied"]
"""What became of a call where it was judged: `asks`: it needs an approval, whether or not there was one."""

JUDGED_AGAIN: Final = (registered, well_formed, permitted, affordable)
"""The stages that are asked again; whether it only goes on with a loop, and who approved it, is of the run as it went."""


class Judgement(Struct, frozen=True):
    """What became of a call at one judgement, and why; `stage` refused it."""

    answer: Answer
    reasons: tuple[str, ...]
    stage: Stage | None = None


class Moment(Struct, frozen=True):
    """One judgement on the tape: its record, the call as it was judged, what was answered, and the run before it."""

    record: Record
    proposal: ToolProposed
    attempt: int
    then: Judgement
    state: SessionState

    @property
    def now(self) -> str:
        """The moment at which it was judged."""
        made = self.record.event
        return (made.judged_at if isinstance(made, DecisionMade) else None) or self.record.time


class Rejudged(Struct, frozen=True):
    """A judgement on the tape and what it is now; `made` is the new decision, where one was made."""

    moment: Moment
    now: Judgement
    made: DecisionMade | None

    @property
    def changed(self) -> bool:
        """Whether the call would have been answered otherwise."""
        return self.moment.then.answer != self.now.answer


async def rejudged(moment: Moment, bench: Bench) -> Rejudged:
    """Judge a call again with what a bench holds, in the stages that ask nobody but policies and ceilings."""
    verdict = await judge(Case(moment.proposal, moment.attempt), bench, JUDGED_AGAIN)
    match verdict:
        case Refused(stage=stage, reasons=reasons):
            return Rejudged(moment, Judgement("denied", reasons, stage), verdict.case.decision)
        case Case(decision=DecisionMade(decision="needs_approval") as made):
            reasons = sentences_for("needs_approval", made.answers)
            return Rejudged(moment, Judgement("asks", reasons), made)
        case Case():
            return Rejudged(moment, Judgement("allowed", ()), verdict.decision)
        case NeedsApproval():
            raise InternalError("a stage asked for an approval that is not asked here")


def moments_of(
    records: Sequence[Record], contract: AgentContract, tools: Mapping[str, ToolVersion]
) -> Iterator[Moment]:
    """Yield every judgement of a run, with the run as it was when the call was judged.

    Calls of one step are judged together, so records of others may lie between; what the authorities were shown then says
    where it was. `contract` and `tools` are those of the run.
    """
    past = _Past(contract, tools)
    for index, record in enumerate(records):
        then, call = _judgement(records, index), call_of(record.event)
        if then is not None and call is not None:
            state = past.as_judged(call, record.event)
            known = state.calls[call]
            yield Moment(record, known.proposal, known.attempts + 1, then, state)
        past.add(record)


class _Past:
    """The run after each of its records so far."""

    def __init__(self, contract: AgentContract, tools: Mapping[str, ToolVersion]) -> None:
        self._contract = contract
        self._tools = tools
        self._states = [SessionState()]

    def add(self, record: Record) -> None:
        """Go on by one record."""
        self._states.append(evolve(self._states[-1], record))

    def as_judged(self, call: str, event: AnyEvent) -> SessionState:
        """Return the run as it was when a call was judged; where that cannot be told, as it is now."""
        if isinstance(event, DecisionMade) and event.judged_at is not None:
            for state in reversed(self._states):
                if call not in state.calls:
                    break
                if self._shown(state, call, event.judged_at) == event.inputs_digest:
                    return state
        return self._states[-1]

    def _shown(self, state: SessionState, call: str, moment: str) -> str | None:
        """Return the digest of what the authorities are shown of a call; None where the run has no such tool."""
        proposal, header = state.calls[call].proposal, state.header
        tool = self._tools.get(proposal.tool)
        if tool is None or not isinstance(proposal.arguments, Mapping):
            return None
        asked = Asked(
            proposal=proposal,
            descriptor=tool.descriptor,
            descriptor_digest=tool.digest,
            arguments=proposal.arguments,
            principal=header.principal,
            actor=f"agent:{header.agent}",
            now=moment,
        )
        return digest_of(judgeable(state, self._contract, asked).request.inputs())


def _judgement(records: Sequence[Record], index: int) -> Judgement | None:
    """Return what a record says of a judgement; None where it says of none."""
    match records[index].event:
        case DecisionMade(decision="deny") as made:
            return Judgement("denied", sentences_for("deny", made.answers), "permitted")
        case DecisionMade() as made if _was_too_much(records, index) is not None:
            return Judgement("denied", (_was_too_much(records, index) or "",), "affordable")
        case DecisionMade(decision="needs_approval") as made:
            return Judgement("asks", sentences_for("needs_approval", made.answers))
        case DecisionMade():
            return Judgement("allowed", ())
        case ToolRefused(stage="registered" | "well_formed" as stage, reasons=reasons):
            return Judgement("denied", reasons, stage)
        case _:
            return None


def _was_too_much(records: Sequence[Record], index: int) -> str | None:
    """Return the ceiling that stood in the way of a call right after it was judged; None where none did."""
    call = call_of(records[index].event)
    later = (record.event for record in records[index + 1 :] if call_of(record.event) == call)
    match next(later, None):
        case BudgetStopped() as stop:
            return sentence(stop)
        case ToolRefused(stage="affordable", reasons=reasons):
            return "; ".join(reasons)
        case _:
            return None
