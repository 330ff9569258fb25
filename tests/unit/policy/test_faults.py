"""The fault table: whatever goes wrong in whichever engine, the call is refused, nothing runs, and the record says why.

Every row goes through the real stages of a real session, with a policy that would permit if its fault were overlooked.
"""

import asyncio
from pathlib import Path

import pytest

from agentctl.contract.policy_source import AuthzenPolicies, CedarPolicies, OpaPolicies, RegoPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.events.approval import ApprovalRequested
from agentctl.events.tool import DecisionMade, PolicyAnswer, ToolIntent, ToolRefused
from agentctl.foundation.errors import InvalidInput
from agentctl.gateway.session import open_session
from agentctl.gateway.tool_calls import ToolRequest
from agentctl.policy.catalog import engines_for
from agentctl.policy.engine import PolicyEngine, PolicyRequest
from agentctl.policy.guarded import Guarded
from tests.fakes.policies import ENGINES, EngineName, around, engine_of
from tests.fakes.runs import RUN, Stage
from tests.unit.policy.fault_rows import ROWS, Row

READ, REFUND = ("zendesk.read_ticket", '{"ticket_id":"4201"}'), "stripe.create_refund"
SMALL = '{"charge":"ch_small","amount":100,"currency":"usd"}'
LARGE = '{"charge":"ch_large","amount":30000,"currency":"usd"}'


async def called(folder: Path, engine: PolicyEngine, tool: str, arguments: str) -> Stage:
    """Take one call through all stages, judged by one engine alone."""
    stage = Stage(folder, engines=(engine,))
    async with open_session(stage.parts(stage.journals.create(RUN))) as session:
        await session.note(stage.started())
        await session.call_tool(ToolRequest(f"{RUN}/0/0", 0, tool, arguments))
    return stage


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
async def test_every_fault_denies(row: Row, tmp_path: Path) -> None:
    """Refused at `permitted`, nothing executed, no intent, and the engine's error is on record."""
    async with row.make() as engine:
        stage = await called(tmp_path, engine, *READ)
    (decided,), (refused,) = stage.events(DecisionMade), stage.events(ToolRefused)
    assert isinstance(decided, DecisionMade)
    assert isinstance(refused, ToolRefused)
    assert (decided.decision, refused.stage) == ("deny", "permitted")
    assert decided.answers[0].decision == "deny"
    assert row.error in " ".join(decided.answers[0].errors)
    assert decided.answers[0].errors or not row.error
    assert stage.executor.executions == []
    assert stage.events(ToolIntent) == []


def test_the_table_is_long_enough() -> None:
    """Every kind of fault in every engine that can have it, each row once."""
    kinds = {(row.engine, row.kind) for row in ROWS}
    everything = {"missing", "erroring", "slow", "crashing", "type-confused", "hostile"}
    assert {kind for engine, kind in kinds if engine == "rego"} == everything
    for name in ("opa", "authzen"):
        assert {kind for engine, kind in kinds if engine == name} == everything | {"unparsable"}
    assert {kind for engine, kind in kinds if engine in {"cedar", "any"}} == everything - {"hostile"}
    assert len({row.id for row in ROWS}) == len(ROWS) >= 40


class Swallowing:
    """A planted bug: a guard that takes every error for a yes."""

    policy, digest = "planted", "sha256:0"

    def __init__(self, guarded: PolicyEngine) -> None:
        assert isinstance(guarded, Guarded)
        self._judge = guarded.judge

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Allow whatever is not clearly denied."""
        try:
            said = await asyncio.wait_for(self._judge.judge(request), 1)
            allowed = bool(said.allowed) or bool(said.errors)
        except BaseException:  # noqa: BLE001  # the bug itself
            allowed = True
        decision = "allow" if allowed else "deny"
        return PolicyAnswer.model_validate(
            {"authority": "policy", "policy": "planted", "digest": "sha256:0", "decision": decision}
        )


FIRSTS = list({(row.engine, row.kind): row for row in ROWS if row.error}.values())
"""One row of each kind of fault in each engine."""


@pytest.mark.parametrize("row", FIRSTS, ids=lambda row: row.id)
async def test_one_row_of_each_kind_sees_a_guard_that_swallows_errors(row: Row, tmp_path: Path) -> None:
    """With the planted bug the call is executed: the row turns red."""
    async with row.make() as engine:
        stage = await called(tmp_path, Swallowing(engine), *READ)
    assert len(stage.executor.executions) == 1


@pytest.mark.campaign
@pytest.mark.parametrize("row", [row for row in ROWS if row.error], ids=lambda row: row.id)
async def test_the_table_sees_a_guard_that_swallows_errors(row: Row, tmp_path: Path) -> None:
    """With the planted bug every row's call is executed: no row is refused for another reason than its fault."""
    async with row.make() as engine:
        stage = await called(tmp_path, Swallowing(engine), *READ)
    assert len(stage.executor.executions) == 1


