"""The thin client: any server of the OpenAI chat-completions protocol, over one pool of connections."""

import aiohttp
from typing_extensions import override

from agentctl.foundation.addresses import why_not_reached
from agentctl.models import wire
from agentctl.models.client import ModelAnswer, ModelClient, ModelFailure, ModelRequest

_CONNECT_SECONDS = 10.0
_SUCCESS = range(200, 300)


class OpenAICompatibleClient(ModelClient):
    """One deployment at such a server. It asks once; asking again is the gateway's decision.

    Args:
        base_url: The URL that `/chat/completions` is appended to.
        api_key: The key, sent as a bearer token; None: no `Authorization` header.
    """

    def __init__(self, base_url: str, *, api_key: str | None = None) -> None:
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._api_key = api_key
        self._session: aiohttp.ClientSession | None = None

    @override
    def __repr__(self) -> str:
        """Return the client without its key."""
        return f"OpenAICompatibleClient({self._url!r})"

    @override
    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Ask once."""
        outcome = await self._asked(request)
        return wire.without_secret(outcome, self._api_key) if isinstance(outcome, ModelFailure) else outcome

    @override
    def worst_case_input_tokens(self, request: ModelRequest) -> int:
        """Return the bytes of the body."""
        return wire.request_bytes(request)

    @override
    async def close(self) -> None:
        """Give back connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _asked(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Translate everything the HTTP client raises, most telling first."""
        try:
            return await self._posted(request)
        except aiohttp.ConnectionTimeoutError:
            waited = _connect_seconds(request.timeout_seconds)
            return wire.not_reached(self._url, f"no connection within {waited:g} s")
        except aiohttp.ClientConnectorError as error:
            return wire.not_reached(self._url, _why_not_reached(error))
        except TimeoutError:
            return ModelFailure("unknown_outcome", f"no answer within {request.timeout_seconds:g} s")
        except (
            ValueError,
            aiohttp.NonHttpUrlClientError,
        ):  # a URL of no use, a line break in a header or key
            return ModelFailure("not_usable", "the base URL, the key or a header cannot be sent over HTTP")
        except (aiohttp.ClientError, OSError) as error:
            return ModelFailure("unknown_outcome", wire.shortened(f"the connection broke: {error!r}"))

    async def _posted(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        async with self._pool().post(
            self._url,
            data=wire.sent_bytes(request),
            headers=self._headers(request),
            timeout=_timeout(request.timeout_seconds),
            allow_redirects=False,
        ) as response:
            body = await _bounded_body(response)
        if response.status not in _SUCCESS:
            return _failure(response, body or b"")
        if body is None:
            return wire.unreadable(f"more than {wire.MAX_RESPONSE_BYTES} bytes")
        return wire.answer_from_bytes(body, request)

    def _pool(self) -> aiohttp.ClientSession:
        """Return the session, opened inside the running loop at first use."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),  # how many run at once is not the pool's decision
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session

    def _headers(self, request: ModelRequest) -> dict[str, str]:
        """Return the headers; what the request carries never takes the place of ours."""
        ours = {"content-type": "application/json"}
        if self._api_key is not None:
            ours["authorization"] = f"Bearer {self._api_key}"
        return {name.lower(): value for name, value in request.headers.items()} | ours


def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    """Return the limits of one attempt; a connection that is not made in time was certainly free."""
    return aiohttp.ClientTimeout(total=seconds, sock_connect=_connect_seconds(seconds))


def _connect_seconds(seconds: float) -> float:
    return min(_CONNECT_SECONDS, seconds / 2)


def _why_not_reached(error: aiohttp.ClientConnectorError) -> str:
    """Return the system's own words; those of the HTTP client name the address a second time."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not accepted: {error.certificate_error}"
    return why_not_reached(error.os_error)


async def _bounded_body(response: aiohttp.ClientResponse) -> bytes | None:
    """Return the body, or None when it is larger than any answer."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > wire.MAX_RESPONSE_BYTES:
            return None
    return bytes(body)


def _failure(response: aiohttp.ClientResponse, body: bytes) -> ModelFailure:
    return wire.failure_from_status(
        response.status, wire.error_message_in(body), response.headers.get("Retry-After")
    )
