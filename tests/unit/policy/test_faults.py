"""The fault table: whatever goes wrong in whichever engine, the call is refused, nothing runs, and the record says why.

Every row goes through the real stages of a real session, with a policy that would permit if its fault were overlooked.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import cedarpy
import pytest

from agentctl.contract.policy_source import AuthzenPolicies, CedarPolicies, OpaPolicies, RegoPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.events.approval import ApprovalRequested
from agentctl.events.tool import DecisionMade, PolicyAnswer, ToolIntent, ToolRefused
from agentctl.foundation.clock import SystemClock
from agentctl.foundation.errors import InvalidInput
from agentctl.gateway.session import open_session
from agentctl.gateway.tool_calls import ToolRequest
from agentctl.policy.catalog import engines_for
from agentctl.policy.engine import PolicyEngine, PolicyRequest
from agentctl.policy.guarded import Guarded
from agentctl.policy.judge import Judgement
from agentctl.policy.rego import RegoJudge
from tests.fakes.decision_points import (
    Fault,
    answers_status,
    answers_text,
    cuts,
    drips,
    drops,
    hangs,
    redirects,
)
from tests.fakes.policies import ENGINES, EngineName, around, engine_of
from tests.fakes.policy import ScriptedJudge
from tests.fakes.runs import RUN, Stage

Engines = Callable[[], AbstractAsyncContextManager[PolicyEngine]]
READ, REFUND = ("zendesk.read_ticket", '{"ticket_id":"4201"}'), "stripe.create_refund"
SMALL = '{"charge":"ch_small","amount":100,"currency":"usd"}'
LARGE = '{"charge":"ch_large","amount":30000,"currency":"usd"}'
QUICK = 150
"""Milliseconds after which a slow decision point is too slow."""


class Panic(BaseException):
    """What a panic in an engine's native code looks like: no `Exception` at all."""


@dataclass(frozen=True)
class Row:
    """One fault: where, of which kind, what exactly; and a word of the error that the record must have."""

    engine: str
    kind: str
    detail: str
    error: str
    make: Engines

    @property
    def id(self) -> str:
        """The row's name."""
        return f"{self.engine}-{self.kind}-{self.detail}".replace(" ", "_")


# -- rows -----------------------------------------------------------------------------------------


@asynccontextmanager
async def _point(
    name: EngineName, fault: Fault | None, changes: dict[str, Any]
) -> AsyncIterator[PolicyEngine]:
    async with engine_of(name, permissive=True, **changes) as (engine, server):
        assert server is not None
        server.fault = fault
        yield engine


@asynccontextmanager
async def _nobody_there(name: EngineName) -> AsyncIterator[PolicyEngine]:
    async with engine_of(name, permissive=True) as (engine, server):
        assert server is not None
        await server.__aexit__(None, None, None)
        yield engine


@asynccontextmanager
async def _rego(text: str) -> AsyncIterator[PolicyEngine]:
    judge = RegoJudge({"fault.rego": f"package agentctl\n{text}"}, "data.agentctl.decision", seconds=0.4)
    yield Guarded(judge, "policy", "rego:fault", "sha256:0", SystemClock(), timeout_seconds=20)
    await judge.close()


@asynccontextmanager
async def _cedar(text: str, replaced: Callable[..., Any] | None) -> AsyncIterator[PolicyEngine]:
    policy = PolicyVersion(CedarPolicies(engine="cedar", files=("fault.cedar",)), {"fault.cedar": text})
    with pytest.MonkeyPatch.context() as patch:
        (engine,) = engines_for([policy], "policy", around())
        if replaced is not None:
            patch.setattr(cedarpy, "is_authorized", replaced)
        yield engine


@asynccontextmanager
async def _scripted(said: Any) -> AsyncIterator[PolicyEngine]:
    judge = ScriptedJudge(said, said)
    yield Guarded(judge, "policy", "any:fault", "sha256:0", SystemClock(), timeout_seconds=0.1)


def _raise(error: BaseException) -> NoReturn:
    raise error


