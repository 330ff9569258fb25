"""The contract that runs needed: only what was used, never more than there was, and written so that it reads back the same."""

from decimal import Decimal
from pathlib import Path

import pytest

from agentctl.contract.agent import AgentContract, Budgets
from agentctl.contract.loader import load
from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.project import ProjectFiles
from agentctl.contract.source import parse_source
from agentctl.review.decisions.least_contract import Peak, contract_yaml, least_budgets, least_contract
from agentctl.review.decisions.needs import Need
from tests.fakes.models import FakeModel, asks, says
from tests.fakes.runs import REPOSITORY, Stage, repository_tools

READ, LOOK_UP = "zendesk.read_ticket", "stripe.lookup_charge"
POLICIES = (CedarPolicies(engine="cedar", files=("policies/least.cedar",)),)


def need(tool: str, *, approved: bool = False) -> Need:
    """Return what some calls of a tool needed."""
    return Need(
        descriptor=repository_tools()[tool].descriptor,
        approved=approved,
        count=1,
        principals=("casey",),
        environments=("sandbox",),
        most_earlier=0,
        after=(),
        same={},
        amounts={},
        arguments={},
        always_given=frozenset(),
        unseen_labels=(),
    )


def contract() -> AgentContract:
    """Return our own contract."""
    return ProjectFiles(REPOSITORY).agent("refund-assistant").document


def test_tools_that_were_not_used_are_gone() -> None:
    """The order of the others stays."""
    least = least_contract(contract(), [need(LOOK_UP), need(READ)], Peak(), POLICIES)
    assert [entry.name for entry in least.tools.allowlist] == [READ, LOOK_UP]
    assert least.policies == POLICIES


def test_what_was_approved_each_time_asks_for_it() -> None:
    """Whoever asked for it then, the contract does from now on."""
    least = least_contract(contract(), [need(READ, approved=True)], Peak(), POLICIES)
    assert least.tools.allowlist[0].requires_approval is True
    mixed = [need(READ, approved=True), need(READ)]
    assert least_contract(contract(), mixed, Peak(), POLICIES).tools.allowlist[0].requires_approval is False


def test_budgets_are_round_and_just_above_what_was_used() -> None:
    """Never above those there were."""
    peak = Peak(steps=3, input_tokens=4_321, output_tokens=999_999, cost_usd=Decimal("0.0012"), tool_calls=4)
    budgets = least_budgets(Budgets(max_output_tokens=1_500, max_cost_usd_per_run=Decimal("0.75")), peak)
    assert (budgets.max_steps, budgets.max_tool_calls, budgets.max_refusals) == (3, 4, 1)
    assert (budgets.max_input_tokens, budgets.max_output_tokens) == (4_400, 1_500)
    assert budgets.max_cost_usd_per_run == Decimal("0.01")


async def test_the_peak_counts_what_was_promised_too(tmp_path: Path) -> None:
    """A budget that only covers what was used in the end would have stopped the run on its way."""
    calls = asks((READ, {"ticket_id": "4201"}), (READ, {"ticket_id": "4202"}))
    stage = Stage(tmp_path, FakeModel([calls, says("done")]))
    state = await stage.start()
    peak = Peak().with_run(stage.records())
    assert (peak.steps, peak.tool_calls, peak.refusals) == (2, 2, 0)
    assert peak.output_tokens > state.session.spend.committed.output_tokens
    assert Peak(steps=9).with_run(stage.records()).steps == 9


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"owner": "yes"},
        {"owner": "123"},
    ],
)
def test_what_is_written_reads_back_the_same(changes: dict[str, str]) -> None:
    """Words that YAML takes for something else are quoted."""
    document = contract()
    document = document.model_copy(update={"agent": document.agent.model_copy(update=changes)})
    least = least_contract(document, [need(READ)], Peak(cost_usd=Decimal("0.001")), POLICIES)
    assert load(AgentContract, parse_source(contract_yaml(least, "A test.").encode(), "a test")) == least


def test_an_allowlist_without_tools_reads_back_too() -> None:
    """Empty lists have a form of their own."""
    least = least_contract(contract(), [], Peak(), POLICIES)
    assert load(AgentContract, parse_source(contract_yaml(least, "A test.").encode(), "a test")) == least
