"""Which tokens open the door, asked over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey

from agentctl.foundation.errors import InvalidInput
from agentctl.sandbox.exchange import Caller, TokenRefused
from agentctl.sandbox.ledger import read_refunds, read_requests
from agentctl.sandbox.tokens import TokenVerifier, Wanted, read_keys
from tests.fakes.back_office import ISSUER, KID, LOOK_UP, READ, REFUND, Office, TokenMaker
from tests.fakes.clock import StandingClock

CHARGE = "/stripe/v1/charges/ch_1"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Return an office whose clock stands still."""
    async with Office(tmp_path, tokens=TokenMaker(StandingClock())) as office:
        yield office


async def test_a_good_token_opens_the_door_and_is_written_down(office: Office) -> None:
    """The request's row says who called, through which agent, with which token."""
    assert (await office.ask("GET", CHARGE, office.tokens.token(LOOK_UP))).status == 200
    assert read_requests(office.folder) == [
        {
            "number": 1, "at": "2026-03-14T09:00:00.000000Z", "method": "GET", "path": CHARGE,
            "outcome": "accepted", "status": 200, "subject": "casey", "actor": "refund-assistant", "jti": "jti-1",
        }
    ]  # fmt: skip


async def test_a_request_without_a_token_learns_only_that_it_needs_one(office: Office) -> None:
    """RFC 6750: no error code for somebody who showed nothing."""
    reply = await office.ask("GET", CHARGE, None)
    assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, 'Bearer realm="stripe"')
    assert reply.body == {
        "error": {"type": "invalid_request_error", "message": "this operation needs a bearer token"}
    }


NOW = int(StandingClock().now().timestamp())
REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "expired": ({"iat": NOW - 60, "nbf": NOW - 60, "exp": NOW - 1}, "the token has expired"),
    "expires now": ({"iat": NOW - 60, "exp": NOW}, "the token has expired"),
    "not yet": ({"nbf": NOW + 1}, "the token is not valid yet"),
    "future": ({"iat": NOW + 31, "exp": NOW + 60}, "the token was issued in the future"),
    "too long": ({"exp": NOW + 121}, "the token lives longer than 120 seconds"),
    "no exp": ({"exp": None}, "the claim exp is absent or not a whole number of seconds"),
    "no nbf": ({"nbf": None}, "the claim nbf is absent or not a whole number of seconds"),
    "no iat": ({"iat": None}, "the claim iat is absent or not a whole number of seconds"),
    "text exp": ({"exp": str(NOW + 60)}, "the claim exp is absent or not a whole number of seconds"),
    "true exp": ({"exp": True}, "the claim exp is absent or not a whole number of seconds"),
    "other audience": ({"aud": "zendesk"}, "the audience must be stripe alone"),
    "two audiences": ({"aud": ["stripe", "zendesk"]}, "the audience must be stripe alone"),
    "no audience": ({"aud": None}, "the audience must be stripe alone"),
    "other issuer": ({"iss": "urn:other"}, "the issuer is not the one trusted here"),
    "no issuer": ({"iss": None}, "the issuer is not the one trusted here"),
    "no subject": ({"sub": None}, "the token names no subject"),
    "empty subject": ({"sub": ""}, "the token names no subject"),
    "no actor": ({"act": None}, "the token names no actor"),
    "actor is text": ({"act": "refund-assistant"}, "the token names no actor"),
    "empty actor": ({"act": {"sub": ""}}, "the token names no actor"),
    "no id": ({"jti": None}, "the token has no id"),
    "no scope": ({"scope": None}, "the token names no scope"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "why"), REFUSED.values(), ids=REFUSED)
async def test_a_token_with_a_wrong_claim_is_refused(
    office: Office, changes: dict[str, object], why: str
) -> None:
    """Each wrong or absent claim is an invalid token; nothing is refunded and the refusal is written down."""
    token = office.tokens.token(REFUND, **changes)
    reply = await office.ask("POST", "/stripe/v1/refunds", token, data={"charge": "ch_1"})
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == f'Bearer error="invalid_token", error_description="{why}"'
    assert reply.body["error"]["message"] == why
    assert [(row["outcome"], row["status"]) for row in read_requests(office.folder)] == [
        (f"refused: invalid_token: {why}", 401)
    ]
    assert read_refunds(office.folder) == []


