"""The contract every engine keeps: the same policy, the same requests, the same decisions, in whatever language and place."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.contract.policy_version import PolicyVersion
from agentctl.events.approval import ApprovalTerms
from agentctl.foundation.canonical import canonical_bytes
from agentctl.gateway.session import open_session
from agentctl.policy.authzen import AuthzenJudge
from agentctl.policy.catalog import closing_of
from agentctl.policy.engine import PolicyEngine, PolicyRequest
from agentctl.policy.guarded import Guarded
from agentctl.policy.opa import OpaJudge
from agentctl.policy.rego.judge import RegoJudge
from tests.fakes.policies import ENGINES, POLICIES, EngineName, around, engine_of
from tests.fakes.policy import READ, policy_request, refund_request, sample_tools
from tests.fakes.runs import RUN, Stage

TERMS = ApprovalTerms(quorum=2, reviewers=("alice", "bob"), expires_in_seconds=7_200, valid_for_seconds=600)
SMALL, LARGE, STOLEN = refund_request(4_900), refund_request(25_000), refund_request(4_900, "ch_stolen")
READING = replace(
    policy_request(),
    descriptor=sample_tools()[READ],
    arguments={"ticket_id": "4201"},
    facts={},
    facts_missing={},
)
UNKNOWN_AMOUNT = replace(SMALL, facts={"charge": "ch_1"}, facts_missing={"amount_usd": "nothing there"})


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[PolicyEngine]:
    """Each engine, made by the catalog."""
    async with engine_of(request.param) as (made, _):
        yield made


@pytest.mark.parametrize(
    ("asked", "decision", "reason"),
    [
        pytest.param(READING, "allow", "reads", id="a read"),
        pytest.param(SMALL, "allow", "small", id="a small refund"),
        pytest.param(refund_request(5_000), "allow", "small", id="a refund of exactly the limit"),
        pytest.param(refund_request(5_001), "needs_approval", "large", id="a cent above the limit"),
        pytest.param(LARGE, "needs_approval", "large", id="a large refund"),
        pytest.param(STOLEN, "deny", "stolen", id="a refund that is never fine"),
    ],
)
async def test_every_engine_decides_the_same(
    engine: PolicyEngine, asked: PolicyRequest, decision: str, reason: str
) -> None:
    """Also for the same reasons."""
    answer = await engine.decide(asked)
    assert (answer.decision, answer.reasons, answer.errors) == (decision, (reason,), ())


async def test_every_engine_says_what_an_approval_must_be(engine: PolicyEngine) -> None:
    """Quorum, reviewers and both times, in seconds."""
    assert (await engine.decide(LARGE)).terms == TERMS
    assert (await engine.decide(SMALL)).terms is None


async def test_what_is_not_known_is_denied(engine: PolicyEngine) -> None:
    """The amount is missing: no rule permits it, in no language."""
    answer = await engine.decide(UNKNOWN_AMOUNT)
    assert (answer.decision, answer.errors) == ("deny", ())
    assert answer.reasons == (f"`{engine.policy}` does not permit it",)


@pytest.mark.parametrize(
    "charge",
    ["ch_stolen ", "CH_STOLEN", "ch_stole\u0301n", 'ch"', "ch\\", "ch\t\n", "ch\u0000", "ché", "ch_😀"],
)
async def test_texts_are_compared_as_they_are(engine: PolicyEngine, charge: str) -> None:
    """Blanks, case, accents, quotes, controls and NUL are neither trimmed nor folded nor cut: another text is another text."""
    assert (await engine.decide(refund_request(4_900, charge))).reasons == ("small",)


@pytest.mark.parametrize("name", ENGINES)
async def test_the_answer_names_the_policy_and_its_digest(name: EngineName) -> None:
    """The same in every process, whatever order the files are named in."""
    names = {
        "cedar": "cedar:refunds.cedar",
        "rego": "rego:refunds.rego",
        "opa": "opa:central/agentctl/decision",
        "authzen": "authzen:central",
    }
    async with engine_of(name) as (first, _), engine_of(name) as (second, _):
        answers = [await first.decide(SMALL), await second.decide(SMALL)]
    assert {(answer.authority, answer.policy) for answer in answers} == {("policy", names[name])}
    assert {answer.digest for answer in answers} == {POLICIES[name].digest}


def test_another_policy_has_another_digest() -> None:
    """Of other texts, and of no other engine's."""
    changed = [replace(item, texts={"refunds": "# none"}) for item in POLICIES.values() if item.texts]
    assert len({item.digest for item in (*POLICIES.values(), *changed)}) == len(POLICIES) + len(changed)
    renamed = PolicyVersion(POLICIES["rego"].source, {"other.rego": POLICIES["rego"].texts["refunds.rego"]})
    assert renamed.digest == POLICIES["rego"].digest


