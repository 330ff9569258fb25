"""What a plain YAML word means: only what every reader of YAML agrees on; the rest must be quoted."""

import re
from decimal import Decimal
from typing import Final

from msgspec import Struct

PlainValue = bool | int | Decimal | str | None

MAX_WHOLE: Final = 2**53 - 1
MAX_DIGITS: Final = 15
MAX_NUMBER_LENGTH: Final = 40

_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}
_SAID_DIFFERENTLY: Final = {"true": "true", "false": "false", "null": "null"}
_OLD_BOOLEANS: Final = frozenset({"yes", "no", "on", "off", "y", "n"})

_WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")
_NOT_FINITE: Final = re.compile(r"[-+]?\.inf|\.nan", re.IGNORECASE)
_EXPONENT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)e[-+]?[0-9]+", re.IGNORECASE)
_DISPUTED_NUMBER: Final = re.compile(
    r"""
      [-+]?0[xob][0-9a-f_]+                                # 0x1f, 0o7, 0b1
    | [-+]?[0-9][0-9_]*(:[0-9_]+)+(\.[0-9_]*)?             # 1:30 is 90 to some
    | [-+]?\.[0-9][0-9_]*                                  # .5
    | [-+]?[0-9][0-9_]*(\.[0-9_]*)?                        # 014, 1_000, 5.
    """,
    re.VERBOSE | re.IGNORECASE,
)

_QUOTED: Final = "the text in quotes"


class Doubt(Struct, frozen=True):
    """Why a plain word is not taken: what it is, and what would be accepted in its place."""

    found: str
    accepted: str


def resolve(text: str) -> PlainValue | Doubt:
    """Return the value of a plain (unquoted) scalar, or the doubt about it.

    Booleans are `true` and `false`, numbers whole (as `int`) or with a decimal point (as exact `Decimal`); dates and
    all other words are text.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return _whole(text)
    if _DECIMAL.fullmatch(text):
        return _decimal(text)
    return _doubt_about(text) or text


def resolve_key(text: str) -> PlainValue | Doubt:
    """Return the value of a plain mapping key; `y`, `no`, `on` are mere names there, as YAML 1.2 says."""
    return text if text.lower() in _OLD_BOOLEANS else resolve(text)


def _whole(text: str) -> int | Doubt:
    if len(text) > MAX_NUMBER_LENGTH or abs(int(text)) > MAX_WHOLE:
        return Doubt(
            "a whole number so large that not every reader keeps it exactly",
            f"a whole number from -{MAX_WHOLE} to {MAX_WHOLE}, or {_QUOTED}",
        )
    return int(text)


def _decimal(text: str) -> Decimal | Doubt:
    significant = text.lstrip("+-0.").replace(".", "")
    if len(text) > MAX_NUMBER_LENGTH or len(significant) > MAX_DIGITS:
        return Doubt(
            "a number with so many digits that not every reader keeps it exactly",
            f"a number of at most {MAX_DIGITS} digits, or {_QUOTED}",
        )
    return Decimal(text)


def _doubt_about(text: str) -> Doubt | None:
    word = text.lower()
    if word in _OLD_BOOLEANS:
        return Doubt("a word that some readers take for a boolean", f"`true`, `false`, or {_QUOTED}")
    if word in _SAID_DIFFERENTLY:
        return Doubt("a word that readers take differently", f"`{_SAID_DIFFERENTLY[word]}`, or {_QUOTED}")
    return _doubt_about_number(text)


def _doubt_about_number(text: str) -> Doubt | None:
    if _NOT_FINITE.fullmatch(text):
        return Doubt("not a finite number", f"a finite number, or {_QUOTED}")
    if _EXPONENT.fullmatch(text):
        return Doubt("a number with an exponent", f"the number written out, such as `0.001`, or {_QUOTED}")
    if _DISPUTED_NUMBER.fullmatch(text):
        return Doubt(
            "a number that readers take differently", f"a plain number such as `14` or `0.5`, or {_QUOTED}"
        )
    return None