HEADERS: dict[str, tuple[dict[str, object], str]] = {
    "old name": ({"alg": "EdDSA"}, "the algorithm must be Ed25519"),
    "plain JWT": ({"typ": "JWT"}, "the type must be at+jwt"),
    "no type": ({"typ": None}, "the type must be at+jwt"),
    "unknown key": ({"kid": "key-2"}, "the key is not one of the issuer's"),
    "no key id": ({"kid": None}, "the key is not one of the issuer's"),
}


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize(("header", "why"), HEADERS.values(), ids=HEADERS)
async def test_a_token_with_a_wrong_header_is_refused(
    office: Office, header: dict[str, object], why: str
) -> None:
    """Algorithm, type and key are fixed, whatever the token proposes."""
    reply = await office.ask("GET", CHARGE, office.tokens.token(LOOK_UP, header))
    assert (reply.status, reply.body["error"]["message"]) == (401, why)


async def test_a_token_that_proposes_another_algorithm_is_refused(office: Office) -> None:
    """Neither `none` nor an HMAC keyed with the public key is a signature."""
    maker = office.tokens
    for token in (maker.unsigned(LOOK_UP), maker.signed_with_the_public_key(LOOK_UP)):
        reply = await office.ask("GET", CHARGE, token)
        assert (reply.status, reply.body["error"]["message"]) == (401, "the algorithm must be Ed25519")


async def test_a_signature_by_somebody_else_is_refused(office: Office) -> None:
    """A stranger's key under our key id, no signature at all, and claims exchanged under a good signature."""
    mine, other = office.tokens.token(LOOK_UP), TokenMaker(StandingClock()).token(LOOK_UP)
    head, _, signature = mine.split(".")
    exchanged = ".".join((head, office.tokens.token(LOOK_UP, sub="mallory").split(".")[1], signature))
    for token in (other, office.tokens.unsigned(LOOK_UP, "Ed25519"), exchanged):
        reply = await office.ask("GET", CHARGE, token)
        assert (reply.status, reply.body["error"]["message"]) == (401, "the signature is wrong")


async def test_a_scope_of_another_operation_is_not_enough(office: Office) -> None:
    """Reading does not include refunding; Stripe and Zendesk each say so in their own form."""
    token = office.tokens.token(LOOK_UP)
    reply = await office.ask("POST", "/stripe/v1/refunds", token, data={"charge": "ch_1"})
    assert reply.status == 403
    assert reply.headers["WWW-Authenticate"].startswith('Bearer error="insufficient_scope"')
    token = office.tokens.token("zendesk.list_tickets")
    reply = await office.ask("GET", "/zendesk/api/v2/tickets/10.json", token)
    assert (reply.status, reply.body) == (
        403,
        {"error": "Forbidden", "description": f"this operation needs the scope {READ}"},
    )
    assert read_refunds(office.folder) == []
    assert [row["subject"] for row in read_requests(office.folder)] == ["casey", "casey"]


async def test_one_of_several_scopes_is_enough(office: Office) -> None:
    """Scopes are separated by single blanks; a part of a word is not a scope."""
    several = office.tokens.token(LOOK_UP, scope=f"stripe.other {LOOK_UP}")
    longer = office.tokens.token(LOOK_UP, scope=f"{LOOK_UP}s")
    assert (await office.ask("GET", CHARGE, several)).status == 200
    assert (await office.ask("GET", CHARGE, longer)).status == 403


async def test_a_token_is_good_for_one_request(office: Office) -> None:
    """The second use is refused, also for another operation it would fit, also after other requests."""
    token = office.tokens.token(LOOK_UP)
    assert (await office.ask("GET", CHARGE, token)).status == 200
    reply = await office.ask("GET", CHARGE, token)
    assert (reply.status, reply.body["error"]["message"]) == (401, "the token was used before")


async def test_a_token_is_good_once_for_all_who_share_the_ledger(tmp_path: Path) -> None:
    """Twenty requests with one token at two servers: one is let in."""
    tokens = TokenMaker()
    async with Office(tmp_path, tokens=tokens) as one, Office(tmp_path, tokens=tokens) as two:
        token = tokens.token(LOOK_UP)
        replies = await asyncio.gather(
            *(office.ask("GET", CHARGE, token) for _ in range(10) for office in (one, two))
        )
    assert sorted(reply.status for reply in replies) == [200] + 19 * [401]


