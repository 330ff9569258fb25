"""The scripted model acts by what stands in the conversation, and by nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agentctl.contract.script import Script
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
from agentctl.models.scripted import ScriptedClient, count_tokens

REFUND = [
    {
        "name": "say sorry",
        "when": {"failed": "stripe.create_refund", "failure_matches": "(?P<why>already refunded|limit)"},
        "say": "I could not refund: {why}.",
    },
    {
        "name": "finish",
        "when": {"result_of": "stripe.create_refund", "result_matches": '"status":"(?P<status>\\w+)"'},
        "bind": {"refund": {"result_of": "stripe.create_refund", "pointer": "/id"}},
        "say": "Refund {refund}: {status}.",
    },
    {
        "name": "refund",
        "when": {
            "called": ["zendesk.read_ticket"],
            "not_called": ["stripe.create_refund"],
            "result_of": "zendesk.read_ticket",
            "result_matches": "(?P<amount>\\d+\\.\\d\\d) USD",
        },
        "bind": {"charge": {"result_of": "zendesk.read_ticket", "pointer": "/charge"}},
        "say": "I will refund.",
        "call": [
            {"tool": "stripe.create_refund", "arguments": {"charge": "{charge}", "amount": "{amount:cents}"}}
        ],
    },
    {
        "name": "read",
        "when": {"input_matches": "ticket (?P<id>\\d+)(?P<more>!)?", "not_called": ["zendesk.read_ticket"]},
        "call": [{"tool": "zendesk.read_ticket", "arguments": {"ticket_id": "{id:int}"}}],
    },
]


def client(*rules: dict[str, Any]) -> ScriptedClient:
    """Return a client with these rules, or the refund agent's."""
    return ScriptedClient(Script.model_validate({"rules": list(rules or REFUND)}))


def asked(*messages: Message, text: str = "ticket 17", limit: int = 512) -> ModelRequest:
    """Return a request whose conversation begins with an input."""
    tools = (ToolDefinition("zendesk.read_ticket", "Reads.", {"type": "object"}),)
    return ModelRequest("scripted", (Message("user", text), *messages), tools, limit, 5.0)


def turn(number: int, tool: str, outcome: Any) -> tuple[Message, Message]:
    """Return a call and what came of it."""
    called = Message("assistant", "", (RequestedCall(f"call_{number}", tool, "{}"),))
    return called, Message("tool", json.dumps(outcome), answers=f"call_{number}")


READ = turn(1, "zendesk.read_ticket", {"result": {"charge": "ch_1", "text": "I want 49.00 USD back"}})


async def answer(model: ScriptedClient, request: ModelRequest) -> ModelAnswer:
    """Return the model's answer, which must be one."""
    found = await model.complete(request)
    assert isinstance(found, ModelAnswer)
    return found


async def failure(model: ScriptedClient, request: ModelRequest) -> str:
    """Return the message of a refusal, which it must be."""
    found = await model.complete(request)
    assert isinstance(found, ModelFailure)
    assert found.kind == "refused"
    return found.message


