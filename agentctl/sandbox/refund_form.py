"""The parameters of a refund as Stripe takes them: form-encoded text, nothing unknown, nothing twice."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from agentctl.foundation.discreet import Discreet
from agentctl.sandbox.exchange import Call

FORM = "application/x-www-form-urlencoded"
REASONS = ("duplicate", "fraudulent", "requested_by_customer")
LARGEST_AMOUNT = 99_999_999
_KNOWN = frozenset({"charge", "amount", "currency", "reason", "instructions_email"})
_METADATA = re.compile(r"metadata\[([^\[\]]{1,40})\]")
_MOST_METADATA, _LONGEST_VALUE = 50, 500
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


class NotAForm(ValueError):
    """Raised when parameters are refused before anything is executed; `code` and `param` are Stripe's."""

    def __init__(self, message: str, code: str = "", param: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.param = param


class RefundForm(Discreet, frozen=True):
    """A refund as asked for: `amount` in minor units, None for all that is left; currency in lower case."""

    hidden = frozenset({"parameters"})

    charge: str
    amount: int | None
    currency: str | None
    reason: str | None
    instructions_email: str | None
    metadata: Mapping[str, str]
    parameters: Mapping[str, str]


def read_parameters(call: Call) -> dict[str, str]:
    """Return the parameters of a request's query and body, as they came.

    Raises:
        NotAForm: the body is of another kind, not UTF-8, or a parameter stands twice.
    """
    if call.body and call.content_type != FORM:
        raise NotAForm(f"the body must be {FORM}")
    try:
        body = parse_qsl(call.body.decode(), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise NotAForm("the body is not form-encoded UTF-8") from error
    parameters: dict[str, str] = {}
    for name, text in (*call.query, *body):
        if name in parameters:
            raise NotAForm(f"the parameter {name} stands twice", param=name)
        parameters[name] = text
    return parameters


def read_form(parameters: Mapping[str, str]) -> RefundForm:
    """Return what the parameters ask for.

    Raises:
        NotAForm: a parameter is unknown, missing or not of its kind.
    """
    for name in parameters:
        if name not in _KNOWN and not _METADATA.fullmatch(name):
            raise NotAForm(f"received unknown parameter: {name}", "parameter_unknown", name)
    if not parameters.get("charge"):
        raise NotAForm("missing required param: charge", "parameter_missing", "charge")
    return RefundForm(
        charge=parameters["charge"],
        amount=_amount(parameters.get("amount")),
        currency=_currency(parameters.get("currency")),
        reason=_reason(parameters.get("reason")),
        instructions_email=_email(parameters.get("instructions_email")),
        metadata=_metadata(parameters),
        parameters=parameters,
    )


def read_anything(parameters: Mapping[str, str]) -> RefundForm:
    """Return the parameters as some refund, whatever they are; for an office that accepts everything."""
    amount = parameters.get("amount")
    return RefundForm(
        charge=parameters.get("charge", ""),
        amount=int(amount) if amount is not None and _WHOLE.fullmatch(amount) else None,
        currency=parameters.get("currency"),
        reason=parameters.get("reason"),
        instructions_email=parameters.get("instructions_email"),
        metadata={},
        parameters=parameters,
    )


def _amount(text: str | None) -> int | None:
    if text is None:
        return None
    if not _WHOLE.fullmatch(text):
        raise NotAForm(f"invalid integer: {text}", "parameter_invalid_integer", "amount")
    amount = int(text)
    if not 1 <= amount <= LARGEST_AMOUNT:
        message = f"the amount must be between 1 and {LARGEST_AMOUNT}"
        raise NotAForm(message, "parameter_invalid_integer", "amount")
    return amount


def _currency(text: str | None) -> str | None:
    if text is not None and not _CURRENCY.fullmatch(text):
        raise NotAForm(f"invalid currency: {text}", param="currency")
    return None if text is None else text.lower()


def _reason(text: str | None) -> str | None:
    if text is not None and text not in REASONS:
        raise NotAForm(f"invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    return text


def _email(text: str | None) -> str | None:
    if text is not None and not _EMAIL.fullmatch(text):
        raise NotAForm(f"invalid email address: {text}", "email_invalid", "instructions_email")
    return text


def _metadata(parameters: Mapping[str, str]) -> dict[str, str]:
    matches = {name: match[1] for name in parameters if (match := _METADATA.fullmatch(name))}
    metadata = {key: parameters[name] for name, key in matches.items()}
    if len(metadata) > _MOST_METADATA:
        raise NotAForm(f"metadata has at most {_MOST_METADATA} keys", param="metadata")
    if any(len(text) > _LONGEST_VALUE for text in metadata.values()):
        raise NotAForm(f"a metadata value has at most {_LONGEST_VALUE} characters", param="metadata")
    return metadata
