"""Asks a running decision point over HTTP: at an address that was checked, once, without redirects, cookies or proxies.

Whatever is not status 200 with a JSON object in time is a failure, and every failure is a denial.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from msgspec import Struct

from agentctl.contract.policy_source import DecisionPoint
from agentctl.foundation.addresses import AddressRefused, BackendAddress, why_refused
from agentctl.foundation.canonical import ARGUMENT_LIMITS, JsonObject, NotJson, canonical_bytes, parse_json
from agentctl.foundation.resolver import CheckedResolver

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_MS_PER_SECOND: Final = 1_000
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


class PointFailed(Exception):
    """Raised when a decision point gave no answer; the message says why, and holds no secret."""


class PointReply(Struct, frozen=True):
    """A decision point's JSON object, and the headers it came with, in lower case."""

    body: JsonObject
    headers: Mapping[str, str]


@dataclass(slots=True)
class HttpPoint:
    """One decision point. The connections are opened with the first question.

    `secret` finds the value of an environment variable.
    """

    point: DecisionPoint
    secret: Callable[[str], str | None] = field(repr=False)
    _session: aiohttp.ClientSession | None = field(default=None, init=False, repr=False)

    async def asked(
        self, path: str, body: JsonObject, headers: Mapping[str, str] | None = None
    ) -> PointReply:
        """Post a JSON object to a path below the base URL, once.

        Raises:
            PointFailed: there is no answer with status 200 and a JSON object.
        """
        refusal = why_refused(BackendAddress(self.point.url, self.point.allow_private_network))
        if refusal is not None:
            raise PointFailed(refusal)
        try:
            return await self._posted(path, canonical_bytes(body), {**(headers or {}), **self._headers()})
        except aiohttp.ClientConnectorError as error:
            raise PointFailed(_not_reached(error.os_error)) from error
        except TimeoutError as error:
            raise PointFailed(f"no answer within {self.point.timeout_ms} ms") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PointFailed(f"the connection broke: {type(error).__name__}") from error

    async def close(self) -> None:
        """Give back all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _posted(self, path: str, body: bytes, headers: Mapping[str, str]) -> PointReply:
        async with self._connections().post(
            self.point.url.rstrip("/") + path,
            data=body,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=self.point.timeout_ms / _MS_PER_SECOND),
            allow_redirects=False,
        ) as response:
            if response.status in _REDIRECTS:
                raise PointFailed(f"it answered {response.status}; redirects are not followed")
            if response.status != _OK:
                raise PointFailed(f"it answered {response.status}")
            return PointReply(_object(await _bounded(response)), _lowered(response.headers))

    def _connections(self) -> aiohttp.ClientSession:
        """Return the session, opened inside the running loop at first use."""
        if self._session is None:
            resolver = CheckedResolver(allow_private=self.point.allow_private_network)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        return self._session

    def _headers(self) -> dict[str, str]:
        ours = {
            "content-type": "application/json",
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": "agentctl",
        }
        if self.point.token_env is not None:
            ours["authorization"] = f"Bearer {self._token(self.point.token_env)}"
        return ours

    def _token(self, variable: str) -> str:
        token = self.secret(variable)
        if not token:
            raise PointFailed(f"the environment variable `{variable}` holds no token")
        if _TOKEN.fullmatch(token) is None:
            raise PointFailed(f"the token in `{variable}` cannot be sent over HTTP")
        return token


def _not_reached(error: OSError) -> str:
    return str(error) if isinstance(error, AddressRefused) else f"it was not reached: {type(error).__name__}"


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """Return the body, which is never larger than any answer."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ARGUMENT_LIMITS.max_bytes:
            raise PointFailed(f"its answer has more than {ARGUMENT_LIMITS.max_bytes} bytes")
    return bytes(body)


def _object(body: bytes) -> JsonObject:
    try:
        value = parse_json(body, ARGUMENT_LIMITS)
    except NotJson as error:
        raise PointFailed(f"its answer is not JSON: {str(error)[:200]}") from error
    if not isinstance(value, dict):
        raise PointFailed("its answer is not a JSON object")
    return value
