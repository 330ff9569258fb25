"""Makes one HTTP request per attempt: to an address that was checked, once, without redirects, cookies or proxies."""

import re
from collections.abc import Mapping

import aiohttp
from typing_extensions import override
from yarl import URL

from agentctl.contract.tool import HttpExecutor as HttpBinding
from agentctl.foundation.addresses import AddressRefused, BackendAddress, why_refused
from agentctl.foundation.resolver import CheckedResolver
from agentctl.tools.executors.answers import (
    Reply,
    decompressed,
    largest_body,
    outcome_of,
    uncertain,
    without_secrets,
)
from agentctl.tools.executors.executor import Execution, Executor, Failed, Outcome
from agentctl.tools.executors.templates import NotRendered, RenderedRequest, render

__all__ = ["BackendAddress", "HttpExecutor"]

_CONNECT_SECONDS = 10.0
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


class _Broke(aiohttp.ClientError):
    """Raised in place of a broken connection, so that the client does not send a request a second time by itself."""


class HttpExecutor(Executor):
    """Reaches the tools with `executor.type: http`.

    Args:
        backends: where each backend is; a tool of any other backend fails.
    """

    def __init__(self, backends: Mapping[str, BackendAddress]) -> None:
        self._backends = dict(backends)
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    @override
    async def execute(self, execution: Execution) -> Outcome:
        """Make one request; every failure is a value."""
        binding = execution.descriptor.executor
        if not isinstance(binding, HttpBinding):
            return Failed(f"`{execution.descriptor.name}` is no HTTP tool")
        address = self._backends.get(binding.backend)
        if address is None:
            return Failed(f"the environment binds no backend `{binding.backend}`")
        refusal = why_refused(address)
        if refusal is not None:
            return Failed(f"backend `{binding.backend}`: {refusal}")
        try:
            request = render(binding, execution.arguments)
        except NotRendered as error:
            return Failed(str(error))
        if not _can_be_sent(_headers(execution, binding, request)):
            return Failed("a header holds what cannot be sent over HTTP")
        return await self._asked(execution, binding, address, request)

    @override
    async def close(self) -> None:
        """Give back all connections."""
        sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            await session.close()

    async def _asked(
        self, execution: Execution, binding: HttpBinding, address: BackendAddress, request: RenderedRequest
    ) -> Outcome:
        """Translate everything the client raises, most telling first: what was certainly not sent, then the rest."""
        descriptor, seconds = execution.descriptor, execution.descriptor.timeout_seconds
        try:
            reply = await self._sent(execution, binding, address, request)
        except aiohttp.ClientConnectorCertificateError:
            return Failed(f"backend `{binding.backend}` has a certificate that is not trusted")
        except aiohttp.ClientConnectorError as error:
            return _not_sent(binding, error.os_error)
        except aiohttp.ConnectionTimeoutError:
            return Failed(f"backend `{binding.backend}` was not reached in time", repeatable=True)
        except TimeoutError:
            return uncertain(descriptor, f"no answer within {seconds} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return uncertain(descriptor, f"the connection broke: {type(error).__name__}")
        return outcome_of(descriptor, binding, reply)

    async def _sent(
        self, execution: Execution, binding: HttpBinding, address: BackendAddress, request: RenderedRequest
    ) -> Reply:
        async with self._session(address).request(
            binding.method,
            URL(address.url.rstrip("/") + request.target, encoded=True),
            data=request.body,
            headers=_headers(execution, binding, request),
            timeout=_timeout(execution.descriptor.timeout_seconds),
            allow_redirects=False,
        ) as response:
            largest = largest_body(execution.descriptor)
            body = await _bounded_body(response, largest)
            encoding = response.headers.get("Content-Encoding", "")
            content = None if body is None else decompressed(body, encoding, largest)
            secrets = execution.secret_headers.values()
            clean = None if content is None else without_secrets(content, secrets)
            return Reply(response.status, clean, response.headers.get("Retry-After"))

    def _session(self, address: BackendAddress) -> aiohttp.ClientSession:
        """Return the session for public or for private addresses, opened inside the running loop at first use."""
        private = address.allow_private_network
        if private not in self._sessions:
            self._sessions[private] = aiohttp.ClientSession(
                connector=_connector(allow_private=private),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                middlewares=[_only_once],
            )
        return self._sessions[private]


def _connector(*, allow_private: bool) -> aiohttp.TCPConnector:
    # Each attempt has a connection of its own: one that the server closed while it lay idle would leave a write in doubt.
    return aiohttp.TCPConnector(
        resolver=CheckedResolver(allow_private=allow_private),
        use_dns_cache=False,
        force_close=True,
        limit=0,
    )


async def _only_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Broke from error


def _not_sent(binding: HttpBinding, error: OSError) -> Failed:
    """Return the failure of a connection that was never made."""
    if isinstance(error, AddressRefused):
        return Failed(f"backend `{binding.backend}`: {error}")
    return Failed(f"backend `{binding.backend}` was not reached: {type(error).__name__}", repeatable=True)


def _headers(execution: Execution, binding: HttpBinding, request: RenderedRequest) -> dict[str, str]:
    """Return the headers; a credential and the key never give way to what the caller wishes."""
    headers = {name.lower(): value for name, value in execution.headers.items()}
    headers |= {"accept": "application/json", "accept-encoding": "identity", "user-agent": "agentctl"}
    if request.content_type is not None:
        headers["content-type"] = request.content_type
    if binding.idempotency_header is not None:
        headers[binding.idempotency_header.lower()] = execution.idempotency_key
    return headers | {name.lower(): value for name, value in execution.secret_headers.items()}


def _can_be_sent(headers: Mapping[str, str]) -> bool:
    return all(
        _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value) for name, value in headers.items()
    )


def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    """Return the limits of one attempt; a connection that is not made in time was certainly not used."""
    return aiohttp.ClientTimeout(total=seconds, connect=min(_CONNECT_SECONDS, seconds / 2))


async def _bounded_body(response: aiohttp.ClientResponse, largest: int) -> bytes | None:
    """Return the body as it was sent, or None when it has more than `largest` bytes."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > largest:
            return None
    return bytes(body)
