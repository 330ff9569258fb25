"""Models that review: their alias is bound, to a provider other than the agent's, and their tools exist."""

from collections.abc import Iterator

from agentctl.contract.environment import Deployment
from agentctl.contract.platform import may_share_a_provider, provider_of
from agentctl.contract.project import nearest
from agentctl.review.checks.report import Finding, Spot, error
from agentctl.review.checks.subject import Modelled, Subject
from agentctl.review.checks.tool_parts import one_of


def reviewing_aliases_are_bound(subject: Subject) -> Iterator[Finding]:
    """The environment binds the alias of every model that reviews."""
    models = subject.environment.document.models
    for item in subject.modelled():
        if item.model.alias not in models:
            at, place = _at(subject, item, "alias"), subject.in_environment("models")
            found = f"no model is bound to the alias `{item.model.alias}` {place.where}"
            yield error(
                at, found, one_of(models, "an alias under `models`"), nearest(item.model.alias, models)
            )


def models_do_not_review_their_kin(subject: Subject) -> Iterator[Finding]:
    """A model that reviews is of another provider than the agent's own: kin have the same blind spots."""
    for item in subject.modelled():
        for deployment in subject.environment.document.models.get(item.model.alias, ()):
            for index, own in enumerate(subject.chain()):
                if may_share_a_provider(deployment, own):
                    yield _kin(subject, item, deployment, index)


def reviewed_tools_exist(subject: Subject) -> Iterator[Finding]:
    """Every tool that a model is to review is in the registry."""
    for item in subject.modelled():
        for index, tool in enumerate(item.model.tools):
            if tool not in subject.registry:
                at, found = (
                    _at(subject, item, "tools", index),
                    f"there is no tool `{tool}` in contracts/tools",
                )
                yield error(at, found, "a tool of the registry", nearest(tool, subject.registry))


def _at(subject: Subject, item: Modelled, *path: str | int) -> Spot:
    return subject.in_environment("reviewers", item.index, "model", *path)


def _kin(subject: Subject, item: Modelled, deployment: Deployment, index: int) -> Finding:
    own = subject.contract.document.model_routing.default
    place = subject.in_environment("models", own, index, "name")
    said = provider_of(deployment)
    kin = f"is of the provider `{said}`, as" if said else "names no provider, and may be of the same as"
    found = f"`{deployment.name}` {kin} the agent's own `{subject.chain()[index].name}` {place.where}"
    return error(_at(subject, item, "alias"), found, "an alias of another provider")
