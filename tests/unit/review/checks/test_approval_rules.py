"""The long form of `requires_approval` fits its tool, the environment and the platform."""

import pytest

from tests.fakes.project_copy import CONTRACT, LOOKUP, PLATFORM, REFUND, SANDBOX, ProjectCopy

ENTRY = ("tools", "allowlist", 2)
RULE = (*ENTRY, "requires_approval")
PATH = "tools.allowlist[2].requires_approval"


def asks(project: ProjectCopy, **rule: object) -> None:
    """Write the rule out."""
    project.set(CONTRACT, RULE, rule)


def test_the_issues_example_passes_with_a_word_about_the_platform(project: ProjectCopy) -> None:
    """Below the threshold a refund is irreversible all the same, so somebody is asked."""
    asks(project, when={"amount_usd_ge": 50}, reviewers=["alice", "bob"], quorum=2, expires_in="24h")
    assert project.errors() == []
    assert project.warnings() == []
    [told] = project.notes()
    assert told.startswith(f"{PATH}.when: `stripe.create_refund` is irreversible ({REFUND}:")
    assert told.endswith("the platform asks below the thresholds too")


def test_a_threshold_of_an_unknown_fact_is_an_error_with_the_nearest(project: ProjectCopy) -> None:
    """It would count as met for ever."""
    asks(project, when={"amount_us_ge": 50})
    [problem] = project.report().errors
    assert (problem.path, problem.nearest) == (f"{PATH}.when.amount_us_ge", "amount_usd_ge")
    assert problem.found.startswith(f"`stripe.create_refund` has no fact `amount_us` ({REFUND}:")


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        ({"pointer": "/charge"}, "the fact `size` is a text ("),
        (
            {"pointer": "/amount", "unit": "minor_units", "currency": "/currency", "total_per": "/charge"},
            "the fact `size` may be of any currency, and a threshold is one number (",
        ),
        (
            {"pointer": "/amount", "unit": "number", "source": "result"},
            "the fact `size` is read from the result, which nobody knows before the call (",
        ),
    ],
)
def test_a_threshold_of_what_is_no_amount_is_an_error(
    project: ProjectCopy, fact: dict[str, str], told: str
) -> None:
    """A text, any currency, a result."""
    project.set(REFUND, ("facts", "size"), fact)
    asks(project, when={"size_gt": 50})
    [problem] = project.report().errors
    assert problem.found.startswith(told)
    assert f"({REFUND}:" in problem.found


def test_a_threshold_of_a_number_is_fine(project: ProjectCopy) -> None:
    """Not only money has thresholds."""
    project.set(REFUND, ("facts", "size"), {"pointer": "/amount", "unit": "number"})
    asks(project, when={"size_gt": 50})
    assert project.errors() == []
    assert project.warnings() == []


def test_an_amount_without_a_total_is_a_warning(project: ProjectCopy) -> None:
    """A refund split into five stays below."""
    project.edit(SANDBOX, lambda data: data["reviewers"].pop(0))
    project.drop(REFUND, ("facts", "amount_usd", "total_per"))
    asks(project, when={"amount_usd_ge": 50})
    [told] = project.warnings()
    assert told.startswith(f"{PATH}.when.amount_usd_ge: `amount_usd` has no total per object")
    assert f"({REFUND}:" in told


def test_a_reviewer_whom_the_environment_does_not_know_is_an_error(project: ProjectCopy) -> None:
    """At the start and later, with the nearest name and both places."""
    asks(project, reviewers=["alise", "bob"], escalation=[{"after": "1h", "to": ["bobb"]}])
    first, second = project.report().errors
    assert {first.path, second.path} == {f"{PATH}.reviewers[0]", f"{PATH}.escalation[0].to[0]"}
    assert {first.nearest, second.nearest} == {"alice", "bob"}
    assert all(f"({SANDBOX}:" in problem.found for problem in (first, second))
    asks(project, reviewers=["alice", "bob"], escalation=[{"after": "1h", "to": ["bob"]}])
    assert project.errors() == []


def test_a_quorum_below_the_platforms_is_an_error(project: ProjectCopy) -> None:
    """Only where the contract writes one; a default is raised with a note."""
    project.set(PLATFORM, ("approvals", "high", "quorum_at_least"), 2)
    asks(project, quorum=1)
    [told] = project.errors()
    assert told.startswith(
        f"{PATH}.quorum: `1` is less than `platform.approvals.high.quorum_at_least` ({PLATFORM}:"
    )
    asks(project, quorum=2)
    assert project.errors() == []
    project.set(CONTRACT, RULE, value=True)
    assert project.errors() == []
    [told] = project.notes()
    assert told.startswith(
        f"{PATH}: 2 must approve, by `platform.approvals.high.quorum_at_least` ({PLATFORM}:"
    )


def test_a_validity_above_the_platforms_is_an_error(project: ProjectCopy) -> None:
    """The units do not matter."""
    project.set(PLATFORM, ("approvals", "high", "valid_for_at_most"), "10m")
    asks(project, valid_for="601s")
    [told] = project.errors()
    assert told.startswith(
        f"{PATH}.valid_for: `601s` is more than `platform.approvals.high.valid_for_at_most` ("
    )
    asks(project, valid_for="600s")
    assert project.errors() == []
    asks(project, quorum=1)
    assert project.errors() == []


def test_a_floor_of_another_tier_says_nothing(project: ProjectCopy) -> None:
    """The tier is the higher of what tool and contract say."""
    project.set(PLATFORM, ("approvals",), {"medium": {"quorum_at_least": 2}})
    asks(project, quorum=1)
    assert project.errors() == []
    assert project.notes() == []


def test_a_tier_below_the_tools_own_is_a_warning(project: ProjectCopy) -> None:
    """It changes nothing; a higher one does."""
    project.set(CONTRACT, (*ENTRY, "risk_tier"), "medium")
    [told] = project.warnings()
    assert told.startswith(
        "tools.allowlist[2].risk_tier: `medium` is lower than `high`, the tool's own tier ("
    )
    assert f"({REFUND}:" in told
    project.set(CONTRACT, (*ENTRY, "risk_tier"), "high")
    assert project.warnings() == []
    project.drop(CONTRACT, (*ENTRY, "risk_tier"))
    project.set(LOOKUP, ("risk_tier",), "medium")
    project.set(CONTRACT, ("tools", "allowlist", 1, "risk_tier"), "low")
    [problem] = project.report().warnings
    line = (project.root / LOOKUP).read_text().splitlines().index("risk_tier: medium") + 1
    assert f"({LOOKUP}:{line}:" in problem.found


def test_a_model_that_may_approve_and_is_not_there_is_a_note(project: ProjectCopy) -> None:
    """One for other tools is not there either."""
    asks(project, model_may_approve=True)
    [told] = project.notes()
    assert told.startswith(f"{PATH}.model_may_approve: no model reviews `stripe.create_refund`")
    second = {"name": "second", "provider": "openai_compatible", "base_url": "https://m.example.com"}
    project.set(SANDBOX, ("models", "second"), [second])
    model = {"alias": "second", "tools": ["zendesk.read_ticket"]}
    project.edit(SANDBOX, lambda data: data["reviewers"].append({"name": "system:second", "model": model}))
    assert len(project.notes()) == 1
    project.drop(SANDBOX, ("reviewers", 3, "model", "tools"))
    assert project.errors() == []
    assert project.notes() == []
