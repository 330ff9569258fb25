"""The guard round every engine: whatever goes wrong in there is a denial, and whatever it says is measured.

An engine is asked as things are. If it denies that, it is asked again under the assumption that an approval was granted;
if that is allowed, the answer is that the call needs one. Whether there is one, only the stage `approved` decides.
"""

import asyncio
from typing import NoReturn

from msgspec import Struct

from agentctl.events.tool import Decision, PolicyAnswer
from agentctl.foundation.clock import Clock
from agentctl.foundation.errors import InternalError
from agentctl.policy.authority import Authority
from agentctl.policy.engine import PolicyRequest
from agentctl.policy.judge import Judge, Judgement
from agentctl.policy.terms import strictest_terms

TIMEOUT_SECONDS = 1.0
"""How long an engine may take for a decision where nothing else is said."""

_LONGEST_ERROR = 300
_MOST_ERRORS = 10
_NS_PER_US = 1_000
_US_PER_SECOND = 1_000_000


class Guarded(Struct, frozen=True):
    """One authority: a judge, under the name and digest of what it judges by.

    `at_once`: the judge waits for nothing, so nobody need be woken up when it is late; the clock is looked at afterwards.
    """

    judge: Judge
    authority: Authority
    policy: str
    digest: str
    clock: Clock
    timeout_seconds: float = TIMEOUT_SECONDS
    at_once: bool = False

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return the judge's answer. A crash, a late answer, an answer of another form or with errors is a denial."""
        begun = self.clock.monotonic_ns()
        try:
            decision, judgement = await (self._asked(request) if self.at_once else self._in_time(request))
            return self._answer(begun, decision, judgement)
        except TimeoutError:
            return self._failed(begun, f"there was no answer within {self.timeout_seconds:g} s")
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise  # somebody ends the run; that is no answer of an engine
        except BaseException as error:  # noqa: BLE001  # whatever broke, the answer is no; a panic in Rust is no Exception
            return self._failed(begun, f"{type(error).__name__}: {error}")

    async def _in_time(self, request: PolicyRequest) -> tuple[Decision, Judgement]:
        async with asyncio.timeout(self.timeout_seconds):
            return await self._asked(request)

    async def _asked(self, request: PolicyRequest) -> tuple[Decision, Judgement]:
        if request.approval_granted:
            raise InternalError("an approval was assumed before anybody was asked for one")
        as_it_is = await self.judge.judge(request)
        if as_it_is.errors or as_it_is.allowed is True:
            return _decision_of(as_it_is), as_it_is
        approved = await self.judge.judge(request.if_approved())
        if approved.errors:
            return "deny", approved
        if approved.allowed is True:
            return "needs_approval", _both(as_it_is, approved)
        return "deny", as_it_is

    def _answer(self, begun: int, decision: Decision, judgement: Judgement) -> PolicyAnswer:
        latency_us = self._microseconds_since(begun)
        if (
            latency_us > self.timeout_seconds * _US_PER_SECOND
        ):  # it never let the event loop look at the clock
            _too_late()
        return PolicyAnswer(
            authority=self.authority,
            policy=self.policy,
            digest=self.digest,
            decision=decision,
            reasons=judgement.reasons or (self._nobody_says(decision),),
            errors=_shortened(judgement.errors),
            latency_us=latency_us,
            terms=judgement.terms,
        )

    def _nobody_says(self, decision: Decision) -> str:
        said = {"allow": "permits it", "deny": "does not permit it", "needs_approval": "asks for an approval"}
        return f"`{self.policy}` {said[decision]}"

    def _failed(self, begun: int, error: str) -> PolicyAnswer:
        return PolicyAnswer(
            authority=self.authority,
            policy=self.policy,
            digest=self.digest,
            decision="deny",
            reasons=(f"`{self.policy}` could not be asked",),
            errors=_shortened((error,)),
            latency_us=self._microseconds_since(begun),
        )

    def _microseconds_since(self, begun: int) -> int:
        return (self.clock.monotonic_ns() - begun) // _NS_PER_US


def _decision_of(judgement: Judgement) -> Decision:
    """Return the decision of a judgement that stands by itself; only the word `True` allows."""
    return "allow" if judgement.allowed is True and not judgement.errors else "deny"


def _shortened(errors: tuple[str, ...]) -> tuple[str, ...]:
    """Return errors as they are recorded: an engine may repeat its whole input in each, and have one for every rule."""
    more = len(errors) - _MOST_ERRORS
    kept = tuple(error[:_LONGEST_ERROR] for error in errors[:_MOST_ERRORS])
    return kept if more <= 0 else (*kept, f"and {more} more")


def _both(denied: Judgement, approved: Judgement) -> Judgement:
    """Return what needs an approval: what denies without one and what allows with it, and the demands of both."""
    reasons = tuple(dict.fromkeys((*denied.reasons, *approved.reasons)))
    return Judgement(allowed=True, reasons=reasons, terms=strictest_terms((denied.terms, approved.terms)))


def _too_late() -> NoReturn:
    raise TimeoutError
