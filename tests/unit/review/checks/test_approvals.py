"""Approvals can be given, by others, who are told apart."""

from tests.fakes.project_copy import CONTRACT, LIVE, PLATFORM, SANDBOX, ProjectCopy

ENTRY = ("tools", "allowlist", 2)
SECOND = {"name": "second", "provider": "openai_compatible", "base_url": "https://m.example.com"}
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
    """A rule or a model does not pose as a person, nor a person as a system."""
    project.set(SANDBOX, ("models", "second"), [SECOND])
    project.edit(
        SANDBOX, lambda data: data["reviewers"].append({"name": "dave", "model": {"alias": "second"}})
    )
    project.set(SANDBOX, ("reviewers", 0, "name"), "carol")
    project.set(SANDBOX, ("reviewers", 1, "name"), "system:alice")
    assert project.errors() == [
        "reviewers[0].name: `carol` has a rule",
        "reviewers[1].name: `system:alice` has no rule",
        "reviewers[3].name: `dave` has a model",
    ]


def test_a_principal_who_reviews_is_a_warning(project: ProjectCopy) -> None:
    """Nobody approves what is done for them."""
    project.set(SANDBOX, ("identity", "default_principal"), "alice")
    [told] = project.warnings()
    assert told.startswith("identity.default_principal: `alice` is a reviewer too")


def test_a_shared_principal_in_a_live_environment_is_a_warning(project: ProjectCopy) -> None:
    """A name that everybody runs under is no principal."""
    project.set(LIVE, ("models", "small-fast"), PRICED)
    project.set(PLATFORM, ("principal_of_live_writes",), "asserted")
    assert project.warnings("live") == []
    project.set(LIVE, ("identity", "default_principal"), "support")
    assert project.warnings("live") == [
        "identity.default_principal: every live run without `--as` acts for `support`"
    ]


def asks(project: ProjectCopy, **rule: object) -> None:
    """Write the rule of approval out."""
    project.set(CONTRACT, (*ENTRY, "requires_approval"), rule)


def test_a_quorum_that_nobody_can_meet_is_an_error_naming_both_places(project: ProjectCopy) -> None:
    """Two people and a rule are three."""
    asks(project, quorum=3)
    assert project.errors() == []
    asks(project, quorum=4)
    [told] = project.errors()
    assert told.startswith(
        "tools.allowlist[2].requires_approval.quorum: 4 must approve `stripe.create_refund`,"
    )
    assert f"and only `system:sandbox-reviewer`, `alice`, `bob` can ({SANDBOX}:" in told


def test_only_those_whom_the_contract_names_are_counted(project: ProjectCopy) -> None:
    """Those who are asked later are among them."""
    asks(project, quorum=2, reviewers=["alice"])
    [told] = project.errors()
    assert "and only `alice` can (" in told
    asks(project, quorum=2, reviewers=["alice"], escalation=[{"after": "1h", "to": ["bob"]}])
    assert project.errors() == []


def test_a_quorum_that_needs_the_principal_itself_is_an_error(project: ProjectCopy) -> None:
    """Nobody approves their own, so the call could never be executed."""
    project.set(SANDBOX, ("identity", "default_principal"), "alice")
    asks(project, quorum=2, reviewers=["alice", "bob"])
    [told] = project.errors()
    assert f"and only `bob` can ({SANDBOX}:" in told
    assert f"; runs act for `alice` ({SANDBOX}:" in told
    asks(project, reviewers=["alice"])
    [told] = project.errors()
    assert "and only nobody can (" in told
    asks(project, reviewers=["alice", "bob"])
    assert project.errors() == []


def test_a_quorum_of_the_platform_that_the_environment_cannot_meet_is_an_error(project: ProjectCopy) -> None:
    """The platform's line and the environment's are named."""
    project.set(PLATFORM, ("approvals", "high", "quorum_at_least"), 3)
    assert project.errors() == []
    project.set(PLATFORM, ("approvals", "high", "quorum_at_least"), 4)
    [told] = project.errors()
    assert told.startswith(
        "tools.allowlist[2].name: 4 must approve `stripe.create_refund`, by `platform.approvals.high"
    )
    assert f"({PLATFORM}:" in told
    assert f"({SANDBOX}:" in told
    project.set(PLATFORM, ("approvals",), {"medium": {"quorum_at_least": 4}})
    assert project.errors() == []


def test_a_model_counts_only_where_it_may_approve(project: ProjectCopy) -> None:
    """Elsewhere it can deny, or leave the answer to others; one for other tools never counts."""
    project.set(SANDBOX, ("models", "second"), [SECOND])
    reviewer = {"name": "system:second", "model": {"alias": "second"}}
    project.edit(SANDBOX, lambda data: data["reviewers"].append(reviewer))
    asks(project, quorum=4)
    assert len(project.errors()) == 1
    asks(project, quorum=4, model_may_approve=True)
    assert project.errors() == []
    project.set(SANDBOX, ("reviewers", 3, "model", "tools"), ["zendesk.read_ticket"])
    assert len(project.errors()) == 1


def test_an_approval_above_a_threshold_needs_somebody_too(project: ProjectCopy) -> None:
    """Whatever the tool does to the world."""
    project.set(SANDBOX, ("reviewers",), [])
    project.set(
        CONTRACT,
        ("tools", "allowlist"),
        [{"name": "zendesk.read_ticket", "requires_approval": {"quorum": 1}}],
    )
    [told] = project.errors()
    assert told.startswith("tools.allowlist[0].name: `zendesk.read_ticket` needs an approval, and nobody")


def test_whoever_accepts_a_risk_is_not_the_only_reviewer(project: ProjectCopy) -> None:
    """They would judge what they already waved through."""
    project.set(SANDBOX, ("backends", "stripe", "static_key"), {"env": "STRIPE_KEY"})
    acceptance = {"risk": "static_key", "by": "alice", "reason": "no tokens there", "date": "2026-11-01"}
    project.set(CONTRACT, (*ENTRY, "accepts"), [acceptance])
    assert project.warnings() == []
    asks(project, reviewers=["alice"])
    [told] = project.warnings()
    assert told.startswith(
        "tools.allowlist[2].accepts[0].by: `alice` accepts this risk, and nobody else can approve"
    )
    assert f"({SANDBOX}:" in told
    asks(project, reviewers=["bob"])
    assert project.warnings() == []
