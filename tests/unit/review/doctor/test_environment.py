"""Tests of what the doctor says of an environment: never a value, always what to type."""

from collections.abc import Callable
from typing import Any

from agentctl.contract.environment import Environment
from agentctl.contract.policy_source import CedarPolicies, RegoPolicies
from agentctl.foundation.errors import Place, Problem
from agentctl.review.checks.report import Report
from agentctl.review.doctor.environment import (
    Person,
    Variable,
    asks_litellm,
    checked,
    named_variables,
    needs_rego,
    people,
    variables,
)
from agentctl.review.doctor.observation import note, ok, problem

WRONG = Problem(Place("x.yaml", 1, 1), "wrong")
PAID = {"name": "big", "provider": "litellm", "model": "openai/x", "api_key_env": "BIG_KEY"}
OTHER = {"name": "other", "provider": "litellm", "model": "anthropic/x", "api_key_env": "OTHER_KEY"}
LOCAL = {"name": "local", "provider": "openai_compatible", "base_url": "http://127.0.0.1:1/v1"}


def environment(**changes: Any) -> Environment:
    """Return a live environment."""
    return Environment.model_validate(
        {"name": "live", "kind": "live", "models": {"a": [PAID]}, "identity": {"issuer": "us"}} | changes
    )


def having(*names: str) -> Callable[[str], bool]:
    """Return what says which variables are set."""
    return lambda name: name in names


def test_a_check_is_counted_over_all_agents() -> None:
    """Errors are a problem, warnings a note, and the command that shows them is named."""
    wrong, doubtful = Report(errors=(WRONG,)), Report(warnings=(WRONG, WRONG))
    assert checked("contracts", [Report()], "c") == ok("contracts: 0 errors, 0 warnings")
    assert checked("contracts", [doubtful, Report()], "c") == note("contracts: 0 errors, 2 warnings", "c")
    assert checked("contracts", [wrong, doubtful], "c") == problem("contracts: 1 error, 2 warnings", "c")


def test_every_variable_that_is_named_is_looked_for() -> None:
    """Models' keys, static keys of backends, tokens of decision points."""
    found = environment(
        backends={"shop": {"url": "https://shop.example.com", "static_key": {"env": "SHOP_KEY"}}},
        decision_points={"central": {"url": "https://opa.example.com", "token_env": "OPA_TOKEN"}},
    )
    assert named_variables(found, having("SHOP_KEY")) == (
        Variable("BIG_KEY", "the model `big`", is_set=False),
        Variable("SHOP_KEY", "the backend `shop`", is_set=True),
        Variable("OPA_TOKEN", "the decision point `central`", is_set=False),
    )


def test_a_key_is_missed_less_where_another_deployment_answers() -> None:
    """One with its key set, or one that needs none, stands in; two without keys do not."""
    both, with_local = environment(models={"a": [PAID, OTHER]}), environment(models={"a": [PAID, LOCAL]})
    assert [item.spare for item in named_variables(both, having())] == [False, False]
    assert [item.spare for item in named_variables(both, having("OTHER_KEY"))] == [True, False]
    assert [item.spare for item in named_variables(with_local, having())] == [True]


def test_unset_variables_are_lines_to_type() -> None:
    """What is set is one line with names only."""
    found = variables(
        [
            Variable("A_KEY", "the model `a`", is_set=True),
            Variable("B_KEY", "the backend `b`", is_set=False),
            Variable("C_KEY", "the model `c`", is_set=False, spare=True),
        ]
    )
    assert [(item.health, item.remedy) for item in found] == [
        ("ok", ()),
        ("problem", ("export B_KEY=...",)),
        ("note", ("export C_KEY=...",)),
    ]
    assert found[0].text == "set: A_KEY"


def test_people_without_keys_cannot_answer_where_answers_are_signed() -> None:
    """Each gets the line that gives them one; where signatures are optional a name is enough."""
    found = [Person("alice", has_key=True), Person("bob", has_key=False)]
    assert people(found, environment="live", signatures_required=True) == (
        ok("may answer, with signatures: alice"),
        problem("`bob` has no key, and answers must be signed here", "agentctl reviewers add bob"),
    )
    assert people(found, environment="live", signatures_required=False) == (
        ok("may answer, signatures optional: alice, bob"),
    )


def test_somebody_whose_key_was_revoked_is_a_problem_anywhere() -> None:
    """No answer of theirs counts, with signatures or without, and they are told once."""
    gone = [Person("bob", has_key=False, refused="the key of `bob` was revoked")]
    for required in (True, False):
        assert people(gone, environment="live", signatures_required=required) == (
            problem("the key of `bob` was revoked", "agentctl reviewers add bob"),
        )


def test_nobody_to_answer_is_worth_knowing() -> None:
    """The file where people are named is named."""
    (found,) = people([], environment="live", signatures_required=True)
    assert (found.health, "contracts/environments/live.yaml" in found.remedy[0]) == ("note", True)


def test_only_what_is_used_is_needed() -> None:
    """Only for aliases that litellm answers, and for sets of the engine Rego."""
    assert asks_litellm(environment()) == ("`models.a`",)
    assert asks_litellm(environment(models={"a": [LOCAL]})) == ()
    rego = RegoPolicies(engine="rego", files=("policies/x.rego",))
    cedar = CedarPolicies(engine="cedar", files=("policies/x.cedar",))
    assert (needs_rego("`x`", [cedar, rego]), needs_rego("`x`", [cedar])) == (("`x`",), ())
