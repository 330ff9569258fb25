"""What stands in a replay for values that were destroyed when their run was over: of the same kind, and nobody's. Pure.

Each stands for exactly one placeholder and can be found again in any text, so whatever a replay quotes of it becomes the
placeholder again. `mark` is of one tape alone: nobody who wrote into its run could know it.
"""

import re
from collections.abc import Iterable, Mapping

_IBAN_REMAINDER = 98
_IBAN_MODULUS = 97


def stand_ins(placeholders: Iterable[str], mark: str) -> dict[str, str]:
    """Return what stands for each placeholder."""
    return {placeholder: _stand_in(placeholder, mark) for placeholder in placeholders}


def finder_of(standing: Mapping[str, str]) -> re.Pattern[str] | None:
    """Return what finds every stand-in in a text, the longest first; None where there are none."""
    longest_first = sorted(standing.values(), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _stand_in(placeholder: str, mark: str) -> str:
    kind, _, rest = placeholder.strip("[]").partition(":")
    number = int(rest)
    match kind:
        case "email":
            return f"{mark}-{number}@sealed.invalid"
        case "phone":
            return f"+999{number:09}"
        case "card":
            return _with_check_digit(f"999999{number:09}")
        case "iban":
            return _iban(f"{number:018}")
        case "ssn":
            return f"999-{number // 10_000:02}-{number % 10_000:04}"
        case _:
            return f"{kind}-{mark}-{number}-sealed"


def _with_check_digit(digits: str) -> str:
    """Return a number that ends as cards do."""
    doubled = (
        int(digit) * 2 if index % 2 == 0 else int(digit) for index, digit in enumerate(reversed(digits))
    )
    total = sum(value - 9 if value > 9 else value for value in doubled)  # noqa: PLR2004  # Luhn's own
    return f"{digits}{-total % 10}"


def _iban(account: str) -> str:
    """Return a number in the form of German accounts, with its check digits."""
    remainder = int(f"{account}131400") % _IBAN_MODULUS  # the letters D and E, and no check digits yet
    return f"DE{_IBAN_REMAINDER - remainder:02}{account}"
