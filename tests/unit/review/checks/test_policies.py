"""The policy sets over a contract: whatever keeps one from being used, or makes a rule idle or too wide, is found."""

from pathlib import Path

import pytest

from agentctl.review.checks.policies import policies_hold
from agentctl.review.checks.report import Finding
from tests.fakes.project_copy import ProjectCopy

OWN, PLATFORM = "contracts/policies/refund-assistant.cedar", "contracts/policies/platform.cedar"
REFUND = 'action == Action::"stripe.create_refund"'
APPROVED = "context.approval.granted"

FAULTS = {
    "syntax": ("permit (principal, action, resource) when { context.args. };", "this is no Cedar policy"),
    "types": (
        f"permit (principal, {REFUND}, resource) when {{ context.args.amont > 3 && {APPROVED} }};",
        "rule `types`: attribute `args.amont`",
    ),
    "annotation": (
        f'@quorm("2") permit (principal, {REFUND}, resource) when {{ {APPROVED} }};',
        "`@quorm` is not known",
    ),
    "unknown-tool": (
        'permit (principal, action == Action::"stripe.create_refunds", resource);',
        "there is no action `stripe.create_refunds`",
    ),
    "unknown-resource": (
        'permit (principal, action in Action::"read", resource == Tool::"zendesk.read_tickets");',
        "`unknown-resource` matches no tool of the contract",
    ),
    "constantly-false": (
        'permit (principal, action in Action::"read", resource) when { 1 == 2 };',
        "`constantly-false` can never match",
    ),
    "contradiction": (
        f"permit (principal, {REFUND}, resource) when {{ context.args.amount > 5 && context.args.amount < 3 }};",
        "`contradiction` can never match",
    ),
    "no-such-effect": (
        'permit (principal, action, resource) when { resource.effect == "write" };',
        "`no-such-effect` matches no tool of the contract",
    ),
    "everything": ("permit (principal, action, resource);", "`everything` permits everything to everybody"),
    "both": (
        f'permit (principal, action in [Action::"read", Action::"irreversible"], resource) when {{ {APPROVED} }};',
        "`both` permits what reads (`stripe.lookup_charge`, `zendesk.read_ticket`) and what writes",
    ),
}
DOUBTS = {
    "shadowed": (
        'permit (principal in Team::"support", action == Action::"zendesk.read_ticket", resource);',
        "`shadowed` changes nothing: `reads-are-permitted` permits all that it takes",
    ),
    "ungated": (
        f"permit (principal, {REFUND}, resource) when {{ context.facts has amount_usd }};",
        "`ungated` permits what cannot be undone (`stripe.create_refund`) without an approval",
    ),
}


@pytest.fixture
def project(tmp_path: Path) -> ProjectCopy:
    """Return a copy of our own project, with its policies."""
    return ProjectCopy(tmp_path)


def add(project: ProjectCopy, file: str, *rules: str) -> None:
    """Write rules at the end of a policy file."""
    path = project.root / file
    path.write_text("\n".join((path.read_text().rstrip(), *rules, "")))


def named(rules: dict[str, tuple[str, str]]) -> list[str]:
    """Return rules, each with its name as id."""
    return [f'@id("{name}") {rule}' for name, (rule, _) in rules.items()]


def found(project: ProjectCopy) -> list[Finding]:
    """Return what the review of the policies finds."""
    return list(policies_hold(project.subject()))


def test_our_own_policies_are_clean(project: ProjectCopy) -> None:
    """Nothing is found where nothing is wrong."""
    assert found(project) == []


def test_every_fault_is_found_at_its_rule(project: ProjectCopy) -> None:
    """A file with one of each: all are flagged, each with file, line and column, and none hides another."""
    first = (project.root / OWN).read_text().rstrip().count("\n") + 2
    add(project, OWN, *named(FAULTS), *named(DOUBTS))
    findings = found(project)
    for number, (_, (_, sentence)) in enumerate([*FAULTS.items(), *DOUBTS.items()]):
        severity = "error" if number < len(FAULTS) else "warning"
        places = [
            item.problem.place
            for item in findings
            if item.severity == severity and item.problem.found.startswith(sentence)
        ]
        assert [(place.file, place.line) for place in places] == [(OWN, first + number)], sentence
        assert all(place.column for place in places)


@pytest.mark.parametrize("name", FAULTS)
def test_a_contract_with_a_faulty_policy_does_not_pass(project: ProjectCopy, name: str) -> None:
    """The check of the contract says so too, so that it does not run."""
    add(project, OWN, *named({name: FAULTS[name]}))
    assert not project.review().passed


