"""Tests of the environment: every binding says where it goes, and live never falls back to the sandbox."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from agentctl.contract.environment import (
    Backend,
    Deployment,
    Environment,
    Price,
    Reviewer,
    SameValue,
    StaticKey,
)
from agentctl.foundation.canonical import JsonObject

SCRIPTED: JsonObject = {"name": "small", "provider": "scripted", "scripts": "scripts"}
SMALLEST: JsonObject = {
    "name": "here",
    "kind": "sandbox",
    "models": {"small-fast": [SCRIPTED]},
    "identity": {"issuer": "us"},
}
LIVE: JsonObject = {
    **SMALLEST,
    "kind": "live",
    "models": {"small-fast": [{"name": "gpt", "provider": "litellm", "model": "openai/gpt"}]},
}


def environment(**changes: object) -> Environment:
    """Return the smallest environment, with differences."""
    return Environment.model_validate({**SMALLEST, **changes})


def test_what_is_left_out_is_safe() -> None:
    """No backends, nobody who may approve, tools in processes of their own."""
    found = environment()
    assert (found.backends, found.reviewers, found.sandbox, found.isolation) == ({}, (), None, "process")
    assert found.identity.default_principal is None
    assert not found.needs_back_office


def test_an_alias_binds_at_least_one_deployment() -> None:
    """An empty chain is no binding."""
    with pytest.raises(ValidationError):
        environment(models={"small-fast": []})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"provider": "openai_compatible"}, "`provider: openai_compatible` needs `base_url`"),
        (
            {"provider": "scripted", "scripts": "s", "takes_seed": True},
            "`provider: scripted` takes no seed",
        ),
        ({"provider": "scripted"}, "`provider: scripted` needs `scripts`"),
    ],
)
def test_a_deployment_has_what_its_provider_needs(changes: dict[str, object], told: str) -> None:
    """Refused where it is written, not when the first model is asked."""
    with pytest.raises(ValidationError, match=told):
        Deployment.model_validate({"name": "small", **changes})


def test_each_provider_can_be_bound() -> None:
    """With what it needs and nothing more."""
    assert Deployment(name="a", provider="litellm", model="openai/gpt").price is None
    assert Deployment(name="a", provider="openai_compatible", base_url="http://127.0.0.1:8000/v1").base_url
    assert Deployment(name="a", provider="scripted", scripts="scripts").model == "scripted"


@pytest.mark.parametrize(
    "url",
    [
        "example.com/v1",
        "ftp://example.com",
        "https://user:secret@example.com",
        "https://a b",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_models_url_is_one_of_the_web_and_holds_no_key(url: str) -> None:
    """Keys never stand in files."""
    with pytest.raises(ValidationError):
        Deployment(name="a", provider="openai_compatible", base_url=url)


@pytest.mark.parametrize("name", ["openai_api_key", "OPENAI KEY", "sk-0123456789", "1KEY", ""])
def test_a_key_is_named_never_written(name: str) -> None:
    """Only the name of a variable has this form."""
    with pytest.raises(ValidationError):
        Deployment(name="a", provider="litellm", api_key_env=name)
    with pytest.raises(ValidationError):
        StaticKey(env=name)


@pytest.mark.parametrize("where", [{}, {"url": "https://example.com", "sandbox_path": "/stripe"}])
def test_a_backend_is_in_one_place(where: JsonObject) -> None:
    """Neither nowhere nor in two worlds."""
    with pytest.raises(ValidationError, match="a backend needs either `url` or `sandbox_path`"):
        Backend.model_validate(where)


@pytest.mark.parametrize(
    "url",
    [
        "example.com",
        "ftp://example.com",
        "https://user:secret@example.com",
        "https://example.com?a=1",
        "https://a#b",
    ],
)
def test_a_backends_url_is_plain(url: str) -> None:
    """No credential, no query, nothing a path could be joined to wrongly."""
    with pytest.raises(ValidationError):
        Backend(url=url)


def test_private_networks_are_not_reached_unless_it_says_so() -> None:
    """A backend that is bound to an inner address must be declared."""
    assert not Backend(url="https://example.com").allow_private_network


@pytest.mark.parametrize(
    "changes",
    [
        {"sandbox": {"seeds": []}},
        {"backends": {"stripe": {"sandbox_path": "/stripe"}}},
        {"backends": {"zendesk": {"url": "https://example.com"}, "stripe": {"sandbox_path": "/stripe"}}},
    ],
)
def test_live_has_no_sandbox(changes: JsonObject) -> None:
    """Nothing falls back by itself."""
    with pytest.raises(ValidationError, match="a `live` environment has no `sandbox`"):
        Environment.model_validate({**LIVE, **changes})


def test_live_stands_alone() -> None:
    """With real backends it starts no back office; a sandbox with one of its own does."""
    live = Environment.model_validate({**LIVE, "backends": {"stripe": {"url": "https://example.com"}}})
    assert not live.needs_back_office
    assert environment(backends={"stripe": {"sandbox_path": "/stripe"}}).needs_back_office
    assert not environment(backends={"stripe": {"url": "https://example.com"}}).needs_back_office


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"argument": "/a", "result_of": "a.b", "result": "/c"},
        {"argument": "/a", "result": "/c"},
        {"result_of": "a.b"},
        {"result": "/c"},
    ],
)
def test_a_comparison_has_exactly_one_other_side(other: JsonObject) -> None:
    """With none, or two, it could not be judged."""
    with pytest.raises(
        ValidationError, match="needs either `argument`, or `result_of` together with `result`"
    ):
        SameValue.model_validate({"looked_up": "/x", "message": "different", **other})


def test_a_comparison_is_with_an_argument_or_a_result() -> None:
    """Both forms."""
    assert SameValue(looked_up="/x", argument="/a", message="different").result_of is None
    assert SameValue(looked_up="/x", result_of="a.b", result="/c", message="different").argument is None


@pytest.mark.parametrize(
    "name", ["Alice", "agent:refund-assistant", "system:", "system:system:x", "root:alice", ""]
)
def test_a_reviewer_is_a_person_or_a_rule_of_the_platform(name: str) -> None:
    """No agent, and no other prefix."""
    with pytest.raises(ValidationError):
        Reviewer(name=name)
    assert Reviewer(name="alice").rule is None
    assert Reviewer(name="system:sandbox-reviewer").name == "system:sandbox-reviewer"


@pytest.mark.parametrize("amount", [Decimal(-1), "0.15", 0.25, True])
def test_a_price_is_exact_and_never_negative(amount: object) -> None:
    """No text, no binary fraction."""
    with pytest.raises(ValidationError):
        Price.model_validate({"input_usd_per_million": amount, "output_usd_per_million": Decimal(1)})


RULE: JsonObject = {
    "tool": "a.b",
    "look_up": {"tool": "a.c", "arguments": {}},
    "amount_fact": "amount_usd",
    "total_usd_le": 5,
    "amount": "/amount",
    "amount_spent": "/spent",
}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHMo"


def test_a_reviewer_is_a_person_a_rule_or_a_model() -> None:
    """One of the three."""
    assert Reviewer.model_validate({"name": "alice", "public_key": f"{KEY} alice@host"}).is_person
    assert not Reviewer.model_validate({"name": "system:rule", "rule": RULE}).is_person
    model = Reviewer.model_validate({"name": "system:second", "model": {"alias": "other"}})
    assert not model.is_person
    assert model.model is not None
    assert (model.model.tools, model.model.guidance) == ((), "")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rule": RULE, "model": {"alias": "other"}}, "a `rule` or a `model`, not both"),
        ({"rule": RULE, "public_key": KEY}, "only people have a `public_key`"),
        ({"model": {"alias": "other"}, "public_key": KEY}, "only people have a `public_key`"),
        ({"public_key": "ssh-rsa AAAA"}, "pattern"),
        ({"public_key": f"{KEY}\nssh-ed25519 AAAA"}, "pattern"),
        ({"model": {}}, "alias"),
    ],
)
def test_a_reviewer_that_is_two_things_is_refused(changes: JsonObject, told: str) -> None:
    """A rule has no key, and a model is no rule."""
    with pytest.raises(ValidationError, match=told):
        Reviewer.model_validate({"name": "alice", **changes})


@pytest.mark.parametrize(
    ("kind", "said", "required"),
    [
        ("live", None, True),
        ("live", "required", True),
        ("live", "optional", False),
        ("sandbox", None, False),
        ("sandbox", "required", True),
        ("sandbox", "optional", False),
    ],
)
def test_signatures_are_required_where_effects_are_real(
    kind: str, said: str | None, *, required: bool
) -> None:
    """Unless the environment says otherwise."""
    approvals = {} if said is None else {"approvals": {"signatures": said}}
    assert Environment.model_validate({**LIVE, "kind": kind, **approvals}).signatures_required is required


def test_a_principal_is_in_every_team_that_names_them() -> None:
    """Sorted; a stranger is in none."""
    found = environment(teams={"support": ["casey", "dana"], "finance": ["casey"], "empty": []})
    assert found.teams_of("casey") == ("finance", "support")
    assert found.teams_of("mallory") == ()


def test_a_webhook_is_tried_thrice_and_waits_not_long() -> None:
    """And reaches no private address unless it says so."""
    found = environment(approvals={"webhooks": [{"name": "chat", "url": "https://chat.example.com/x?y=1"}]})
    [hook] = found.approvals.webhooks
    assert (hook.timeout_seconds, hook.max_attempts, hook.allow_private_network) == (5, 3, False)


@pytest.mark.parametrize(
    "url", ["chat.example.com", "https://me@chat.example.com", "https://c.example.com#x"]
)
def test_a_webhooks_url_is_plain(url: str) -> None:
    """No names, no passwords, no fragments."""
    with pytest.raises(ValidationError):
        environment(approvals={"webhooks": [{"name": "chat", "url": url}]})


def test_what_a_later_version_added_leaves_the_digest_of_others_alone() -> None:
    """An environment that uses none of it is written as before."""
    written = environment(reviewers=[{"name": "alice"}]).model_dump(mode="json")
    assert written.keys().isdisjoint({"approvals", "policies", "decision_points", "teams"})
    assert written["reviewers"] == [{"name": "alice", "rule": None}]
    assert "region" not in written["models"]["small-fast"][0]
