"""Tests of routes: which deployments answer, in which order, and why; an alias without any is no route."""

from agentctl.contract.agent import ModelRouting
from agentctl.contract.environment import Deployment
from agentctl.events.model import Candidate, RouteChosen
from agentctl.routing.default import default
from agentctl.routing.route import STRATEGIES, Unrouted, choose

ROUTING = ModelRouting(default="small-fast")


def deployment(name: str) -> Deployment:
    """Return a scripted deployment."""
    return Deployment(name=name, provider="scripted", model=f"model-of-{name}", scripts="scripts")


def test_the_chain_of_the_default_alias_is_asked_in_its_order() -> None:
    """The first is chosen, the others stand by; the facts that were looked at are recorded."""
    chain = (deployment("one"), deployment("two"), deployment("three"))
    route = choose(ROUTING, {"small-fast": chain, "strong": (deployment("four"),)}, 3, {"amount_usd": "49"})
    assert route == RouteChosen(
        step=3,
        strategy="default",
        alias="small-fast",
        candidates=(
            Candidate(deployment="one", model="model-of-one", verdict="chosen"),
            Candidate(deployment="two", model="model-of-two", verdict="standby"),
            Candidate(deployment="three", model="model-of-three", verdict="standby"),
        ),
        chosen="one",
        why="the contract's default; the others stand by",
        facts={"amount_usd": "49"},
    )


def test_an_alias_that_binds_nothing_is_no_route() -> None:
    """Nothing falls back to another alias; the reason names the one that is missing."""
    told = Unrouted(
        "the environment binds no model to the alias `small-fast`, or none that the platform allows"
    )
    assert choose(ROUTING, {}, 0, {}) == told
    assert choose(ROUTING, {"small-fast": (), "strong": (deployment("four"),)}, 0, {}) == told


def test_the_same_question_has_the_same_answer() -> None:
    """A route is a function of its arguments; what was given is not changed."""
    table, facts = {"small-fast": (deployment("one"),)}, {"ticket_id": "4201"}
    first = choose(ROUTING, table, 0, facts)
    facts["ticket_id"] = "4202"
    assert isinstance(first, RouteChosen)
    assert first.facts == {"ticket_id": "4201"}
    assert choose(ROUTING, table, 0, {"ticket_id": "4201"}) == first


def test_the_default_strategy_looks_at_no_fact() -> None:
    """It is the contract's default, whatever is known."""
    assert STRATEGIES["default"] is default
    assert (
        default(ROUTING, {"amount_usd": "1000000"})
        == default(ROUTING, {})
        == (
            "small-fast",
            "the contract's default; the others stand by",
        )
    )
