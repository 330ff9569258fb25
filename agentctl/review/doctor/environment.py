"""What `agentctl doctor` says of one environment: its contracts, policies, variables and people. Pure."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from agentctl.contract.environment import Deployment, Environment
from agentctl.contract.policy_source import PolicySource, RegoPolicies
from agentctl.review.checks.report import Report
from agentctl.review.doctor.observation import Observation, counted, listed, note, ok, problem


class Variable(Struct, frozen=True):
    """An environment variable that a file names, and whether it holds anything; its value is nobody's business here.

    `spare`: another deployment of the same alias can answer without it.
    """

    name: str
    user: str
    is_set: bool
    spare: bool = False


class Person(Struct, frozen=True):
    """Somebody who may answer. `has_key`: a usable one; `refused`: why no answer of theirs counts."""

    name: str
    has_key: bool
    refused: str = ""


def checked(what: str, reports: Iterable[Report], command: str) -> Observation:
    """Return what a check of contracts or policies came to."""
    found = tuple(reports)
    errors = sum(len(report.errors) for report in found)
    warnings = sum(len(report.warnings) for report in found)
    text = f"{what}: {counted(errors, 'error')}, {counted(warnings, 'warning')}"
    if errors:
        return problem(text, command)
    return note(text, command) if warnings else ok(text)


def variables(found: Iterable[Variable]) -> tuple[Observation, ...]:
    """Return which variables are set; who needs the ones that are not."""
    known = tuple(found)
    there = dict.fromkeys(item.name for item in known if item.is_set)
    return (
        *([ok(f"set: {', '.join(there)}")] if there else ()),
        *(_unset(item) for item in known if not item.is_set),
    )


def named_variables(environment: Environment, is_set: Callable[[str], bool]) -> tuple[Variable, ...]:
    """Return every variable that an environment names."""
    backends = (
        Variable(backend.static_key.env, f"the backend `{name}`", is_set(backend.static_key.env))
        for name, backend in environment.backends.items()
        if backend.static_key is not None
    )
    points = (
        Variable(point.token_env, f"the decision point `{name}`", is_set(point.token_env))
        for name, point in environment.decision_points.items()
        if point.token_env is not None
    )
    return (*_of_models(environment, is_set), *backends, *points)


def people(
    known: Iterable[Person], *, environment: str, signatures_required: bool
) -> tuple[Observation, ...]:
    """Return whether those who may answer approval requests can."""
    found = tuple(known)
    if not found:
        where = f"contracts/environments/{environment}.yaml"
        return (note("no person may answer approval requests", f"add people under `reviewers` in {where}"),)
    wrong = (
        *(problem(item.refused, f"agentctl reviewers add {item.name}") for item in found if item.refused),
        *(_keyless(item) for item in found if signatures_required and not item.has_key and not item.refused),
    )
    how = "with signatures" if signatures_required else "signatures optional"
    able = [item.name for item in found if not item.refused and (item.has_key or not signatures_required)]
    return (*([ok(f"may answer, {how}: {listed(able)}")] if able else ()), *wrong)


def asks_litellm(environment: Environment) -> tuple[str, ...]:
    """Return which aliases of an environment are asked through litellm."""
    return tuple(
        f"`models.{alias}`"
        for alias, chain in environment.models.items()
        if any(item.provider == "litellm" for item in chain)
    )


def needs_rego(owner: str, sources: Iterable[PolicySource]) -> tuple[str, ...]:
    """Return whose policies are judged by the Rego engine on this machine: the owner, or nobody."""
    return (owner,) if any(isinstance(source, RegoPolicies) for source in sources) else ()


def _of_models(environment: Environment, is_set: Callable[[str], bool]) -> tuple[Variable, ...]:
    return tuple(
        Variable(
            item.api_key_env,
            f"the model `{item.name}`",
            is_set(item.api_key_env),
            _has_spare(item, chain, is_set),
        )
        for chain in environment.models.values()
        for item in chain
        if item.api_key_env is not None
    )


def _has_spare(one: Deployment, chain: Iterable[Deployment], is_set: Callable[[str], bool]) -> bool:
    """Return whether another deployment of the alias has its key, or needs none."""
    return any(item is not one and (item.api_key_env is None or is_set(item.api_key_env)) for item in chain)


def _unset(item: Variable) -> Observation:
    export = f"export {item.name}=..."
    if item.spare:
        return note(f"`{item.name}` is not set; {item.user} cannot answer, another of its alias can", export)
    return problem(f"`{item.name}` is not set; {item.user} needs it", export)


def _keyless(person: Person) -> Observation:
    return problem(
        f"`{person.name}` has no key, and answers must be signed here",
        f"agentctl reviewers add {person.name}",
    )
