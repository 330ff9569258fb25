"""Stand-ins for what redaction took out: values of the same kind that belong to nobody.

The redactor of the next run finds them again, so that the same places carry the same placeholders.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import assert_never, cast

from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import InternalError
from agentctl.foundation.ids import random_bytes
from agentctl.trace.sealing.redaction import SecretKind
from agentctl.trace.sealing.vault import PLACEHOLDER, Vault

_CARD, _IBAN = "400000000000", "DE"
_IBAN_DIGITS = 18
_KEY_BYTES = 32


def standin(kind: SecretKind, number: int) -> str:
    """Return the value that stands for the placeholder `[kind:number]`."""
    match kind:
        case "email":
            return f"person-{number}@example.com"
        case "phone":
            return f"+1 {200 + number // 100} 555 01{number % 100:02d}"
        case "card":
            return _with_check_digit(f"{_CARD}{number:03d}")
        case "iban":
            return _iban(f"{number:0{_IBAN_DIGITS}d}")
        case "ssn":
            return f"{100 + number // 9999:03d}-45-{number % 9999 + 1:04d}"
        case "key":
            return f"sk-stand-in-for-a-key-{number:04d}"
        case "text":
            return f"[text:{number}]"
        case _ as never:
            assert_never(never)


class Cleaner:
    """Takes what must not be kept out of what a run wrote down, whether or not the run itself did.

    Args:
        written: everything the run wrote; its placeholders are known from there.
        redacts: whether the run redacts what it writes: then the next one will, too.
    """

    def __init__(self, written: Iterable[JsonValue], *, redacts: bool) -> None:
        self._redacts = redacts
        self._vault = Vault(None, random_bytes(_KEY_BYTES), "", "strict")
        # Where nothing was redacted, what looks like a placeholder is a stranger's text, and is taken out like a value.
        for kind, highest in _highest(written if redacts else ()).items():
            for number in range(1, highest + 1):
                self._introduce(kind, number)

    def as_given(self, value: JsonValue) -> JsonValue:
        """Return a value as it may be given to a run or a tool: with stand-ins."""
        return _replaced(self._clean(value), _standin_of)

    def as_recorded(self, value: JsonValue) -> JsonValue:
        """Return a value as the next run will write it down."""
        return self._clean(value) if self._redacts else self.as_given(value)

    def text(self, text: str) -> str:
        """Return a text as it may be given."""
        return str(self.as_given(text))

    def _clean(self, value: JsonValue) -> JsonValue:
        return self._vault.redact(value, trusted_placeholders=True)

    def _introduce(self, kind: SecretKind, number: int) -> None:
        placeholder = self._vault.redact(standin(kind, number))
        if placeholder != f"[{kind}:{number}]":
            raise InternalError(f"the stand-in for [{kind}:{number}] is taken for {placeholder}")


def _highest(written: Iterable[JsonValue]) -> dict[SecretKind, int]:
    """Return the highest number of each kind of placeholder in what was written."""
    highest: dict[SecretKind, int] = {}

    def note(placeholder: str) -> str:
        kind, number = _parts(placeholder)
        highest[kind] = max(number, highest.get(kind, 0))
        return placeholder

    for value in written:
        _replaced(value, note)
    return highest


def _parts(placeholder: str) -> tuple[SecretKind, int]:
    kind, _, number = placeholder[1:-1].partition(":")
    return cast("SecretKind", kind), int(number)


def _standin_of(placeholder: str) -> str:
    return standin(*_parts(placeholder))


def _replaced(value: JsonValue, change: Callable[[str], str]) -> JsonValue:
    """Return a value with every placeholder in its texts and keys replaced."""
    match value:
        case str():
            return PLACEHOLDER.sub(lambda found: change(found.group()), value)
        case Mapping():
            return {str(_replaced(name, change)): _replaced(item, change) for name, item in value.items()}
        case bool() | int() | float() | None:
            return value
        case Sequence():
            return [_replaced(item, change) for item in value]
        case _ as never:
            assert_never(never)


def _with_check_digit(digits: str) -> str:
    """Return a card number: the digits and the one that makes Luhn's sum right."""
    doubled = (int(digit) * 2 for digit in digits[::-2])
    total = sum(number - 9 if number > 9 else number for number in doubled)  # noqa: PLR2004 - of two digits
    total += sum(int(digit) for digit in digits[-2::-2])
    return f"{digits}{-total % 10}"


def _iban(account: str) -> str:
    """Return an account number with the check digits that make it one."""
    letters = "".join(str(int(letter, 36)) for letter in _IBAN)
    check = 98 - int(f"{account}{letters}00") % 97
    return f"{_IBAN}{check:02d}{account}"
