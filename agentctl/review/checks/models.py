"""Models: every alias is bound, every deployment has a price, and a live environment asks real models safely."""

from collections.abc import Iterator

from agentctl.contract.environment import Deployment
from agentctl.contract.project import nearest
from agentctl.models.prices import price_of
from agentctl.review.checks.report import Finding, Spot, error, warning
from agentctl.review.checks.subject import Subject


def aliases_are_bound(subject: Subject) -> Iterator[Finding]:
    """The environment binds the aliases the contract uses to at least one deployment."""
    alias = subject.contract.document.model_routing.default
    if not subject.chain():
        models = subject.environment.document.models
        at, bound = subject.in_contract("model_routing", "default"), subject.in_environment("models")
        found = f"the environment `{subject.environment.document.name}` binds no model to the alias `{alias}` {bound.where}"
        accepted = ", ".join(f"`{name}`" for name in models) or "an alias under `models` there"
        yield error(at, found, accepted, nearest(alias, models))


def prices_are_known(subject: Subject) -> Iterator[Finding]:
    """Every deployment of the contract's alias has a price: calls of an unknown price are refused."""
    for at, deployment in _deployments(subject):
        if price_of(deployment) is None:
            yield _unpriced(at, deployment, litellm_installed=subject.litellm_installed)


def live_asks_real_models(subject: Subject) -> Iterator[Finding]:
    """In a live environment no script stands for a model, and no key travels in the clear."""
    if subject.environment.document.kind != "live":
        return
    for at, deployment in _deployments(subject):
        if deployment.provider == "scripted":
            yield warning(at, f"`{deployment.name}` is a script, in a live environment", "a real model")
        if deployment.api_key_env and (deployment.base_url or "").startswith("http://"):
            found = f"the key of `{deployment.name}` goes to {deployment.base_url} unencrypted"
            yield warning(at, found, "a URL that begins with `https://`")


def scripts_lie_in_one_folder(subject: Subject) -> Iterator[Finding]:
    """An environment has one script per agent, whatever the number of scripted deployments: runs record one."""
    named = [
        (folder, subject.in_environment("models", alias, index, "scripts"))
        for alias, chain in subject.environment.document.models.items()
        for index, folder in enumerate(deployment.scripts for deployment in chain)
        if folder is not None
    ]
    for folder, at in named[1:]:
        first, place = named[0]
        if folder != first:
            yield error(at, f"a second folder of scripts; the first is `{first}` {place.where}", f"`{first}`")


def _deployments(subject: Subject) -> Iterator[tuple[Spot, Deployment]]:
    alias = subject.contract.document.model_routing.default
    for index, deployment in enumerate(subject.chain()):
        yield subject.in_environment("models", alias, index, "name"), deployment


def _unpriced(at: Spot, deployment: Deployment, *, litellm_installed: bool) -> Finding:
    accepted = "`price` with `input_usd_per_million` and `output_usd_per_million`"
    if deployment.provider == "litellm" and not litellm_installed:
        found = (
            f"the price of `{deployment.model}` would stand in litellm's table, and litellm is not installed"
        )
        return warning(at, found, accepted)
    return error(at, f"the price of `{deployment.model}` is not known, so its calls are refused", accepted)
