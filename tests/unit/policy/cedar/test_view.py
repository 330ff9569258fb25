"""What of a context some rules are shown: what they look at, never less, and no answer changes by it."""

import cedarpy
import pytest
from msgspec.structs import replace

from agentctl.policy.cedar.judge import CedarJudge
from agentctl.policy.cedar.request import Cast
from agentctl.policy.cedar.rules import read_rules
from agentctl.policy.cedar.view import EVERYTHING, View, view_of
from tests.fakes.policy import LOOK_UP, READ, refund_request, sample_policy, sample_tools

TOOLS = sample_tools()


def seen_by(condition: str) -> View:
    """Return what a rule with one condition looks at."""
    text = f"permit (principal, action, resource) when {{ {condition} }};"
    reading = read_rules({"a.cedar": text})
    assert reading.problems == ()
    return view_of(reading.rules)


CONTEXT = {
    "run": {"kind": "live", "step": 2},
    "history": {"a.b": {"ok": 1, "failed": 0}},
    "agent": {"type": "Agent", "id": "x"},
    "labels_seen": ["private"],
}


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ('context.run.kind == "live"', {"run": {"kind": "live"}}),
        ('context.history["a.b"].ok > 0', {"history": {"a.b": {"ok": 1}}}),
        ("context.history has c", {"history": {}}),
        ("context has history && context.run.step > 1", {"history": CONTEXT["history"], "run": {"step": 2}}),
        ("context.run == context.history", {"run": CONTEXT["run"], "history": CONTEXT["history"]}),
        ("context.run.step > 1 && context.run == context.run", {"run": CONTEXT["run"]}),
        ('context.labels_seen.contains("x")', {"labels_seen": ["private"]}),
        ('context.agent.owner == Team::"x"', {"agent": CONTEXT["agent"]}),
        ("context == context", CONTEXT),
        ("[context].contains(context)", CONTEXT),
        ("{x: context} == {x: context}", CONTEXT),
        ("(if principal == principal then context else context).run.step > 1", CONTEXT),
        ("principal == principal", {}),
    ],
)
def test_a_rule_is_shown_what_it_takes_hold_of(condition: str, shown: object) -> None:
    """A path shows what lies at its end; whoever takes hold of a record is shown all of it."""
    assert seen_by(condition).of_value(CONTEXT) == shown


def test_a_value_that_is_no_record_is_shown_as_it_is() -> None:
    """Where a rule looks below a value that has nothing below it, the value stays, and Cedar says what it thinks of it."""
    assert View.of([("a", "b")]).of_value({"a": 3, "c": 4}) == {"a": 3}


def test_types_are_seen_as_values_are() -> None:
    """The schema of a view has the attributes that its values have, common types spelt out."""
    common = {"Run": {"type": "Record", "attributes": {"kind": {"type": "String"}, "step": {"type": "Long"}}}}
    attributes = {"run": {"type": "Run"}, "now": {"type": "Extension", "name": "datetime"}}
    view = View.of([("run", "kind"), ("now", "x"), ("nothing",)])
    assert view.of_attributes(attributes, common) == {
        "run": {"type": "Record", "attributes": {"kind": {"type": "String"}}},
        "now": {"type": "Extension", "name": "datetime"},
    }
    assert EVERYTHING.of_attributes(attributes, common) is attributes


POLICIES = (
    "".join(sample_policy("refund-assistant").values()),
    "".join(sample_policy("platform").values()),
    'permit (principal, action, resource) when { context.history["zendesk.read_ticket"].facts.ticket_id.contains("4201") };',
    'permit (principal, action, resource) when { context.environment.kind == "sandbox" && context.agent has owner };',
    'permit (principal, action, resource) unless { context.run.cost_usd.greaterThan(decimal("0.5")) };',
    'permit (principal, action, resource) when { context.now < datetime("2027-01-01") && context.risk_tier == "high" };',
    "permit (principal, action, resource) when { context.facts has charge && context.args has charge };",
    "permit (principal, action, resource) when { context.history == context.history && context has sources };",
)
REQUESTS = tuple(
    request
    for made in (
        refund_request(),
        refund_request(60_000),
        refund_request(charge="ch_2"),
        refund_request(history={}),
        replace(refund_request(), facts={}, labels={}, labels_seen=()),
        replace(refund_request(), step=7),
        *(
            replace(
                refund_request(), descriptor=TOOLS[tool], arguments=arguments, facts=arguments, sources={}
            )
            for tool, arguments in ((LOOK_UP, {"charge": "ch_1"}), (READ, {"ticket_id": "4201"}))
        ),
    )
    for request in (made, made.if_approved())
)


@pytest.mark.parametrize("policy", POLICIES)
async def test_no_answer_changes_by_what_is_left_out(policy: str) -> None:
    """Judged by the whole context and by what is shown of it, every request comes to the same end for the same reasons."""
    judge = CedarJudge({"a.cedar": policy}, TOOLS, "platform")
    whole = cedarpy.Schema.from_json_str(judge.schema.text)
    ends = set()
    for request in REQUESTS:
        judged = await judge.judge(request)
        asked = {
            "principal": {"type": "User", "id": request.principal.id},
            "action": {"type": "Action", "id": request.tool},
            "resource": {"type": "Tool", "id": request.tool},
            "context": judge._contexts.text(request),
        }
        rules = [rule for rule in judge.rules if rule.applies_to(request.tool, request.descriptor.effect)]
        every = cedarpy.PolicySet.from_str("\n".join(rule.text for rule in rules))
        entities = cedarpy.Entities.from_json_str(Cast.of(request).entities(TOOLS), whole)
        answer = cedarpy.is_authorized(asked, every, entities, whole)
        assert judged.allowed == answer.allowed, request
        assert judged.errors == tuple(answer.diagnostics.errors) == ()
        assert len(judged.reasons) == len(answer.diagnostics.reasons)
        ends.add(judged.allowed)
    assert ends
