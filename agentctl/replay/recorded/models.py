"""A model that says again what it said, and prices that charge again what was charged."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct
from typing_extensions import override

from agentctl.contract.environment import Deployment
from agentctl.events.budget import BudgetStopped
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed, ModelRefused
from agentctl.events.record import AnyEvent
from agentctl.foundation.money import MILLION
from agentctl.models import wire
from agentctl.models.client import (
    ModelAnswer,
    ModelClient,
    ModelFailure,
    ModelRequest,
    RequestedCall,
    TokenPrice,
    Usage,
)
from agentctl.replay.recorded.answers import Answers
from agentctl.replay.recorded.tape import Tape
from agentctl.replay.recorded.vault import TapedVault

_SCRIPTED_BYTES_PER_TOKEN: Final = 4
_TOO_MUCH: Final = re.compile(
    r"the ceiling of \S+ (?P<meter>\S+) could be broken: .* (?P<asked>\S+) more asked"
)


class TapedModel(ModelClient):
    """One deployment, as the tape knows it. What the tape does not hold, nobody is asked for."""

    def __init__(self, deployment: Deployment, tape: Tape, answers: Answers, vault: TapedVault) -> None:
        self._deployment = deployment
        self._tape = tape
        self._answers = answers
        self._vault = vault

    @override
    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Return what the deployment answered then."""
        event = await self._answers.of_model()
        match event:
            case ModelAnswered():
                return self._answer(event)
            case ModelFailed(failure=kind, message=message):
                return ModelFailure(kind, self._vault.restore_text(message))
            case None:
                return ModelFailure(
                    "not_usable", f"the tape holds no answer of `{self._deployment.name}` to this request"
                )

    @override
    def worst_case_input_tokens(self, request: ModelRequest) -> int:
        """Return what was reserved then, or was too much; for a request that the tape does not hold, what a client would say."""
        reserved = self._reserved()
        if reserved is not None:
            return reserved
        stop = stopped_next(self._tape)
        if stop is None:
            size = wire.request_bytes(request)
            return -(-size // _SCRIPTED_BYTES_PER_TOKEN) if self._is_scripted else size
        match stop.meter:
            case "input_tokens":
                return int(Decimal(stop.asked))
            case "cost_usd":
                return self._tokens_for(Decimal(stop.asked), request.max_output_tokens)
            case _:
                return 0  # it was not for its size that the request was too much

    def _tokens_for(self, cost: Decimal, output_tokens: int) -> int:
        """Return how many tokens cost so much, with all that may be said in answer to them."""
        price = self._deployment.price
        if price is None or not price.input_usd_per_million:
            return 0
        of_output = price.output_usd_per_million * output_tokens
        return int((cost * MILLION - of_output) / price.input_usd_per_million)

    def _reserved(self) -> int | None:
        """Return what the next request to this deployment reserved."""
        later = self._tape.records[self._tape.position : self._tape.sitting.end]
        for record in later:
            match record.event:
                case ModelAsked(deployment=self._deployment.name, reservation=reservation):
                    return reservation.input_tokens
                case BudgetStopped() | ModelRefused():
                    return None
                case _:
                    pass
        return None

    @override
    async def close(self) -> None:
        """There is nothing to give back."""

    @property
    def _is_scripted(self) -> bool:
        return self._deployment.provider == "scripted"

    def _answer(self, event: ModelAnswered) -> ModelAnswer:
        """Return an answer that leads to the event; counts that nobody reported are not reported again."""
        used, reported = event.settlement, event.usage_reported
        return ModelAnswer(
            text=self._vault.restore_text(event.text),
            calls=tuple(
                RequestedCall(
                    call.provider_id,
                    self._vault.restore_text(call.name),
                    self._vault.restore_text(call.arguments),
                )
                for call in event.calls
            ),
            usage=Usage(used.input_tokens, used.output_tokens) if reported else Usage(None, None),
            finish_reason=event.finish_reason,
            response_id=event.response_id,
            response_model=event.response_model,
        )


class Stop(Struct, frozen=True):
    """A request that was not made, for it could have broken a ceiling: which, and how much more it asked."""

    meter: str
    asked: str


def stopped_next(tape: Tape) -> Stop | None:
    """Return why the next request of the tape was not made; None where it was."""
    record = tape.next_record
    match record.event if record is not None else None:
        case BudgetStopped(meter=meter, asked=asked, call=None):
            return Stop(meter, asked)
        case ModelRefused(stage="affordable", reasons=reasons):
            found = _TOO_MUCH.fullmatch("; ".join(reasons))
            return None if found is None else Stop(found["meter"], found["asked"])
        case _:
            return None


class TapedPrice(TokenPrice, frozen=True):
    """The price of a deployment of which only is known what calls of it cost: what the tape holds, and else nothing.

    A price may come from a table that another version of a library has, and that takes seconds to load.
    """

    costs: Mapping[tuple[int, int], Decimal]
    tape: Tape

    @override
    def cost(self, input_tokens: int, output_tokens: int) -> Decimal:
        """Return what so many tokens cost then; of a request that was not made, what was too much."""
        stop = stopped_next(self.tape)
        if stop is not None and stop.meter == "cost_usd":
            return Decimal(stop.asked)
        return self.costs.get((input_tokens, output_tokens), Decimal(0))


def taped_price(tape: Tape, deployment: str) -> TapedPrice | None:
    """Return the price of a deployment as the tape knows it; None where it was not asked for want of one."""
    if any(_has_no_price(record.event, deployment) for record in tape.records):
        return None
    return TapedPrice(Decimal(0), Decimal(0), dict(_costs(tape, deployment)), tape)


def _has_no_price(event: AnyEvent, deployment: str) -> bool:
    return (
        isinstance(event, ModelRefused)
        and event.stage == "priced"
        and any(f"`{deployment}`" in reason for reason in event.reasons)
    )


def _costs(tape: Tape, deployment: str) -> Iterator[tuple[tuple[int, int], Decimal]]:
    """Yield what so many tokens cost, wherever the tape says it."""
    asked = ""
    for record in tape.records:
        match record.event:
            case ModelAsked(deployment=name, reservation=used):
                asked = name
            case ModelAnswered(settlement=used):
                pass
            case _:
                continue
        if asked == deployment:
            yield (used.input_tokens, used.output_tokens), used.cost_usd
