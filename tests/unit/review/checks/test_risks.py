"""Static keys, irreversible tools and the Rule of Two need an approval or somebody's word."""

import pytest

from tests.fakes.project_copy import CONTRACT, LIVE, PLATFORM, READ_TICKET, REFUND, SANDBOX, ProjectCopy

ENTRY = ("tools", "allowlist", 2)
KEY = {"env": "STRIPE_KEY"}


def accepted(risk: str, **more: str) -> list[dict[str, str]]:
    """Return an acceptance as it stands in a contract."""
    return [{"risk": risk, "by": "dana", "reason": "the vendor has no tokens", "date": "2026-11-01", **more}]


def test_a_static_key_on_a_tool_that_writes_is_an_error_naming_both_places(project: ProjectCopy) -> None:
    """Shared static keys are banned for tools that change things."""
    project.set(SANDBOX, ("backends", "stripe", "static_key"), KEY)
    [problem] = project.report().errors
    assert problem.path == "tools.allowlist[2].name"
    assert "`stripe.create_refund` writes, and `stripe` takes a static key" in problem.found
    assert f"({SANDBOX}:" in problem.found
    assert "`risk: static_key`" in problem.accepted


def test_a_static_key_for_reading_is_fine(project: ProjectCopy) -> None:
    """Only writes are banned."""
    project.set(SANDBOX, ("backends", "zendesk", "static_key"), KEY)
    assert project.errors() == []


def test_a_static_key_that_somebody_accepts_today_is_a_note(project: ProjectCopy) -> None:
    """Who, when, until and why are told, on the last day too."""
    project.set(SANDBOX, ("backends", "stripe", "static_key"), KEY)
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("static_key", until="2026-11-22"))
    assert project.errors() == []
    [told] = project.notes()
    assert told.startswith(
        "tools.allowlist[2].accepts[0].risk: `static_key` is accepted by dana on 2026-11-01, until"
    )
    assert told.endswith("until 2026-11-22: the vendor has no tokens")


def test_an_acceptance_that_is_over_says_so(project: ProjectCopy) -> None:
    """The day after the last one, it is an error again."""
    project.set(SANDBOX, ("backends", "stripe", "static_key"), KEY)
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("static_key", until="2026-11-21"))
    [told] = project.errors()
    assert told.endswith("; dana accepted it until 2026-11-21, which is over")


def test_an_acceptance_of_another_risk_does_not_count(project: ProjectCopy) -> None:
    """Each risk is accepted by its own name."""
    project.set(SANDBOX, ("backends", "stripe", "static_key"), KEY)
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("rule_of_two"))
    assert len(project.errors()) == 1


def test_an_irreversible_tool_without_approval_is_an_error(project: ProjectCopy) -> None:
    """Irreversible actions are gated; the platform gates them anyway, so the Rule of Two is not broken too."""
    project.drop(CONTRACT, (*ENTRY, "requires_approval"))
    [told] = project.errors()
    assert told.startswith("tools.allowlist[2].name: `stripe.create_refund` is irreversible (")
    assert f"({REFUND}:" in told


def test_an_effect_that_is_not_stated_is_irreversible(project: ProjectCopy) -> None:
    """Absent means the worst, and the message says so."""
    project.drop(REFUND, ("effect",))
    project.drop(CONTRACT, (*ENTRY, "requires_approval"))
    [told] = project.errors()
    assert f"(not stated in {REFUND}, so the worst is assumed)" in told


def test_an_accepted_irreversible_tool_still_falls_under_the_rule_of_two(project: ProjectCopy) -> None:
    """Ungated for good, it acts outside on what strangers wrote: a second acceptance is needed."""
    project.drop(CONTRACT, (*ENTRY, "requires_approval"))
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("irreversible_without_approval"))
    [problem] = project.report().errors
    assert "`zendesk.read_ticket` (" in problem.found
    assert "reads what strangers wrote" in problem.found
    assert "reads private data" in problem.found
    assert "`risk: rule_of_two`" in problem.accepted
    both = [*accepted("irreversible_without_approval"), *accepted("rule_of_two")]
    project.set(CONTRACT, (*ENTRY, "accepts"), both)
    assert project.errors() == []
    assert len(project.notes()) == 2


def test_a_tool_that_writes_outside_unapproved_breaks_the_rule_of_two(project: ProjectCopy) -> None:
    """All three labels together need an approval of the third."""
    project.set(REFUND, ("effect",), "write")
    project.drop(CONTRACT, (*ENTRY, "requires_approval"))
    [told] = project.errors()
    assert "acts outside" in told


def test_strangers_text_and_an_effect_without_private_data_are_a_warning(project: ProjectCopy) -> None:
    """Two of three, but the two that injections need."""
    project.set(REFUND, ("effect",), "write")
    project.drop(CONTRACT, (*ENTRY, "requires_approval"))
    project.set(READ_TICKET, ("trust", "reads_private"), value=False)
    project.edit(CONTRACT, lambda data: data["tools"]["allowlist"].pop(1))
    project.drop(SANDBOX, ("reviewers", 0))
    [told] = project.warnings()
    assert told.endswith("reads what strangers wrote, which may steer it")


