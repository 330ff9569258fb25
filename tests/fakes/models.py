"""A model client that says what a test told it, in order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from agentctl.models.client import ModelAnswer, ModelFailure, ModelRequest, RequestedCall, Usage


def says(text: str, usage: Usage | None = None) -> ModelAnswer:
    """Return an answer without calls."""
    return ModelAnswer(text, (), usage or Usage(10, 5), "stop")


def asks(*calls: tuple[str, object], usage: Usage | None = None) -> ModelAnswer:
    """Return an answer that asks for tools; arguments that are text are sent as they are."""
    requested = tuple(
        RequestedCall(f"c{index}", name, arguments if isinstance(arguments, str) else json.dumps(arguments))
        for index, (name, arguments) in enumerate(calls)
    )
    return ModelAnswer("", requested, usage or Usage(10, 5), "tool_calls")


@dataclass
class FakeModel:
    """A `ModelClient` with a list of outcomes; when they run out it says that it is done."""

    outcomes: Sequence[ModelAnswer | ModelFailure] = ()
    worst: int = 100
    requests: list[ModelRequest] = field(default_factory=list)
    closed: bool = False

    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Remember the request and give the next outcome."""
        self.requests.append(request)
        index = len(self.requests) - 1
        return self.outcomes[index] if index < len(self.outcomes) else says("done")

    def worst_case_input_tokens(self, request: ModelRequest) -> int:
        """Return what the test said."""
        del request
        return self.worst

    async def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


@dataclass
class TurnModel(FakeModel):
    """A model whose outcome depends on the conversation alone, so that a resumed run meets the same model."""

    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Give the outcome of the turn the conversation has reached."""
        self.requests.append(request)
        turn = sum(message.role == "assistant" for message in request.messages)
        return self.outcomes[turn] if turn < len(self.outcomes) else says("done")
