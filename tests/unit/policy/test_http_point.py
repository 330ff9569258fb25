"""Tests of what is asked of running decision points, over real HTTP: OPA, AuthZEN, and what both share."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from agentctl.contract.policy_source import DecisionPoint
from agentctl.events.approval import ApprovalTerms
from agentctl.events.base import Principal
from agentctl.policy.authzen import AuthzenJudge, evaluation_of
from agentctl.policy.http_point import HttpPoint, PointFailed
from agentctl.policy.opa import OpaJudge
from agentctl.policy.rego.forms import input_of
from tests.fakes.decision_points import (
    TOKEN,
    AuthzenServer,
    DecisionPointServer,
    OpaServer,
    answers_status,
    answers_text,
    floods,
)
from tests.fakes.policy import refund_request

REQUEST = refund_request()
YES = '{"result":true,"decision":true}'


@asynccontextmanager
async def point(server: DecisionPointServer, **changes: Any) -> AsyncIterator[HttpPoint]:
    """Give the client of a running server."""
    said = {"url": server.url, "token_env": "T", "timeout_ms": 5_000, "allow_private_network": True}
    client = HttpPoint(
        DecisionPoint.model_validate(said | changes), {"T": TOKEN, "EMPTY": "", "BAD": "a\nb"}.get
    )
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def authzen(answer: Any) -> AsyncIterator[tuple[AuthzenJudge, AuthzenServer]]:
    """Give a judge whose decision point always answers the same."""
    async with AuthzenServer(lambda _: answer) as server, point(server) as client:
        yield AuthzenJudge(client), server


# -- what both share ------------------------------------------------------------------------------


async def test_a_question_is_one_post_with_json_and_the_token() -> None:
    """And nothing that a proxy, a cookie or a compressed answer could change."""
    async with OpaServer({}) as server, point(server) as client:
        await client.asked("/v1/data/x", {"input": {"a": "é"}}, {"authorization": "stolen", "x-own": "1"})
    (received,) = server.requests
    assert (received.path, received.body) == ("/v1/data/x", {"input": {"a": "é"}})
    sent = {
        name: received.headers[name] for name in ("authorization", "content-type", "accept-encoding", "x-own")
    }
    assert sent == {
        "authorization": f"Bearer {TOKEN}",
        "content-type": "application/json",
        "accept-encoding": "identity",
        "x-own": "1",
    }


async def test_a_base_url_may_have_a_path() -> None:
    """With a slash at its end or without."""
    async with OpaServer({}) as server:
        for url in (f"{server.url}/v1/data/tenant", f"{server.url}/v1/data/tenant/"):
            async with point(server, url=url) as client:
                await client.asked("/rule", {})
    assert [item.path for item in server.requests] == ["/v1/data/tenant/rule"] * 2


async def test_a_point_without_a_token_is_asked_without_one() -> None:
    """Not every decision point wants one."""
    async with OpaServer({}, token=None) as server, point(server, token_env=None) as client:
        await client.asked("/v1/data/x", {})
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("variable", "said"),
    [("ABSENT", "holds no token"), ("EMPTY", "holds no token"), ("BAD", "cannot be sent")],
)
async def test_a_token_that_is_not_there_is_not_left_out(variable: str, said: str) -> None:
    """Nothing is asked then, and the message does not hold the token."""
    async with OpaServer({}) as server, point(server, token_env=variable) as client:
        with pytest.raises(PointFailed, match=said) as raised:
            await client.asked("/v1/data/x", {})
    assert server.requests == []
    assert "a\nb" not in str(raised.value)


async def test_failures_do_not_show_the_token() -> None:
    """Whatever the other side answers."""
    async with OpaServer({}) as server, point(server) as client:
        server.fault = answers_text(f'{{"x": "{TOKEN}"')
        with pytest.raises(PointFailed) as raised:
            await client.asked("/v1/data/x", {})
    assert TOKEN not in str(raised.value)
    assert TOKEN not in repr(client)


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision point is asked directly, or not at all."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with OpaServer({}) as server, point(server) as client:
        await client.asked("/v1/data/x", {})
    assert len(server.requests) == 1


async def test_a_name_that_leads_to_this_machine_needs_permission() -> None:
    """The address that is connected to is the one that was checked."""
    async with OpaServer({}) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        async with point(server, url=url, allow_private_network=False) as client:
            with pytest.raises(PointFailed, match="may not go"):
                await client.asked("/v1/data/x", {})
    assert server.requests == []


async def test_connections_are_kept_and_given_back() -> None:
    """One session for all questions; after closing, a new question opens another."""
    async with OpaServer({}) as server, point(server) as client:
        await client.close()
        await client.asked("/v1/data/x", {})
        first = client._session
        await client.asked("/v1/data/x", {})
        assert client._session is first
        await client.close()
        assert first is not None
        assert first.closed
        await client.asked("/v1/data/x", {})


async def test_an_answer_of_exactly_the_limit_is_read() -> None:
    """A byte more is not."""
    async with OpaServer({}) as server, point(server) as client:
        whole = YES[:-1] + " " * ((1 << 20) - len(YES)) + "}"
        server.fault = answers_text(whole)
        assert (await client.asked("/v1/data/x", {})).body == json.loads(YES)
        server.fault = answers_text(" " + whole)
        with pytest.raises(PointFailed, match="bytes"):
            await client.asked("/v1/data/x", {})


async def test_an_answer_without_end_is_cut_by_its_size() -> None:
    """Long before the time is over, and before it takes all memory."""
    async with OpaServer({}) as server, point(server, timeout_ms=60_000) as client:
        server.fault = floods
        async with asyncio.timeout(30):
            with pytest.raises(PointFailed, match="more than 1048576 bytes"):
                await client.asked("/v1/data/x", {})


# -- OPA ------------------------------------------------------------------------------------------


async def test_opa_is_asked_for_the_rule_with_the_request_as_input() -> None:
    """What else it tells, such as the decision's id, changes nothing."""
    module = {"m.rego": 'package refunds.v1\nverdict := {"decision": "allow", "reasons": [input.tool]}'}
    async with OpaServer(module) as server, point(server) as client:
        said = await OpaJudge(client, "refunds/v1/verdict").judge(REQUEST)
    assert (said.allowed, said.reasons) == (True, ("stripe.create_refund",))
    assert server.requests[0].path == "/v1/data/refunds/v1/verdict"
    assert server.requests[0].body == {"input": input_of(REQUEST)}


