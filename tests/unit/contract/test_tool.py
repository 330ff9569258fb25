"""Tests of the tool descriptor: what is not said is the worst, and what contradicts itself is refused."""

import pytest
from pydantic import ValidationError

from agentctl.contract.tool import (
    Effect,
    Fact,
    HttpExecutor,
    PythonExecutor,
    Retry,
    RiskTier,
    ToolDescriptor,
    TrustLabels,
    higher_tier,
)
from agentctl.foundation.canonical import JsonObject

HTTP: JsonObject = {"type": "http", "backend": "stripe", "method": "POST", "path": "/v1/refunds"}
PYTHON: JsonObject = {"type": "python", "file": "tool.py", "function": "run"}
KEYED: JsonObject = {**HTTP, "idempotency_header": "Idempotency-Key"}
SMALLEST: JsonObject = {
    "name": "stripe.create_refund",
    "description": "Refund a charge.",
    "arguments": {"type": "object"},
    "result": {},
    "executor": HTTP,
}


def descriptor(**changes: object) -> ToolDescriptor:
    """Return the smallest descriptor, with differences."""
    return ToolDescriptor.model_validate({**SMALLEST, **changes})


def test_what_is_left_out_is_the_worst() -> None:
    """Irreversible, never again, untrusted, private and acting outside."""
    found = descriptor()
    assert (found.effect, found.retry, found.attempts) == ("irreversible", "never", 1)
    assert found.trust == TrustLabels(reads_untrusted=True, reads_private=True, external_effect=True)
    assert (found.effect_key, found.facts) == (None, {})


@pytest.mark.parametrize(("retry", "attempts"), [("never", 1), ("safe", 5), ("keyed", 5)])
def test_attempts_follow_from_what_may_be_repeated(retry: Retry, attempts: int) -> None:
    """A tool that is never retried has one, whatever number stands there."""
    assert descriptor(retry=retry, effect="write", max_attempts=5, executor=KEYED).attempts == attempts


@pytest.mark.parametrize("header", [None, ""])
def test_a_keyed_tool_says_where_its_key_goes(header: str | None) -> None:
    """Without a header the key reaches nobody, and a retry would be a second effect."""
    with pytest.raises(ValidationError, match=r"`retry: keyed` needs `executor\.idempotency_header`"):
        descriptor(retry="keyed", executor={**HTTP, "idempotency_header": header})
    assert descriptor(retry="keyed", executor=KEYED).retry == "keyed"


def test_a_python_tool_gets_its_key_by_other_means() -> None:
    """It has no headers."""
    assert descriptor(retry="keyed", executor=PYTHON).retry == "keyed"


def test_what_cannot_be_undone_is_not_safe_to_repeat() -> None:
    """The two words contradict each other, also where the effect is only the default."""
    told = "an `irreversible` tool cannot be `retry: safe`; accepted: `keyed`, `never`"
    with pytest.raises(ValidationError, match=told):
        descriptor(effect="irreversible", retry="safe")
    with pytest.raises(ValidationError, match=told):
        descriptor(retry="safe")


@pytest.mark.parametrize("effect", ["write", "irreversible"])
def test_only_a_read_may_poll(effect: Effect) -> None:
    """A write that is repeated without an end is never progress; by default nothing polls."""
    assert descriptor(effect="read", polling=True).polling
    assert not descriptor(effect="read").polling
    with pytest.raises(ValidationError, match=f"`polling` with `effect: {effect}`"):
        descriptor(effect=effect, polling=True)


@pytest.mark.parametrize("effect", ["read", "write"])
def test_other_effects_may_be_safe_to_repeat(effect: Effect) -> None:
    """A read, and a write that says so."""
    assert descriptor(effect=effect, retry="safe").attempts == 3


def test_an_amount_in_cents_says_its_currency() -> None:
    """4900 of what?"""
    with pytest.raises(ValidationError, match="an amount in `minor_units` needs `currency`"):
        Fact(pointer="/amount", unit="minor_units")
    assert Fact(pointer="/amount", unit="minor_units", currency="/currency").source == "arguments"
    assert Fact(pointer="/amount", unit="number").currency is None


