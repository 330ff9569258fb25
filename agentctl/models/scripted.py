"""The scripted model: a deterministic client that sees what any model sees and acts by the rules of a script.

It keeps nothing between two requests: what it does follows from the conversation alone.
"""

from typing_extensions import override

from agentctl.contract.script import Script, ScriptedCall
from agentctl.foundation.canonical import NotCanonical, canonical_bytes
from agentctl.models import wire
from agentctl.models.client import (
    ModelAnswer,
    ModelClient,
    ModelFailure,
    ModelRequest,
    RequestedCall,
    Usage,
)
from agentctl.models.script_conversation import Conversation, conversation_in
from agentctl.models.script_rules import Applied, first_applied
from agentctl.models.script_templates import Names, UnfitScript, filled, filled_text

_BYTES_PER_TOKEN = 4


def count_tokens(text: str) -> int:
    """Return the tokens of a text by this model's own count: one for every four bytes begun."""
    return _tokens(len(text.encode("utf-8", "replace")))


class ScriptedClient(ModelClient):
    """One agent's script behind the port of every model."""

    def __init__(self, script: Script) -> None:
        self._script = script

    @override
    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Do what the first rule that applies says."""
        conversation = conversation_in(request.messages)
        try:
            applied = first_applied(self._script.rules, conversation)
            return self._nothing_applies() if applied is None else _answer(applied, conversation, request)
        except UnfitScript as error:
            return ModelFailure("refused", wire.shortened(f"the script cannot go on: {error}"))

    @override
    def worst_case_input_tokens(self, request: ModelRequest) -> int:
        """Return the exact count: this model's tokenizer is here."""
        return _tokens(wire.request_bytes(request))

    @override
    async def close(self) -> None:
        """There is nothing to give back."""

    def _nothing_applies(self) -> ModelFailure:
        names = ", ".join(f"`{rule.name}`" for rule in self._script.rules)
        return ModelFailure("refused", wire.shortened(f"no rule of the script applies; its rules: {names}"))


def _answer(applied: Applied, conversation: Conversation, request: ModelRequest) -> ModelAnswer:
    """Return the rule's words and calls, cut where a model would have been cut."""
    wanted_text, wanted_calls = _wanted(applied, conversation)
    allowance = request.max_output_tokens * _BYTES_PER_TOKEN
    text = _cut(wanted_text, allowance)
    calls = _cut_calls(wanted_calls, allowance - _size(text))
    whole = (text, calls) == (wanted_text, wanted_calls)
    return ModelAnswer(
        text=text,
        calls=calls,
        usage=Usage(_tokens(wire.request_bytes(request)), _tokens(_size(text) + sum(map(_call_size, calls)))),
        finish_reason=("tool_calls" if calls else "stop") if whole else "length",
        response_model=request.model,
    )


def _wanted(applied: Applied, conversation: Conversation) -> tuple[str, tuple[RequestedCall, ...]]:
    rule = applied.rule
    try:
        text = filled_text(rule.say or "", applied.names)
        calls = tuple(
            RequestedCall(f"call_{number}", call.tool, _arguments(call, applied.names))
            for number, call in enumerate(rule.call, start=conversation.calls + 1)
        )
    except (UnfitScript, NotCanonical) as error:
        raise UnfitScript(f"rule `{rule.name}`: {error}") from error
    return text, calls


def _arguments(call: ScriptedCall, names: Names) -> str:
    return canonical_bytes(filled(call.arguments, names)).decode("utf-8")


def _cut_calls(calls: tuple[RequestedCall, ...], allowance: int) -> tuple[RequestedCall, ...]:
    """Return the calls that fit; the one at the edge loses the end of its arguments, as it would in a real answer."""
    kept: list[RequestedCall] = []
    for call in calls:
        left = allowance - sum(map(_call_size, kept)) - _size(call.name)
        if left < 0:
            break
        kept.append(RequestedCall(call.provider_id, call.name, _cut(call.arguments, left)))
    return tuple(kept)


def _cut(text: str, allowance: int) -> str:
    return text.encode("utf-8", "replace")[:allowance].decode("utf-8", "ignore")


def _call_size(call: RequestedCall) -> int:
    return _size(call.name) + _size(call.arguments)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _tokens(size: int) -> int:
    return -(-size // _BYTES_PER_TOKEN)