async def test_opa_and_rego_see_the_same_words() -> None:
    """The amounts are texts on the wire."""
    async with OpaServer({}) as server, point(server) as client:
        await OpaJudge(client, "x").judge(REQUEST)
    assert server.requests[0].body["input"]["facts"]["amount_usd"] == "49"


async def test_an_undefined_rule_is_an_error_and_a_denial() -> None:
    """OPA itself says 200."""
    async with OpaServer({}) as server, point(server) as client:
        said = await OpaJudge(client, "nowhere").judge(REQUEST)
    assert (said.allowed, said.errors) == (False, ("the rule is undefined for this input",))


# -- AuthZEN --------------------------------------------------------------------------------------


def test_an_evaluation_has_the_four_parts_of_the_specification() -> None:
    """Who, what, on what, in which context; nothing is lost, nothing stands twice."""
    asked = evaluation_of(
        replace(REQUEST, principal=Principal(id="casey", kind="user", assurance="authenticated"))
    )
    assert set(asked) == {"subject", "action", "resource", "context"}
    subject, action, resource, context = (
        asked[name] for name in ("subject", "action", "resource", "context")
    )
    assert isinstance(subject, dict)
    assert isinstance(action, dict)
    assert isinstance(resource, dict)
    assert isinstance(context, dict)
    assert (subject["type"], subject["id"]) == ("user", "casey")
    assert subject["properties"]["teams"] == ["support"]
    assert subject["properties"]["principal"]["assurance"] == "authenticated"
    assert (action["name"], action["properties"]["arguments"]) == ("call", REQUEST.arguments)
    assert (resource["type"], resource["id"]) == ("tool", "stripe.create_refund")
    assert resource["properties"]["effect"] == "irreversible"
    assert context["approval"] == {"granted": False}
    parts = [subject["properties"], action["properties"], resource["properties"], context]
    assert {key for part in parts for key in part} | {"tool"} == set(input_of(REQUEST))


