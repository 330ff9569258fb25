"""A model that says again what it said, and prices that charge again what was charged."""

from dataclasses import dataclass, field
from decimal import Decimal

from typing_extensions import override

from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed
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
from agentctl.replay.answers import Answers
from agentctl.replay.tape import Tape
from agentctl.replay.vault import TapedVault


class TapedModel(ModelClient):
    """One deployment, as the tape knows it. What the tape does not hold, nobody is asked for."""

    def __init__(self, deployment: str, tape: Tape, answers: Answers, vault: TapedVault) -> None:
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
                    "not_usable", f"the tape holds no answer of `{self._deployment}` to this request"
                )

    @override
    def worst_case_input_tokens(self, request: ModelRequest) -> int:
        """Return what was reserved then; for a request that the tape does not hold, the bytes that would be sent."""
        index = self._tape.next_index
        later = () if index is None else self._tape.records[index : self._tape.sitting.end]
        reserved = (
            record.event.reservation.input_tokens
            for record in later
            if isinstance(record.event, ModelAsked) and record.event.deployment == self._deployment
        )
        return next(reserved, wire.request_bytes(request))

    @override
    async def close(self) -> None:
        """There is nothing to give back."""

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


@dataclass(frozen=True, slots=True)
class TapedPrice(TokenPrice):
    """The price of a deployment of which only is known what calls of it cost: what the tape holds, and else nothing.

    A price may come from a table that another version of a library has, and that takes seconds to load.
    """

    costs: dict[tuple[int, int], Decimal] = field(default_factory=dict)

    @override
    def cost(self, input_tokens: int, output_tokens: int) -> Decimal:
        """Return what so many tokens cost then."""
        return self.costs.get((input_tokens, output_tokens), Decimal(0))


def taped_price(tape: Tape, deployment: str) -> TapedPrice | None:
    """Return the price of a deployment as the tape knows it; None where it was never asked, for want of one."""
    costs: dict[tuple[int, int], Decimal] = {}
    asked: ModelAsked | None = None
    for record in tape.records:
        match record.event:
            case ModelAsked() as asked if asked.deployment == deployment:
                used = asked.reservation
            case ModelAnswered(settlement=used) if asked is not None and asked.deployment == deployment:
                pass
            case _:
                continue
        costs[used.input_tokens, used.output_tokens] = used.cost_usd
    return TapedPrice(Decimal(0), Decimal(0), costs) if costs else None
