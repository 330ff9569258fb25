"""The digest of a model request: put together from parts, and always that of the whole."""

from hypothesis import given
from hypothesis import strategies as st

from agentctl.foundation.canonical import JsonValue, digest_of
from agentctl.gateway.request_digests import request_digest
from agentctl.models.client import Message, ModelRequest, RequestedCall, ToolDefinition
from tests.fakes.events import json_values, texts

CALLS = st.builds(RequestedCall, texts, texts, texts)
MESSAGES = st.builds(
    Message,
    st.sampled_from(["system", "user", "assistant", "tool"]),
    texts,
    calls=st.lists(CALLS, max_size=2).map(tuple),
    answers=st.none() | texts,
)
TOOLS = st.builds(ToolDefinition, texts, texts, st.dictionaries(texts, json_values, max_size=3))


def whole(request: ModelRequest) -> JsonValue:
    """Return what the digest covers, in one piece."""
    return {
        "model": request.model,
        "messages": [
            {
                "role": message.role,
                "text": message.text,
                "calls": [[call.provider_id, call.name, call.arguments] for call in message.calls],
                "answers": message.answers,
            }
            for message in request.messages
        ],
        "tools": [[tool.name, tool.description, tool.arguments] for tool in request.tools],
        "max_output_tokens": request.max_output_tokens,
    }


@given(
    texts,
    st.lists(MESSAGES, max_size=4).map(tuple),
    st.lists(TOOLS, max_size=2).map(tuple),
    st.integers(-1, 2**53 - 1),
)
def test_the_digest_is_that_of_the_whole(
    model: str, messages: tuple[Message, ...], tools: tuple[ToolDefinition, ...], most: int
) -> None:
    """However it is put together, and when its parts were written for an earlier request as when they are new."""
    for count in range(len(messages) + 1):
        request = ModelRequest(model, messages[:count], tools, most, 5.0)
        assert request_digest(request) == digest_of(whole(request))
