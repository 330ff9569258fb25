"""Tests of our own issuer: what a token says, how long it lives, and who can verify it."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet, OKPKey

from agentctl.events.tool import Credential
from agentctl.foundation.clock import from_rfc3339
from agentctl.identity.broker import MAX_TTL_SECONDS, CredentialRequest, Minted
from agentctl.identity.issuer import ALGORITHM, DETAIL_TYPE, TokenIssuer
from agentctl.sandbox.exchange import Caller
from agentctl.sandbox.tokens import TokenVerifier, Wanted, read_keys
from tests.fakes.clock import StandingClock

ISSUER = "agentctl-sandbox"
PEM_SEED = bytes(range(32))


def issuer(clock: StandingClock | None = None, seed: bytes = PEM_SEED) -> TokenIssuer:
    """Return an issuer with a key that is the same each time."""
    return TokenIssuer(Ed25519PrivateKey.from_private_bytes(seed), ISSUER, clock or StandingClock())


def request(ttl_seconds: int = 900) -> CredentialRequest:
    """Return what a refund's credential is asked for."""
    return CredentialRequest(
        backend="stripe",
        scope="stripe.create_refund",
        subject="casey",
        actor="agent:refund-assistant",
        run="RUN",
        call="RUN/2/0",
        arguments_digest="sha256:d0",
        ttl_seconds=ttl_seconds,
    )


def bearer(minted: Minted) -> str:
    """Return the token that a credential's headers carry."""
    assert set(minted.headers) == {"Authorization"}
    return minted.headers["Authorization"].removeprefix("Bearer ")


def claims(minted: Minted, keys: dict[str, list[dict[str, str]]]) -> dict[str, object]:
    """Return the claims of a token that verifies with these public keys."""
    token = jwt.decode(bearer(minted), KeySet.import_key_set(keys), algorithms=[ALGORITHM])
    assert token.header == {"alg": "Ed25519", "typ": "at+jwt", "kid": keys["keys"][0]["kid"]}
    return dict(token.claims)


def test_a_token_says_who_for_whom_what_and_for_which_arguments() -> None:
    """Subject, actor, audience, scope, run, call and arguments digest stand in it, and nothing else."""
    ours = issuer()
    minted = ours.token(request(), "stripe")
    now = int(StandingClock().now().timestamp())
    assert claims(minted, ours.jwks()) == {
        "iss": ISSUER,
        "sub": "casey",
        "act": {"sub": "agent:refund-assistant"},
        "aud": "stripe",
        "client_id": "agent:refund-assistant",
        "scope": "stripe.create_refund",
        "iat": now,
        "nbf": now,
        "exp": now + 120,
        "jti": minted.record.jti,
        "authorization_details": [
            {"type": DETAIL_TYPE, "run": "RUN", "call": "RUN/2/0", "arguments_digest": "sha256:d0"}
        ],
    }


@pytest.mark.parametrize(("asked", "life"), [(1, 1), (119, 119), (120, 120), (121, 120), (86_400, 120)])
def test_a_token_lives_the_shorter_of_the_contract_and_two_minutes(asked: int, life: int) -> None:
    """No contract makes a token live longer than 120 seconds."""
    ours = issuer()
    found = claims(ours.token(request(asked), "stripe"), ours.jwks())
    assert found["exp"] == found["iat"] + life  # type: ignore[operator]  # both are numbers
    assert life <= MAX_TTL_SECONDS


def test_the_record_and_the_token_end_at_the_same_moment() -> None:
    """Claims are whole seconds; the journal does not say that a token lived on for the rest of one."""
    clock = StandingClock(datetime(2026, 3, 14, 9, 0, 0, 999_999, tzinfo=UTC))
    ours = issuer(clock)
    minted = ours.token(request(30), "stripe")
    assert minted.record == Credential(
        kind="brokered",
        jti=minted.record.jti,
        audience="stripe",
        scope="stripe.create_refund",
        expires_at="2026-03-14T09:00:30.000000Z",
    )
    ends = from_rfc3339(minted.record.expires_at or "").timestamp()
    assert claims(minted, ours.jwks())["exp"] == int(ends)


def test_every_token_has_an_id_of_its_own() -> None:
    """The same request twice is two tokens: a replay is noticed."""
    ours = issuer()
    tokens = [ours.token(request(), "stripe") for _ in range(50)]
    assert len({minted.record.jti for minted in tokens}) == len({bearer(minted) for minted in tokens}) == 50


def test_another_key_does_not_verify() -> None:
    """A token is worth nothing under somebody else's JWKS, even where it claims the same key id."""
    ours, theirs = issuer(), issuer(seed=bytes(32))
    forged = theirs.jwks()
    forged["keys"][0]["kid"] = ours.jwks()["keys"][0]["kid"]
    with pytest.raises(BadSignatureError):
        jwt.decode(
            bearer(ours.token(request(), "stripe")), KeySet.import_key_set(forged), algorithms=[ALGORITHM]
        )


def test_the_jwks_holds_the_public_key_and_nothing_else() -> None:
    """Whoever has the exported set can verify, never sign."""
    exported = issuer().jwks()
    (key,) = exported["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "use"}
    assert (key["kty"], key["crv"], key["use"]) == ("OKP", "Ed25519", "sig")
    assert not OKPKey.import_key(key).is_private


def test_the_key_id_is_the_thumbprint_so_it_stays_the_same() -> None:
    """Two processes with one key export one set, and another key has another id."""
    assert issuer().jwks() == issuer().jwks()
    (ours,), (theirs,) = issuer().jwks()["keys"], issuer(seed=bytes(32)).jwks()["keys"]
    assert ours["kid"] == OKPKey.import_key(ours).thumbprint()
    assert ours["kid"] != theirs["kid"]


def test_secrets_are_in_no_text_of_a_credential() -> None:
    """Neither the token nor the private key shows in what is printed, journaled or raised."""
    ours = issuer()
    minted = ours.token(request(), "stripe")
    told = f"{minted!r} {minted} {ours!r} {minted.record.model_dump_json()}"
    assert bearer(minted) not in told
    assert "Bearer" not in told
    assert bearer(minted).rsplit(".", maxsplit=1)[-1] not in told


def test_the_back_office_of_the_sandbox_believes_our_tokens() -> None:
    """The independent verifier accepts the token for its audience and scope, and names subject and actor."""
    clock = StandingClock()
    ours = issuer(clock)
    verifier = TokenVerifier(read_keys(json.dumps(ours.jwks()), "here"), ISSUER, clock)
    headers = [ours.token(request(), "stripe").headers["Authorization"]]
    caller = verifier.check(headers, Wanted("stripe", "stripe.create_refund"))
    assert isinstance(caller, Caller)
    assert (caller.subject, caller.actor) == ("casey", "agent:refund-assistant")
    for wanted in (Wanted("zendesk", "stripe.create_refund"), Wanted("stripe", "stripe.lookup_charge")):
        assert not isinstance(verifier.check(headers, wanted), Caller)
    clock.move(120)
    assert not isinstance(verifier.check(headers, Wanted("stripe", "stripe.create_refund")), Caller)
