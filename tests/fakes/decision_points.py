"""Decision points on loopback, written to the published protocols; real HTTP.

`OpaServer` answers the data API of OPA and evaluates real Rego. `AuthzenServer` answers the access evaluation API of
OpenID AuthZEN and asks a function. Both can be told to misbehave: `server.fault = answers_status(500)`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias

import pytest
from aiohttp import web

regorus = pytest.importorskip("regorus", reason="there is no wheel of regorus for this machine")

Fault: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Rule: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]

TOKEN = "a-token-for-tests"
_UNDEFINED = '"<undefined>"'


@dataclass(frozen=True)
class Received:
    """One request as it arrived; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: Any


class DecisionPointServer:
    """What both have in common: a bearer token, what was received, and a fault in place of an answer.

    Args:
        route: the paths that are answered.
        token: who does not send it is turned away; None: anybody may ask.
    """

    def __init__(self, route: str, token: str | None) -> None:
        self.requests: list[Received] = []
        self.fault: Fault | None = None
        self._route = route
        self._token = token
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        """Start listening."""
        app = web.Application()
        app.router.add_post(self._route, self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def answer(self, request: web.Request, body: Any) -> web.Response:
        """Return the answer to a body that could be read."""
        raise NotImplementedError

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        self.requests.append(Received(request.path, headers, body))
        if self._token is not None and headers.get("authorization") != f"Bearer {self._token}":
            return refused(401, "unauthorized", "request rejected")
        if self.fault is not None:
            return await self.fault(request)
        if body is None:
            return refused(400, "invalid_parameter", "the body is not JSON")
        return await self.answer(request, body)


class OpaServer(DecisionPointServer):
    """The data API: `POST /v1/data/<path>` with `{"input": ...}`.

    Args:
        modules: Rego by the names of its files; none: every document is undefined.
    """

    def __init__(self, modules: Mapping[str, str], *, token: str | None = TOKEN) -> None:
        super().__init__("/v1/data/{path:.+}", token)
        self._modules = dict(modules)

    async def answer(self, request: web.Request, body: Any) -> web.Response:
        """Evaluate the document; where it is undefined, `result` is left out."""
        identifier = f"decision-{len(self.requests)}"
        rule = "data." + request.match_info["path"].replace("/", ".")
        try:
            found = evaluated(self._modules, rule, body.get("input"))
        except RuntimeError as error:
            if "not a valid rule path" in str(error):
                return web.json_response({"decision_id": identifier})
            return refused(500, "internal_error", str(error)[:100])
        known = {} if found == _UNDEFINED else {"result": json.loads(found)}
        return web.json_response({"decision_id": identifier, **known})


class AuthzenServer(DecisionPointServer):
    """The access evaluation API: `POST /access/v1/evaluation`.

    Args:
        rule: takes the evaluation request and returns the whole answer.
    """

    def __init__(self, rule: Rule, *, token: str | None = TOKEN) -> None:
        super().__init__("/access/v1/evaluation", token)
        self._rule = rule

    async def answer(self, request: web.Request, body: Any) -> web.Response:
        """Check the request's form, ask the rule and give the request's id back."""
        wrong = _what_is_wrong(body)
        if wrong is not None:
            return refused(400, "bad_request", wrong)
        identifier = request.headers.get("X-Request-ID")
        headers = {} if identifier is None else {"X-Request-ID": identifier}
        return web.json_response(dict(self._rule(body)), headers=headers)


def evaluated(modules: Mapping[str, str], rule: str, document: Any) -> str:
    """Return what a rule holds, as JSON text.

    The engine lives only here: it must be dropped by the thread that made it, and whatever is part of a server may be
    dropped by any.
    """
    engine = regorus.Engine()
    for name, text in modules.items():
        engine.add_policy(name, text)
    engine.set_input_json(json.dumps(document))
    found: str = engine.eval_rule_as_json(rule)
    return found


def refused(status: int, code: str, message: str) -> web.Response:
    """Return an error as such services give it."""
    return web.json_response({"code": code, "message": message}, status=status)


def answers_status(status: int, body: str = '{"result": true, "decision": true}') -> Fault:
    """Return a fault: another status, with a body that would allow."""

    async def fault(request: web.Request) -> web.Response:
        del request
        return web.Response(status=status, text=body, content_type="application/json")

    return fault


def answers_text(body: str | bytes, **headers: str) -> Fault:
    """Return a fault: status 200 with exactly this body."""

    async def fault(request: web.Request) -> web.Response:
        del request
        data = body.encode() if isinstance(body, str) else body
        return web.Response(body=data, headers={"Content-Type": "application/json", **headers})

    return fault


async def redirects(request: web.Request) -> web.StreamResponse:
    """Say that the answer is elsewhere; who follows finds a yes."""
    if request.query:
        return web.json_response({"result": True, "decision": True})
    return web.Response(status=307, headers={"Location": f"{request.path}?elsewhere=1"})


async def hangs(request: web.Request) -> web.StreamResponse:
    """Never answer."""
    del request
    await asyncio.sleep(60)
    return web.Response()


async def drips(request: web.Request) -> web.StreamResponse:
    """Begin an answer at once and never end it."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def floods(request: web.Request) -> web.StreamResponse:
    """Answer with more than anybody can take, as fast as it is read, without end."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" " * 65_536)


async def drops(request: web.Request) -> web.StreamResponse:
    """Read the request and break the connection."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def cuts(request: web.Request) -> web.StreamResponse:
    """Promise a whole body, send half of it and break the connection."""
    body = b'{"result": true, "decision": true}'
    response = web.StreamResponse(headers={"Content-Length": str(len(body) * 2)})
    await response.prepare(request)
    await response.write(body)
    if request.transport is not None:
        request.transport.abort()
    return response


def _what_is_wrong(body: Any) -> str | None:
    """Return what of an evaluation request is not as the specification demands."""
    if not isinstance(body, dict):
        return "the request is not an object"
    for entity, keys in {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}.items():
        part = body.get(entity)
        if not isinstance(part, dict) or not all(isinstance(part.get(key), str) for key in keys):
            return f"`{entity}` needs {' and '.join(keys)}"
        if not isinstance(part.get("properties", {}), dict):
            return f"the properties of `{entity}` are not an object"
    return None if isinstance(body.get("context", {}), dict) else "`context` is not an object"