def test_private_data_and_an_effect_without_strangers_text_are_fine(project: ProjectCopy) -> None:
    """Nobody from outside steers it."""
    project.set(REFUND, ("effect",), "write")
    project.drop(CONTRACT, (*ENTRY, "requires_approval"))
    project.set(READ_TICKET, ("trust", "reads_untrusted"), value=False)
    assert project.errors() == []
    assert project.warnings() == []


@pytest.mark.parametrize("kind", ["python", "unbound"])
def test_a_tool_without_a_bound_backend_has_no_static_key(project: ProjectCopy, kind: str) -> None:
    """There is nothing that could take one."""
    (project.root / "contracts/tools/pay.py").write_text("def pay(ticket_id):\n    return {}\n")
    python = {"type": "python", "file": "pay.py", "function": "pay"}
    executor = (
        python if kind == "python" else {"type": "http", "backend": "nowhere", "method": "GET", "path": "/"}
    )
    project.add_tool("bank.pay", executor=executor, effect="write", retry="never")
    project.allow("bank.pay", requires_approval=True)
    assert not any("static key" in told for told in project.errors())


def test_live_static_keys_are_judged_in_live(project: ProjectCopy) -> None:
    """The same contract is refused where the key is, and passes where it is not."""
    project.set(
        LIVE, ("models", "small-fast"), [{"name": "m", "provider": "litellm", "model": "openai/gpt-4o-mini"}]
    )
    project.set(LIVE, ("backends", "stripe", "static_key"), KEY)
    assert project.errors() == []
    assert len(project.errors("live")) == 1


PRICED = [{"name": "m", "provider": "litellm", "model": "openai/gpt-4o-mini"}]


def test_below_a_threshold_a_tool_acts_outside_unapproved(project: ProjectCopy) -> None:
    """A tool that writes and asks above a threshold only breaks the Rule of Two below it."""
    project.set(REFUND, ("effect",), "write")
    project.set(CONTRACT, (*ENTRY, "requires_approval"), {"when": {"amount_usd_ge": 50}})
    [told] = project.errors()
    assert "acts outside" in told
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("rule_of_two"))
    assert project.errors() == []


def test_an_accepted_threshold_of_an_irreversible_tool_is_no_note(project: ProjectCopy) -> None:
    """Below it nobody is asked then; both risks are accepted by name."""
    project.set(CONTRACT, (*ENTRY, "requires_approval"), {"when": {"amount_usd_ge": 50}})
    both = [*accepted("irreversible_without_approval"), *accepted("rule_of_two")]
    project.set(CONTRACT, (*ENTRY, "accepts"), both)
    assert project.errors() == []
    assert not any("below the thresholds" in told for told in project.notes())


def test_a_live_write_for_an_asserted_principal_is_told_before_the_first_run(project: ProjectCopy) -> None:
    """It would be denied, by the platform's line; reads are not spoken of."""
    project.set(LIVE, ("models", "small-fast"), PRICED)
    [problem] = project.report("live").warnings
    assert problem.path == "tools.allowlist[2].name"
    assert "whom a run acts for is only asserted: each call is denied" in problem.found
    assert f"`platform.principal_of_live_writes` ({PLATFORM}:" in problem.found
    assert "`risk: asserted_principal`" in problem.accepted
    assert project.warnings("sandbox") == []


def test_an_asserted_principal_can_be_accepted_by_the_contract(project: ProjectCopy) -> None:
    """Who and why are told; the day after the last one it is a warning again."""
    project.set(LIVE, ("models", "small-fast"), PRICED)
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("asserted_principal", until="2026-11-22"))
    assert project.warnings("live") == []
    assert any("`asserted_principal` is accepted by dana" in told for told in project.notes("live"))
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("asserted_principal", until="2026-11-21"))
    assert len(project.warnings("live")) == 1


def test_an_asserted_principal_can_be_accepted_by_the_platform(project: ProjectCopy) -> None:
    """For every contract at once."""
    project.set(LIVE, ("models", "small-fast"), PRICED)
    project.set(PLATFORM, ("principal_of_live_writes",), "asserted")
    assert project.warnings("live") == []


def test_a_void_acceptance_gates_nothing(project: ProjectCopy) -> None:
    """The platform still asks for an irreversible call whose acceptance it does not take, so the Rule of Two holds."""
    project.drop(CONTRACT, (*ENTRY, "requires_approval"))
    project.set(CONTRACT, (*ENTRY, "accepts"), accepted("irreversible_without_approval"))
    project.set(PLATFORM, ("acceptable_risks",), ["static_key"])
    told = project.errors()
    assert ["is irreversible" in item for item in told] == [True, False]
    assert "so this is void" in told[1]
