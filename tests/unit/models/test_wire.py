"""Requests into bodies and responses into answers, without a network."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agentctl.models import wire
from agentctl.models.client import (
    Message,
    ModelAnswer,
    ModelFailure,
    ModelRequest,
    RequestedCall,
    ToolDefinition,
    Usage,
)

KEYS = ["choices", "message", "content", "tool_calls", "function", "usage", "id", "error"]
FOREIGN_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
)
TOOL = ToolDefinition("zendesk.read_ticket", "Reads a ticket.", {"type": "object"})


def request(*messages: Message, tools: tuple[ToolDefinition, ...] = (TOOL,)) -> ModelRequest:
    """Return a request with these messages, or one question."""
    return ModelRequest("m", messages or (Message("user", "hi"),), tools, 64, 5.0)


def body(message: Any = None, **more: Any) -> dict[str, Any]:
    """Return a response body around a message."""
    choice = {"message": {"content": "hi"} if message is None else message, "finish_reason": "stop"}
    return {
        "id": "r1",
        "model": "m-1",
        "choices": [choice],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2},
    } | more


def answer(found: Any, asked: ModelRequest | None = None) -> ModelAnswer:
    """Return the answer in a body, which must be one."""
    read = wire.answer_from_value(found, asked or request())
    assert isinstance(read, ModelAnswer)
    return read


def calls_in(*calls: Any) -> dict[str, Any]:
    """Return a response body with tool calls."""
    return body({"content": None, "tool_calls": list(calls)})


def call(identifier: Any = "c1", name: Any = "zendesk__read_ticket", arguments: Any = "{}") -> dict[str, Any]:
    """Return one call as servers write it."""
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


class TestRequest:
    """What is sent."""

    def test_a_conversation_becomes_messages(self) -> None:
        """Roles, calls and answers stand where the protocol wants them."""
        asked = request(
            Message("system", "Be kind."),
            Message("user", "hi"),
            Message("assistant", "", (RequestedCall("c1", "zendesk.read_ticket", '{"id":1}'),)),
            Message("tool", '{"result":1}', answers="c1"),
        )
        function = {"name": "zendesk__read_ticket", "arguments": '{"id":1}'}
        assert wire.request_body(asked) == {
            "model": "m",
            "max_tokens": 64,
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "hi"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "c1", "type": "function", "function": function}],
                },
                {"role": "tool", "content": '{"result":1}', "tool_call_id": "c1"},
            ],
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "zendesk__read_ticket",
                        "description": "Reads a ticket.",
                        "parameters": {"type": "object"},
                    },
                }
            ],
        }

    def test_what_is_sent_is_the_body(self) -> None:
        """Byte for byte, though tools and messages are written once for all requests they stand in."""
        tools = (
            ToolDefinition("a.b", "Ä \ud800", {"type": "object", "properties": {"x": {"type": "string"}}}),
            ToolDefinition("a.c", "", {}),
        )
        for asked in (
            request(tools=()),
            request(),
            request(Message("user", "hi"), tools=tools),
            replace(request(Message("user", "you"), tools=tools), seed=0),
        ):
            longer = replace(
                asked, messages=(*asked.messages, Message("assistant", "", (RequestedCall("c1", "a.b", ""),)))
            )
            for sent in (asked, longer):
                text = json.dumps(wire.request_body(sent), ensure_ascii=False, separators=(",", ":"))
                assert wire.sent_bytes(sent) == text.encode()

    def test_without_tools_the_key_is_left_out(self) -> None:
        """Servers refuse an empty list."""
        assert "tools" not in wire.request_body(request(tools=()))

    def test_a_seed_is_sent_where_there_is_one(self) -> None:
        """Without one the key is left out: not every server knows it."""
        assert "seed" not in wire.request_body(request())
        assert wire.request_body(replace(request(), seed=0))["seed"] == 0

    @pytest.mark.parametrize(
        ("written", "sent"),
        [
            ('{"a": 1}', '{"a": 1}'),
            (" ", "{}"),
            ('{"a": 1', '{"malformed_arguments": "{\\"a\\": 1"}'),
            ("[1]", '{"malformed_arguments": "[1]"}'),
            ('{"a":1,"a":2}', '{"malformed_arguments": "{\\"a\\":1,\\"a\\":2}"}'),
        ],
    )
    def test_a_malformed_call_in_the_history_is_sent_as_valid_json(self, written: str, sent: str) -> None:
        """Servers that parse the history must not fail over what a model wrote earlier."""
        asked = request(Message("assistant", "", (RequestedCall("c1", "a.b", written),)))
        messages: Any = wire.request_body(asked)["messages"]
        assert messages[0]["tool_calls"][0]["function"]["arguments"] == sent

    def test_text_without_a_utf8_form_is_sent_all_the_same(self) -> None:
        """A lone surrogate becomes a question mark."""
        sent = wire.sent_bytes(request(Message("user", "a\ud800b")))
        assert json.loads(sent)["messages"][0]["content"] == "a?b"

    @given(st.text(max_size=300))
    def test_the_worst_case_is_never_less_than_the_text(self, text: str) -> None:
        """The bytes sent are an upper bound of the bytes of what is said."""
        assert wire.request_bytes(request(Message("user", text))) > len(text.encode())


class TestAnswer:
    """What comes back."""

    def test_everything_said_is_kept(self) -> None:
        """Text, usage, reason, id and model."""
        assert answer(body()) == ModelAnswer("hi", (), Usage(7, 2), "stop", "r1", "m-1")

    @pytest.mark.parametrize(
        ("message", "text"),
        [
            ({"content": None, "refusal": "I will not."}, "I will not."),
            ({"content": [{"type": "text", "text": "a"}, "odd", {"text": "b"}]}, "ab"),
            ({"content": 5, "role": "assistant"}, ""),
            ({"content": "a\ud800"}, "a?"),
        ],
    )
    def test_content_has_several_forms(self, message: Any, text: str) -> None:
        """Null, a list of parts, nonsense and broken text are all read as text."""
        assert answer(body(message)).text == text

    def test_a_wire_name_comes_back_as_the_registry_name(self) -> None:
        """An unknown one stays as it is; the gateway refuses it."""
        names = [one.name for one in answer(calls_in(call(), call(name="made_up"), call(name=None))).calls]
        assert names == ["zendesk.read_ticket", "made_up", ""]

    @pytest.mark.parametrize(
        ("sent", "read"), [('{"a": 1', '{"a": 1'), ({"a": "é"}, '{"a": "é"}'), (None, "")]
    )
    def test_arguments_stay_as_they_were_written(self, sent: Any, read: str) -> None:
        """An object in place of text is written out."""
        assert answer(calls_in(call(arguments=sent))).calls[0].arguments == read

    def test_ids_are_made_unique_against_the_whole_conversation(self) -> None:
        """Repeated, missing and earlier ids all end up different, in a way that repeats itself."""
        asked = request(Message("assistant", "", (RequestedCall("c1", "a.b", "{}"),)))
        found = calls_in(call("c1"), call("c1"), call(None), call(7), call("c1_2"), "odd")
        ids = [one.provider_id for one in answer(found, asked).calls]
        assert ids == ["c1_2", "c1_3", "call_3", "call_4", "c1_2_2", "call_6"]

    @given(st.lists(st.sampled_from(["a", "a_2", "call_1", "", None]), max_size=12))
    def test_ids_are_always_unique(self, ids: list[str | None]) -> None:
        """Whatever a server repeats, every call can be answered."""
        found = [one.provider_id for one in answer(calls_in(*map(call, ids))).calls]
        assert len(set(found)) == len(ids)

    @pytest.mark.parametrize(
        ("usage", "read"),
        [
            (None, Usage(None, None)),
            ("lots", Usage(None, None)),
            ({"prompt_tokens": -1, "completion_tokens": True}, Usage(None, None)),
            ({"prompt_tokens": 10**15, "completion_tokens": 1.5}, Usage(None, None)),
            ({"prompt_tokens": 0, "completion_tokens": 0}, Usage(None, None)),
            ({"prompt_tokens": 5}, Usage(5, None)),
            ({"prompt_tokens": float("nan"), "completion_tokens": "7"}, Usage(None, None)),
        ],
    )
    def test_usage_that_cannot_be_believed_is_not_known(self, usage: Any, read: Usage) -> None:
        """Absent, negative, boolean, fractional, enormous; zero for something is nobody's count."""
        assert answer(body(usage=usage)).usage == read

    def test_nothing_may_cost_nothing(self) -> None:
        """No words and no calls: zero output tokens is believable."""
        found = body({"content": None, "role": "assistant"}, usage={"completion_tokens": 0})
        assert answer(found).usage.output_tokens == 0

    @pytest.mark.parametrize(
        "data",
        [
            b'{"choices": [',
            b"<html>",
            b"",
            b"\xff",
            b"[]",
            b"{}",
            b'{"choices": []}',
            b'{"choices": "no"}',
            b'{"choices": [{}]}',
            b'{"usage": NaN}',
            b"[" * 100_000,
        ],
    )
    def test_a_body_that_cannot_be_read_may_have_cost_something(self, data: bytes) -> None:
        """Truncated, foreign, empty: the outcome is unknown."""
        failure = wire.answer_from_bytes(data, request())
        assert isinstance(failure, ModelFailure)
        assert (failure.kind, failure.certainly_free) == ("unknown_outcome", False)

    def test_an_error_in_a_successful_response_is_told(self) -> None:
        """Some gateways answer 200 with an error inside."""
        failure = wire.answer_from_bytes(b'{"error": {"message": "no credit"}}', request())
        assert isinstance(failure, ModelFailure)
        assert "no credit" in failure.message

    @given(FOREIGN_JSON)
    def test_no_body_raises(self, found: Any) -> None:
        """Whatever a server sends is an answer or a failure, and can be written down."""
        read = wire.answer_from_value(found, request())
        assert str(read).encode()