async def test_the_latency_is_recorded(engine: PolicyEngine) -> None:
    """In microseconds, of both questions together."""
    assert 0 < (await engine.decide(LARGE)).latency_us < 60_000_000


async def test_decisions_that_are_asked_at_once_are_not_mixed_up(engine: PolicyEngine) -> None:
    """Each gets the answer to its own question."""
    asked = [SMALL, LARGE, STOLEN, READING] * 6
    answers = await asyncio.gather(*(engine.decide(item) for item in asked))
    assert [answer.reasons[0] for answer in answers] == ["small", "large", "stolen", "reads"] * 6


async def test_an_engine_is_not_changed_by_what_it_was_asked(engine: PolicyEngine) -> None:
    """The same question has the same answer, whatever was asked before."""
    first = await engine.decide(LARGE)
    for other in (SMALL, STOLEN, UNKNOWN_AMOUNT, READING):
        await engine.decide(other)
    again = await engine.decide(LARGE)
    assert again.model_copy(update={"latency_us": 0}) == first.model_copy(update={"latency_us": 0})


@pytest.mark.parametrize("name", ["opa", "authzen"])
async def test_a_decision_point_is_asked_twice_at_most_with_the_token(name: EngineName) -> None:
    """Once as things are, once as if an approval was granted, and only if that can matter."""
    async with engine_of(name) as (engine, server):
        await engine.decide(SMALL)
        await engine.decide(LARGE)
    assert server is not None
    assert len(server.requests) == 3
    assert {item.headers["authorization"] for item in server.requests} == {"Bearer a-token-for-tests"}
    said = [item.body.get("input", item.body.get("context"))["approval"] for item in server.requests]
    assert said == [{"granted": False}, {"granted": False}, {"granted": True}]


def test_what_engines_are_made_of_does_not_show_a_secret() -> None:
    """Neither in a message nor in a log."""
    assert "a-token-for-tests" not in repr(around())


async def test_a_rule_sees_the_exact_request() -> None:
    """What OPA gets is what every authority is shown, byte by byte, and the assumed approval."""
    async with engine_of("opa") as (engine, server):
        await engine.decide(SMALL)
    assert server is not None
    shown = {**SMALL.inputs(), "approval": {"granted": False}}
    assert canonical_bytes(server.requests[0].body) == canonical_bytes({"input": shown})


@pytest.mark.parametrize("name", ENGINES)
async def test_a_session_gives_back_what_its_engines_hold(name: EngineName, tmp_path: Path) -> None:
    """Processes are ended and connections closed when the session ends."""
    stage = Stage(tmp_path)
    async with engine_of(name) as (engine, _):
        parts = replace(stage.parts(stage.journals.create(RUN)), closing=closing_of([engine]))
        async with open_session(parts):
            await engine.decide(SMALL)
            assert _holds_something(engine) is (name != "cedar")
        assert not _holds_something(engine)


def _holds_something(engine: PolicyEngine) -> bool:
    """Return whether an engine has a process or connections."""
    assert isinstance(engine, Guarded)
    match engine.judge:
        case RegoJudge(process=process):
            return process.pid is not None
        case OpaJudge(_point=point) | AuthzenJudge(_point=point):
            return point._session is not None
        case _:
            return False


def test_engines_are_loaded_only_where_they_are_used() -> None:
    """The catalog itself loads neither HTTP nor Rego."""
    code = "import sys; import agentctl.policy.catalog; sys.exit(any(m in sys.modules for m in ('aiohttp', 'regorus')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
