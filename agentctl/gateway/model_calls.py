"""A model call: routed, priced, reserved, asked, settled; deployments of an alias stand in for each other."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from agentctl.budget.limits import Time, exceeded, left, sentence, stopped
from agentctl.events.base import Reservation
from agentctl.events.budget import BudgetOverrun, BudgetStopped, Meter
from agentctl.events.model import (
    ModelAnswered,
    ModelAsked,
    ModelFailed,
    ModelRefused,
    RouteChosen,
    WrittenCall,
)
from agentctl.events.record import AnyEvent
from agentctl.foundation.canonical import (
    ARGUMENT_LIMITS,
    NotCanonical,
    NotJson,
    canonical_bytes,
    canonical_copy,
    parse_json,
)
from agentctl.foundation.ids import call_id
from agentctl.foundation.money import plain
from agentctl.gateway.corridor import Corridor, ModelDesk
from agentctl.gateway.opinions import ModelReview
from agentctl.gateway.pauses import pause_before
from agentctl.gateway.request_digests import request_digest
from agentctl.models.client import (
    Message,
    ModelAnswer,
    ModelFailure,
    ModelRequest,
    RequestedCall,
    ToolDefinition,
)
from agentctl.routing.route import Unrouted, choose

_LONGEST_PAUSE_SECONDS = 10.0


class ModelWork(Struct, frozen=True):
    """What a model is to be asked: the conversation so far, redacted, and the tools it may see.

    `review` is the approval request that a second model is asked about; None for the agent's own model call.
    """

    step: int
    messages: tuple[Message, ...]
    tools: tuple[ToolDefinition, ...]
    review: str | None = None


async def call_model(corridor: Corridor, work: ModelWork) -> None:
    """Ask the deployments of the step's route in order until one answers; all of it is in the journal then."""
    route = _route(corridor, work.step)
    if isinstance(route, Unrouted):
        corridor.record(ModelRefused(step=work.step, stage="routed", reasons=(route.reason,)))
    else:
        await ask_in_order(corridor, work, corridor.parts.models[route.alias])
    await corridor.durable()


def _route(corridor: Corridor, step: int) -> RouteChosen | Unrouted:
    known = corridor.state.routes.get(step)
    if (
        known is not None and corridor.parts.models[known.alias]
    ):  # since then the platform may allow none of them
        return known
    table = {
        alias: tuple(desk.deployment for desk in desks) for alias, desks in corridor.parts.models.items()
    }
    route = choose(corridor.parts.contract.model_routing, table, step, {})
    if isinstance(route, RouteChosen):
        corridor.record(route)
    return route


async def ask_in_order(corridor: Corridor, work: ModelWork, desks: tuple[ModelDesk, ...]) -> None:
    """Ask deployments in order until one answers; what they said is in the journal then."""
    for desk in desks:
        if await _ask_repeatedly(corridor, work, desk):
            return


async def _ask_repeatedly(corridor: Corridor, work: ModelWork, desk: ModelDesk) -> bool:
    """Ask one deployment; return whether the step needs no other."""
    failure = await _ask_once(corridor, work, desk)
    for number in range(1, desk.deployment.max_attempts):
        if failure is None or not failure.worth_repeating:
            break
        await corridor.parts.pause(pause_before(number, failure.retry_after, _LONGEST_PAUSE_SECONDS))
        failure = await _ask_once(corridor, work, desk)
    return failure is None


async def _ask_once(corridor: Corridor, work: ModelWork, desk: ModelDesk) -> ModelFailure | None:
    """Make one attempt; None when it answered, or when a refusal or a budget stop ends the step."""
    request = _request(corridor, work, desk)
    shown = _as_shown(corridor, work, request)
    reservation = judge(corridor, desk, shown, work.step)
    if not isinstance(reservation, Reservation):
        corridor.record(_not_asked(work, reservation))
        return None
    asked = _asked(corridor, work, desk, request, reservation)
    corridor.record(asked)
    await corridor.durable()
    started = corridor.parts.clock.monotonic_ns()
    outcome = await desk.client.complete(shown)
    latency = (corridor.parts.clock.monotonic_ns() - started) / 1_000_000
    corridor.record(*_outcome_events(corridor, asked, desk, outcome, latency))
    await corridor.durable()
    return outcome if isinstance(outcome, ModelFailure) else None


