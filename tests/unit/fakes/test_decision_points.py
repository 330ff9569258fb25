"""Tests of the loopback decision points: they answer as the published protocols say."""

import json
from typing import Any

import aiohttp
import pytest

from tests.fakes.decision_points import (
    TOKEN,
    AuthzenServer,
    DecisionPointServer,
    Fault,
    OpaServer,
    answers_status,
    answers_text,
    cuts,
    drips,
    drops,
    hangs,
    redirects,
)

REGO = """
package app
allow if input.user == "alice"
broken := 1 / (input.n - input.n)
"""
EVALUATION: dict[str, Any] = {
    "subject": {"type": "user", "id": "alice"},
    "action": {"name": "can_read"},
    "resource": {"type": "book", "id": "123"},
}


async def post(
    server: DecisionPointServer,
    path: str,
    body: Any,
    token: str | None = TOKEN,
    *,
    seconds: float = 20,
    **headers: str,
) -> tuple[int, Any, dict[str, str]]:
    """Post a body and return status, JSON and headers."""
    credential = {} if token is None else {"Authorization": f"Bearer {token}"}
    data = body if isinstance(body, str) else json.dumps(body)
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds)) as session,
        session.post(
            server.url + path, data=data, headers={**credential, **headers}, allow_redirects=False
        ) as answer,
    ):
        return answer.status, json.loads(await answer.read()), dict(answer.headers)


async def test_opa_answers_with_the_document() -> None:
    """A defined one under `result`."""
    async with OpaServer({"app.rego": REGO}) as server:
        status, body, _ = await post(server, "/v1/data/app/allow", {"input": {"user": "alice"}})
    assert (status, body["result"]) == (200, True)


@pytest.mark.parametrize("path", ["app/allow", "app/nothing", "nowhere/at/all"])
async def test_opa_leaves_an_undefined_document_out(path: str) -> None:
    """It answers 200 without `result`, whether the rule does not hold or does not exist."""
    async with OpaServer({"app.rego": REGO}) as server:
        status, body, _ = await post(server, f"/v1/data/{path}", {"input": {"user": "eve"}})
    assert (status, set(body)) == (200, {"decision_id"})


async def test_opa_says_what_went_wrong() -> None:
    """500 for a rule that fails, 400 for a body that is not JSON, 401 without the token."""
    async with OpaServer({"app.rego": REGO}) as server:
        assert (await post(server, "/v1/data/app/broken", {"input": {"n": 1}}))[0] == 500
        assert (await post(server, "/v1/data/app/allow", "{"))[0] == 400
        assert (await post(server, "/v1/data/app/allow", {}, token=None))[0] == 401


async def test_authzen_answers_and_gives_the_request_id_back() -> None:
    """The same identifier, as the specification demands."""
    async with AuthzenServer(lambda asked: {"decision": asked["subject"]["id"] == "alice"}) as server:
        status, body, headers = await post(
            server, "/access/v1/evaluation", EVALUATION, **{"X-Request-ID": "r-1"}
        )
    assert (status, body, headers["X-Request-ID"]) == (200, {"decision": True}, "r-1")


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": None},
        {"subject": {"type": "user"}},
        {"action": {"name": 1}},
        {"resource": {"id": "123"}},
        {"resource": {"type": "book", "id": "1", "properties": []}},
        {"context": "now"},
    ],
)
async def test_authzen_refuses_what_is_no_evaluation(changes: dict[str, Any]) -> None:
    """400, as the specification demands of a request that lacks what is required."""
    async with AuthzenServer(lambda _: {"decision": True}) as server:
        status, _, _ = await post(server, "/access/v1/evaluation", {**EVALUATION, **changes})
    assert status == 400


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (answers_status(403), 403, {"result": True, "decision": True}),
        (answers_text('{"x": 1}'), 200, {"x": 1}),
    ],
)
async def test_a_fault_is_answered_as_told(fault: Fault, status: int, body: Any) -> None:
    """With the status or the body it was given."""
    async with OpaServer({}) as server:
        server.fault = fault
        assert (await post(server, "/v1/data/x", {}))[:2] == (status, body)


async def test_a_redirect_leads_to_a_yes() -> None:
    """Who follows it would be told yes."""
    async with OpaServer({}) as server:
        server.fault = redirects
        with pytest.raises(json.JSONDecodeError):
            await post(server, "/v1/data/x", {})
        assert (await post(server, "/v1/data/x?elsewhere=1", {}))[1]["result"] is True


@pytest.mark.parametrize("fault", [hangs, drips, drops, cuts], ids=lambda fault: str(fault.__name__))
async def test_a_fault_without_an_answer_has_none(fault: Fault) -> None:
    """No whole body ever comes."""
    async with OpaServer({}) as server:
        server.fault = fault
        with pytest.raises((aiohttp.ClientError, TimeoutError)):
            await post(server, "/v1/data/x", {}, seconds=0.3)
    assert len(server.requests) == 1
