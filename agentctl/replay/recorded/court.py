"""The authorities of a replay: those that are at hand are asked again, the others said what they said."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from agentctl.events.record import Record
from agentctl.events.tool import DecisionMade, PolicyAnswer, ToolProposed
from agentctl.foundation.canonical import digest_of
from agentctl.policy.engine import PolicyEngine, PolicyRequest
from agentctl.replay.recorded.tape import Tape


class Court:
    """What the authorities were shown in a replay, so that it can be compared with what they were shown then.

    Two clocks are never read alike. So what is compared is what would have been shown at the very moment of the tape.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._last: PolicyRequest | None = None
        self._shown: dict[str, PolicyRequest] = {}
        self._same: dict[str, str] = {}

    def listen(self, engines: Iterable[PolicyEngine]) -> tuple[PolicyEngine, ...]:
        """Return the same authorities; what each is shown is kept, and each answers when it is its turn."""
        return tuple(_Heard(engine, self) for engine in engines)

    def keep(self, request: PolicyRequest) -> None:
        """Keep what was shown; to one authority after the other the very same is."""
        if request is self._last:
            return
        self._last = request
        self._shown[digest_of(request.inputs())] = request

    async def turn(self) -> None:
        """Wait until it is the turn of the decision about the call in hand: calls of one step are judged together."""
        call = self._tape.call_in_hand
        index = None if call is None else self._tape.next_of_call(call, DecisionMade)
        if index is not None:
            await self._tape.turn_of(index)

    def shows_the_same(self, then: DecisionMade, now: DecisionMade) -> bool:
        """Return whether the authorities were shown the same, but for the moment at which they were."""
        request = self._shown.get(now.inputs_digest)
        if request is None or then.judged_at is None:
            return False
        if digest_of(replace(request, now=then.judged_at).inputs()) != then.inputs_digest:
            return False
        self._same[now.inputs_digest] = then.inputs_digest
        return True

    def is_same(self, then: str, now: str) -> bool:
        """Return whether two digests of what was shown were found to be of the same."""
        return then == now or self._same.get(now) == then


class _Heard(Struct, frozen=True):
    """An authority that answers as it is; what it is shown is kept."""

    engine: PolicyEngine
    court: Court

    @property
    def policy(self) -> str:
        """The id of what it judges by."""
        return self.engine.policy

    @property
    def digest(self) -> str:
        """The digest of what it judges by."""
        return self.engine.digest

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return its answer, when it is its turn."""
        self.court.keep(request)
        answer = await self.engine.decide(request)
        await self.court.turn()
        return answer


class TapedEngine(Struct, frozen=True):
    """An authority that is not asked again, for that needs another process or the network."""

    policy: str
    digest: str
    tape: Tape

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return what it said of the same call; of a call that is not on the tape, that nobody could ask."""
        index = self._index(request)
        if index is None:
            return silent(self.policy, self.digest)
        made = self.tape.records[index].event
        answers = made.answers if isinstance(made, DecisionMade) else ()
        return next((item for item in answers if self._is_mine(item)), silent(self.policy, self.digest))

    def _index(self, request: PolicyRequest) -> int | None:
        """Return the place of the decision: that of the call in hand, else the next one of a call like this."""
        call = self.tape.call_in_hand
        own = None if call is None else self.tape.next_of_call(call, DecisionMade)
        if own is not None:
            return own
        calls = (known for known in _calls_like(request, self.tape.records))
        places = (self.tape.next_of_call(known, DecisionMade) for known in calls)
        return next((place for place in places if place is not None), None)

    def _is_mine(self, answer: PolicyAnswer) -> bool:
        return (answer.policy, answer.digest) == (self.policy, self.digest)


def silent(policy: str, digest: str) -> PolicyAnswer:
    """Return what counts for an authority that nobody could ask: an error, which denies."""
    return PolicyAnswer(
        authority="policy",
        policy=policy,
        digest=digest,
        decision="deny",
        reasons=(f"`{policy}` could not be asked",),
        errors=("the tape holds no answer of it to this call",),
    )


def _calls_like(request: PolicyRequest, records: Iterable[Record]) -> Iterable[str]:
    """Return the calls of the same step, tool and arguments."""
    wanted = (request.step, request.tool, request.arguments_digest)
    for record in records:
        event = record.event
        if isinstance(event, ToolProposed) and (event.step, event.tool, event.arguments_digest) == wanted:
            yield event.call
