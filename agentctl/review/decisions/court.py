"""Puts one call to the authorities again, away from its run: as it was asked, or with something of it changed."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from agentctl.contract.agent import AgentContract
from agentctl.events.tool import PolicyAnswer
from agentctl.gateway.one_effect import one_effect_once
from agentctl.gateway.policy_requests import Asked, Judgeable, judgeable
from agentctl.gateway.state import SessionState
from agentctl.policy.engine import PolicyEngine, PolicyRequest
from agentctl.tools.facts import effect_key


class Question(Struct, frozen=True):
    """A call that is to be judged: the run before it, the contract it is under, and what is asked."""

    state: SessionState
    contract: AgentContract
    asked: Asked

    @property
    def request(self) -> PolicyRequest:
        """What the authorities are shown, made as the gateway makes it."""
        return self._judgeable.request

    @property
    def totals(self) -> Mapping[str, Decimal]:
        """What the call adds to the run's totals."""
        return self._judgeable.totals

    @property
    def effect_key(self) -> str | None:
        """The name of its effect, where it has one."""
        return effect_key(self.asked.descriptor, self.asked.arguments)

    @property
    def _judgeable(self) -> Judgeable:
        return judgeable(self.state, self.contract, self.asked)


async def answers_to(
    question: Question, engines: Iterable[PolicyEngine], request: PolicyRequest | None = None
) -> tuple[PolicyAnswer, ...]:
    """Return what every authority says of a call; `request` is what they are shown in place of what it says itself."""
    shown = request or question.request
    given = [await engine.decide(shown) for engine in engines]
    asked = question.asked
    key = effect_key(asked.descriptor, shown.arguments)
    return (*given, *one_effect_once(question.state, asked.proposal.call, asked.descriptor, key))
