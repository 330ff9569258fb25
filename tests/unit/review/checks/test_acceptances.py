"""Acceptances have real dates, name risks that exist, and are told while they hold."""

from tests.fakes.project_copy import CONTRACT, READ_TICKET, ProjectCopy
from tests.unit.review.checks.test_risks import ENTRY, accepted


def test_a_risk_that_a_tool_does_not_have_is_a_warning(project: ProjectCopy) -> None:
    """A gated tool has no ungated risk; the acceptance is a leftover."""
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("irreversible_without_approval"))
    [told] = project.warnings()
    assert told.startswith(
        "tools.allowlist[2].accepts[0].risk: `stripe.create_refund` does not have the risk `irrev"
    )


def test_a_static_key_accepted_for_another_environment_is_a_note(project: ProjectCopy) -> None:
    """The contract is the same in all environments; the key stands in one of them."""
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("static_key"))
    assert project.warnings() == []
    assert project.notes() == [
        "tools.allowlist[2].accepts[0].risk: `static_key` does not arise in the environment `sandbox`"
    ]


def test_a_static_key_accepted_for_a_tool_that_only_reads_is_a_warning(project: ProjectCopy) -> None:
    """Reading with a static key is no risk that needs a word."""
    project.set(CONTRACT, ("tools", "allowlist", 0, "accepts"), accepted("static_key"))
    assert len(project.warnings()) == 1


def test_an_asserted_principal_accepted_for_live_is_a_note_in_the_sandbox(project: ProjectCopy) -> None:
    """Nothing real is changed here; on a tool that only reads it is a leftover everywhere."""
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("asserted_principal"))
    assert project.warnings() == []
    assert project.notes() == [
        "tools.allowlist[2].accepts[0].risk: `asserted_principal` does not arise in the environment `sandbox`"
    ]
    project.set(CONTRACT, ("tools", "allowlist", 0, "accepts"), accepted("asserted_principal"))
    assert len(project.warnings()) == 1


def test_dates_that_are_no_days_are_errors(project: ProjectCopy) -> None:
    """A form is not yet a day: the 30th of February never ends."""
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("static_key", until="2027-02-30"))
    assert project.errors() == ["tools.allowlist[2].accepts[0].until: `2027-02-30` is not a day"]


def test_an_end_before_the_beginning_is_an_error(project: ProjectCopy) -> None:
    """Somebody mixed the dates up."""
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("static_key", until="2026-10-01"))
    [told] = project.errors()
    assert told.startswith("tools.allowlist[2].accepts[0].until: `2026-10-01` is before `2026-11-01`")


def test_an_acceptance_dated_in_the_future_is_a_warning(project: ProjectCopy) -> None:
    """Nobody accepts tomorrow."""
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("static_key"))
    [told] = project.warnings(today="2026-10-31")
    assert told.startswith("tools.allowlist[2].accepts[0].date: `2026-11-01` is still to come")


def test_an_acceptance_without_end_says_so(project: ProjectCopy) -> None:
    """Until withdrawn is a long time, and is told."""
    project.drop(CONTRACT, (*ENTRY, "requires_approval"))
    project.set(READ_TICKET, ("trust", "reads_untrusted"), value=False)
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("irreversible_without_approval"))
    [told] = project.notes()
    assert "until withdrawn" in told