class TestRules:
    """Which rule is used, and with what."""

    async def test_it_starts_with_what_stands_in_the_input(self) -> None:
        """A named group becomes an argument."""
        found = await answer(client(), asked())
        assert found.calls == (RequestedCall("call_1", "zendesk.read_ticket", '{"ticket_id":17}'),)
        assert (found.text, found.finish_reason, found.response_model) == ("", "tool_calls", "scripted")

    async def test_it_goes_on_with_what_a_tool_said(self) -> None:
        """A pointer picks the charge, an expression the amount; ids count on."""
        found = await answer(client(), asked(*READ))
        assert found.calls == (
            RequestedCall("call_2", "stripe.create_refund", '{"amount":4900,"charge":"ch_1"}'),
        )
        assert found.text == "I will refund."

    async def test_it_ends_with_words(self) -> None:
        """An answer ends the run."""
        done = turn(2, "stripe.create_refund", {"result": {"id": "re_1", "status": "succeeded"}})
        found = await answer(client(), asked(*READ, *done))
        assert (found.text, found.calls, found.finish_reason) == ("Refund re_1: succeeded.", (), "stop")

    @pytest.mark.parametrize(
        ("outcome", "why"),
        [
            ({"error": "charge already refunded"}, "already refunded"),
            ({"refused": "affordable", "reasons": ["over the limit"]}, "limit"),
        ],
    )
    async def test_a_failing_tool_leads_to_another_run(self, outcome: Any, why: str) -> None:
        """Errors and refusals both count as failed."""
        found = await answer(client(), asked(*READ, *turn(2, "stripe.create_refund", outcome)))
        assert found.text == f"I could not refund: {why}."

    async def test_placeholders_are_carried_like_any_text(self) -> None:
        """Under strict redaction the model holds `[email:1]` and passes it on."""
        rule = {"name": "r", "when": {"input_matches": "to (?P<who>\\S+)"}, "say": "{who}"}
        assert (await answer(client(rule), asked(text="to [email:1] now"))).text == "[email:1]"

    async def test_it_does_what_it_is_told(self) -> None:
        """A rule may wait for a word in the instructions; names that are found there can be said."""
        rules: tuple[dict[str, Any], ...] = (
            {"name": "told", "when": {"instructions_match": "say (?P<word>\\w+)"}, "say": "{word}"},
            {"name": "not told", "say": "nothing"},
        )
        told = replace(asked(), messages=(Message("system", "Please say hello."), *asked().messages))
        assert (await answer(client(*rules), told)).text == "hello"
        assert (await answer(client(*rules), asked(text="say hello"))).text == "nothing"

    async def test_two_calls_have_two_ids(self) -> None:
        """And a tool that does not exist may be called."""
        rule = {"name": "r", "call": [{"tool": "no such tool"}, {"tool": "a.b"}]}
        found = await answer(client(rule), asked())
        assert [(call.provider_id, call.name) for call in found.calls] == [
            ("call_1", "no such tool"),
            ("call_2", "a.b"),
        ]

    @pytest.mark.parametrize(
        "when",
        [
            {"result_matches": "x"},
            {"failure_matches": "x"},
            {"result_of": "a.b"},
            {"failed": "zendesk.read_ticket"},
            {"called": ["a.b"]},
            {"not_called": ["zendesk.read_ticket"]},
            {"input_matches": "nowhere"},
            {"instructions_match": "look first"},
        ],
    )
    async def test_a_condition_that_does_not_hold_rules_the_rule_out(self, when: Any) -> None:
        """Absent means no; and a model that does not know what to do says so."""
        rule = {"name": "only rule", "when": when, "say": "x"}
        message = await failure(client(rule), asked(*READ))
        assert message == "no rule of the script applies; its rules: `only rule`"

    @pytest.mark.parametrize(("tool", "pointer"), [("a.b", ""), ("zendesk.read_ticket", "/nothing")])
    async def test_a_binding_that_is_not_there_rules_the_rule_out(self, tool: str, pointer: str) -> None:
        """A value is never made up."""
        rule = {"name": "r", "bind": {"x": {"result_of": tool, "pointer": pointer}}, "say": "x"}
        assert "no rule" in await failure(client(rule), asked(*READ))

    async def test_only_the_beginning_of_a_long_text_is_searched(self) -> None:
        """An expression of a user's own does not search megabytes."""
        rule = {"name": "r", "when": {"input_matches": "needle"}, "say": "x"}
        assert "no rule" in await failure(client(rule), asked(text="x" * 20_000 + "needle"))

    @pytest.mark.parametrize(
        ("rule", "why"),
        [
            ({"when": {"input_matches": "("}, "say": "x"}, "not a regular expression"),
            ({"say": "{nobody}"}, "nothing binds `nobody`"),
            ({"when": {"input_matches": "ticket(?P<more>!)?"}, "say": "{more}"}, "nothing binds `more`"),
            ({"call": [{"tool": "a.b", "arguments": {"n": 2**60}}]}, "rule `broken`"),
        ],
    )
    async def test_a_rule_that_cannot_do_what_it_says_is_told(self, rule: Any, why: str) -> None:
        """The rule is named, and no exception leaves."""
        message = await failure(client({"name": "broken", **rule}), asked())
        assert "rule `broken`" in message
        assert why in message

    async def test_it_keeps_nothing(self) -> None:
        """The same conversation gets the same answer, whatever was asked between."""
        model = client()
        first = await model.complete(asked())
        await model.complete(asked(*READ))
        assert await model.complete(asked()) == first
        await model.close()


class TestTokens:
    """Counts that can be known beforehand."""

    def test_four_bytes_are_a_token(self) -> None:
        """Begun ones count whole."""
        assert [count_tokens(text) for text in ("", "a", "abcd", "abcde", "éé", "\ud800")] == [
            0,
            1,
            1,
            2,
            1,
            1,
        ]

    async def test_the_worst_case_is_the_count(self) -> None:
        """Input is counted over the body that a wire would carry."""
        request = asked()
        found = await answer(client(), request)
        expected = -(-wire.request_bytes(request) // 4)
        assert client().worst_case_input_tokens(request) == expected
        assert found.usage == Usage(expected, count_tokens('zendesk.read_ticket{"ticket_id":17}'))

    async def test_a_long_text_is_cut(self) -> None:
        """Between characters, and the reason says so."""
        found = await answer(client({"name": "r", "say": "aaé" * 10}), asked(limit=4))
        assert (found.text, found.finish_reason) == ("aaéaaéaaéaaé", "length")
        assert found.usage.output_tokens == 4

    async def test_a_long_call_loses_the_end_of_its_arguments(self) -> None:
        """As with any model that runs out; a call whose name does not fit is not made."""
        rule = {
            "name": "r",
            "call": [{"tool": "a.b", "arguments": {"text": "x" * 9}}, {"tool": "another.tool"}],
        }
        found = await answer(client(rule), asked(limit=4))
        assert [(call.name, call.arguments) for call in found.calls] == [("a.b", '{"text":"xxxx')]
        assert found.finish_reason == "length"

    @given(st.text(max_size=60), st.text(min_size=1, max_size=30), st.integers(1, 20))
    async def test_output_never_exceeds_its_limit(self, said: str, argument: str, limit: int) -> None:
        """Whatever a script says, a reservation holds."""
        said, argument = said.replace("{", ""), argument.replace("{", "")
        rule = {"name": "r", "say": said, "call": [{"tool": "a.b", "arguments": {"x": argument}}] * 2}
        found = await answer(client(rule), asked(limit=limit))
        assert found.usage.output_tokens is not None
        assert found.usage.output_tokens <= limit