def point(
    name: EngineName, kind: str, detail: str, error: str, fault: Fault | None = None, **changes: Any
) -> Row:
    """Return a row about a running decision point."""
    return Row(name, kind, detail, error, partial(_point, name, fault, changes))


def rego(kind: str, detail: str, error: str, text: str) -> Row:
    """Return a row about a Rego rule."""
    return Row("rego", kind, detail, error, partial(_rego, text))


def cedar(kind: str, detail: str, error: str, text: str, replaced: Callable[..., Any] | None = None) -> Row:
    """Return a row about Cedar."""
    return Row("cedar", kind, detail, error, partial(_cedar, text, replaced))


def any_engine(kind: str, detail: str, error: str, said: Any) -> Row:
    """Return a row about what any engine may do."""
    return Row("any", kind, detail, error, partial(_scripted, said))


def over_http(name: EngineName, key: str) -> list[Row]:
    """Return the rows of both protocols; `key` is where a decision stands."""
    yes = f'{{"{key}":true}}'
    return [
        Row(name, "missing", "nobody listens", "not reached", partial(_nobody_there, name)),
        point(name, "missing", "no such document", "answered 404", answers_status(404)),
        point(name, "missing", "no token", "holds no token", token_env="NOT_SET"),
        point(name, "missing", "the decision", "", answers_text("{}")),
        point(name, "erroring", "500 with a yes", "answered 500", answers_status(500, yes)),
        point(name, "erroring", "401 with a yes", "answered 401", answers_status(401, yes)),
        point(name, "erroring", "403 with a yes", "answered 403", answers_status(403, yes)),
        point(name, "erroring", "503", "answered 503", answers_status(503, yes)),
        point(name, "erroring", "201 with a yes", "answered 201", answers_status(201, yes)),
        point(name, "erroring", "redirect to a yes", "redirects are not followed", redirects),
        point(name, "unparsable", "not JSON", "not JSON", answers_text("yes")),
        point(name, "unparsable", "empty", "not JSON", answers_text("")),
        point(name, "unparsable", "half of it", "not JSON", answers_text(yes[:-1])),
        point(name, "unparsable", "two of it", "not JSON", answers_text(yes + yes)),
        point(name, "unparsable", "UTF-16", "not JSON", answers_text(yes.encode("utf-16"))),
        point(
            name, "unparsable", "compressed", "not JSON",
            answers_text(gzip.compress(yes.encode()), **{"Content-Encoding": "gzip"}),
        ),
        point(name, "slow", "no answer", "within", hangs, timeout_ms=QUICK),
        point(name, "slow", "an answer without end", "within", drips, timeout_ms=QUICK),
        point(name, "crashing", "connection dropped", "broke", drops),
        point(name, "crashing", "connection cut", "broke", cuts),
        point(name, "type-confused", "a list", "not a JSON object", answers_text(f"[{yes}]")),
        point(name, "type-confused", "the bare word", "not a JSON object", answers_text("true")),
        point(name, "hostile", "said twice", "stands twice", answers_text(f'{{"{key}":false,"{key}":true}}')),
        point(name, "hostile", "not a number", "not JSON", answers_text(f'{{"{key}":true,"x":NaN}}')),
        point(name, "hostile", "too large", "bytes", answers_text(yes[:-1] + " " * (1 << 20) + "}")),
        point(name, "hostile", "too deep", "not JSON", answers_text(f'{yes[:-1]},"x":{"[" * 99_999}')),
        point(name, "hostile", "private address", "may not go", allow_private_network=False),
        point(name, "hostile", "number for a host", "another form", url="http://2130706433"),
    ]  # fmt: skip


