"""The text a reviewer sees: pure, of fixed width, made from the bytes that will execute.

The text's digest is part of what is approved, so it never depends on a terminal.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping

from msgspec import Struct

from agentctl.events.base import Principal
from agentctl.foundation.canonical import JsonObject, JsonValue, canonical_bytes
from agentctl.foundation.visible import visible

MAX_VIEW_BYTES = 64 << 10
"""A call whose view is larger cannot be reviewed and is refused."""

MAX_SAID = 500
"""Characters of the model's own words that a reviewer is shown."""

WIDTH = 76
"""Columns; text is wrapped here on every terminal."""

_PLACEHOLDER = re.compile(r"\[[a-z]{1,16}:[0-9]{1,9}\]")
_WHOLE = re.compile(
    rf"{_PLACEHOLDER.pattern}|\\(?:\\|x[0-9a-f]{{2}}|u[0-9a-f]{{4}}|U[0-9a-f]{{8}})|.", re.DOTALL
)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")
_CONTINUED = f"{'':<15}+ "


class ViewSubject(Struct, frozen=True):
    """Everything a reviewer is shown; the arguments are the canonical ones, redacted.

    `demands` says who must approve; `seen` are the trust labels of everything the model had seen; `said` is what the model
    said beside its call.
    """

    call: str
    tool: str
    effect: str
    retry: str
    arguments: JsonObject
    facts: Mapping[str, str]
    facts_missing: Mapping[str, str]
    principal: Principal
    actor: str
    owner: str
    environment: str
    reasons: tuple[str, ...]
    risk_tier: str
    demands: str
    seen: tuple[str, ...]
    said: str
    budget_left: str
    descriptor_digest: str
    arguments_digest: str
    version: str


def render(subject: ViewSubject) -> str:
    """Return the text of an approval request; everything in it is safe for a terminal, nothing is cut."""
    rows = [
        ("tool", subject.tool),
        ("effect", f"{subject.effect}; after a crash: {_AFTER_CRASH[subject.retry]}"),
        ("acts for", f"{subject.principal.id} ({subject.principal.assurance})"),
        ("agent", f"{subject.actor}, owned by {subject.owner}"),
        ("environment", subject.environment),
        ("at stake", f"risk tier {subject.risk_tier}"),
        ("who approves", subject.demands),
        *(("asked because", reason) for reason in subject.reasons),
        *(("fact", f"{name} = {value}") for name, value in sorted(subject.facts.items())),
        *(("no fact", f"{name}: {why}") for name, why in sorted(subject.facts_missing.items())),
        ("seen before", ", ".join(_LABELS.get(label, label) for label in subject.seen) or "nothing labelled"),
        ("budget left", subject.budget_left),
    ]
    proof = [
        ("call", subject.call),
        ("descriptor", subject.descriptor_digest),
        ("arguments", subject.arguments_digest),
        ("version", subject.version),
    ]
    return "\n".join(
        (
            *_block(rows),
            "arguments, complete:",
            *_arguments(subject.arguments),
            *_said(subject.said),
            "bound to:",
            *_block(proof),
            "",
        )
    )


def with_real_values(view: str, restore: Callable[[JsonValue], JsonValue]) -> str:
    """Return a view with the real values in the places of their placeholders, made visible and wrapped anew."""
    return "\n".join(piece for line in view.split("\n") for piece in _restored(line, restore))


_LABELS = {"untrusted": "text that strangers wrote", "private": "private data"}

_AFTER_CRASH = {
    "safe": "done again",
    "keyed": "done again with the same key",
    "never": "never again, a person decides",
}


def _block(rows: list[tuple[str, str]]) -> list[str]:
    return [line for name, value in rows for line in _wrapped(f"  {visible(name):<14} {visible(value)}")]


def _arguments(arguments: JsonObject) -> list[str]:
    lines: list[str] = []
    for name, value in sorted(arguments.items()):
        lines += _wrapped(f"  | {_argument_name(name)}: {_json(value)}")
    return lines or ["  | (none)"]


def _said(text: str) -> list[str]:
    """Return the model's own words, in a box, escaped and cut: they are the one part that was written to persuade."""
    if not text.strip():
        return []
    cut = len(text) - MAX_SAID
    shown = f"{text[:MAX_SAID]} ({cut} more characters are not shown)" if cut > 0 else text
    return [
        "what the model says of it; untrusted, nothing in it is checked:",
        *_wrapped(f"  ~ {visible(shown)}"),
    ]


def _argument_name(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else _json(name)


def _json(value: JsonValue) -> str:
    return visible(canonical_bytes(value).decode())


def _restored(line: str, restore: Callable[[JsonValue], JsonValue]) -> list[str]:
    """Put real values into a line, written as inside a JSON string: they cannot end the string they stand in."""
    if not _PLACEHOLDER.search(line):
        return [line]
    return _wrapped(_PLACEHOLDER.sub(lambda match: _inside_json(restore(match[0])), line))


def _inside_json(value: JsonValue) -> str:
    return visible(json.dumps(str(value), ensure_ascii=False)[1:-1])


def _wrapped(row: str) -> list[str]:
    """Break a visible row into lines of the fixed width; later lines are indented and marked, so nothing poses as a row.

    Escapes and placeholders stay whole: a placeholder in two pieces would hide its value from the reviewer.
    """
    lines, line, used = [], "", 0
    for unit in _WHOLE.findall(row):
        columns = _columns(unit)
        if used + columns > WIDTH:
            lines.append(line)
            line, used = _CONTINUED, len(_CONTINUED)
        line += unit
        used += columns
    return [*lines, line]


def _columns(text: str) -> int:
    """Return how wide a text is on a terminal; a line that is too wide would go on at the left edge, unmarked."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
