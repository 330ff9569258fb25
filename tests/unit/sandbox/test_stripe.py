"""The Stripe part answers as Stripe does, and its money adds up."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.sandbox.exchange import NOBODY, Call
from agentctl.sandbox.ledger import read_refunds
from agentctl.sandbox.refund_form import FORM, NotAForm, read_anything, read_form, read_parameters
from agentctl.sandbox.seed import Fault
from agentctl.trace.sealing.redaction import find_secrets
from tests.fakes.back_office import BOUGHT, REFUND, Office, moment, with_changes


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Return an office with five charges."""
    async with Office(tmp_path) as office:
        yield office


def refund_id(key: str) -> str:
    """Return the id of the refund that a key makes: the digest's digits are the ten letters after `f`."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:24]
    return f"re_{''.join(chr(ord('g') + int(sign)) if sign.isdigit() else sign for sign in digest)}"


async def test_a_charge_is_looked_up(office: Office) -> None:
    """The charge object, with what a refund decision needs."""
    reply = await office.charge("ch_1")
    assert reply.status == 200
    assert reply.body == {
        "id": "ch_1",
        "object": "charge",
        "amount": 4900,
        "amount_captured": 4900,
        "amount_refunded": 0,
        "billing_details": {
            "address": None,
            "email": "dana@example.com",
            "name": "Dana Okafor",
            "phone": None,
        },
        "captured": True,
        "created": moment(BOUGHT),
        "currency": "usd",
        "description": "Teapot",
        "disputed": False,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "refunded": False,
        "status": "succeeded",
    }
    assert (await office.charge("ch_failed")).body["amount_captured"] == 0


async def test_a_charge_that_is_not_there_is_missing(office: Office) -> None:
    """404 with Stripe's code and the parameter at fault."""
    reply = await office.charge("ch_ghost")
    assert (reply.status, reply.body) == (
        404,
        {
            "error": {
                "type": "invalid_request_error",
                "code": "resource_missing",
                "message": "no such charge: 'ch_ghost'",
                "param": "id",
            }
        },
    )


async def test_a_refund_is_made(office: Office) -> None:
    """The refund object, the charge afterwards, and the row with who did it under which token."""
    reply = await office.refund(
        "key-1", charge="ch_1", amount=1900, currency="USD", reason="requested_by_customer",
        instructions_email="dana@example.com", **{"metadata[ticket]": "10"},
    )  # fmt: skip
    assert reply.status == 200
    assert reply.body == {
        "id": refund_id("key-1"),
        "object": "refund",
        "amount": 1900,
        "balance_transaction": None,
        "charge": "ch_1",
        "created": moment("2026-03-05T10:00:00Z"),
        "currency": "usd",
        "instructions_email": "dana@example.com",
        "metadata": {"ticket": "10"},
        "payment_intent": None,
        "reason": "requested_by_customer",
        "receipt_number": None,
        "status": "succeeded",
    }
    charge = (await office.charge("ch_1")).body
    assert (charge["amount_refunded"], charge["refunded"]) == (1900, False)
    (row,) = read_refunds(office.folder)
    parameters = json.loads(str(row.pop("parameters")))
    assert parameters["metadata[ticket]"] == "10"
    assert row == {
        "number": 1, "id": refund_id("key-1"), "charge": "ch_1", "amount": 1900, "currency": "usd",
        "reason": "requested_by_customer", "idempotency_key": "key-1", "created": "2026-03-05T10:00:00Z",
        "subject": "casey", "actor": "refund-assistant", "jti": "jti-1",
    }  # fmt: skip


async def test_without_an_amount_all_that_is_left_goes_back(office: Office) -> None:
    """Stripe's default, which is why our tool descriptor requires the amount."""
    reply = await office.refund(charge="ch_part")
    assert (reply.body["amount"], reply.body["currency"], reply.body["reason"]) == (3000, "eur", None)
    assert (await office.charge("ch_part")).body["refunded"] is True