CONFUSED = ('"true"', "1", "0.5", "null", "[]", '["allow"]', '"yes"', '"ALLOW"', "{}")
OBJECTS = {
    "text for a boolean": '{"allow": "true"}',
    "number for a boolean": '{"allow": 1}',
    "unknown key": '{"allow": true, "unless": "never"}',
    "said in two ways": '{"allow": true, "decision": "deny"}',
    "unknown word": '{"decision": "permit"}',
    "quorum is no number": '{"allow": true, "quorum": "2"}',
    "quorum is nobody": '{"allow": true, "quorum": 0}',
    "nobody may review": '{"allow": true, "reviewers": []}',
    "no length of time": '{"allow": true, "expires_in": "soon"}',
    "reasons are no texts": '{"allow": true, "reasons": [1]}',
}
ROWS = [
    *over_http("opa", "result"),
    *over_http("authzen", "decision"),
    *(point("opa", "type-confused", text, "the rule", answers_text(f'{{"result":{text}}}')) for text in CONFUSED),
    *(
        point("opa", "type-confused", what, "object", answers_text(f'{{"result":{text}}}'))
        for what, text in OBJECTS.items()
    ),
    *(
        point("authzen", "type-confused", text, "`decision` is", answers_text(f'{{"decision":{text}}}'))
        for text in CONFUSED
    ),
    point("authzen", "type-confused", "context is a text", "`context` is", answers_text('{"decision":true,"context":"x"}')),
    point("authzen", "type-confused", "unknown terms", "terms", answers_text('{"decision":true,"context":{"approval":{"qorum":2}}}')),
    point("authzen", "hostile", "another's answer", "another request", answers_text('{"decision":true}', **{"X-Request-ID": "other"})),
    rego("missing", "undefined", "undefined", "decision if input.nothing_like_it"),
    rego("erroring", "division by zero", "divide by zero", "decision := 1 / (input.step - input.step)"),
    rego("erroring", "in what would deny", "could not parse", "decision if not blocked\nblocked if to_number(input.tool) > 1"),
    rego("erroring", "two values", "conflicts", 'decision := true if input.tool\ndecision := false if input.tool'),
    rego("slow", "a search without end", "did not end", "decision if { some x in numbers.range(1, 9000); some y in numbers.range(1, 9000); x + y < input.step }"),
    rego("crashing", "recursion without end", "ended before", "f(x) := f(x + 1)\ndecision := f(input.step)"),
    rego("crashing", "all memory", "ended before", "decision if count(numbers.range(input.step, 2000000000)) > 0"),
    *(rego("type-confused", text, "the rule", f"decision := {text}") for text in CONFUSED),
    *(rego("type-confused", what, "object", f"decision := {text}") for what, text in OBJECTS.items()),
    rego("type-confused", "a set", "the rule", 'decision := {"allow"}'),
    rego("hostile", "reads the environment", "object", "decision := opa.runtime()"),
    cedar("missing", "no rule for it", "", 'permit (principal, action == Action::"stripe.create_refund", resource);'),
    cedar("erroring", "a forbid beside a permit", "overflow", "permit (principal, action, resource);\nforbid (principal, action, resource) when { 9223372036854775807 + context.run.step + 1 > 0 };"),
    cedar("erroring", "a permit beside a permit", "overflow", "permit (principal, action, resource);\npermit (principal, action, resource) when { 9223372036854775807 + context.run.step + 1 > 0 };"),
    cedar("crashing", "an exception", "RuntimeError", "permit (principal, action, resource);", lambda *_: _raise(RuntimeError("broken"))),
    cedar("crashing", "a panic", "Panic", "permit (principal, action, resource);", lambda *_: _raise(Panic("broken"))),
    cedar("type-confused", "no answer", "AttributeError", "permit (principal, action, resource);", lambda *_: None),
    any_engine("slow", "no answer", "within", lambda: asyncio.sleep(60)),
    any_engine("crashing", "out of memory", "MemoryError", lambda: _raise(MemoryError())),
    any_engine("crashing", "recursion", "RecursionError", lambda: _raise(RecursionError())),
    any_engine("erroring", "a yes with an error", "it broke", Judgement(allowed=True, errors=("it broke",))),
    any_engine("type-confused", "a text", "Error", lambda: "allow"),
    any_engine("type-confused", "nothing", "Error", lambda: None),
    any_engine("type-confused", "a true text", "", Judgement(allowed="yes")),  # type: ignore[arg-type]
    any_engine("type-confused", "the number one", "", Judgement(allowed=1)),  # type: ignore[arg-type]
]  # fmt: skip


# -- the table ------------------------------------------------------------------------------------


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
