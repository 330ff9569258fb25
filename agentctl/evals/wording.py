"""How scores speak: what was expected, what was found and where; short, and with no value that redaction would take out."""

import json
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from agentctl.foundation.canonical import JsonValue
from agentctl.trace.sealing.redaction import find_secrets

LONGEST: Final = 1_000
_LONGEST_VALUE: Final = 240


class Finding(Struct, frozen=True):
    """What one look at a trial found. `expected` and `found` are phrases; `value` is the figure, where there is one."""

    holds: bool
    expected: str
    found: str
    value: str | None = None

    @property
    def turned(self) -> "Finding":
        """The same of an assertion with `not-` before it."""
        return Finding(not self.holds, f"not {self.expected}", self.found, self.value)

    @property
    def sentence(self) -> str:
        """What is said of it; nothing where it holds."""
        return "" if self.holds else cut(masked(f"expected {self.expected}; found {self.found}"), LONGEST)


def masked(text: str) -> str:
    """Return a text without personal data and secrets: each becomes the word for its kind."""
    done, pieces = 0, list[str]()
    for match in find_secrets(text):
        pieces += (text[done : match.start], f"[{match.kind}]")
        done = match.end
    return "".join((*pieces, text[done:]))


def cut(text: str, longest: int = _LONGEST_VALUE) -> str:
    """Return a text, or its beginning and how much more there is."""
    more = len(text) - longest
    return text if more <= 0 else f"{text[:longest]}… ({more} more characters)"


def quoted(text: str) -> str:
    """Return a text in backticks, not longer than a line or three."""
    return f"`{cut(text)}`"


def shown(value: JsonValue) -> str:
    """Return JSON as one short line."""
    return cut(json.dumps(value, ensure_ascii=False, sort_keys=True))


def listed(phrases: Iterable[str], nothing: str = "nothing") -> str:
    """Return phrases as one."""
    return ", ".join(phrases) or nothing
