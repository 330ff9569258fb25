"""A webhook that behaves, request by request, as it is told, and checks every signature; real HTTP on loopback."""

import asyncio
import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass(frozen=True)
class Behaviour:
    """What the webhook does with one request: answer so, after a while; or break the connection."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drop: bool = False


@dataclass(frozen=True)
class Received:
    """One request as it arrived; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Which message it is."""
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        """What it says."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether the signature is one over exactly this id, time and body, by this key."""
        version, _, signature = self.headers["webhook-signature"].partition(",")
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        try:
            key.verify(base64.b64decode(signature, validate=True), signed)
        except (InvalidSignature, ValueError):
            return False
        return version == "v1a"


class WebhookServer:
    """The webhook; `requests` holds what it received. What was not said is taken: 204."""

    def __init__(self, behaviours: Iterable[Behaviour] = ()) -> None:
        self.behaviours = list(behaviours)
        self.requests: list[Received] = []
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}/hooks/approvals"

    async def __aenter__(self) -> Self:
        """Start listening."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Received(request.path_qs, headers, await request.read()))
        number = len(self.requests) - 1
        behaviour = self.behaviours[number] if number < len(self.behaviours) else Behaviour()
        await asyncio.sleep(behaviour.delay)
        if behaviour.drop and request.transport is not None:
            request.transport.abort()
        return web.Response(status=behaviour.status, headers=behaviour.headers)
