"""Backends are bound, and in live environments encrypted."""

import pytest

from tests.fakes.project_copy import LIVE, REFUND, SANDBOX, ProjectCopy

PRICED = [{"name": "m", "provider": "litellm", "model": "openai/gpt-4o-mini"}]


@pytest.fixture(autouse=True)
def priced(project: ProjectCopy) -> None:
    """Give the live environment a model with a price."""
    project.set(LIVE, ("models", "small-fast"), PRICED)


def test_a_backend_that_nobody_binds_is_an_error_naming_both_places(project: ProjectCopy) -> None:
    """The descriptor's line and the environment's are both told."""
    project.set(REFUND, ("executor", "backend"), "stripes")
    [problem] = project.report().errors
    assert (problem.place.file, problem.path, problem.nearest) == (REFUND, "executor.backend", "stripe")
    assert f"({SANDBOX}:" in problem.found


def test_an_environment_without_backends_says_what_would_be_accepted(project: ProjectCopy) -> None:
    """With nothing bound, the name itself is what is missing."""
    project.drop(SANDBOX, ("backends",))
    assert {item.accepted for item in project.report().errors} == {
        "`zendesk` under `backends` there",
        "`stripe` under `backends` there",
    }


def test_an_unencrypted_live_backend_is_an_error(project: ProjectCopy) -> None:
    """Our tokens do not travel in the clear."""
    project.set(LIVE, ("backends", "stripe", "url"), "http://stripe-edge.example.com")
    assert project.errors("live") == [
        "backends.stripe.url: `http://stripe-edge.example.com` is not encrypted"
    ]


def test_an_unencrypted_backend_that_nobody_uses_is_no_matter(project: ProjectCopy) -> None:
    """Other agents' backends are checked with their contracts."""
    project.set(LIVE, ("backends", "other"), {"url": "http://other.example.com"})
    assert project.errors("live") == []


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "api.localhost", "10.1.2.3", "[::1]"])
def test_a_private_address_must_be_declared(project: ProjectCopy, host: str) -> None:
    """Requests to private addresses are refused unless the environment allows them."""
    project.set(SANDBOX, ("backends", "stripe"), {"url": f"http://{host}"})
    [told] = project.errors()
    assert told.startswith("backends.stripe.url: ")
    assert "private address" in told
    project.set(SANDBOX, ("backends", "stripe", "allow_private_network"), value=True)
    assert project.errors() == []


def test_a_public_address_needs_no_word(project: ProjectCopy) -> None:
    """Names and public addresses are fine."""
    project.set(SANDBOX, ("backends", "stripe"), {"url": "https://1.1.1.1"})
    assert project.errors() == []


def test_python_tools_without_isolation_are_a_warning(project: ProjectCopy) -> None:
    """The declaration is allowed, and seen."""
    (project.root / "contracts/tools/add.py").write_text("def add(a, b):\n    return a + b\n")
    project.add_tool("math.add", executor={"type": "python", "file": "add.py", "function": "add"})
    project.allow("math.add")
    project.set(SANDBOX, ("isolation",), "process")
    assert project.warnings() == []
    project.set(SANDBOX, ("isolation",), "none")
    assert project.warnings() == ["isolation: `math.add` run inside our own process"]