async def test_a_refused_token_is_not_spent(office: Office) -> None:
    """Somebody who shows a token at the wrong door has not used it up."""
    token = office.tokens.token(LOOK_UP)
    assert (await office.ask("GET", "/zendesk/api/v2/tickets/10.json", token)).status == 401
    assert (await office.ask("GET", CHARGE, token)).status == 200


async def test_two_authorization_headers_are_refused(office: Office) -> None:
    """Nobody has to guess which one counts."""
    headers = [("Authorization", f"Bearer {office.tokens.token(LOOK_UP)}")] * 2
    async with office.session.get(office.url + CHARGE, headers=headers) as response:
        assert response.status == 401
        assert "more than one Authorization header" in await response.text()


def _verifier() -> tuple[TokenMaker, TokenVerifier]:
    maker = TokenMaker(StandingClock())
    return maker, TokenVerifier(read_keys(json.dumps(maker.jwks()), "tests"), ISSUER, maker.clock)


MAKER, VERIFIER = _verifier()
WANTED = Wanted("stripe", LOOK_UP)
SEGMENT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["WyJhbGciXQ", "eyJhbGciOiJFZDI1NTE5In0", "MQ", "bnVsbA", ""]),  # ["alg"], {...}, 1, null
)


@given(st.one_of(st.text(), st.tuples(SEGMENT, SEGMENT, SEGMENT).map(".".join).map("Bearer {}".format)))
def test_whatever_stands_in_the_header_is_refused_not_crashed_on(header: str) -> None:
    """Any text leads to a refusal."""
    assert isinstance(VERIFIER.check([header], WANTED), TokenRefused)


def test_claims_that_are_not_an_object_are_refused() -> None:
    """A signed list is a signature, not a token; nor is a signed object with a key twice."""
    from joserfc import jws  # noqa: PLC0415

    header = {"alg": "Ed25519", "typ": "at+jwt", "kid": KID}
    for payload, why in (
        (b"[1]", "the claims are not an object"),
        (b'{"sub": "a", "sub": "b"}', "the token is not a signed JWT of the form expected here"),
    ):
        token = jws.serialize_compact(header, payload, MAKER.key, algorithms=["Ed25519"])
        assert VERIFIER.check([f"Bearer {token}"], WANTED) == TokenRefused("invalid_token", why)


def test_the_scheme_may_be_written_small() -> None:
    """Schemes are case-insensitive; others than bearer are refused."""
    token = MAKER.token(LOOK_UP)
    assert VERIFIER.check([f"bearer {token}"], WANTED) == Caller(
        "casey", "refund-assistant", f"jti-{MAKER.made}"
    )
    assert isinstance(VERIFIER.check([f"Basic {token}"], WANTED), TokenRefused)


def test_a_clock_a_little_ahead_is_forgiven_for_the_moment_of_issue_only() -> None:
    """Thirty seconds, as long as the token is valid already."""
    token = MAKER.token(LOOK_UP, iat=NOW + 30, nbf=NOW, exp=NOW + 90)
    assert isinstance(VERIFIER.check([f"Bearer {token}"], WANTED), Caller)


OTHER_KINDS: dict[str, tuple[str, str]] = {
    "not JSON": ("{", "not JSON"),
    "not a set": ("[]", "there is no key in it"),
    "no list": ('{"keys": "abc"}', "there is no key in it"),
    "empty": ('{"keys": []}', "there is no key in it"),
    "not an object": ('{"keys": [1]}', "a key is not an object"),
    "no key id": (
        json.dumps({"keys": [OKPKey.generate_key("Ed25519").as_dict(private=False)]}).replace(
            '"kid"', '"x5u"'
        ),
        "a key has no `kid` or is of another kind",
    ),
    "other kind": (
        json.dumps({"keys": [{**ECKey.generate_key("P-256").as_dict(private=False), "kid": "a"}]}),
        "a key has no `kid` or is of another kind",
    ),
    "private": (
        json.dumps({"keys": [{**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": "a"}]}),
        "the key `a` is a private key",
    ),
    "damaged": (
        '{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "AAAA"}]}',
        "the key `a` cannot be used",
    ),
}


@pytest.mark.parametrize(("text", "why"), OTHER_KINDS.values(), ids=OTHER_KINDS)
def test_a_key_set_of_another_kind_is_refused(text: str, why: str) -> None:
    """The office does not start with keys it cannot trust."""
    with pytest.raises(InvalidInput, match=why):
        read_keys(text, "jwks.json")