def judge(
    corridor: Corridor, desk: ModelDesk, shown: ModelRequest, step: int
) -> Reservation | ModelRefused | BudgetStopped:
    """Return what one attempt may use at most; or why it is not made: an unknown price, or a ceiling it could break."""
    if desk.price is None:
        reason = f"the price of `{desk.deployment.name}` is not known; declare `price` in the environment"
        return ModelRefused(step=step, stage="priced", reasons=(reason,))
    limits, spend = corridor.state.header.limits, corridor.state.spend
    if shown.max_output_tokens < 1:
        return stopped(
            "output_tokens", Decimal(limits.max_output_tokens), Decimal(limits.max_output_tokens), Decimal(1)
        )
    worst = desk.client.worst_case_input_tokens(shown)
    reservation = Reservation(
        input_tokens=worst,
        output_tokens=shown.max_output_tokens,
        cost_usd=desk.price.cost(worst, shown.max_output_tokens),
    )
    time = Time(corridor.worked, desk.deployment.timeout_seconds)
    return exceeded(spend, limits, reservation, time) or reservation


def _not_asked(work: ModelWork, why: ModelRefused | BudgetStopped) -> ModelRefused | BudgetStopped:
    """Return what is recorded of a call that is not made; a second model that cannot be paid for stops no run."""
    if work.review is None:
        return why
    if isinstance(why, BudgetStopped):
        why = ModelRefused(step=work.step, stage="affordable", reasons=(sentence(why),))
    return why.model_copy(update={"review": work.review})


def _request(corridor: Corridor, work: ModelWork, desk: ModelDesk) -> ModelRequest:
    header = corridor.state.header
    room = left(corridor.state.spend, header.limits).output_tokens
    return ModelRequest(
        model=desk.deployment.model,
        messages=work.messages,
        tools=work.tools,
        max_output_tokens=min(desk.deployment.max_output_tokens, room),
        timeout_seconds=desk.deployment.timeout_seconds,
        headers={"traceparent": header.traceparent},  # a third party gets this and nothing more
    )


def _asked(
    corridor: Corridor, work: ModelWork, desk: ModelDesk, request: ModelRequest, reservation: Reservation
) -> ModelAsked:
    return ModelAsked(
        step=work.step,
        attempt=_attempts_so_far(corridor, work) + 1,
        deployment=desk.deployment.name,
        provider=desk.deployment.provider,
        model=request.model,
        request_digest=request_digest(request),
        max_output_tokens=request.max_output_tokens,
        reservation=reservation,
        review=work.review,
    )


def _attempts_so_far(corridor: Corridor, work: ModelWork) -> int:
    if work.review is None:
        return corridor.state.model_attempts.get(work.step, 0)
    return corridor.state.model_reviews.get(work.review, ModelReview()).attempts


def _as_shown(corridor: Corridor, work: ModelWork, request: ModelRequest) -> ModelRequest:
    """Put real values back at the model's edge, unless the contract keeps them from the model.

    A second model never gets them: equal values have equal placeholders, and that is all it has to compare.
    """
    if corridor.state.header.pii_redaction == "strict" or work.review is not None:
        return request
    return replace(request, messages=tuple(_restored(corridor, message) for message in request.messages))


def _restored(corridor: Corridor, message: Message) -> Message:
    """Return a message with real values; the message itself where there are none in it."""
    calls = tuple(_with_real_arguments(corridor, call) for call in message.calls)
    text = corridor.parts.vault.restore_text(message.text)
    if (text, calls) == (message.text, message.calls):
        return message
    return Message(message.role, text, calls, message.answers)


def _with_real_arguments(corridor: Corridor, call: RequestedCall) -> RequestedCall:
    """Put values back as JSON, where the arguments are JSON, so that quotes inside them stay quotes."""
    if "[" not in call.arguments:  # they are canonical, where they are JSON; every placeholder begins with it
        return call
    vault = corridor.parts.vault
    try:
        text = canonical_bytes(vault.restore(parse_json(call.arguments, ARGUMENT_LIMITS))).decode()
    except (NotJson, NotCanonical):
        text = vault.restore_text(call.arguments)
    return RequestedCall(call.provider_id, call.name, text)


