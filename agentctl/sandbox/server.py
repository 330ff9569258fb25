"""The HTTP server: lets a request in or not, performs it, and stages the faults a seed has planned."""

import asyncio
import contextlib
from collections.abc import Iterator
from functools import partial
from typing import assert_never

from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec import Struct

from agentctl.sandbox.api import Api, Operation
from agentctl.sandbox.exchange import NOBODY, Answer, Call, Caller, TokenRefused
from agentctl.sandbox.ledger import Ledger
from agentctl.sandbox.seed import Fault
from agentctl.sandbox.shelf import Shelf
from agentctl.sandbox.stripe import STRIPE
from agentctl.sandbox.tokens import TokenVerifier, Wanted
from agentctl.sandbox.zendesk import ZENDESK

APIS: tuple[Api, ...] = (ZENDESK, STRIPE)
MAX_BODY_BYTES = 64 << 10
_SPENT = "the token was used before"
_LEDGER = "ledger"


class Visit(Struct, frozen=True):
    """A request, the ledger it is for, and its path as the API knows it."""

    request: web.Request
    ledger: Ledger
    path: str


class BackOffice:
    """Both APIs over one ledger; or over many, each below a path that begins with the ledger's name."""

    def __init__(self, ledger: Ledger | Shelf, verifier: TokenVerifier) -> None:
        self._ledger = ledger
        self._verifier = verifier
        self._keys_at_work: set[tuple[int, str]] = set()
        self._stopping = asyncio.Event()

    def application(self) -> web.Application:
        """Return the web application; it belongs to the event loop that runs it."""
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self._in_the_apis_words])
        for api in APIS:
            for operation in api.operations:
                serve = partial(self._serve, api, operation)
                app.router.add_route(operation.method, f"{self._above}{operation.path}", serve)
        app.on_shutdown.append(self._stop_waiting)
        return app

    async def _stop_waiting(self, _app: web.Application) -> None:
        self._stopping.set()

    @property
    def _above(self) -> str:
        """What stands before the paths of the APIs."""
        return "" if isinstance(self._ledger, Ledger) else f"/{{{_LEDGER}}}"

    def _visit(self, request: web.Request) -> Visit | None:
        """Return what a request is for; None where it names no ledger that there is."""
        if isinstance(self._ledger, Ledger):
            return Visit(request, self._ledger, request.path)
        name, _, rest = request.path.removeprefix("/").partition("/")
        ledger = self._ledger.ledger(name)
        return None if ledger is None else Visit(request, ledger, f"/{rest}")

    # -- who is let in --------------------------------------------------------------------------

    async def _serve(self, api: Api, operation: Operation, request: web.Request) -> web.Response:
        visit = self._visit(request)
        if visit is None:
            raise web.HTTPNotFound
        body = await request.read()
        credentials = request.headers.getall("Authorization", [])
        caller = self._verifier.check(credentials, Wanted(api.audience, operation.scope))
        if isinstance(caller, TokenRefused):
            return _turn_away(api, visit, caller)
        call = _call_of(visit, caller, body)
        admission = visit.ledger.admit(call, operation.name)
        if admission is None:
            return _turn_away(api, visit, TokenRefused("invalid_token", _SPENT, caller))
        response = await self._answer(visit.ledger, operation, call, admission.fault)
        if response is None:
            return _hang_up(request)
        visit.ledger.answered(admission.number, response.status)
        return response

    @web.middleware
    async def _in_the_apis_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer what is no operation, or too large, in the form of the API that was addressed."""
        try:
            return await handler(request)
        except web.HTTPException as error:
            visit = self._visit(request)
            if visit is not None:
                visit.ledger.turn_away(request.method, visit.path, NOBODY, error.reason, error.status)
            return _response(_failure(request.method, visit.path if visit else request.path, error))

    # -- what is answered -----------------------------------------------------------------------

    async def _answer(
        self, ledger: Ledger, operation: Operation, call: Call, fault: Fault | None
    ) -> web.Response | None:
        """Return the response; None when the connection is to be dropped without one."""
        if operation.in_use is None or call.idempotency_key is None:
            return await self._perform(ledger, operation, call, fault)
        key = id(ledger), call.idempotency_key
        if key in self._keys_at_work:
            return _response(operation.in_use)
        with self._at_work(key):
            return await self._perform(ledger, operation, call, fault)

    @contextlib.contextmanager
    def _at_work(self, key: tuple[int, str]) -> Iterator[None]:
        self._keys_at_work.add(key)
        try:
            yield
        finally:
            self._keys_at_work.remove(key)

    async def _perform(
        self, ledger: Ledger, operation: Operation, call: Call, fault: Fault | None
    ) -> web.Response | None:
        if fault is None:
            return _response(operation.perform(ledger, call))
        match fault.action:
            case "status_500":
                return _response(operation.break_down(ledger, call))
            case "slow_ms":
                await self._wait(fault.milliseconds / 1000)
                return _response(operation.perform(ledger, call))
            case "malformed":
                return _cut_in_half(operation.perform(ledger, call))
            case "effect_then_drop":
                operation.perform(ledger, call)
                return None
            case "hang":
                await self._wait(None)
                return None
            case "drop_connection":
                return None
            case _:
                assert_never(fault.action)

    async def _wait(self, seconds: float | None) -> None:
        """Wait so long, but not beyond the end of the server."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


def _turn_away(api: Api, visit: Visit, refused: TokenRefused) -> web.Response:
    response = _response(api.refuse(refused))
    response.headers["WWW-Authenticate"] = _challenge(api, refused)
    why = f"{refused.error}: {refused.description}"
    visit.ledger.turn_away(visit.request.method, visit.path, refused.caller, why, response.status)
    return response


def _call_of(visit: Visit, caller: Caller, body: bytes) -> Call:
    request = visit.request
    keys = request.headers.getall("Idempotency-Key", [])
    return Call(
        method=request.method,
        path=visit.path,
        caller=caller,
        values={name: value for name, value in request.match_info.items() if name != _LEDGER},
        query=tuple(request.query.items()),
        content_type=request.content_type,
        body=body,
        idempotency_key=", ".join(keys) if keys else None,
    )


def _challenge(api: Api, refused: TokenRefused) -> str:
    """Return the `WWW-Authenticate` of RFC 6750; a request without any token learns no error code."""
    if refused.error == "no_token":
        return f'Bearer realm="{api.audience}"'
    return f'Bearer error="{refused.error}", error_description="{refused.description}"'


def _failure(method: str, path: str, error: web.HTTPException) -> Answer:
    sentence = f"{error.reason}: {method} {path}"
    for api in APIS:
        if path.startswith(f"/{api.audience}/"):
            return api.fail(error.status, sentence)
    return Answer(error.status, {"error": sentence})


def _response(answer: Answer) -> web.Response:
    return web.json_response(answer.body, status=answer.status, headers=answer.headers)


def _cut_in_half(answer: Answer) -> web.Response:
    text = str(_response(answer).text)
    return web.Response(text=text[: len(text) // 2], status=answer.status, content_type="application/json")


def _hang_up(request: web.Request) -> web.Response:
    """Cut the connection; the response goes nowhere and only tells aiohttp that the request is over."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
