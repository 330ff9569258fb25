"""What a strategy answers: the deployments to ask, in order, with the reason."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from agentctl.contract.agent import ModelRouting
from agentctl.contract.environment import Deployment
from agentctl.events.model import Candidate, RouteChosen
from agentctl.routing.default import default

ModelTable: TypeAlias = Mapping[str, tuple[Deployment, ...]]


class Unrouted(Struct, frozen=True):
    """No deployment can answer."""

    reason: str


Strategy: TypeAlias = Callable[[ModelRouting, Mapping[str, str]], tuple[str, str]]
"""Returns the alias to ask and why, from the contract's routing and the facts."""

STRATEGIES: Mapping[str, Strategy] = {"default": default}
"""Every strategy by its name."""


def choose(
    routing: ModelRouting, models: ModelTable, step: int, facts: Mapping[str, str]
) -> RouteChosen | Unrouted:
    """Return which deployments answer a step, as the event that records it."""
    strategy = "default"
    alias, why = STRATEGIES[strategy](routing, facts)
    chain = models.get(alias, ())
    if not chain:
        return Unrouted(
            f"the environment binds no model to the alias `{alias}`, or none that the platform allows"
        )
    candidates = tuple(
        Candidate(deployment=item.name, model=item.model, verdict="chosen" if item is chain[0] else "standby")
        for item in chain
    )
    return RouteChosen(
        step=step,
        strategy=strategy,
        alias=alias,
        candidates=candidates,
        chosen=chain[0].name,
        why=why,
        facts=dict(facts),
    )