def _outcome_events(
    corridor: Corridor,
    asked: ModelAsked,
    desk: ModelDesk,
    outcome: ModelAnswer | ModelFailure,
    latency: float,
) -> tuple[AnyEvent, ...]:
    match outcome:
        case ModelAnswer():
            answered = _answered(corridor, asked, desk, outcome, latency)
            return (answered, *_overrun(asked, answered.settlement))
        case ModelFailure():
            settlement = Reservation() if outcome.certainly_free else asked.reservation
            return (
                ModelFailed(
                    step=asked.step,
                    attempt=asked.attempt,
                    failure=outcome.kind,
                    message=_redacted(corridor, outcome.message),
                    settlement=settlement,
                    latency_ms=latency,
                    review=asked.review,
                ),
            )


def _answered(
    corridor: Corridor, asked: ModelAsked, desk: ModelDesk, answer: ModelAnswer, latency: float
) -> ModelAnswered:
    used_in, used_out = answer.usage.input_tokens, answer.usage.output_tokens
    reported = used_in is not None and used_out is not None
    tokens_in = asked.reservation.input_tokens if used_in is None else used_in
    tokens_out = asked.reservation.output_tokens if used_out is None else used_out
    cost = desk.price.cost(tokens_in, tokens_out) if desk.price else asked.reservation.cost_usd
    return ModelAnswered(
        step=asked.step,
        attempt=asked.attempt,
        text=_redacted(corridor, answer.text),
        calls=_all_written(corridor, asked, answer),
        finish_reason=answer.finish_reason,
        response_id=answer.response_id,
        response_model=answer.response_model,
        usage_reported=reported,
        settlement=Reservation(input_tokens=tokens_in, output_tokens=tokens_out, cost_usd=cost),
        latency_ms=latency,
        review=asked.review,
    )


def _all_written(corridor: Corridor, asked: ModelAsked, answer: ModelAnswer) -> tuple[WrittenCall, ...]:
    """Return the calls a model wrote; a second model was offered none, and none of its is the agent's."""
    if asked.review is not None:
        return ()
    return tuple(_written(corridor, asked.step, index, call) for index, call in enumerate(answer.calls))


def _written(corridor: Corridor, step: int, index: int, call: RequestedCall) -> WrittenCall:
    return WrittenCall(
        call=call_id(corridor.state.header.run, step, index),
        provider_id=call.provider_id,
        name=_redacted(corridor, call.name),
        arguments=_redacted_arguments(corridor, call.arguments),
    )


def _redacted_arguments(corridor: Corridor, text: str) -> str:
    """Redact arguments as JSON, where they are JSON: a value's place and type stay what they were."""
    try:
        value = canonical_copy(parse_json(text, ARGUMENT_LIMITS))
        return canonical_bytes(corridor.redact_written(value)).decode()
    except (NotJson, NotCanonical):
        return _redacted(corridor, text)


def _redacted(corridor: Corridor, text: str) -> str:
    """Redact what a model wrote, which may not even be proper text."""
    return str(corridor.redact_written(text.encode("utf-8", "replace").decode("utf-8")))


def _overrun(asked: ModelAsked, used: Reservation) -> tuple[BudgetOverrun, ...]:
    """Return every meter on which a provider used more than was reserved."""
    reserved = asked.reservation
    rows: tuple[tuple[Meter, Decimal, Decimal], ...] = (
        ("input_tokens", Decimal(reserved.input_tokens), Decimal(used.input_tokens)),
        ("output_tokens", Decimal(reserved.output_tokens), Decimal(used.output_tokens)),
        ("cost_usd", reserved.cost_usd, used.cost_usd),
    )
    return tuple(
        BudgetOverrun(meter=meter, reserved=plain(before), reported=plain(after), step=asked.step)
        for meter, before, after in rows
        if after > before
    )
