"""Decision points and webhooks are bound, told apart, and reached safely."""

from collections.abc import Callable

import pytest

from tests.fakes.project_copy import CONTRACT, LIVE, SANDBOX, ProjectCopy

PRICED = [{"name": "m", "provider": "litellm", "model": "openai/gpt-4o-mini"}]
OPA = {"engine": "opa", "point": "central"}
READS = '@id("reads") permit (principal, action in Action::"read", resource);'
CENTRAL = {"url": "https://opa.example.com"}


@pytest.fixture
def project(project: ProjectCopy) -> ProjectCopy:
    """Return the copy, with one model of a known price in live, and nothing else to be said there."""
    project.set(LIVE, ("models", "small-fast"), PRICED)
    project.set("contracts/platform.yaml", ("principal_of_live_writes",), "asserted")
    return project


@pytest.mark.parametrize("file", [CONTRACT, SANDBOX])
def test_a_point_that_nobody_binds_is_an_error_with_the_nearest(project: ProjectCopy, file: str) -> None:
    """Named by a contract or by an environment."""
    project.set(file, ("policies",), [OPA, {"engine": "authzen", "point": "centrall"}])
    project.set(SANDBOX, ("decision_points",), {"central": CENTRAL})
    [problem] = project.report().errors
    assert (problem.place.file, problem.path, problem.nearest) == (file, "policies[1].point", "central")
    assert f"({SANDBOX}:" in problem.found


def test_without_any_point_it_is_said_where_one_would_stand(project: ProjectCopy) -> None:
    """An environment that binds none."""
    project.set(CONTRACT, ("policies",), [OPA])
    [problem] = project.report().errors
    assert problem.accepted == "`central` under `decision_points` there"


def test_a_point_that_nobody_asks_is_a_note(project: ProjectCopy) -> None:
    """One that is asked is not; policies in process ask none."""
    project.set(SANDBOX, ("decision_points",), {"central": CENTRAL, "other": CENTRAL})
    cedar = {"engine": "cedar", "files": ["policies/own.cedar"]}
    (project.root / "contracts/policies").mkdir()
    (project.root / "contracts/policies/own.cedar").write_text(READS)
    project.set(CONTRACT, ("policies",), [cedar, OPA])
    assert project.notes() == ["decision_points.other: no policy of this agent asks `other`"]


def point(file: str, **changes: object) -> Callable[[ProjectCopy], None]:
    """Return what binds a decision point in an environment."""
    return lambda project: project.set(file, ("decision_points",), {"central": {**CENTRAL, **changes}})


def webhook(file: str, **changes: object) -> Callable[[ProjectCopy], None]:
    """Return what announces requests in an environment."""
    hook = {"name": "chat", "url": "https://chat.example.com", **changes}
    return lambda project: project.set(file, ("approvals", "webhooks"), [hook])


@pytest.mark.parametrize(
    ("bind", "told"),
    [
        (point(LIVE, url="http://opa.example.com"), "decision_points.central.url: requests go to"),
        (
            point(LIVE, url="http://opa.example.com", token_env="OPA_TOKEN"),
            "decision_points.central.url: requests, with a token, go to",
        ),
        (webhook(LIVE, url="http://chat.example.com"), "approvals.webhooks[0].url: approval requests go to"),
    ],
    ids=["point", "point with a token", "webhook"],
)
def test_what_travels_in_the_clear_in_live_is_a_warning(
    project: ProjectCopy, bind: Callable[[ProjectCopy], None], told: str
) -> None:
    """Decision points and webhooks learn what a call is about."""
    bind(project)
    [warning] = project.warnings("live")
    assert warning.startswith(told)


@pytest.mark.parametrize(
    "bind",
    [point(LIVE), webhook(LIVE), point(SANDBOX, url="http://opa.example.com")],
    ids=["point", "webhook", "sandbox"],
)
def test_encrypted_or_sandboxed_services_are_fine(
    project: ProjectCopy, bind: Callable[[ProjectCopy], None]
) -> None:
    """Nothing is real in the sandbox."""
    bind(project)
    assert project.warnings("live") == []
    assert project.warnings() == []


@pytest.mark.parametrize("bind", [point, webhook])
@pytest.mark.parametrize("url", ["http://127.0.0.1:8181", "http://localhost:8181", "http://10.0.0.7"])
def test_a_private_address_is_declared(
    project: ProjectCopy, bind: Callable[..., Callable[[ProjectCopy], None]], url: str
) -> None:
    """It would never be reached otherwise."""
    bind(SANDBOX, url=url)(project)
    [told] = project.errors()
    assert told.endswith(f"`{url}` is a private address, so it is never reached")
    bind(SANDBOX, url=url, allow_private_network=True)(project)
    assert project.errors() == []


def test_two_webhooks_of_one_name_are_an_error(project: ProjectCopy) -> None:
    """Traces name them."""
    hook = {"name": "chat", "url": "https://chat.example.com"}
    project.set(SANDBOX, ("approvals", "webhooks"), [hook, {**hook, "name": "pager"}, hook])
    assert project.errors() == ["approvals.webhooks[2].name: the webhook `chat` a second time"]
