"""Approvals can be given, by others, who are told apart."""

from tests.fakes.project_copy import CONTRACT, LIVE, SANDBOX, ProjectCopy

PRICED = [{"name": "m", "provider": "litellm", "model": "openai/gpt-4o-mini"}]


def test_a_tool_that_needs_approval_needs_somebody_to_give_it(project: ProjectCopy) -> None:
    """Without reviewers every request would wait for ever."""
    project.set(SANDBOX, ("reviewers",), [])
    [told] = project.errors()
    assert told.startswith("tools.allowlist[2].name: `stripe.create_refund` needs an approval, and nobody")
    assert f"({SANDBOX}:" in told


def test_a_rule_for_another_tool_is_nobody(project: ProjectCopy) -> None:
    """A rule answers for its own tool only."""
    project.edit(SANDBOX, lambda data: data.update(reviewers=data["reviewers"][:1]))
    project.set(SANDBOX, ("reviewers", 0, "rule", "tool"), "zendesk.read_ticket")
    assert any("nobody in the environment may give it" in told for told in project.errors())


def test_without_gated_tools_nobody_is_needed(project: ProjectCopy) -> None:
    """An agent that only reads needs no reviewers."""
    project.set(SANDBOX, ("reviewers",), [])
    project.edit(CONTRACT, lambda data: data["tools"]["allowlist"].pop())
    assert project.errors() == []


def test_a_rule_without_people_behind_it_is_a_warning(project: ProjectCopy) -> None:
    """What it leaves to people waits for ever."""
    project.edit(SANDBOX, lambda data: data.update(reviewers=data["reviewers"][:1]))
    [told] = project.warnings()
    assert told.startswith(
        "reviewers[0].rule.total_usd_le: above this a person decides on `stripe.create_refund`"
    )


def test_a_rule_that_nobody_needs_needs_no_people(project: ProjectCopy) -> None:
    """Where the tool is not listed, nothing is left to anybody."""
    project.edit(SANDBOX, lambda data: data.update(reviewers=data["reviewers"][:1]))
    project.edit(CONTRACT, lambda data: data["tools"]["allowlist"].pop())
    assert project.warnings() == []


def test_two_reviewers_of_one_name_are_an_error(project: ProjectCopy) -> None:
    """An approval must name one person."""
    project.edit(SANDBOX, lambda data: data["reviewers"].append({"name": "bob"}))
    assert project.errors() == ["reviewers[3].name: the reviewer `bob` a second time"]


def test_system_names_and_rules_go_together(project: ProjectCopy) -> None:
    """A rule does not pose as a person, nor a person as a system."""
    project.set(SANDBOX, ("reviewers", 0, "name"), "carol")
    project.set(SANDBOX, ("reviewers", 1, "name"), "system:alice")
    assert project.errors() == [
        "reviewers[0].name: `carol` has a rule",
        "reviewers[1].name: `system:alice` has no rule",
    ]


def test_a_principal_who_reviews_is_a_warning(project: ProjectCopy) -> None:
    """Nobody approves what is done for them."""
    project.set(SANDBOX, ("identity", "default_principal"), "alice")
    [told] = project.warnings()
    assert told.startswith("identity.default_principal: `alice` is a reviewer too")


def test_a_shared_principal_in_a_live_environment_is_a_warning(project: ProjectCopy) -> None:
    """A name that everybody runs under is no principal."""
    project.set(LIVE, ("models", "small-fast"), PRICED)
    assert project.warnings("live") == []
    project.set(LIVE, ("identity", "default_principal"), "support")
    assert project.warnings("live") == [
        "identity.default_principal: every live run without `--as` acts for `support`"
    ]