@pytest.mark.parametrize("pointer", ["amount", "#/amount", "amount/x", " /amount"])
def test_a_pointer_begins_with_a_slash(pointer: str) -> None:
    """Or it is empty, which is the whole."""
    with pytest.raises(ValidationError):
        Fact(pointer=pointer)
    assert Fact(pointer="").pointer == ""


@pytest.mark.parametrize(
    "key", ["refund", "refund:", "refund:charge", "{charge}", "Refund:{charge}", "refund:{a-b}", "refund:{}"]
)
def test_an_effect_key_names_the_effect_and_its_arguments(key: str) -> None:
    """A fixed name would refuse every second call; a free text could mean anything."""
    with pytest.raises(ValidationError):
        descriptor(effect_key=key)
    assert descriptor(effect_key="refund:{charge}:{amount}").effect_key == "refund:{charge}:{amount}"


@pytest.mark.parametrize(
    "name",
    [
        "refund",
        "stripe.",
        ".refund",
        "stripe.create.refund",
        "Stripe.refund",
        "stripe.rеfund",
        "a b.c",
        "a.b\n",
    ],
)
def test_a_name_is_namespaced_and_plain(name: str) -> None:
    """No look-alike, no second dot."""
    with pytest.raises(ValidationError):
        descriptor(name=name)


@pytest.mark.parametrize(
    "executor",
    [
        {**HTTP, "type": "shell"},
        {key: value for key, value in HTTP.items() if key != "type"},
        {**HTTP, "method": "TRACE"},
        {**HTTP, "path": "v1/refunds"},
        {**HTTP, "path": "/v1/refunds?expand=1"},
        {**HTTP, "path": "/v1/refunds#x"},
        {**HTTP, "path": "/v1/ refunds"},
        {**HTTP, "path": "/v1/refunds\n"},
        {**HTTP, "url": "https://example.com"},
        {**HTTP, "form": {"amount": 1}},
        {**PYTHON, "function": "Run"},
        {**PYTHON, "function": "os.system"},
        {**PYTHON, "file": ""},
    ],
)
def test_an_executor_that_does_not_fit_is_refused(executor: JsonObject) -> None:
    """Another kind, another method, a query in the path, an address of its own."""
    with pytest.raises(ValidationError):
        descriptor(executor=executor)


def test_the_kind_of_executor_is_told_by_its_type() -> None:
    """Two kinds so far."""
    assert isinstance(descriptor().executor, HttpExecutor)
    assert isinstance(descriptor(executor=PYTHON).executor, PythonExecutor)


@pytest.mark.parametrize(
    "changes",
    [
        {"max_attempts": 0}, {"max_attempts": 11}, {"timeout_seconds": 0}, {"timeout_seconds": 3601},
        {"key_window_seconds": 0}, {"effect": "harmless"}, {"retry": "always"}, {"arguments": "object"},
        {"description": ""}, {"facts": {"Amount": {"pointer": "/amount"}}}, {"trust": {"reads_untrusted": "no"}},
        {"requires_approval": False},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(changes: JsonObject) -> None:
    """Limits, vocabularies and unknown keys."""
    with pytest.raises(ValidationError):
        descriptor(**changes)


@pytest.mark.parametrize(
    ("effect", "said", "tier"),
    [
        ("read", None, "low"),
        ("write", None, "medium"),
        ("irreversible", None, "high"),
        ("read", "high", "high"),
        ("irreversible", "low", "low"),
    ],
)
def test_how_much_is_at_stake_follows_from_the_effect(
    effect: Effect, said: RiskTier | None, tier: RiskTier
) -> None:
    """Unless the descriptor says it; a descriptor that does not is written as before."""
    found = descriptor(effect=effect, **({} if said is None else {"risk_tier": said}))
    assert found.tier == tier
    assert ("risk_tier" in found.model_dump()) == (said is not None)


def test_the_higher_of_two_tiers_holds() -> None:
    """A tier that nobody says is the lowest."""
    assert [higher_tier("medium", other) for other in (None, "low", "medium", "high")] == [
        "medium",
        "medium",
        "medium",
        "high",
    ]
