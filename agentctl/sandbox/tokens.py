"""Decides whether a request's bearer token is good for one operation. Whatever is not provably right is refused."""

from collections.abc import Mapping, Sequence

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from msgspec import Struct

from agentctl.foundation.canonical import JsonObject, JsonValue, Limits, NotJson, parse_json
from agentctl.foundation.clock import Clock
from agentctl.foundation.errors import InvalidInput, Place, Problem
from agentctl.sandbox.exchange import NOBODY, Caller, TokenRefused

ALGORITHM = "Ed25519"
"""The name RFC 9864 gives it; the older `EdDSA` leaves the curve open and is refused."""
TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type (RFC 9068), not a secret
LONGEST_LIFE_SECONDS = 120
CLOCK_SKEW_SECONDS = 30
_LIMITS = Limits(max_bytes=16 << 10, max_depth=8, max_nodes=256)
_JWKS_LIMITS = Limits(max_bytes=64 << 10, max_depth=8, max_nodes=1024)


class Wanted(Struct, frozen=True):
    """What a token must have been made for: one API and one operation there."""

    audience: str
    scope: str


class _Refused(Exception):
    """Raised inside this file when a check fails; becomes a `TokenRefused`."""


class TokenVerifier:
    """Verifies tokens of one issuer against its public keys."""

    def __init__(self, keys: Mapping[str, OKPKey], issuer: str, clock: Clock) -> None:
        self._keys = keys
        self._issuer = issuer
        self._clock = clock

    def check(self, headers: Sequence[str], wanted: Wanted) -> Caller | TokenRefused:
        """Return who calls, or why the `Authorization` headers do not let them; single use is the ledger's to check."""
        if not headers:
            return TokenRefused("no_token", "this operation needs a bearer token")
        caller = NOBODY
        try:
            claims = self._claims(_bearer(headers))
            caller = _caller(claims)
            self._believe(claims, wanted.audience)
            _check_people(caller, claims)
        except _Refused as refused:
            return TokenRefused("invalid_token", str(refused), caller)
        if wanted.scope not in _text(claims, "scope").split(" "):
            return TokenRefused(
                "insufficient_scope", f"this operation needs the scope {wanted.scope}", caller
            )
        return caller

    def _claims(self, token: bytes) -> JsonObject:
        """Return the claims of a token whose header and signature are right."""
        try:
            parsed = jws.extract_compact(token)
            key = self._key_for(parsed.headers())
            good = jws.validate_compact(parsed, key, algorithms=[ALGORITHM])
            payload = parse_json(parsed.payload or b"", _LIMITS)
        except (JoseError, NotJson, ValueError, TypeError) as error:
            raise _Refused("the token is not a signed JWT of the form expected here") from error
        if not good:
            raise _Refused("the signature is wrong")
        if not isinstance(payload, Mapping):
            raise _Refused("the claims are not an object")
        return payload

    def _key_for(self, header: object) -> OKPKey:
        if not isinstance(header, Mapping) or header.get("alg") != ALGORITHM:
            raise _Refused(f"the algorithm must be {ALGORITHM}")
        if header.get("typ") != TOKEN_TYPE:
            raise _Refused(f"the type must be {TOKEN_TYPE}")
        kid = header.get("kid")
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise _Refused("the key is not one of the issuer's")
        return key

    def _believe(self, claims: JsonObject, audience: str) -> None:
        if claims.get("iss") != self._issuer:
            raise _Refused("the issuer is not the one trusted here")
        if claims.get("aud") != audience:
            raise _Refused(f"the audience must be {audience} alone")
        issued, begins, ends = (_moment(claims, name) for name in ("iat", "nbf", "exp"))
        now = self._clock.now().timestamp()
        if ends <= now:
            raise _Refused("the token has expired")
        if begins > now:
            raise _Refused("the token is not valid yet")
        if issued > now + CLOCK_SKEW_SECONDS:
            raise _Refused("the token was issued in the future")
        if ends - issued > LONGEST_LIFE_SECONDS:
            raise _Refused(f"the token lives longer than {LONGEST_LIFE_SECONDS} seconds")


def read_keys(text: str, where: str) -> dict[str, OKPKey]:
    """Return the public Ed25519 keys of a JWK Set, by key id.

    Raises:
        InvalidInput: it is not such a set, is empty, or holds a private key; `where` says which file it was.
    """
    try:
        document = parse_json(text, _JWKS_LIMITS)
    except NotJson as error:
        raise _unusable(where, f"not JSON: {error}") from error
    entries = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        raise _unusable(where, "there is no key in it")
    return dict(_read_key(entry, where) for entry in entries)


def _read_key(entry: JsonValue, where: str) -> tuple[str, OKPKey]:
    if not isinstance(entry, Mapping):
        raise _unusable(where, "a key is not an object")
    kid = entry.get("kid")
    if not isinstance(kid, str) or (entry.get("kty"), entry.get("crv")) != ("OKP", ALGORITHM):
        raise _unusable(where, "a key has no `kid` or is of another kind")
    if "d" in entry:
        raise _unusable(where, f"the key `{kid}` is a private key")
    try:
        return kid, OKPKey.import_key({name: str(value) for name, value in entry.items()})
    except (JoseError, ValueError) as error:
        raise _unusable(where, f"the key `{kid}` cannot be used: {error}") from error


def _unusable(where: str, found: str) -> InvalidInput:
    return InvalidInput([Problem(Place(where), found, "a JWK Set of public Ed25519 keys, each with a `kid`")])


def _bearer(headers: Sequence[str]) -> bytes:
    if len(headers) > 1:
        raise _Refused("more than one Authorization header")
    scheme, _, token = headers[0].partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise _Refused("the Authorization header carries no bearer token")
    return token.encode()


def _caller(claims: JsonObject) -> Caller:
    actor = claims.get("act")
    return Caller(
        subject=_text(claims, "sub"),
        actor=_text(actor, "sub") if isinstance(actor, Mapping) else "",
        token_id=_text(claims, "jti"),
    )


def _check_people(caller: Caller, claims: JsonObject) -> None:
    if not caller.subject:
        raise _Refused("the token names no subject")
    if not caller.actor:
        raise _Refused("the token names no actor")
    if not caller.token_id:
        raise _Refused("the token has no id")
    if not _text(claims, "scope"):
        raise _Refused("the token names no scope")


def _text(claims: JsonObject, name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _moment(claims: JsonObject, name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Refused(f"the claim {name} is absent or not a whole number of seconds")
    return value
