"""The text a reviewer sees: pure, of fixed width, made from the bytes that will execute.

The text's digest is part of what is approved, so it never depends on a terminal.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agentctl.events.base import Principal
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.visible import visible

MAX_VIEW_BYTES = 64 << 10
"""A call whose view is larger cannot be reviewed and is refused."""

WIDTH = 76
"""Columns; text is wrapped here on every terminal."""

_PLACEHOLDER = re.compile(r"\[[a-z]+:[0-9]+\]")


@dataclass(frozen=True, slots=True)
class ViewSubject:
    """Everything a reviewer is shown; the arguments are the canonical ones, redacted."""

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
        *(("asked because", reason) for reason in subject.reasons),
        *((f"fact {name}", value) for name, value in sorted(subject.facts.items())),
        *((f"no fact {name}", why) for name, why in sorted(subject.facts_missing.items())),
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
            "bound to:",
            *_block(proof),
            "",
        )
    )


def with_real_values(view: str, restore: Callable[[JsonValue], JsonValue]) -> str:
    """Return a view with the real values in the places of their placeholders, made visible."""
    return _PLACEHOLDER.sub(lambda match: visible(str(restore(match[0]))), view)


_AFTER_CRASH = {
    "safe": "done again",
    "keyed": "done again with the same key",
    "never": "never again, a person decides",
}


def _block(rows: list[tuple[str, str]]) -> list[str]:
    return [line for name, value in rows for line in _wrapped(f"  {name:<14} ", visible(value))]


def _arguments(arguments: JsonObject) -> list[str]:
    lines: list[str] = []
    for name, value in sorted(arguments.items()):
        lines += _wrapped(
            f"  | {visible(name)}: ", visible(json.dumps(value, ensure_ascii=False, sort_keys=True))
        )
    return lines or ["  | (none)"]


def _wrapped(head: str, text: str) -> list[str]:
    """Cut text into lines of the fixed width; later lines are indented and marked, so nothing can pose as a row."""
    room = max(20, WIDTH - len(head))
    pieces = [text[start : start + room] for start in range(0, len(text), room)] or [""]
    return [head + pieces[0], *(f"{' ' * (len(head) - 2)}\\ {piece}" for piece in pieces[1:])]
