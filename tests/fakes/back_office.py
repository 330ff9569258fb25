"""A back office in this process, over real HTTP, and a token maker that can also make every kind of bad token."""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey
from msgspec.structs import replace

from agentctl.foundation.clock import Clock, SystemClock
from agentctl.sandbox.ledger import Ledger, open_ledger, read_requests
from agentctl.sandbox.seed import Charge, Seed, Ticket, User
from agentctl.sandbox.server import BackOffice
from agentctl.sandbox.tokens import TokenVerifier, read_keys

ISSUER = "urn:agentctl:tests"
KID = "key-1"
DANA = User(9001, "Dana Okafor", "dana@example.com")
JONAS = User(9006, "Jonas Weber", "jonas@example.com")
BOUGHT = "2026-02-18T14:03:11Z"
SEED = Seed(
    tickets=(
        Ticket(11, "Second", "Later.", "open", "2026-03-03T08:00:00Z", JONAS),
        Ticket(
            10, "First", "Refund ch_1, 49.00 USD.", "open", "2026-03-02T08:00:00Z", DANA, "high", ("refund",)
        ),
        Ticket(9, "Done", "Solved long ago.", "solved", "2026-03-01T08:00:00Z", DANA),
    ),
    charges=(
        Charge("ch_1", 4900, "usd", BOUGHT, "Teapot", "Dana Okafor", "dana@example.com"),
        Charge("ch_done", 6400, "usd", BOUGHT, "Throw", "Dana Okafor", "dana@example.com", 6400),
        Charge("ch_part", 5000, "eur", BOUGHT, "Lamp", "Jonas Weber", "jonas@example.com", 2000),
        Charge("ch_failed", 900, "usd", BOUGHT, "Pen", "Jonas Weber", "jonas@example.com", 0, "failed"),
        Charge("ch_disputed", 900, "usd", BOUGHT, "Pen", "Jonas Weber", "jonas@example.com", disputed=True),
    ),
    today="2026-03-05T10:00:00Z",
)
READ, LIST = "zendesk.read_ticket", "zendesk.list_tickets"
LOOK_UP, REFUND = "stripe.lookup_charge", "stripe.create_refund"


@dataclass
class TokenMaker:
    """Signs tokens with a key of its own; `claims` and `header` replace what it would write, None leaves it out."""

    clock: Clock = field(default_factory=SystemClock)
    key: OKPKey = field(default_factory=lambda: OKPKey.generate_key("Ed25519", {"kid": KID}, private=True))
    made: int = 0

    def jwks(self) -> dict[str, Any]:
        """Return its public keys."""
        return {"keys": [{**self.key.as_dict(private=False), "kid": KID, "use": "sig"}]}

    def claims(self, scope: str, changes: Mapping[str, object]) -> dict[str, object]:
        """Return the claims of a good token for a scope, changed."""
        self.made += 1
        now = int(self.clock.now().timestamp())
        good = {
            "iss": ISSUER, "aud": scope.partition(".")[0], "scope": scope, "sub": "casey",
            "act": {"sub": "refund-assistant"}, "iat": now, "nbf": now, "exp": now + 60, "jti": f"jti-{self.made}",
        }  # fmt: skip
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def token(self, scope: str, header: Mapping[str, object] | None = None, /, **changes: object) -> str:
        """Return a signed token."""
        full = {"alg": "Ed25519", "typ": "at+jwt", "kid": KID, **(header or {})}
        full = {name: value for name, value in full.items() if value is not None}
        return jwt.encode(
            full, self.claims(scope, changes), self.key, algorithms=[str(full["alg"])], default_type=None
        )

    def unsigned(self, scope: str, alg: str = "none") -> str:
        """Return a token without a signature."""
        return f"{_part({'alg': alg, 'typ': 'at+jwt', 'kid': KID})}.{_part(self.claims(scope, {}))}."

    def signed_with_the_public_key(self, scope: str) -> str:
        """Return a token whose HMAC key is our public key, the classic confusion of algorithms."""
        header = {"alg": "HS256", "typ": "at+jwt", "kid": KID}
        secret = OctKey.import_key(json.dumps(self.jwks()["keys"][0]).encode())
        return jwt.encode(header, self.claims(scope, {}), secret, algorithms=["HS256"])


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Office:
    """The office over one folder: `async with Office(folder) as office: await office.refund(...)`."""

    def __init__(self, folder: Path, seed: Seed = SEED, tokens: TokenMaker | None = None) -> None:
        self.folder = folder
        self.seed = seed
        self.tokens = tokens or TokenMaker()
        self.url = ""

    async def __aenter__(self) -> Self:
        """Open the ledger and listen."""
        self.ledger: Ledger = open_ledger(self.folder, self.tokens.clock)
        self.ledger.fill(self.seed)
        verifier = TokenVerifier(
            read_keys(json.dumps(self.tokens.jwks()), "tests"), ISSUER, self.tokens.clock
        )
        application = BackOffice(self.ledger, verifier).application()
        self.runner = web.AppRunner(application, access_log=None, shutdown_timeout=2)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish, close."""
        await self.session.close()
        await self.runner.cleanup()
        self.ledger.close()

    async def received(self, number: int = 1) -> None:
        """Wait until so many requests have come and were let in or turned away."""
        while len(read_requests(self.folder)) < number:  # the ledger tells nobody
            await asyncio.sleep(0.01)

    async def ask(self, method: str, path: str, token: str | None, **more: Any) -> Reply:
        """Send one request."""
        headers = {**more.pop("headers", {})} | ({"Authorization": f"Bearer {token}"} if token else {})
        async with self.session.request(method, self.url + path, headers=headers, **more) as response:
            text = await response.text()
            body = json.loads(text) if response.content_type == "application/json" else text
            return Reply(response.status, body, dict(response.headers))

    async def ticket(self, ticket: int | str, query: str = "") -> Reply:
        """Read a ticket with a good token."""
        return await self.ask("GET", f"/zendesk/api/v2/tickets/{ticket}.json{query}", self.tokens.token(READ))

    async def tickets(self, query: str = "") -> Reply:
        """List tickets with a good token."""
        return await self.ask("GET", f"/zendesk/api/v2/tickets.json{query}", self.tokens.token(LIST))

    async def charge(self, charge: str) -> Reply:
        """Look a charge up with a good token."""
        return await self.ask("GET", f"/stripe/v1/charges/{charge}", self.tokens.token(LOOK_UP))

    async def refund(self, key: str | None = None, **form: object) -> Reply:
        """Ask for a refund with a good token."""
        headers = {} if key is None else {"Idempotency-Key": key}
        data = {name: str(value) for name, value in form.items()}
        return await self.ask(
            "POST", "/stripe/v1/refunds", self.tokens.token(REFUND), headers=headers, data=data
        )


def with_changes(**changes: Any) -> Seed:
    """Return the seed of these tests, changed."""
    return replace(SEED, **changes)


def moment(text: str) -> int:
    """Return Unix seconds of an RFC 3339 moment."""
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
