"""The rows of the fault table: engine x kind of fault x what exactly, each with a policy that would permit without its fault."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import cedarpy
import pytest

from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.foundation.clock import SystemClock
from agentctl.policy.catalog import engines_for
from agentctl.policy.engine import PolicyEngine
from agentctl.policy.guarded import Guarded
from agentctl.policy.judge import Judgement
from agentctl.policy.rego.judge import RegoJudge
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
from tests.fakes.policies import EngineName, around, engine_of
from tests.fakes.policy import ScriptedJudge

Engines = Callable[[], AbstractAsyncContextManager[PolicyEngine]]
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
    try:
        yield Guarded(judge, "policy", "rego:fault", "sha256:0", SystemClock(), timeout_seconds=20)
    finally:
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
    rego("missing", "undefined", "the rule is undefined", "decision if input.nothing_like_it"),
    rego("erroring", "division by zero", "divide by zero", "decision := 1 / (input.step - input.step)"),
    rego("erroring", "in what would deny", "could not parse", "decision if not blocked\nblocked if to_number(input.tool) > 1"),
    rego("erroring", "two values", "conflicts", "decision := true if input.tool\ndecision := false if input.tool"),
    rego("slow", "a search without end", "did not end", "decision if { some x in numbers.range(1, 9000); some y in numbers.range(1, 9000); x + y < input.step }"),
    rego("crashing", "recursion without end", "ended before", "f(x) := f(x + 1)\ndecision := f(input.step)"),
    rego("crashing", "all memory", "ended before", "decision if count(numbers.range(input.step, 2000000000)) > 0"),
    *(rego("type-confused", text, "the rule", f"decision := {text}") for text in CONFUSED),
    *(rego("type-confused", what, "object", f"decision := {OBJECTS[what]}") for what in ("unknown key", "said in two ways")),
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
