"""Second models that review: whose alias they are asked by, and that they are of another provider than the agent's."""

from collections.abc import Iterator

from agentctl.composition.governing import Governing
from agentctl.contract.environment import Deployment, Environment, Reviewer
from agentctl.contract.platform import may_share_a_provider
from agentctl.foundation.errors import InvalidInput, Place, Problem


def check_review_models(governing: Governing) -> None:
    """Refuse a second model that is none: one that nobody bound, or one of the provider whose model it is to check.

    Raises:
        InvalidInput: a reviewer's alias is not bound, or one of its deployments may be of the agent's own provider.
    """
    environment = governing.environment.environment
    agents = environment.models.get(governing.contract.model_routing.default, ())
    problems = [
        problem
        for index, reviewer in enumerate(environment.reviewers)
        for problem in _problems(environment, index, reviewer, agents)
    ]
    if problems:
        raise InvalidInput(problems)


def review_aliases(environment: Environment) -> frozenset[str]:
    """Return the aliases that reviewers of an environment are asked by."""
    return frozenset(item.model.alias for item in environment.reviewers if item.model is not None)


def _problems(
    environment: Environment, index: int, reviewer: Reviewer, agents: tuple[Deployment, ...]
) -> Iterator[Problem]:
    if reviewer.model is None:
        return
    alias, place = reviewer.model.alias, Place(f"contracts/environments/{environment.name}.yaml")
    path = f"reviewers[{index}].model.alias"
    if alias not in environment.models:
        yield Problem(place, f"no model is bound to `{alias}`", "an alias under `models`", path)
        return
    for mine in environment.models[alias]:
        same = next((theirs for theirs in agents if may_share_a_provider(mine, theirs)), None)
        if same is not None:
            found = f"`{mine.name}` is of the provider of `{same.name}`, which the agent itself is driven by"
            yield Problem(place, found, "deployments of another provider than the agent's", path)
