"""Tests of the broker: a brokered token for most backends, a declared static key for some, nothing for the rest."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import KeySet

from agentctl.contract.environment import Backend, StaticKey
from agentctl.events.tool import Credential
from agentctl.identity.backend_broker import NO_CREDENTIAL, BackendBroker
from agentctl.identity.broker import CredentialRequest, Minted, NotMinted
from agentctl.identity.issuer import TokenIssuer
from tests.fakes.clock import StandingClock

SECRET = "sk-0123456789"
STATIC = Backend(url="https://stripe.example.com", static_key=StaticKey(env="STRIPE_KEY"))
ISSUER = TokenIssuer(Ed25519PrivateKey.generate(), "test", StandingClock())


def mint(backends: dict[str, Backend], secrets: dict[str, str] | None = None) -> Minted | NotMinted:
    """Ask for a credential for `stripe`."""
    broker = BackendBroker(backends, ISSUER, (secrets or {}).get)
    return broker.mint(
        CredentialRequest(
            "stripe", "stripe.create_refund", "casey", "agent:x", "RUN", "RUN/0/0", "sha256:", 60
        )
    )


def test_an_unbound_backend_gets_no_credential() -> None:
    """Absent means no, under exactly this name."""
    told = NotMinted("the environment binds no backend `stripe`")
    assert mint({}) == mint({"Stripe": STATIC, "stripe2": STATIC}) == told


@pytest.mark.parametrize(("audience", "expected"), [(None, "stripe"), ("payments", "payments")])
def test_a_token_is_for_the_audience_of_its_backend(audience: str | None, expected: str) -> None:
    """The environment's audience, or else the backend's own name."""
    minted = mint({"stripe": Backend(url="https://stripe.example.com", audience=audience)})
    assert isinstance(minted, Minted)
    token = minted.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, KeySet.import_key_set(ISSUER.jwks()), algorithms=["Ed25519"]).claims
    assert minted.record.audience == claims["aud"] == expected
    assert minted.record.kind == "brokered"


def test_a_static_key_says_that_it_is_one_and_stands_in_no_text() -> None:
    """The record has no token id and no end, because there is none; the key itself is in the header alone."""
    minted = mint({"stripe": STATIC}, {"STRIPE_KEY": SECRET})
    assert isinstance(minted, Minted)
    assert minted.record == Credential(kind="static", audience="stripe", scope="stripe.create_refund")
    assert minted.headers == {"Authorization": f"Bearer {SECRET}"}
    assert SECRET not in f"{minted!r} {minted}"


def test_a_static_key_goes_into_the_header_that_is_declared() -> None:
    """Some services want another header and no prefix."""
    key = StaticKey(env="STRIPE_KEY", header="X-Api-Key", prefix="")
    minted = mint({"stripe": Backend(url="https://x.example.com", static_key=key)}, {"STRIPE_KEY": SECRET})
    assert isinstance(minted, Minted)
    assert minted.headers == {"X-Api-Key": SECRET}


@pytest.mark.parametrize("secrets", [{}, {"STRIPE_KEY": ""}, {"stripe_key": SECRET}])
def test_a_static_key_that_is_not_set_is_no_credential(secrets: dict[str, str]) -> None:
    """Nothing falls back to a token, or to a call without credential."""
    assert mint({"stripe": STATIC}, secrets) == NotMinted("the environment variable STRIPE_KEY is not set")


def test_a_tool_that_runs_here_has_no_credential() -> None:
    """It is recorded as `none`, with nothing in the headers."""
    assert NO_CREDENTIAL.record == Credential(kind="none")
    assert NO_CREDENTIAL.headers == {}
