"""People sign where effects are real, have keys for it, and are in the teams that policies speak of."""

import pytest

from tests.fakes.project_copy import LIVE, SANDBOX, ProjectCopy

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"


@pytest.fixture
def project(project: ProjectCopy) -> ProjectCopy:
    """Return the copy, with one model of a known price in live, and nothing else to be said there."""
    project.set(
        LIVE, ("models", "small-fast"), [{"name": "m", "provider": "litellm", "model": "openai/gpt-4o-mini"}]
    )
    project.set("contracts/platform.yaml", ("principal_of_live_writes",), "asserted")
    return project


def test_optional_signatures_in_live_are_a_warning(project: ProjectCopy) -> None:
    """Anybody could answer under a reviewer's name; in the sandbox nothing is real."""
    assert project.warnings("live") == []
    project.set(LIVE, ("approvals",), {"signatures": "optional"})
    project.set(SANDBOX, ("approvals",), {"signatures": "optional"})
    [told] = project.warnings("live")
    assert told.startswith("approvals.signatures: `optional` lets anybody answer")
    assert project.warnings() == []


def test_people_without_keys_are_told_where_they_must_sign(project: ProjectCopy) -> None:
    """Their keys may stand in the project's own journal, so it is no fault."""
    [told] = project.notes("live")
    assert told.startswith(
        "reviewers: answers must be signed, and no `public_key` stands here for `alice`, `bob`"
    )
    assert "`agentctl reviewers add`" in told
    project.set(LIVE, ("reviewers", 0, "public_key"), KEY)
    [told] = project.notes("live")
    assert "for `bob`:" in told
    project.set(LIVE, ("reviewers", 1, "public_key"), KEY)
    assert project.notes("live") == []


def test_where_nobody_must_sign_nobody_needs_a_key(project: ProjectCopy) -> None:
    """Unless the sandbox asks for signatures too; rules need none."""
    assert project.notes() == []
    project.set(SANDBOX, ("approvals",), {"signatures": "required"})
    [told] = project.notes()
    assert "`alice`, `bob`:" in told


def test_a_team_of_nobody_is_a_warning(project: ProjectCopy) -> None:
    """A policy that speaks of it never matches."""
    project.set(SANDBOX, ("teams",), {"support": ["casey"], "finance": []})
    assert project.warnings() == ["teams.finance: nobody is in the team `finance`"]


@pytest.mark.parametrize("pin", ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHMo", "ssh-ed25519 AAAA"])
def test_a_pin_that_is_no_key_is_an_error(project: ProjectCopy, pin: str) -> None:
    """Its owner could not answer at all, and would learn it at the worst moment."""
    project.set(LIVE, ("reviewers", 0, "public_key"), pin)
    [told] = project.errors("live")
    assert told.startswith("reviewers[0].public_key: `alice` is pinned to what is no key: ")
