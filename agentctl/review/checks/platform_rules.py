"""The platform's rules over a contract: what asks for more than they allow conflicts, and both places are named."""

from collections.abc import Iterator

from msgspec import Struct

from agentctl.contract.environment import Deployment
from agentctl.contract.platform import effective, provider_of
from agentctl.contract.project import nearest
from agentctl.review.checks.effective import rule_place, text_of
from agentctl.review.checks.report import Finding, Spot, error, note
from agentctl.review.checks.subject import Subject
from agentctl.review.checks.tool_parts import one_of


class _Tightened(Struct, frozen=True):
    """A value of the contract that a rule of the platform makes stricter."""

    path: tuple[str, ...]
    written: str
    value: str
    rule: str


def values_keep_within_the_rules(subject: Subject) -> Iterator[Finding]:
    """Nobody writes a higher ceiling, or a weaker redaction, than the platform allows."""
    for item in _tightened(subject):
        if _conflicts(subject, item):
            at = subject.in_contract(*item.path)
            found = f"`{item.written}` is more than {_rule(subject, item)} allows: `{item.value}`"
            if item.path[0] == "logging":
                found = f"`{item.written}` is weaker than {_rule(subject, item)} demands: `{item.value}`"
            yield error(at, found, f"`{item.value}`, or what is stricter")


def tightened_values_are_told(subject: Subject) -> Iterator[Finding]:
    """Every value that the platform tightens without a conflict is named with both places.

    That is a default of ours, and the life of credentials: no contract is refused for a longer one.
    """
    for item in _tightened(subject):
        if not _conflicts(subject, item):
            found = f"`{item.written}` becomes `{item.value}`, by {_rule(subject, item)}"
            yield note(subject.in_contract(*item.path), found)


def deployments_are_allowed(subject: Subject) -> Iterator[Finding]:
    """Every model that can be asked is of a provider, and in a region, that the platform allows."""
    models = subject.rules.models
    for at, deployment in _used_deployments(subject):
        if not models.allows_provider(deployment):
            place, provider = subject.by_platform("models", "providers"), provider_of(deployment)
            said = f"the provider `{provider}`" if provider else "no provider before a slash"
            found = f"`{deployment.model}` has {said}, and the platform allows others only {place}"
            yield error(at, found, one_of(models.providers), nearest(provider, models.providers))
        if not models.allows_region(deployment):
            place, region = subject.by_platform("models", "regions"), deployment.region or ""
            said = f"is in the region `{region}`" if region else "names no region"
            found = f"`{deployment.name}` {said}, and the platform allows others only {place}"
            yield error(at, found, one_of(models.regions), nearest(region, models.regions))


def acceptances_are_possible(subject: Subject) -> Iterator[Finding]:
    """No contract accepts a risk that the platform lets nobody accept."""
    possible = subject.rules.acceptable_risks
    for listed in subject.listed():
        for index, item in enumerate(listed.entry.accepts):
            if item.risk not in possible:
                at, place = subject.at_entry(listed, "accepts", index, "risk"), subject.by_platform
                found = f"the platform lets nobody accept `{item.risk}` {place('acceptable_risks')}, so this is void"
                yield error(at, found, one_of(possible, "no acceptance"))


def _tightened(subject: Subject) -> Iterator[_Tightened]:
    document = subject.contract.document
    contract, origins = effective(document, subject.rules)
    for dotted, rule in origins.items():
        path = tuple(dotted.split("."))
        yield _Tightened(path, text_of(document, *path), text_of(contract, *path), rule)


def _conflicts(subject: Subject, item: _Tightened) -> bool:
    is_written = item.path in subject.contract.source.value_places
    return is_written and item.path != ("identity", "token_ttl_seconds")


def _rule(subject: Subject, item: _Tightened) -> str:
    return f"`{item.rule}` ({rule_place(subject.platform, item.rule)})"


def _used_deployments(subject: Subject) -> Iterator[tuple[Spot, Deployment]]:
    """Yield the deployments of the agent's own alias, and of those of the models that review."""
    own = subject.contract.document.model_routing.default
    models = subject.environment.document.models
    for alias in dict.fromkeys((own, *(item.model.alias for item in subject.modelled()))):
        for index, deployment in enumerate(models.get(alias, ())):
            yield subject.in_environment("models", alias, index, "name"), deployment
