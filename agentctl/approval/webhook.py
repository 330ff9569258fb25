"""One webhook over HTTP: signed as Standard Webhooks says, sent once, no redirect followed, no body read.

The signed content begins with `msg_` and holds JSON: it can never be taken for a token, which the same key signs.
"""

import base64
import re
from collections.abc import Callable

import aiohttp
from aiohttp.abc import AbstractResolver
from typing_extensions import override
from yarl import URL

from agentctl.approval.announcement import Announcement, Announcer, Delivery, NotTaken, Taken
from agentctl.foundation.clock import Clock
from agentctl.foundation.discreet import Discreet

_SUCCESS = range(200, 300)
_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)
_TOO_MANY_REQUESTS = 429
_SECONDS = re.compile(r"\d{1,6}", re.ASCII)


class Target(Discreet, frozen=True):
    """Where a webhook is. Its URL may be a secret and is written nowhere.

    `refused` is why nothing may be sent there, `resolver` makes what turns its host's name into addresses that may be used.
    """

    hidden = frozenset({"url"})

    url: str
    timeout_seconds: float
    max_attempts: int
    refused: str | None
    resolver: Callable[[], AbstractResolver]


class WebhookAnnouncer(Announcer):
    """Posts announcements, signed with our issuer's key; `agentctl keys jwks` prints the public one."""

    def __init__(self, target: Target, sign: Callable[[bytes], bytes], clock: Clock) -> None:
        self._target = target
        self._sign = sign
        self._clock = clock

    @property
    @override
    def max_attempts(self) -> int:
        """How often a message is sent before it counts as not delivered."""
        return self._target.max_attempts

    @override
    async def send(self, announcement: Announcement) -> Delivery:
        """Post a message once, translating everything the HTTP client raises."""
        if self._target.refused is not None:
            return NotTaken(self._target.refused)
        try:
            return await self._posted(announcement)
        except aiohttp.ClientConnectorCertificateError:
            return NotTaken("its certificate is not trusted")
        except aiohttp.ClientConnectorError as error:
            return NotTaken(f"it was not reached: {type(error.os_error).__name__}", again=True)
        except TimeoutError:
            return NotTaken(f"no answer within {self._target.timeout_seconds:g} s", again=True)
        except (ValueError, aiohttp.NonHttpUrlClientError):
            return NotTaken("its URL cannot be used")
        except (aiohttp.ClientError, OSError) as error:
            return NotTaken(f"the connection broke: {type(error).__name__}", again=True)

    async def _posted(self, announcement: Announcement) -> Delivery:
        target = self._target
        connector = aiohttp.TCPConnector(resolver=target.resolver(), use_dns_cache=False, force_close=True)
        async with (
            aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            ) as session,
            session.post(
                URL(target.url),
                data=announcement.body,
                headers=self._headers(announcement),
                timeout=aiohttp.ClientTimeout(total=target.timeout_seconds),
                allow_redirects=False,
            ) as response,
        ):
            return _delivery(response.status, response.headers.get("Retry-After", ""))

    def _headers(self, announcement: Announcement) -> dict[str, str]:
        """Return the headers; each attempt is signed with its own time."""
        timestamp = str(int(self._clock.now().timestamp()))
        signed = f"{announcement.id}.{timestamp}.".encode() + announcement.body
        return {
            "content-type": "application/json",
            "user-agent": "agentctl",
            "webhook-id": announcement.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1a,{base64.b64encode(self._sign(signed)).decode()}",
        }


def _delivery(status: int, retry_after: str) -> Delivery:
    if status in _SUCCESS:
        return Taken(f"status {status}")
    if status in _REDIRECTS:
        return NotTaken(f"status {status}: a redirect, which is not followed")
    again = status == _TOO_MANY_REQUESTS or status in _SERVER_ERRORS
    seconds = float(retry_after) if _SECONDS.fullmatch(retry_after) else None
    return NotTaken(f"status {status}", again, seconds)
