"""A decision point that speaks OpenID AuthZEN, Authorization API 1.0: `POST /access/v1/evaluation`.

The protocol knows yes and no. Whether an approval would lift a no is found out by asking again with
`context.approval.granted`; what an approval must be may stand in the answer's `context.approval`.
"""

from collections.abc import Iterator, Mapping

from pydantic import ValidationError
from typing_extensions import override

from agentctl.contract.words import found
from agentctl.events.approval import ApprovalTerms
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.ids import new_secret_id
from agentctl.policy.engine import PolicyRequest
from agentctl.policy.http_point import HttpPoint, PointFailed, PointReply
from agentctl.policy.judge import Closing, Judge, Judgement
from agentctl.policy.rego.forms import DemandedTerms, failed, first_problem, input_of

_PATH = "/access/v1/evaluation"
_REQUEST_ID = "x-request-id"
_REASONS = ("reason", "reason_user", "reasons")
"""Where reasons stand in an answer's context. `reason_admin` is left: it must not reach the user, and a model is one."""
_MOST_REASONS = 16
_LONGEST_REASON = 500
_CARRIED = (
    "principal",
    "teams",
    "tool",
    "effect",
    "descriptor_digest",
    "arguments",
    "risk_tier",
    "facts",
    "facts_missing",
)
"""What subject, action and resource carry; the context carries everything else."""


class AuthzenJudge(Judge, Closing):
    """One decision point.

    Args:
        point: where it is.
    """

    def __init__(self, point: HttpPoint) -> None:
        self._point = point

    @override
    async def judge(self, request: PolicyRequest) -> Judgement:
        """Return its decision; only the JSON word `true` allows."""
        identifier = new_secret_id()
        try:
            reply = await self._point.asked(_PATH, evaluation_of(request), {_REQUEST_ID: identifier})
            return _judgement(reply, identifier)
        except PointFailed as error:
            return failed(str(error))
        except ValidationError as error:
            return failed(
                f"what it demands of an approval is none of the known terms: {first_problem(error)}"
            )

    @override
    async def close(self) -> None:
        """Give back all connections."""
        await self._point.close()


def evaluation_of(request: PolicyRequest) -> dict[str, JsonValue]:
    """Return the question: may this subject call this tool, with these arguments, in this context?"""
    shown = input_of(request)
    return {
        "subject": {
            "type": request.principal.kind,
            "id": request.principal.id,
            "properties": {"principal": shown["principal"], "teams": shown["teams"]},
        },
        "action": {
            "name": "call",
            "properties": {name: shown[name] for name in ("arguments", "facts", "facts_missing")},
        },
        "resource": {
            "type": "tool",
            "id": request.tool,
            "properties": {name: shown[name] for name in ("effect", "risk_tier", "descriptor_digest")},
        },
        "context": {name: value for name, value in shown.items() if name not in _CARRIED},
    }


def _judgement(reply: PointReply, identifier: str) -> Judgement:
    if reply.headers.get(_REQUEST_ID, identifier) != identifier:
        raise PointFailed("its answer is for another request")
    decision, context = reply.body.get("decision"), reply.body.get("context")
    if not isinstance(decision, bool):
        raise PointFailed(f"`decision` is {found(decision)}; accepted: `true` or `false`")
    if context is not None and not isinstance(context, Mapping):
        raise PointFailed(f"`context` is {found(context)}; accepted: an object")
    known: JsonObject = context or {}
    return Judgement(decision, _reasons(known), terms=_terms(known))


def _terms(context: JsonObject) -> ApprovalTerms | None:
    demanded = context.get("approval")
    return None if demanded is None else DemandedTerms.model_validate(demanded).terms()


def _reasons(context: JsonObject) -> tuple[str, ...]:
    """Return the reasons of an answer: texts, lists of them, or objects whose values are texts by language or status."""
    said = [reason for key in _REASONS for reason in _texts(context.get(key))]
    return tuple(reason[:_LONGEST_REASON] for reason in said[:_MOST_REASONS])


def _texts(value: JsonValue) -> Iterator[str]:
    """Yield texts: of a text, a list, a reason by language, or a reason object, of which only the user's part is shown."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        is_reason_object = "reason_user" in value or "reason_admin" in value
        shown = value.get("reason_user") if is_reason_object else None
        by_language: JsonObject = shown if isinstance(shown, Mapping) else ({} if is_reason_object else value)
        yield from (text for text in by_language.values() if isinstance(text, str))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
