"""Where policies come from: each engine has its own keys, and nothing stands for a missing one."""

import pytest
from pydantic import TypeAdapter, ValidationError

from agentctl.contract.policy_source import (
    AuthzenPolicies,
    CedarPolicies,
    DecisionPoint,
    OpaPolicies,
    PolicySource,
    RegoPolicies,
)

SOURCE: TypeAdapter[PolicySource] = TypeAdapter(PolicySource)


def test_the_engine_says_which_keys_there_are() -> None:
    """Four engines, each with what it needs."""
    assert SOURCE.validate_python({"engine": "cedar", "files": ["a.cedar"]}) == CedarPolicies(
        engine="cedar", files=("a.cedar",)
    )
    rego = SOURCE.validate_python({"engine": "rego", "files": ["a.rego"]})
    assert rego == RegoPolicies(engine="rego", files=("a.rego",), rule="data.agentctl.decision")
    opa = SOURCE.validate_python({"engine": "opa", "point": "central"})
    assert opa == OpaPolicies(engine="opa", point="central", path="agentctl/decision")
    authzen = SOURCE.validate_python({"engine": "authzen", "point": "central"})
    assert authzen == AuthzenPolicies(engine="authzen", point="central")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"engine": "cel", "files": ["a"]},
        {"engine": "cedar"},
        {"engine": "cedar", "files": []},
        {"engine": "cedar", "files": [""]},
        {"engine": "cedar", "files": ["a"], "rule": "data.x"},
        {"engine": "cedar", "files": [f"{number}.cedar" for number in range(257)]},
        {"engine": "rego", "files": ["a"], "rule": "agentctl.decision"},
        {"engine": "rego", "files": ["a"], "rule": "data.x; true"},
        {"engine": "opa", "files": ["a"]},
        {"engine": "opa", "point": "central", "path": "../v1/policies"},
        {"engine": "opa", "point": "central", "path": "/a"},
        {"engine": "authzen", "point": "central", "path": "a"},
        {"engine": "authzen", "point": "http://central"},
    ],
)
def test_what_does_not_fit_is_refused(data: dict[str, object]) -> None:
    """A path that leaves its place, a URL where a name stands, a key of another engine."""
    with pytest.raises(ValidationError):
        SOURCE.validate_python(data)


def test_a_decision_point_is_quick_and_public_unless_it_says_so() -> None:
    """A second, no token, no private address."""
    found = DecisionPoint(url="https://opa.example.com")
    assert (found.timeout_ms, found.token_env, found.allow_private_network) == (1_000, None, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "ftp://opa.example.com"},
        {"url": "https://user@opa.example.com"},
        {"url": "https://opa.example.com?x=1"},
        {"token_env": "secret"},
        {"timeout_ms": 0},
        {"timeout_ms": 60_001},
    ],
)
def test_a_decision_point_that_does_not_fit_is_refused(changes: dict[str, object]) -> None:
    """No secrets in URLs, no waiting for ever."""
    with pytest.raises(ValidationError):
        DecisionPoint.model_validate({"url": "https://opa.example.com", **changes})