async def test_every_evaluation_has_an_id_of_its_own() -> None:
    """So that an answer can be told to belong to it."""
    async with authzen({"decision": True}) as (judge, server):
        for _ in range(2):
            await judge.judge(REQUEST)
    assert len({item.headers["x-request-id"] for item in server.requests}) == 2


@pytest.mark.parametrize(
    ("context", "reasons"),
    [
        (None, ()),
        ({}, ()),
        ({"reason": "policy_denied"}, ("policy_denied",)),
        ({"id": "0", "reason_user": {"en": "not today", "de": "heute nicht"}}, ("not today", "heute nicht")),
        ({"reason_admin": {"en": "rule 7 of /etc/policy"}}, ()),
        ({"reasons": ["a", "b"]}, ("a", "b")),
        (
            {"reasons": [{"en": "a"}, {"id": "1", "reason_user": {"en": "b"}, "reason_admin": {"en": "c"}}]},
            ("a", "b"),
        ),
        ({"reasons": [{"id": "1", "reason_admin": {"en": "c"}}]}, ()),
        ({"reasons": 7, "reason": None, "reason_user": {"en": 1}}, ()),
        ({"reason": "x" * 10_000}, ("x" * 500,)),
        ({"reasons": ["r"] * 100}, ("r",) * 16),
        ({"obligations": [{"id": "log"}]}, ()),
    ],
)
async def test_reasons_are_taken_from_the_answer(context: Any, reasons: tuple[str, ...]) -> None:
    """Those for the user only: what is meant for the administrator must not reach a model. All of it is bounded."""
    answer = {"decision": False} if context is None else {"decision": False, "context": context}
    async with authzen(answer) as (judge, _):
        said = await judge.judge(REQUEST)
    assert (said.allowed, said.reasons, said.errors) == (False, reasons, ())


async def test_terms_are_taken_from_the_answer() -> None:
    """An approval's demands stand in its context."""
    async with authzen({"decision": False, "context": {"approval": {"quorum": 3, "valid_for": "5m"}}}) as (
        judge,
        _,
    ):
        said = await judge.judge(REQUEST)
    assert said.terms == ApprovalTerms(quorum=3, valid_for_seconds=300)


@pytest.mark.parametrize("terms", [{"quorum": "3"}, {"quroum": 3}, "two people", ["alice"], {"valid_for": 5}])
async def test_terms_that_cannot_be_read_are_an_error(terms: Any) -> None:
    """A demand is never dropped: the call is denied."""
    async with authzen({"decision": True, "context": {"approval": terms}}) as (judge, _):
        said = await judge.judge(REQUEST)
    assert not said.allowed
    assert "terms" in said.errors[0]


async def test_an_answer_without_an_id_is_taken_one_with_another_id_is_not() -> None:
    """Some services do not give it back; whoever gives another one back has mixed something up."""
    async with authzen({}) as (judge, server):
        server.fault = answers_text(YES)
        assert (await judge.judge(REQUEST)).allowed
        server.fault = answers_text(YES, **{"X-Request-ID": "another"})
        assert (await judge.judge(REQUEST)).errors == ("its answer is for another request",)


async def test_a_decision_point_that_refuses_us_denies() -> None:
    """Whatever its body says."""
    async with authzen({}) as (judge, server):
        server.fault = answers_status(401, YES)
        said = await judge.judge(REQUEST)
    assert (said.allowed, said.errors) == (False, ("it answered 401",))
