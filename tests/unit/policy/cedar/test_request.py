"""Tests of building requests: whatever comes in, Cedar is shown a value of the right type or nothing at all."""

import json
from decimal import Decimal
from typing import Any

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agentctl.foundation.money import plain
from agentctl.policy.cedar.request import Cast, ContextBuilder, NotFitting, decimal_text
from agentctl.policy.cedar.schema import CedarSchema
from agentctl.policy.engine import RunSoFar, ToolHistory
from tests.fakes.events import json_values, texts
from tests.fakes.policy import LOOK_UP, READ, REFUND, described, refund_request, sample_tools

SCHEMA = CedarSchema.of(sample_tools())
BUILDER = ContextBuilder(SCHEMA, ())
HANDLE = cedarpy.Schema.from_json_str(SCHEMA.text)
OPEN = cedarpy.PolicySet.from_str("permit (principal, action, resource);")


def context(**changes: Any) -> dict[str, Any]:
    """Return the context of a refund."""
    built: dict[str, Any] = json.loads(BUILDER.text(refund_request(**changes)))
    return built


def test_a_context_has_what_is_known_of_a_call() -> None:
    """Arguments, facts, sources with their labels, the run, approval and time."""
    built = context()
    assert built["args"] == {"charge": "ch_1", "amount": 4_900, "currency": "usd"}
    assert built["facts"] == {
        "charge": "ch_1",
        "currency": "usd",
        "amount_usd": "49.0",
        "amount_usd_total": "49.0",
    }
    assert built["sources"]["amount"] == {"ids": ["input", "RUN/0/0"], "labels": ["private", "untrusted"]}
    assert built["approval"] == {"granted": False}
    assert built["now"] == "2026-03-14T09:00:00.000Z"
    assert built["run"]["kind"] == "live"


def test_history_has_every_tool_of_the_schema() -> None:
    """A tool that was never called stands there with zeros, so that policies need not ask for it."""
    built = context(history={LOOK_UP: ToolHistory(ok=2, facts={"charge": ("ch_1", "ch_2"), "other": ("x",)})})
    assert built["history"][READ] == {
        "ok": 0,
        "failed": 0,
        "refused": 0,
        "in_doubt": 0,
        "facts": {"ticket_id": []},
    }
    assert built["history"][LOOK_UP]["facts"] == {"charge": ["ch_1", "ch_2"]}


def test_a_source_that_nobody_knows_has_every_label() -> None:
    """Absent means the worst: of an argument without sources, all that was seen; of a source without labels, all."""
    built = context(sources={"/charge": ("RUN/9/9",)}, labels={"input": ("untrusted",)})
    assert built["sources"]["charge"]["labels"] == ["private", "untrusted"]
    assert built["sources"]["amount"] == {"ids": ["input"], "labels": ["untrusted"]}


def test_spend_is_rounded_up() -> None:
    """What a run has cost is never shown as less."""
    spent = RunSoFar("R", "live", Decimal("0.00008775"), 1, 2, 3)
    assert context(run=spent)["run"]["cost_usd"] == "0.0001"
    with pytest.raises(NotFitting):
        context(run=replace(spent, cost_usd=Decimal(10**15)))


@pytest.mark.parametrize("text", ["0.00001", "1e40", "-922337203685477.5808", "0.30000000000000004"])
def test_a_fact_is_never_rounded(text: str) -> None:
    """Where no policy speaks of it, it is left out; where one does, it is an error."""
    facts = {"charge": "ch_1", "amount_usd": text}
    assert context(facts=facts)["facts"] == {"charge": "ch_1"}
    speaking = ContextBuilder(SCHEMA, {"amount_usd"})
    with pytest.raises(NotFitting, match="amount_usd"):
        speaking.text(refund_request(facts=facts))


def test_sets_that_share_a_request_each_mind_their_own_facts() -> None:
    """What was built for a set that does not speak of a fact is no answer for one that does."""
    request = refund_request(facts={"charge": "ch_1", "amount_usd": "0.00001"})
    for _ in range(2):
        assert json.loads(BUILDER.text(request))["facts"] == {"charge": "ch_1"}
        with pytest.raises(NotFitting, match="amount_usd"):
            ContextBuilder(SCHEMA, {"amount_usd"}).text(request)


def test_what_is_kept_is_of_this_request_and_this_schema() -> None:
    """An assumed approval, another argument and another schema are seen, whatever was built before."""
    request = refund_request()
    before = json.loads(BUILDER.text(request))
    assert json.loads(BUILDER.text(request.if_approved()))["approval"] == {"granted": True}
    other = replace(request, arguments={**request.arguments, "charge": "ch_2"})
    assert json.loads(BUILDER.text(other))["args"]["charge"] == "ch_2"
    alone = CedarSchema.of({REFUND: sample_tools()[REFUND]})
    assert json.loads(ContextBuilder(alone, ()).text(request))["history"].keys() == {REFUND}
    assert json.loads(BUILDER.text(request)) == before


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**16), max_value=10**16))
def test_a_decimal_is_exact_or_nothing(number: Decimal) -> None:
    """What Cedar is shown is the same number; what it cannot be shown exactly is not shown."""
    text = plain(number)
    try:
        shown = decimal_text(text)
    except ValueError:
        return  # more digits than any number of ours has
    if shown is None:
        assert -number.normalize().as_tuple().exponent > 4 or abs(number) > Decimal("922337203685477.5807")  # type: ignore[operator]  # finite
    else:
        assert Decimal(shown) == number


