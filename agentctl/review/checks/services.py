"""Services outside: decision points that policies name, and webhooks that announce requests."""

from collections.abc import Iterator

from msgspec import Struct

from agentctl.contract.policy_source import AuthzenPolicies, OpaPolicies
from agentctl.contract.project import nearest
from agentctl.review.checks.backends import is_private
from agentctl.review.checks.report import Finding, Spot, error, note, warning
from agentctl.review.checks.subject import Subject
from agentctl.review.checks.tool_parts import one_of


class _Service(Struct, frozen=True):
    """Something that is reached at a URL of the environment."""

    at: Spot
    url: str
    is_declared_private: bool
    carries: str


def policies_ask_known_points(subject: Subject) -> Iterator[Finding]:
    """Every decision point that a policy set is asked of is bound by the environment; one that is not would deny everything."""
    points = subject.environment.document.decision_points
    for at, name in _asked(subject):
        if name not in points:
            place = subject.in_environment("decision_points")
            found = f"the environment `{subject.environment.document.name}` binds no decision point `{name}` {place.where}"
            accepted = one_of(points, f"`{name}` under `decision_points` there")
            yield error(at, found, accepted, nearest(name, points))


def points_are_asked(subject: Subject) -> Iterator[Finding]:
    """A decision point that nobody asks decides nothing."""
    asked = {name for _, name in _asked(subject)}
    for name in subject.environment.document.decision_points:
        if name not in asked:
            yield note(
                subject.in_environment("decision_points", name), f"no policy of this agent asks `{name}`"
            )


def live_services_are_encrypted(subject: Subject) -> Iterator[Finding]:
    """What we tell services about calls, and tokens for them, does not travel in the clear in a live environment."""
    for service in _services(subject) if subject.environment.document.kind == "live" else ():
        if service.url.startswith("http://"):
            found = f"{service.carries} go to {service.url} unencrypted"
            yield warning(service.at, found, "a URL that begins with `https://`")


def private_services_are_declared(subject: Subject) -> Iterator[Finding]:
    """A service on a private address says so; it is never reached otherwise."""
    for service in _services(subject):
        if not service.is_declared_private and is_private(service.url):
            found = f"`{service.url}` is a private address, so it is never reached"
            yield error(service.at, found, "`allow_private_network: true` beside it, or a public address")


def webhooks_are_told_apart(subject: Subject) -> Iterator[Finding]:
    """Traces name webhooks, so each has a name of its own."""
    names = [hook.name for hook in subject.environment.document.approvals.webhooks]
    for index, name in enumerate(names):
        if name in names[:index]:
            at = subject.in_environment("approvals", "webhooks", index, "name")
            yield error(at, f"the webhook `{name}` a second time", "each name once")


def _asked(subject: Subject) -> Iterator[tuple[Spot, str]]:
    """Yield every decision point that a policy set of the contract or the environment names."""
    for spot_of, policies in (
        (subject.in_contract, subject.contract.document.policies or ()),
        (subject.in_environment, subject.environment.document.policies),
    ):
        for index, source in enumerate(policies):
            if isinstance(source, OpaPolicies | AuthzenPolicies):
                yield spot_of("policies", index, "point"), source.point


def _services(subject: Subject) -> Iterator[_Service]:
    environment = subject.environment.document
    for name, point in environment.decision_points.items():
        at = subject.in_environment("decision_points", name, "url")
        carries = "requests, with a token," if point.token_env else "requests"
        yield _Service(at, point.url, point.allow_private_network, carries)
    for index, hook in enumerate(environment.approvals.webhooks):
        at = subject.in_environment("approvals", "webhooks", index, "url")
        yield _Service(at, hook.url, hook.allow_private_network, "approval requests")