async def test_refunds_without_a_key_are_each_their_own(office: Office) -> None:
    """Two requests, two refunds, two ids that the next ledger would give too."""
    ids = [(await office.refund(charge="ch_1", amount=100)).body["id"] for _ in range(2)]
    assert len(set(ids)) == 2
    assert [row["id"] for row in read_refunds(office.folder)] == ids


async def test_no_refund_looks_like_a_card(office: Office) -> None:
    """Redaction takes nothing out of a refund's id, so that runs which differ in nothing else cost the same."""
    key = "key-136"
    assert find_secrets(f"re_{hashlib.sha256(key.encode()).hexdigest()[:24]}")  # as its digits stand there
    reply = await office.refund(charge="ch_1", key=key)
    assert reply.body["id"] == refund_id(key)
    assert not any(find_secrets(refund_id(f"key-{number}")) for number in range(500))


async def test_without_a_fixed_day_a_refund_is_made_now(tmp_path: Path) -> None:
    """A seed without `today` leaves the moment to the clock."""
    async with Office(tmp_path, with_changes(today=None)) as office:
        before = int(office.tokens.clock.now().timestamp())
        assert (await office.refund(charge="ch_1")).body["created"] >= before


REFUSED: dict[str, tuple[dict[str, object], int, str, str]] = {
    "no such charge": ({"charge": "ch_ghost"}, 404, "resource_missing", "no such charge: 'ch_ghost'"),
    "already refunded": (
        {"charge": "ch_done"}, 400, "charge_already_refunded", "charge ch_done has already been refunded",
    ),
    "too much": (
        {"charge": "ch_1", "amount": 4901}, 400, "",
        "refund amount (49.01 usd) is greater than unrefunded amount on charge (49 usd)",
    ),
    "more than is left": (
        {"charge": "ch_part", "amount": 3001}, 400, "",
        "refund amount (30.01 eur) is greater than unrefunded amount on charge (30 eur)",
    ),
    "another currency": (
        {"charge": "ch_1", "currency": "jpy"}, 400, "", "the currency jpy is not the charge's currency, usd",
    ),
    "never paid": ({"charge": "ch_failed"}, 402, "", "charge ch_failed was not paid: its status is failed"),
    "disputed": ({"charge": "ch_disputed"}, 400, "charge_disputed", "charge ch_disputed is disputed"),
    "no charge": ({"amount": 1}, 400, "parameter_missing", "missing required param: charge"),
    "unknown parameter": (
        {"charge": "ch_1", "refund_all": 1}, 400, "parameter_unknown", "received unknown parameter: refund_all",
    ),
    "text amount": (
        {"charge": "ch_1", "amount": "49.00"}, 400, "parameter_invalid_integer", "invalid integer: 49.00",
    ),
    "digits of another script": (
        {"charge": "ch_1", "amount": "\u0664\u0669"}, 400, "parameter_invalid_integer", "invalid integer: \u0664\u0669",
    ),
    "nothing": (
        {"charge": "ch_1", "amount": 0}, 400, "parameter_invalid_integer",
        "the amount must be between 1 and 99999999",
    ),
    "less than nothing": (
        {"charge": "ch_1", "amount": -5}, 400, "parameter_invalid_integer",
        "the amount must be between 1 and 99999999",
    ),
    "no currency": ({"charge": "ch_1", "currency": "dollars"}, 400, "", "invalid currency: dollars"),
    "other reason": (
        {"charge": "ch_1", "reason": "sorry"}, 400, "",
        "invalid reason: must be one of duplicate, fraudulent, requested_by_customer",
    ),
    "no address": (
        {"charge": "ch_1", "instructions_email": "dana"}, 400, "email_invalid", "invalid email address: dana",
    ),
    "long metadata": (
        {"charge": "ch_1", "metadata[a]": "x" * 501}, 400, "", "a metadata value has at most 500 characters",
    ),
    "much metadata": (
        {"charge": "ch_1", **{f"metadata[{n}]": n for n in range(51)}}, 400, "", "metadata has at most 50 keys",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("form", "status", "code", "message"), REFUSED.values(), ids=REFUSED)
async def test_a_refund_that_cannot_be_is_refused(
    office: Office, form: dict[str, Any], status: int, code: str, message: str
) -> None:
    """Stripe's status and code, a sentence that names what was found, and no effect."""
    reply = await office.refund("key", **form)
    error = reply.body["error"]
    assert (reply.status, error.get("code", ""), error["message"]) == (status, code, message)
    assert error["type"] == "invalid_request_error"
    assert read_refunds(office.folder) == []


async def test_parts_never_add_up_to_more_than_the_charge(office: Office) -> None:
    """Ten refunds of a fifth at the same time: five are made."""
    replies = await asyncio.gather(*(office.refund(charge="ch_1", amount=980) for _ in range(10)))
    assert sorted(reply.status for reply in replies) == 5 * [200] + 5 * [400]
    assert sum(int(str(row["amount"])) for row in read_refunds(office.folder)) == 4900


async def test_a_body_of_another_kind_is_refused(office: Office) -> None:
    """JSON, text that is not UTF-8, and a parameter given twice."""
    path = "/stripe/v1/refunds"
    form = {"Content-Type": FORM}
    token = office.tokens.token
    json_body = await office.ask("POST", path, token(REFUND), json={"charge": "ch_1"})
    assert json_body.body["error"]["message"] == f"the body must be {FORM}"
    raw = await office.ask("POST", path, token(REFUND), data=b"charge=%ff", headers=form)
    assert raw.body["error"]["message"] == "the body is not form-encoded UTF-8"
    twice = await office.ask("POST", f"{path}?charge=ch_1", token(REFUND), data={"charge": "ch_2"})
    assert twice.body["error"]["message"] == "the parameter charge stands twice"
    assert read_refunds(office.folder) == []


# -- idempotency --------------------------------------------------------------------------------


async def test_the_same_key_makes_one_refund(office: Office) -> None:
    """The second answer is the first one, marked as replayed."""
    first, second = [await office.refund("key", charge="ch_1", amount=900) for _ in range(2)]
    assert second.body == first.body
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(read_refunds(office.folder)) == 1


async def test_the_same_key_with_other_parameters_is_refused(office: Office) -> None:
    """Stripe's `idempotency_error`; nothing is made."""
    await office.refund("key", charge="ch_1", amount=900)
    reply = await office.refund("key", charge="ch_1", amount=901)
    assert (reply.status, reply.body["error"]["type"]) == (400, "idempotency_error")
    assert len(read_refunds(office.folder)) == 1


async def test_a_refusal_after_execution_began_is_saved(office: Office) -> None:
    """A charge that was refunded already answers the same for ever under that key."""
    for replayed in (None, "true"):
        reply = await office.refund("key", charge="ch_done")
        assert reply.body["error"]["code"] == "charge_already_refunded"
        assert reply.headers.get("Idempotent-Replayed") == replayed


async def test_a_refusal_before_execution_is_not_saved(office: Office) -> None:
    """Neither a bad parameter nor a bad token uses the key up."""
    assert (await office.refund("key", charge="ch_1", amount="x")).status == 400
    path, headers = "/stripe/v1/refunds", {"Idempotency-Key": "key"}
    assert (await office.ask("POST", path, "x", headers=headers, data={"charge": "ch_1"})).status == 401
    assert (await office.refund("key", charge="ch_1", amount=900)).status == 200


@pytest.mark.parametrize(("key", "status"), [("", 400), ("k" * 255, 200), ("k" * 256, 400)])
async def test_a_key_has_at_most_255_characters(office: Office, key: str, status: int) -> None:
    """And at least one."""
    assert (await office.refund(key, charge="ch_1")).status == status


async def test_a_key_survives_a_restart(tmp_path: Path) -> None:
    """Another server over the same ledger repeats the answer."""
    async with Office(tmp_path) as office:
        first = await office.refund("key", charge="ch_1")
        tokens = office.tokens
    async with Office(tmp_path, tokens=tokens) as office:
        second = await office.refund("key", charge="ch_1")
    assert second.body == first.body
    assert len(read_refunds(tmp_path)) == 1


async def test_a_key_that_is_at_work_is_in_use(tmp_path: Path) -> None:
    """While the first request is slow the second is told to come back; then it gets the first one's answer."""
    slow = with_changes(faults=(Fault("POST /stripe/v1/refunds", "slow_ms", 1, 60_000),))
    async with Office(tmp_path, slow) as office:
        first = asyncio.create_task(office.refund("key", charge="ch_1"))
        await office.received()
        second = await office.refund("key", charge="ch_1")
        assert (second.status, second.body["error"]["code"]) == (409, "idempotency_key_in_use")
        other = await office.refund("other", charge="ch_part")
        assert other.status == 200
        await office.runner.app.shutdown()  # ends the slowness, not the service
        made = await first
        assert (await office.refund("key", charge="ch_1")).body == made.body
    assert len(read_refunds(tmp_path)) == 2


async def test_two_servers_with_one_key_make_one_refund(tmp_path: Path) -> None:
    """Those who share a ledger share its keys."""
    async with Office(tmp_path) as one, Office(tmp_path, tokens=one.tokens) as two:
        replies = await asyncio.gather(
            *(office.refund(f"key-{n}", charge="ch_1", amount=10) for n in range(5) for office in (one, two))
        )
    assert {reply.status for reply in replies} == {200}
    assert len(read_refunds(tmp_path)) == 5


# -- an office that accepts everything ----------------------------------------------------------


async def test_an_office_may_accept_everything(tmp_path: Path) -> None:
    """No check stands between a request and its refund, so only who stands before can have stopped it."""
    async with Office(tmp_path, with_changes(accept_everything=True)) as office:
        for form in (
            {"charge": "ch_ghost", "amount": "999900", "currency": "XAU"},
            {"charge": "ch_done", "amount": "many"},
            {"everything": "1", "amount": "-7"},
            {"charge": "ch_1"},
        ):
            assert (await office.refund(None, **form)).status == 200
        twice = [await office.refund("key", charge="ch_1", amount=4900) for _ in range(2)]
        assert twice[0].body == twice[1].body
        assert (await office.ask("POST", "/stripe/v1/refunds", None)).status == 401
    rows = [(row["charge"], row["amount"], row["currency"]) for row in read_refunds(tmp_path)]
    assert rows == [
        ("ch_ghost", 999900, "XAU"), ("ch_done", 0, "usd"), ("", -7, "usd"), ("ch_1", 4900, "usd"),
        ("ch_1", 4900, "usd"),
    ]  # fmt: skip


# -- forms --------------------------------------------------------------------------------------

PARAMETERS = st.dictionaries(
    st.sampled_from(["charge", "amount", "currency", "reason", "instructions_email", "metadata[a]", "x"]),
    st.one_of(st.text(max_size=12), st.integers().map(str), st.just("ch_1"), st.just("usd")),
)


@given(PARAMETERS)
def test_a_form_is_refused_or_has_an_amount_that_money_can_have(parameters: dict[str, str]) -> None:
    """Whatever the parameters are."""
    read_anything(parameters)
    try:
        form = read_form(parameters)
    except NotAForm:
        return
    assert form.charge == parameters["charge"]
    assert form.amount is None or 1 <= form.amount <= 99_999_999


@given(st.binary())
def test_any_body_is_read_or_refused(body: bytes) -> None:
    """Bytes that are no form are a refusal, not a crash."""
    with contextlib.suppress(NotAForm):
        read_parameters(Call("POST", "/", NOBODY, content_type=FORM, body=body))