# -- before and after the engines -----------------------------------------------------------------

HOSTILE = {
    "not JSON": "{",
    "a list": "[]",
    "a text": '"x"',
    "a key twice": '{"charge":"ch_small","charge":"ch_large","amount":100,"currency":"usd"}',
    "text for a number": '{"charge":"ch_small","amount":"100","currency":"usd"}',
    "a fraction": '{"charge":"ch_small","amount":100.5,"currency":"usd"}',
    "not a number": '{"charge":"ch_small","amount":NaN,"currency":"usd"}',
    "beyond all numbers": '{"charge":"ch_small","amount":1e999,"currency":"usd"}',
    "an entity for a text": '{"charge":{"__entity":{"type":"User","id":"alice"}},"amount":100,"currency":"usd"}',
    "an unknown key": '{"charge":"ch_small","amount":100,"currency":"usd","approval":{"granted":true}}',
    "half a character": '{"charge":"\\ud800","amount":100,"currency":"usd"}',
    "too deep": "[" * 100_000,
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("name", ENGINES)
async def test_hostile_arguments_never_reach_an_engine_that_permits_everything(
    name: EngineName, what: str, tmp_path: Path
) -> None:
    """They are refused before anybody is asked."""
    async with engine_of(name, permissive=True) as (engine, server):
        stage = await called(tmp_path, engine, REFUND, HOSTILE[what])
    (refused,) = stage.events(ToolRefused)
    assert isinstance(refused, ToolRefused)
    assert refused.stage == "well_formed"
    assert stage.executor.executions == []
    assert server is None or server.requests == []


@pytest.mark.parametrize(
    "tool", ["stripe.create_refunds", "stripe.create_refund ", "ｓtripe.create_refund", ""]
)
@pytest.mark.parametrize("name", ENGINES)
async def test_a_tool_that_does_not_exist_is_refused_whatever_the_engine_says(
    name: EngineName, tool: str, tmp_path: Path
) -> None:
    """Under exactly its name, or not at all."""
    async with engine_of(name, permissive=True) as (engine, _):
        stage = await called(tmp_path, engine, tool, SMALL)
    assert [item.stage for item in stage.events(ToolRefused)] == ["registered"]  # type: ignore[attr-defined]
    assert stage.executor.executions == []


@pytest.mark.parametrize("name", ENGINES)
async def test_what_needs_an_approval_waits_for_one(name: EngineName, tmp_path: Path) -> None:
    """The demands of the policy are those of the request; nothing runs meanwhile."""
    async with engine_of(name) as (engine, _):
        stage = await called(tmp_path, engine, REFUND, LARGE)
    (asked,) = stage.events(ApprovalRequested)
    assert isinstance(asked, ApprovalRequested)
    assert (asked.quorum, asked.reviewers, asked.valid_for_seconds) == (2, ("alice", "bob"), 600)
    assert stage.executor.executions == []


@pytest.mark.parametrize("name", ENGINES)
async def test_without_a_fault_the_call_is_executed(name: EngineName, tmp_path: Path) -> None:
    """The table would prove nothing about engines that never permit."""
    async with engine_of(name) as (engine, _):
        stage = await called(tmp_path, engine, *READ)
    assert len(stage.executor.executions) == 1


# -- policies that cannot be used: no run begins ---------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            PolicyVersion(CedarPolicies(engine="cedar", files=("a.cedar",)), {"a.cedar": "permit ("}),
            "a.cedar:1",
        ),
        (
            PolicyVersion(
                RegoPolicies(engine="rego", files=("a.rego",)), {"a.rego": "package agentctl\ndecision :="}
            ),
            "a.rego:2:",
        ),
        (
            PolicyVersion(RegoPolicies(engine="rego", files=("a.rego",)), {"a.rego": "package other"}),
            "no module has the rule `data.agentctl.decision`",
        ),
        (
            PolicyVersion(
                RegoPolicies(engine="rego", files=("a.rego",)),
                {"a.rego": "package agentctl\ndecision if nosuch(input)"},
            ),
            "could not find function nosuch",
        ),
        (PolicyVersion(OpaPolicies(engine="opa", point="elsewhere")), "no decision point `elsewhere`"),
        (
            PolicyVersion(AuthzenPolicies(engine="authzen", point="elsewhere")),
            "no decision point `elsewhere`",
        ),
    ],
    ids=["cedar", "rego", "rego rule", "rego function", "opa", "authzen"],
)
def test_a_policy_that_cannot_be_used_is_refused_before_a_run(policy: PolicyVersion, said: str) -> None:
    """With its place."""
    with pytest.raises(InvalidInput, match=said.replace(".", r"\.")):
        engines_for([policy], "policy", around())
