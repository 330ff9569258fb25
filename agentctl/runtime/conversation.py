"""The conversation a model sees: pure, made from the state alone, redacted."""

from agentctl.foundation.canonical import canonical_bytes
from agentctl.models.client import Message, RequestedCall
from agentctl.runtime.state import RunState, Turn


class Conversation:
    """The messages of one run as it goes on.

    Those of a turn are made once: a model is asked again only when all calls of the turn are settled, and what is settled
    stays as it is.
    """

    def __init__(self, instructions: str) -> None:
        self._instructions = instructions
        self._messages: list[Message] = []
        self._turns = 0

    def messages(self, state: RunState) -> tuple[Message, ...]:
        """Return the messages of the next model call: instructions, input, then every turn with what became of its calls."""
        if not self._messages:
            self._messages += (Message("system", self._instructions), Message("user", state.input))
        for turn in state.turns[self._turns :]:
            self._messages += _turn(state, turn)
        self._turns = len(state.turns)
        return tuple(self._messages)


def messages(state: RunState, instructions: str) -> tuple[Message, ...]:
    """Return the messages of the next model call of a run that stands at some state."""
    return Conversation(instructions).messages(state)


def _turn(state: RunState, turn: Turn) -> tuple[Message, ...]:
    calls = tuple(RequestedCall(call.provider_id, call.name, call.arguments) for call in turn.calls)
    answers = (Message("tool", _shown(state, call.call), answers=call.provider_id) for call in turn.calls)
    return (Message("assistant", turn.text, calls=calls), *answers)


def _shown(state: RunState, call: str) -> str:
    return canonical_bytes(state.session.calls[call].shown).decode()
