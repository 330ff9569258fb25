"""Tests of what authorities are shown: all of it, and its digest covers every part."""

import pytest
from msgspec.structs import replace

from agentctl.contract.agent import AllowedTool
from agentctl.events.base import Principal
from agentctl.foundation.canonical import digest_of
from agentctl.policy.engine import ToolHistory
from tests.fakes.policy import policy_request

REQUEST = policy_request()
OTHERWISE: dict[str, object] = {
    "principal": Principal(id="dana", kind="user", assurance="asserted"),
    "teams": ("finance-ops",),
    "actor": "agent:other",
    "owner": "support",
    "environment": "staging",
    "environment_kind": "live",
    "descriptor": policy_request("stripe.other").descriptor,
    "descriptor_digest": "sha256:81",
    "arguments_digest": "sha256:d1",
    "facts": {"amount_usd": "50"},
    "facts_missing": {},
    "sources": {"/charge": ("RUN/0/0",)},
    "labels": {"input": ()},
    "labels_seen": ("untrusted",),
    "step": 3,
    "run": replace(REQUEST.run, tool_calls=3),
    "history": {"stripe.lookup_charge": ToolHistory(ok=1, facts={"charge": ("ch_1",)})},
    "now": "2026-03-15T09:00:00.000000Z",
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_the_digest_of_the_inputs_covers_every_part(name: str) -> None:
    """Whatever differs, the record of what was judged differs."""
    changed = replace(REQUEST, **{name: OTHERWISE[name]})  # type: ignore[arg-type]  # one value per field
    assert digest_of(changed.inputs()) != digest_of(REQUEST.inputs())


def test_no_part_was_forgotten() -> None:
    """Arguments are covered by their digest, the allowlist's entry by the policy's own; an assumption is no input."""
    covered_elsewhere = {"arguments", "entry", "approval_granted"}
    assert set(REQUEST.__struct_fields__) - set(OTHERWISE) == covered_elsewhere


def test_an_assumed_approval_changes_nothing_else() -> None:
    """The same request, asked again under an assumption, has the same inputs."""
    assumed = REQUEST.if_approved()
    assert (assumed.approval_granted, REQUEST.approval_granted) == (True, False)
    assert digest_of(assumed.inputs()) == digest_of(REQUEST.inputs())


def test_the_risk_tier_is_the_higher_of_two() -> None:
    """A contract may raise what its tool says, never lower it."""
    raised = policy_request(effect="read", entry=AllowedTool(name="a.b", risk_tier="high"))
    lowered = policy_request(effect="irreversible", entry=AllowedTool(name="a.b", risk_tier="low"))
    assert (raised.risk_tier, lowered.risk_tier, policy_request(effect="write").risk_tier) == (
        "high",
        "high",
        "medium",
    )


def test_equal_requests_have_equal_inputs() -> None:
    """Nothing depends on the object, and the inputs are JSON."""
    again = policy_request(entry=AllowedTool(name="stripe.create_refund"))
    assert digest_of(again.inputs()) == digest_of(REQUEST.inputs())
