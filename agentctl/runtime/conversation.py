"""The conversation a model sees: pure, made from the state alone, redacted."""

from agentctl.foundation.canonical import canonical_bytes
from agentctl.models.client import Message, RequestedCall
from agentctl.runtime.state import RunState, Turn


def messages(state: RunState, instructions: str) -> tuple[Message, ...]:
    """Return the messages of the next model call: instructions, input, then every turn with what became of its calls."""
    said = (message for turn in state.turns for message in _turn(state, turn))
    return (Message("system", instructions), Message("user", state.input), *said)


def _turn(state: RunState, turn: Turn) -> tuple[Message, ...]:
    calls = tuple(RequestedCall(call.provider_id, call.name, call.arguments) for call in turn.calls)
    answers = (Message("tool", _shown(state, call.call), answers=call.provider_id) for call in turn.calls)
    return (Message("assistant", turn.text, calls=calls), *answers)


def _shown(state: RunState, call: str) -> str:
    return canonical_bytes(state.session.calls[call].shown).decode()
