"""Our own issuer: per-call tokens, signed with Ed25519.

Claims after RFC 9068 (`at+jwt`), RFC 8693 (`act`) and RFC 9396 (`authorization_details`).
"""

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import OKPKey

from agentctl.events.tool import Credential
from agentctl.foundation.clock import Clock, to_rfc3339
from agentctl.foundation.ids import new_secret_id
from agentctl.identity.broker import MAX_TTL_SECONDS, CredentialRequest, Minted

ALGORITHM = "Ed25519"
DETAIL_TYPE = "agentctl:tool-call:v1"


class TokenIssuer:
    """Signs one token per call. The project's JWKS lets any edge verify them."""

    def __init__(self, key: Ed25519PrivateKey, issuer: str, clock: Clock) -> None:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._key = OKPKey.import_key(pem)
        self._kid = self._key.thumbprint()
        self._issuer = issuer
        self._clock = clock

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JWK Set (RFC 7517)."""
        public = self._key.as_dict(private=False)
        return {
            "keys": [{**{name: str(value) for name, value in public.items()}, "kid": self._kid, "use": "sig"}]
        }

    def token(self, request: CredentialRequest, audience: str) -> Minted:
        """Return a signed token for one call at one audience, as a bearer header."""
        now = self._clock.now().replace(microsecond=0)  # as claims are: the record then says the same
        ends = now + timedelta(seconds=min(request.ttl_seconds, MAX_TTL_SECONDS))
        jti = new_secret_id()
        claims = {
            "iss": self._issuer,
            "sub": request.subject,
            "act": {"sub": request.actor},
            "aud": audience,
            "client_id": request.actor,
            "scope": request.scope,
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int(ends.timestamp()),
            "jti": jti,
            "authorization_details": [
                {
                    "type": DETAIL_TYPE,
                    "run": request.run,
                    "call": request.call,
                    "arguments_digest": request.arguments_digest,
                }
            ],
        }
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": self._kid}
        token = jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])
        record = Credential(
            kind="brokered", jti=jti, audience=audience, scope=request.scope, expires_at=to_rfc3339(ends)
        )
        return Minted(record, {"Authorization": f"Bearer {token}"})
