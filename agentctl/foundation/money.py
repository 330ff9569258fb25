"""Money is decimal or integer minor units, never float."""

from decimal import Decimal, InvalidOperation

# ISO 4217 currencies whose minor unit is not a hundredth; all others have two decimals.
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "JPY",
            "KMF",
            "KRW",
            "MGA",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}

ZERO = Decimal(0)
MILLION = Decimal(1_000_000)
_MAX_EXPONENT = 60  # `1e999999999` is a short text and a long number


def from_minor_units(amount: int, currency: str) -> Decimal:
    """Return an amount of minor units (cents) in major units: 4900 and `usd` are 49.00."""
    exponent = _EXPONENTS.get(currency.upper(), 2)
    return Decimal(f"{amount}e-{exponent}")  # scaleb would round to the context's precision


def parse_decimal(text: str) -> Decimal:
    """Return a finite decimal number between 1e-60 and 1e60.

    Raises:
        ValueError: the text is not a number, not a finite one, or out of that range.
    """
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"`{text}` is not a number") from error
    if not number.is_finite():
        raise ValueError(f"`{text}` is not a finite number")
    if abs(number.adjusted()) > _MAX_EXPONENT:
        raise ValueError(f"`{text}` is not between 1e-{_MAX_EXPONENT} and 1e{_MAX_EXPONENT}")
    return number


def plain(number: Decimal) -> str:
    """Return a decimal without exponent and without trailing zeros; two equal amounts read the same."""
    text = str(number)
    if "E" in text:
        text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
