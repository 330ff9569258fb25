"""Tests of how answers are combined: the strictest wins in any order, errors deny, silence denies."""

from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentctl.events.tool import Decision, PolicyAnswer
from agentctl.policy.decision import STRICTNESS, effective, reasons_for, sentences_for, strictest

decisions = st.sampled_from(STRICTNESS)
answers = st.builds(
    PolicyAnswer,
    authority=st.sampled_from(["contract", "policy", "platform"]),
    policy=st.just("p"),
    digest=st.just("sha256:"),
    decision=decisions,
    reasons=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    errors=st.lists(st.text(max_size=5), max_size=1).map(tuple),
)


def says(decision: Decision, *reasons: str, errors: tuple[str, ...] = ()) -> PolicyAnswer:
    """Return an answer."""
    return PolicyAnswer(
        authority="policy", policy="p", digest="sha256:", decision=decision, reasons=reasons, errors=errors
    )


def test_deny_is_stricter_than_approval_and_approval_than_allow() -> None:
    """All pairs, both ways round."""
    order = ["allow", "needs_approval", "deny"]
    for first, second in product(STRICTNESS, repeat=2):
        assert strictest([says(first), says(second)]) == max(first, second, key=order.index)


def test_no_answer_at_all_is_a_deny() -> None:
    """Nobody asked means nobody allowed."""
    assert strictest([]) == strictest(iter(())) == "deny"
    assert reasons_for("deny", []) == ("nobody allowed it",)


@pytest.mark.parametrize("decision", STRICTNESS)
def test_an_answer_with_an_error_is_a_deny_whatever_it_says(decision: Decision) -> None:
    """An engine that had a problem has not permitted anything; even an empty error text counts."""
    assert effective(says(decision, errors=("overflow",))) == "deny"
    assert strictest([says("allow"), says(decision, errors=("",))]) == "deny"


@settings(deadline=None)
@given(st.lists(answers), st.integers())
def test_the_order_of_answers_does_not_matter(given_answers: list[PolicyAnswer], seed: int) -> None:
    """Whoever is asked first, the decision is the same."""
    shuffled = list(given_answers)
    Random(seed).shuffle(shuffled)
    assert strictest(shuffled) == strictest(given_answers)


@settings(deadline=None)
@given(st.lists(answers, min_size=1), answers)
def test_one_more_answer_never_widens(given_answers: list[PolicyAnswer], more: PolicyAnswer) -> None:
    """Nobody's permit widens another's answer."""
    before, after = strictest(given_answers), strictest([*given_answers, more])
    assert STRICTNESS.index(after) >= STRICTNESS.index(before)


@settings(deadline=None)
@given(st.lists(answers))
def test_allowed_means_that_everybody_allowed_without_error(given_answers: list[PolicyAnswer]) -> None:
    """And that there was somebody."""
    unanimous = bool(given_answers) and all(
        item.decision == "allow" and not item.errors for item in given_answers
    )
    assert (strictest(given_answers) == "allow") == unanimous


def test_the_reasons_are_those_of_the_answers_that_decided() -> None:
    """What allowed it does not explain why it was denied; errors are named beside reasons."""
    asked = [says("allow", "listed"), says("deny", "too much"), says("allow", "fine", errors=("overflow",))]
    assert reasons_for("deny", asked) == ("too much", "fine", "overflow")
    assert reasons_for("allow", asked) == ("listed",)
    assert reasons_for("needs_approval", asked) == ("nobody allowed it",)


def test_rules_that_are_named_by_ids_are_told_with_their_set() -> None:
    """A reviewer and a model read sentences; an id alone would tell them nothing."""
    ids = PolicyAnswer(
        authority="policy", policy="cedar:p.cedar", digest="sha256:0", decision="deny", reasons=("a", "b")
    )
    words = ids.model_copy(update={"reasons": ("it is too much",), "errors": ("it broke",)})
    assert sentences_for("deny", [ids]) == ("the rules of cedar:p.cedar: a, b",)
    assert sentences_for("deny", [words]) == ("it is too much", "it broke")
    assert sentences_for("allow", [ids]) == ("nobody allowed it",)
