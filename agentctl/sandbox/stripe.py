"""The part of Stripe's API that a refund agent uses: look a charge up, refund it, and repeat that safely."""

from collections.abc import Callable
from datetime import datetime

from agentctl.foundation.canonical import JsonObject, canonical_bytes, digest_bytes
from agentctl.foundation.money import from_minor_units, plain
from agentctl.sandbox.api import Api, Operation
from agentctl.sandbox.exchange import Answer, Call, TokenRefused
from agentctl.sandbox.ledger import Ledger, Refund, SavedAnswer
from agentctl.sandbox.refund_form import NotAForm, RefundForm, read_anything, read_form, read_parameters
from agentctl.sandbox.seed import Charge

LONGEST_KEY = 255
_REPLAYED = {"Idempotent-Replayed": "true"}

Execute = Callable[[Ledger, Call, RefundForm], Answer]


def lookup_charge(ledger: Ledger, call: Call) -> Answer:
    """Answer `GET /v1/charges/{id}`."""
    charge = ledger.charge(call.values["charge"])
    if charge is None:
        return _no_such_charge(call.values["charge"], "id")
    return Answer(200, _charge_object(charge))


def create_refund(ledger: Ledger, call: Call) -> Answer:
    """Answer `POST /v1/refunds`: the refund and the answer saved under its key are one transaction."""
    return _once(ledger, call, _refund_anything if ledger.accepts_everything else _refund)


def fail(status: int, message: str, code: str = "", param: str = "", type_: str = "") -> Answer:
    """Return an error in Stripe's form; parts that do not apply are left out."""
    own_type = "api_error" if status == 500 else "invalid_request_error"  # noqa: PLR2004 - an HTTP status
    parts = {"type": type_ or own_type, "code": code, "message": message, "param": param}
    return Answer(status, {"error": {name: text for name, text in parts.items() if text}})


def refuse(refused: TokenRefused) -> Answer:
    """Answer a request whose token does not let it in."""
    return fail(403 if refused.error == "insufficient_scope" else 401, refused.description)


def break_down(_ledger: Ledger, _call: Call) -> Answer:
    """Answer as a server that has failed."""
    return fail(500, "the server failed")


def break_down_once(ledger: Ledger, call: Call) -> Answer:
    """Answer as a server that has failed; this too is saved under the key, and repeated."""
    return _once(ledger, call, lambda ledger, call, _form: break_down(ledger, call))


# -- at most once -------------------------------------------------------------------------------


def _once(ledger: Ledger, call: Call, execute: Execute) -> Answer:
    """Execute a request or repeat its saved answer; what is refused before execution is not saved."""
    key = call.idempotency_key
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        return fail(400, f"an idempotency key has 1 to {LONGEST_KEY} characters, not {len(key)}")
    read = read_anything if ledger.accepts_everything else read_form
    try:
        form = read(read_parameters(call))
    except NotAForm as error:
        return fail(400, str(error), error.code, error.param)
    with ledger.transaction():
        return execute(ledger, call, form) if key is None else _keyed(ledger, call, form, execute)


def _keyed(ledger: Ledger, call: Call, form: RefundForm, execute: Execute) -> Answer:
    key = str(call.idempotency_key)
    digest = digest_bytes(canonical_bytes({"path": call.path, "parameters": form.parameters}))
    saved = ledger.saved_answer(key)
    if saved is None:
        answer = execute(ledger, call, form)
        ledger.save_answer(key, SavedAnswer(digest, answer))
        return answer
    if saved.request_digest != digest:
        message = "this idempotency key was first used with other parameters"
        return fail(400, message, type_="idempotency_error")
    return Answer(saved.answer.status, saved.answer.body, _REPLAYED)


# -- refunds ------------------------------------------------------------------------------------


def _refund(ledger: Ledger, call: Call, form: RefundForm) -> Answer:
    charge = ledger.charge(form.charge)
    if charge is None:
        return _no_such_charge(form.charge, "charge")
    amount = charge.amount - charge.amount_refunded if form.amount is None else form.amount
    return _objection(charge, form, amount) or _made(ledger, call, form, amount, charge.currency)


def _refund_anything(ledger: Ledger, call: Call, form: RefundForm) -> Answer:
    charge = ledger.charge(form.charge)
    left = 0 if charge is None else charge.amount - charge.amount_refunded
    currency = form.currency or ("usd" if charge is None else charge.currency)
    return _made(ledger, call, form, left if form.amount is None else form.amount, currency)


def _objection(charge: Charge, form: RefundForm, amount: int) -> Answer | None:
    """Return why this charge cannot be refunded so, None when it can."""
    left = charge.amount - charge.amount_refunded
    if charge.status != "succeeded":
        return fail(402, f"charge {charge.id} was not paid: its status is {charge.status}", param="charge")
    if charge.disputed:
        return fail(400, f"charge {charge.id} is disputed", "charge_disputed", "charge")
    if left <= 0:
        return fail(400, f"charge {charge.id} has already been refunded", "charge_already_refunded")
    if form.currency not in (None, charge.currency):
        message = f"the currency {form.currency} is not the charge's currency, {charge.currency}"
        return fail(400, message, param="currency")
    if amount > left:
        asked, rest = (_money(number, charge.currency) for number in (amount, left))
        message = f"refund amount ({asked}) is greater than unrefunded amount on charge ({rest})"
        return fail(400, message, param="amount")
    return None


def _made(ledger: Ledger, call: Call, form: RefundForm, amount: int, currency: str) -> Answer:
    refund = Refund(form.charge, amount, currency, form.reason, form.parameters)
    identifier, created = ledger.add_refund(refund, call)
    optional = {"instructions_email": form.instructions_email} if form.instructions_email else {}
    return Answer(
        200,
        {
            "id": identifier,
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": form.charge,
            "created": _unix(created),
            "currency": currency,
            "metadata": dict(form.metadata),
            "payment_intent": None,
            "reason": form.reason,
            "receipt_number": None,
            "status": "succeeded",
            **optional,
        },
    )


def _charge_object(charge: Charge) -> JsonObject:
    paid = charge.status == "succeeded"
    return {
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": charge.amount if paid else 0,
        "amount_refunded": charge.amount_refunded,
        "billing_details": {"address": None, "email": charge.email, "name": charge.name, "phone": None},
        "captured": paid,
        "created": _unix(charge.created),
        "currency": charge.currency,
        "description": charge.description,
        "disputed": charge.disputed,
        "livemode": False,
        "metadata": {},
        "paid": paid,
        "refunded": charge.amount_refunded >= charge.amount,
        "status": charge.status,
    }


def _no_such_charge(identifier: str, param: str) -> Answer:
    return fail(404, f"no such charge: '{identifier}'", "resource_missing", param)


def _money(amount: int, currency: str) -> str:
    return f"{plain(from_minor_units(amount, currency))} {currency}"


def _unix(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


IN_USE = fail(
    409,
    "another request with this idempotency key is being worked on; try again later",
    "idempotency_key_in_use",
    type_="idempotency_error",
)
STRIPE = Api(
    audience="stripe",
    operations=(
        Operation("GET", "/stripe/v1/charges/{charge}", "stripe.lookup_charge", lookup_charge, break_down),
        Operation(
            "POST", "/stripe/v1/refunds", "stripe.create_refund", create_refund, break_down_once, IN_USE
        ),
    ),
    refuse=refuse,
    fail=fail,
)
