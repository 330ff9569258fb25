"""Tests of what authorities are shown: all of it, and its digest covers every part."""

from dataclasses import fields, replace

import pytest

from agentctl.contract.agent import AllowedTool
from agentctl.events.base import Principal
from agentctl.foundation.canonical import digest_of
from tests.fakes.policy import policy_request

REQUEST = policy_request()
OTHERWISE: dict[str, object] = {
    "principal": Principal(id="dana", kind="user", assurance="asserted"),
    "actor": "agent:other",
    "environment": "live",
    "descriptor": policy_request("stripe.other").descriptor,
    "descriptor_digest": "sha256:81",
    "arguments_digest": "sha256:d1",
    "facts": {"amount_usd": "50"},
    "facts_missing": {},
    "sources": {"/charge": ("RUN/0/0",)},
    "step": 3,
    "labels_seen": ("untrusted",),
    "today": "2026-03-15",
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_the_digest_of_the_inputs_covers_every_part(name: str) -> None:
    """Whatever differs, the record of what was judged differs."""
    changed = replace(REQUEST, **{name: OTHERWISE[name]})  # type: ignore[arg-type]  # one value per field
    assert digest_of(changed.inputs()) != digest_of(REQUEST.inputs())


def test_no_part_was_forgotten() -> None:
    """Arguments are covered by their digest, the allowlist's entry by the policy's own."""
    assert {field.name for field in fields(REQUEST)} - set(OTHERWISE) == {"arguments", "entry"}


def test_unknown_sources_are_not_no_sources() -> None:
    """None means everything seen so far; an empty mapping means nothing."""
    unknown, none = replace(REQUEST, sources=None), replace(REQUEST, sources={})
    assert unknown.inputs()["sources"] is None
    assert none.inputs()["sources"] == {}
    assert digest_of(unknown.inputs()) != digest_of(none.inputs())


def test_equal_requests_have_equal_inputs() -> None:
    """Nothing depends on the object, and the inputs are JSON."""
    again = policy_request(entry=AllowedTool(name="stripe.create_refund"))
    assert digest_of(again.inputs()) == digest_of(REQUEST.inputs())