class TestFailure:
    """What statuses stand for."""

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (429, "rate_limited"),
            (500, "unavailable"),
            (503, "unavailable"),
            (599, "unavailable"),
            (408, "unknown_outcome"),
            (504, "unknown_outcome"),
            (400, "refused"),
            (401, "refused"),
            (307, "refused"),
        ],
    )
    def test_each_status_has_one_kind(self, status: int, kind: str) -> None:
        """The status alone decides."""
        failure = wire.failure_from_status(status, "no")
        assert (failure.kind, failure.message) == (kind, f"the provider answered {status}: no")

    def test_a_status_without_words_is_a_sentence_too(self) -> None:
        """Nothing is made up."""
        assert wire.failure_from_status(500, "").message == "the provider answered 500"

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("2", 2.0),
            (" 0.5 ", 0.5),
            (None, None),
            ("-1", None),
            ("1e9", None),
            ("nan", None),
            ("٣", None),
            ("9999999", None),
            ("Sun, 22 Nov 2026 22:37:00 GMT", None),
        ],
    )
    def test_retry_after_is_read_in_seconds(self, header: str | None, seconds: float | None) -> None:
        """Any other form is not read."""
        assert wire.failure_from_status(429, "", header).retry_after == seconds

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b'{"error": {"message": "a"}}', "a"),
            (b'{"error": "b"}', "b"),
            (b'{"message": "c"}', "c"),
            (b'{"error": {}}', '{"error": {}}'),
            (b"<html>\xff", "<html>�"),
        ],
    )
    def test_the_server_s_own_words_are_found(self, data: bytes, message: str) -> None:
        """In the usual places, else the body itself."""
        assert wire.error_message_in(data) == message

    def test_a_message_is_one_bounded_line(self) -> None:
        """Strangers do not fill screens."""
        assert wire.shortened("a\n\tb") == "a b"
        assert len(wire.shortened("x" * 10_000)) == 500

    def test_a_repeated_key_is_taken_out(self) -> None:
        """A server that repeats the key in its message does not get it journaled."""
        failure = ModelFailure("refused", "wrong key sk-12345", 2.0)
        assert wire.without_secret(failure, "sk-12345") == ModelFailure("refused", "wrong key [api key]", 2.0)
        assert wire.without_secret(failure, None) is failure
        assert wire.without_secret(failure, "sk-67890") is failure
        assert wire.without_secret(failure, "key") is failure
