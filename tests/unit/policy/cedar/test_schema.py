"""Tests of the schema made from tools: Cedar accepts it, and it says what requests look like."""

import json

import cedarpy

from agentctl.policy.cedar.schema import CedarSchema
from tests.fakes.policy import REFUND, described, sample_tools

SAMPLE = CedarSchema.of(sample_tools())


def accepts(policy: str, schema: CedarSchema = SAMPLE) -> bool:
    """Return whether strict validation accepts a policy."""
    return cedarpy.validate_policies(policy, cedarpy.Schema.from_json_str(schema.text)).validation_passed


def of_refund(condition: str) -> str:
    """Return a policy on refunds with a condition."""
    return f'permit (principal, action == Action::"{REFUND}", resource) when {{ {condition} }};'


def test_the_sample_tools_are_carried_whole() -> None:
    """Nothing of them is out of reach of a policy."""
    assert SAMPLE.uncarried == {}


def test_every_part_of_a_request_can_be_spoken_of() -> None:
    """Principal, team, agent, tool, environment, arguments, facts, sources, run, approval, history, time."""
    conditions = (
        'principal in Team::"support" && principal.kind == "user" && principal.assurance == "asserted"',
        'resource.effect == "irreversible" && resource.risk_tier == "high" && resource.backend == "stripe"',
        "resource.reads_untrusted || resource.reads_private || resource.external_effect",
        'context.agent == Agent::"agent:a" && context.agent.owner == Team::"finance-ops"',
        'context.environment == Environment::"live" && context.environment.kind == "live"',
        'context.args.amount < 5 && context.args has reason && context.args.reason == "duplicate"',
        'context.facts has amount_usd && context.facts.amount_usd.lessThan(decimal("5.0"))',
        'context.facts has amount_usd_total && context.facts.amount_usd_total.greaterThan(decimal("1.0"))',
        'context.facts has charge && context.facts.charge like "ch_*"',
        'context.sources.charge.ids.contains("input") && context.sources.charge.labels.contains("untrusted")',
        'context.run.kind == "live" && context.run.step < 5 && context.run.tool_calls < 5',
        'context.run.cost_usd.lessThan(decimal("0.5")) && context.run.input_tokens + context.run.output_tokens < 9',
        'context.risk_tier == "high" && context.approval.granted',
        'context.labels_seen.containsAny(["untrusted", "private"])',
        'context.history["zendesk.read_ticket"].ok + context.history["zendesk.read_ticket"].failed < 3',
        f'context.history["{REFUND}"].refused == 0 && context.history["{REFUND}"].in_doubt == 0',
        'context.history["stripe.lookup_charge"].facts.charge.contains(context.args.charge)',
        'context.now < datetime("2027-01-01") && context.now.toTime() > duration("9h")',
    )
    refused = [item for item in conditions if not accepts(of_refund(item))]
    assert refused == []


def test_a_fact_must_be_asked_for() -> None:
    """Any fact may be missing, so a policy that takes it for granted fails its check."""
    assert not accepts(of_refund('context.facts.charge == "ch_1"'))
    assert not accepts(of_refund('context.sources.reason.ids.contains("x")'))


def test_an_action_is_in_the_group_of_its_effect_alone() -> None:
    """What speaks of writes says nothing of what cannot be taken back."""
    document = json.loads(SAMPLE.text)[""]["actions"]
    assert document[REFUND]["memberOf"] == [{"id": "irreversible"}]
    assert document["zendesk.read_ticket"]["memberOf"] == [{"id": "read"}]
    assert {"read", "write", "irreversible"} <= set(document)


def test_what_is_left_out_stands_by_its_tool() -> None:
    """The reason is at hand for whoever writes a policy."""
    tool = described("a.b", {"properties": {"x": {"type": "number"}, "y": {"type": "string"}}})
    schema = CedarSchema.of({"a.b": tool})
    assert [item.pointer for item in schema.uncarried["a.b"]] == ["/x"]
    assert accepts("permit (principal, action, resource) when { context.args has y };", schema)
    assert not accepts("permit (principal, action, resource) when { context.args.x == 1 };", schema)
    assert accepts("permit (principal, action, resource) when { context.sources has x };", schema)


def test_a_total_is_a_decimal_whatever_else_has_its_name() -> None:
    """The gateway writes totals over facts of the same name."""
    facts = {
        "sum_total": {"pointer": "/x"},
        "sum": {"pointer": "/x", "unit": "number", "total_per": "/y"},
    }
    schema = CedarSchema.of({"a.b": described("a.b", {"properties": {"x": {}}}, facts=facts)})
    assert schema.tools["a.b"].facts == {"sum": "decimal", "sum_total": "decimal"}


def test_no_tools_make_a_schema_too() -> None:
    """A contract without tools is no error; nothing can be permitted under it."""
    assert cedarpy.Schema.from_json_str(CedarSchema.of({}).text)
