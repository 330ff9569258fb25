"""A case is judged as a real call is: what it says of the run before it reaches the authorities."""

from collections.abc import Mapping

import pytest

from agentctl.contract.policy_cases import PolicyCase
from agentctl.contract.project import ProjectFiles
from agentctl.review.decisions.case_runs import NotACase, Stand, question_of
from agentctl.review.decisions.cases import judge_case
from agentctl.tools.registry import Registry
from tests.fakes.authorities import FakeAuthority
from tests.fakes.runs import REPOSITORY, repository_tools

REFUND = {"charge": "ch_1", "amount": 4900, "currency": "usd"}


def stand(*engines: FakeAuthority) -> Stand:
    """Return our own agent in its sandbox, before these authorities."""
    files = ProjectFiles(REPOSITORY)
    return Stand(
        contract=files.agent("refund-assistant").document,
        environment=files.environment("sandbox").document,
        registry=Registry.of(repository_tools().values()),
        engines=engines,
        today="2026-03-14",
    )


def case(**said: object) -> PolicyCase:
    """Return a case about a refund."""
    usual: Mapping[str, object] = {
        "id": "one",
        "tool": "stripe.create_refund",
        "arguments": REFUND,
        "expect": "allow",
    }
    return PolicyCase.model_validate({**usual, **said})


async def test_a_case_passes_where_the_strictest_answer_is_expected() -> None:
    """Of several answers the strictest holds, as for real calls."""
    lax, strict = FakeAuthority(), FakeAuthority(says="needs_approval", authority="platform")
    judged = await judge_case(stand(lax, strict), case(expect="needs_approval"), "everybody")
    assert judged.passed


async def test_only_the_authorities_that_are_asked_count() -> None:
    """A policy can be tried by itself."""
    lax, strict = FakeAuthority(), FakeAuthority(says="deny", authority="platform")
    judged = await judge_case(stand(lax, strict), case(), "policy")
    assert (judged.decision, len(judged.answers)) == ("allow", 1)


async def test_where_nobody_of_that_kind_is_there_the_answer_is_a_denial() -> None:
    """Absent means no, in tests too."""
    judged = await judge_case(stand(FakeAuthority()), case(), "contract")
    assert judged.decision == "deny"


async def test_an_assumed_approval_lifts_only_what_needs_one() -> None:
    """A denial stays a denial, whoever approved."""
    asks, denies = stand(FakeAuthority(says="needs_approval")), stand(FakeAuthority(says="deny"))
    assert (await judge_case(asks, case(approved=True), "everybody")).decision == "allow"
    assert (await judge_case(denies, case(approved=True), "everybody")).decision == "deny"


async def test_an_expected_reason_that_nobody_gave_fails_the_case() -> None:
    """The right answer for the wrong reason is wrong."""
    judged = await judge_case(stand(FakeAuthority()), case(reasons=["because", "rule-7"]), "everybody")
    assert (judged.passed, judged.missing) == (False, ("rule-7",))


async def test_the_authorities_are_shown_the_run_of_the_case() -> None:
    """History, totals, spend, principal, teams, labels and sources are as the case says."""
    engine = FakeAuthority()
    earlier = {"tool": "stripe.create_refund", "arguments": {**REFUND, "amount": 100}, "times": 2}
    played = case(
        history=[earlier, {**earlier, "times": 1, "outcome": "failed"}],
        run={"cost_usd": 2, "input_tokens": 7},
        principal={"id": "kim", "assurance": "asserted", "teams": ["support"]},
        labels={"mail": ["private"]},
        sources={"/charge": ["mail"]},
        today="2026-04-01",
    )
    await judge_case(stand(engine), played, "everybody")
    (shown,) = engine.shown
    history = shown.history["stripe.create_refund"]
    assert (history.ok, history.failed, history.facts["charge"]) == (2, 1, ("ch_1",))
    assert shown.facts["amount_usd_total"] == "51"
    assert (shown.run.cost_usd, shown.run.tool_calls, shown.run.input_tokens) == (2, 3, 7)
    assert (shown.principal.id, shown.principal.assurance, shown.teams) == ("kim", "asserted", ("support",))
    assert (shown.labels_seen, shown.sources["/charge"], shown.step) == (("private",), ("mail",), 3)
    assert shown.today == "2026-04-01"


async def test_without_a_word_a_case_plays_for_the_environments_principal() -> None:
    """What a case does not say is as in an ordinary run."""
    shown = question_of(stand(), case()).request
    assert (shown.principal.id, shown.principal.assurance) == ("casey", "authenticated")
    assert (shown.labels_seen, shown.run.tool_calls, shown.step) == (("untrusted",), 0, 0)


async def test_the_same_effect_a_second_time_is_refused() -> None:
    """The run itself is an authority, as for real calls."""
    earlier = {"tool": "stripe.create_refund", "arguments": REFUND, "outcome": "in_doubt"}
    judged = await judge_case(stand(FakeAuthority()), case(history=[earlier], expect="deny"), "everybody")
    assert judged.passed


@pytest.mark.parametrize(
    ("said", "path", "found"),
    [
        ({"tool": "stripe.create_refunds"}, ("tool",), "there is no tool `stripe.create_refunds`"),
        ({"arguments": {"charge": "ch_1"}}, ("arguments",), "`stripe.create_refund` does not take them"),
        ({"history": [{"tool": "a.b"}]}, ("history", 0, "tool"), "there is no tool `a.b`"),
        (
            {"history": [{"tool": "zendesk.read_ticket", "arguments": {"ticket_id": 1}}]},
            ("history", 0, "arguments"),
            "`zendesk.read_ticket` does not take them",
        ),
    ],
)
def test_what_is_no_call_is_told_with_its_place(
    said: dict[str, object], path: tuple[str | int, ...], found: str
) -> None:
    """A case that could never be played would otherwise pass or fail by accident."""
    with pytest.raises(NotACase) as refusal:
        question_of(stand(), case(**said))
    assert refusal.value.path == path
    assert refusal.value.found.startswith(found)


def test_a_tool_that_does_not_exist_is_told_with_the_nearest() -> None:
    """A slip of the pen is named as one."""
    with pytest.raises(NotACase) as refusal:
        question_of(stand(), case(tool="stripe.create_refunds"))
    assert refusal.value.near == "stripe.create_refund"