def test_another_tool_is_not_built() -> None:
    """What the schema does not know cannot be asked."""
    with pytest.raises(NotFitting, match=r"x\.y"):
        BUILDER.text(refund_request(descriptor=described("x.y", {})))


def test_members_beyond_a_partial_type_are_left_out() -> None:
    """An argument that Cedar cannot carry does not stand in the way of those it can."""
    tool = described("a.b", {"properties": {"x": {"type": "number"}, "y": {"type": "string"}}})
    request = refund_request(descriptor=tool, arguments={"x": 1.5, "y": "text"}, facts={}, sources={})
    built = json.loads(ContextBuilder(CedarSchema.of({"a.b": tool}), ()).text(request))
    assert built["args"] == {"y": "text"}
    assert set(built["sources"]) == {"x", "y"}


def test_arguments_of_every_type_are_what_they_were() -> None:
    """Text, whole number, boolean, set and record, as they were given."""
    where = {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}
    kinds = {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "urgent": {"type": "boolean"},
        "ids": {"type": "array", "items": {"type": "integer"}},
        "where": where,
    }
    tool = described("a.b", {"properties": kinds})
    given_arguments = {"text": "x", "count": -(2**63), "urgent": False, "ids": [1, 1], "where": {"city": "y"}}
    request = refund_request(descriptor=tool, arguments=given_arguments, facts={}, sources={})
    built = json.loads(ContextBuilder(CedarSchema.of({"a.b": tool}), ()).text(request))
    assert built["args"] == given_arguments


def test_entities_are_who_and_what_takes_part() -> None:
    """User in team, agent of its owner, environment, and every tool."""
    entities = json.loads(Cast.of(refund_request()).entities(sample_tools()))
    by_uid = {(item["uid"]["type"], item["uid"]["id"]): item for item in entities}
    assert len(by_uid) == len(entities)
    assert by_uid["User", "casey"]["parents"] == [{"type": "Team", "id": "support"}]
    assert by_uid["Agent", "agent:refund-assistant"]["attrs"]["owner"]["__entity"]["id"] == "finance-ops"
    assert by_uid["Tool", REFUND]["attrs"]["backend"] == "stripe"
    assert ("Team", "finance-ops") in by_uid


def test_a_team_that_is_named_twice_is_one() -> None:
    """The owner's team may be the user's, and a list may repeat itself."""
    cast = Cast.of(refund_request(teams=("finance-ops", "finance-ops")))
    assert cedarpy.Entities.from_json_str(cast.entities(sample_tools()), HANDLE)


ARGUMENTS = st.fixed_dictionaries(
    {"charge": texts | json_values, "amount": st.integers() | json_values, "currency": texts | json_values},
    optional={"reason": texts | json_values, "instructions_email": texts, "__entity": json_values},
)


@given(ARGUMENTS, st.dictionaries(st.sampled_from(["charge", "currency"]), texts), texts, texts)
def test_whatever_is_built_is_what_was_given(
    arguments: dict[str, Any], facts: dict[str, str], actor: str, source: str
) -> None:
    """A request is refused, or Cedar takes it and every argument in it is the one that was given, type and all."""
    request = refund_request(
        arguments=arguments,
        facts=facts,
        actor=actor,
        sources={"/charge": (source,)},
        labels={source: (source,)},
    )
    try:
        built = BUILDER.text(request)
    except NotFitting:
        fits = isinstance(arguments["amount"], int) and -(2**63) <= arguments["amount"] < 2**63
        is_text = all(isinstance(arguments.get(name, ""), str) for name in ("charge", "currency", "reason"))
        assert not (
            fits and not isinstance(arguments["amount"], bool) and is_text and "__entity" not in arguments
        )
        return
    shown = json.loads(built)["args"]
    assert shown == arguments
    assert [type(value) for value in shown.values()] == [type(arguments[name]) for name in shown]
    assert _answer(built).decision is cedarpy.Decision.Allow


def _answer(context_text: str) -> cedarpy.AuthzResult:
    asked = {
        "principal": {"type": "User", "id": "casey"},
        "action": {"type": "Action", "id": REFUND},
        "resource": {"type": "Tool", "id": REFUND},
        "context": context_text,
    }
    return cedarpy.is_authorized(asked, OPEN, [], HANDLE)