def test_a_name_that_was_probably_meant_is_told(project: ProjectCopy) -> None:
    """A slip of the pen is named as one."""
    add(project, OWN, *named({name: FAULTS[name] for name in ("unknown-tool", "unknown-resource")}))
    nearest = {item.problem.nearest for item in found(project) if item.severity == "error"}
    assert nearest == {"stripe.create_refund", "zendesk.read_ticket"}


def test_an_argument_that_cedar_cannot_carry_is_named_with_the_reason(project: ProjectCopy) -> None:
    """A policy that speaks of it would silently never match."""
    file = "contracts/tools/stripe.create_refund.yaml"
    project.set(file, ("arguments", "properties", "share"), {"type": "number"})
    rule = f"permit (principal, {REFUND}, resource) when {{ context.args.share == 1 && {APPROVED} }};"
    add(project, OWN, rule)
    (finding,) = [item for item in found(project) if "share" in item.problem.found]
    assert "a number that is not whole" in finding.problem.accepted


def test_a_rule_of_the_platform_may_look_ahead_to_tools_of_a_kind(project: ProjectCopy) -> None:
    """It holds over all contracts, those to come too."""
    add(project, PLATFORM, *named({"no-such-effect": FAULTS["no-such-effect"]}))
    assert found(project) == []


def test_a_tool_that_a_rule_of_the_platform_names_and_nobody_has_is_told(project: ProjectCopy) -> None:
    """That may be foresight, or a slip; it is worth a word, no more."""
    add(project, PLATFORM, *named({"unknown-tool": FAULTS["unknown-tool"]}))
    assert [(item.severity, item.problem.place.file) for item in found(project)] == [("warning", PLATFORM)]


def test_while_a_tool_is_missing_its_policies_are_not_judged(project: ProjectCopy) -> None:
    """The missing tool is told by itself; what follows from it would only hide it."""
    project.allow("nobody.knows_it")
    assert found(project) == []


def test_a_contradiction_in_a_rule_of_the_platform_is_an_error(project: ProjectCopy) -> None:
    """No tool to come can make it match."""
    add(project, PLATFORM, '@id("dead") forbid (principal, action, resource) when { 1 == 2 };')
    assert [item.severity for item in found(project)] == ["error"]


def test_reads_and_writes_may_be_together_where_the_platform_says_so(project: ProjectCopy) -> None:
    """The platform's rule decides."""
    project.set("contracts/platform.yaml", ("separate_read_and_write_policies",), value=False)
    add(project, OWN, *named({"both": FAULTS["both"]}))
    assert [item for item in found(project) if item.severity == "error"] == []


def test_a_gate_beside_it_makes_a_permit_ask(project: ProjectCopy) -> None:
    """An approval may be demanded once for all, by a rule that nothing but an approval lifts."""
    gate = f'forbid (principal, action, resource) when {{ resource.effect == "irreversible" }} unless {{ {APPROVED} }};'
    add(project, OWN, *named({"ungated": DOUBTS["ungated"]}), gate)
    assert found(project) == []


def test_a_permit_that_is_forbidden_without_conditions_is_told(project: ProjectCopy) -> None:
    """It never permits anything."""
    add(project, OWN, '@id("never") forbid (principal, action in Action::"read", resource);')
    (finding,) = found(project)
    assert finding.problem.found.startswith("`reads-are-permitted` changes nothing: `never` forbids")


def test_of_two_rules_that_say_the_same_the_second_is_told(project: ProjectCopy) -> None:
    """Each would shadow the other; one word is enough."""
    add(project, OWN, '@id("again") permit (principal, action in Action::"read", resource);')
    assert len(found(project)) == 1


def test_files_are_named_from_where_they_are_referred_to(project: ProjectCopy) -> None:
    """An environment's policies are found relative to it, and shown relative to the project."""
    policies = [{"engine": "cedar", "files": ["../policies/here.cedar"]}]
    project.set("contracts/environments/sandbox.yaml", ("policies",), policies)
    (project.root / "contracts/policies/here.cedar").write_text("permit (nobody);\n")
    (finding,) = found(project)
    assert str(finding.problem.place) == "contracts/policies/here.cedar:1:1"


def test_review_needs_no_cedar_without_policies(project: ProjectCopy) -> None:
    """Where there are no policies there is nothing to find."""
    for file in (OWN, PLATFORM):
        Path(project.root / file).unlink()
    assert found(project) == []
