"""What of an event may differ between two runs though nothing differs: moments, random ids, what follows from the rest.

All of it is named here. `*` stands for any event, and in a path for every item of a list. What a replay of a run may
differ in from that run is much less, and stands in `recorded/comparison.py`.
"""

from collections.abc import Mapping
from typing import Final

from agentctl.foundation.canonical import JsonObject, JsonValue

VOLATILE: Final[Mapping[str, tuple[str, ...]]] = {
    # moments, and how long something took
    "*": ("latency_ms",),
    "clock.anomaly": ("wall", "behind_seconds"),
    # which run it is, and in what process
    "run.started": (
        "agentctl",
        "envelope/conversation",
        "envelope/kind",
        "envelope/ledger",
        "envelope/parent_run",
        "envelope/replay",
        "envelope/run",
        "envelope/traceparent",
        "envelope/trial",
    ),
    "journal.recovered": ("bytes", "sha256"),
    # Digests and sums of what is compared itself; a digest of a sealed value is keyed for one run. The versions that govern
    # a run are compared once, where it begins.
    "model.asked": ("request_digest",),
    "model.answered": ("response_id",),
    "decision.made": ("answers/*/digest", "answers/*/latency_us", "inputs_digest", "judged_at"),
    "tool.proposed": ("arguments_digest",),
    "tool.amended": ("arguments_digest",),
    "tool.intent": (
        "arguments_digest",
        "basis/budget_after",
        "basis/budget_before",
        "basis/inputs_digest",
        "basis/policies",
        "credential/expires_at",
        "credential/jti",
        "descriptor_digest",
        "idempotency_key",
        "reservation/bytes",
    ),
    "tool.result": ("value_digest", "settlement/bytes"),
    "tool.resolved": ("message",),
    "approval.requested": ("binding", "expires_at", "view"),
    "approval.answered": ("binding", "changes_digest", "message", "signature"),
    "approval.grant": ("grant", "message", "signature", "until", "version"),
    "inbox.refused": ("message",),
    "budget.raised": ("message", "signature"),
}
"""Paths by event type: what is not compared."""


def without_volatile(kind: str, form: JsonObject) -> JsonObject:
    """Return an event's JSON without what is not compared."""
    for path in (*VOLATILE["*"], *VOLATILE.get(kind, ())):
        form = _without(form, path.split("/"))
    return form


def _without(form: JsonObject, path: list[str]) -> JsonObject:
    head, *rest = path
    if head not in form:
        return form
    if not rest:
        return {key: value for key, value in form.items() if key != head}
    return {**form, head: _within(form[head], rest)}


def _within(value: JsonValue, path: list[str]) -> JsonValue:
    if isinstance(value, Mapping):
        return _without(value, path)
    if isinstance(value, list | tuple) and path[0] == "*":
        return [_within(item, path[1:]) for item in value]
    return value
