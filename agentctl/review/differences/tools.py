"""What a change of tools does: which may be called, what they are, when somebody must approve, and which risks are accepted. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from agentctl.contract.agent import AllowedTool, tier_of
from agentctl.contract.tool import RISK_TIERS, Effect, Fact, Retry, ToolDescriptor
from agentctl.contract.version import AgentVersion, ToolVersion
from agentctl.foundation.canonical import JsonValue, canonical_bytes, digest_bytes
from agentctl.review.checks.tool_parts import Side
from agentctl.review.differences.approvals import acceptance_changes, approval_changes
from agentctl.review.differences.change import Change, Direction, Measure, Weight, said
from agentctl.review.differences.schemas import schema_changes

_WEIGHT_OF: Final[Mapping[Effect, Weight]] = {"read": "medium", "write": "high", "irreversible": "high"}
_EFFECTS: Final[tuple[Effect, ...]] = ("irreversible", "write", "read")
_RETRIES: Final[tuple[Retry, ...]] = ("never", "keyed", "safe")
_LABELS: Final = ("reads_untrusted", "reads_private", "external_effect")


class _Allowed(Struct, frozen=True):
    """A tool as an agent may call it."""

    entry: AllowedTool
    version: ToolVersion

    @property
    def descriptor(self) -> ToolDescriptor:
        return self.version.descriptor


def tool_changes(before: AgentVersion, after: AgentVersion) -> Iterator[Change]:
    """Yield what differs between the tools of two versions; the order in which they are listed is nothing."""
    one, other = _allowed(before), _allowed(after)
    for name in sorted(one.keys() | other.keys()):
        path, tool, its = f"tools.{name}", one.get(name), other.get(name)
        if tool is None and its is not None:
            yield Change("wider", _WEIGHT_OF[its.descriptor.effect], path, _may_call(its), "", "allowed")
        elif its is None and tool is not None:
            yield Change("narrower", "medium", path, "it may be called no more", "allowed", "")
        elif tool is not None and its is not None:
            yield from _of_tool(path, tool, its)


def _allowed(version: AgentVersion) -> dict[str, _Allowed]:
    """Return the tools that may be called; what is listed twice is not allowed, for it may mean two things."""
    entries = {name: version.contract.allowed(name) for name in version.tools}
    return {
        name: _Allowed(entry, version.tools[name]) for name, entry in entries.items() if entry is not None
    }


def _may_call(tool: _Allowed) -> str:
    approval = tool.entry.approval
    asked = (
        ""
        if approval is None
        else ", with an approval"
        if not approval.when
        else ", above a threshold with an approval"
    )
    return f"it may be called ({tool.descriptor.effect}{asked})"


def _of_tool(path: str, before: _Allowed, after: _Allowed) -> Iterator[Change]:
    yield from approval_changes(path, before.entry.approval, after.entry.approval)
    yield from acceptance_changes(path, before.entry.accepts, after.entry.accepts)
    tiers = [tier_of(tool.descriptor, tool.entry) for tool in (before, after)]
    yield from Measure(f"{path}.risk_tier", "how much is at stake", "medium", "narrower").between(
        *tiers, amount=RISK_TIERS.index
    )
    yield from _of_descriptor(path, before.descriptor, after.descriptor)
    yield from _of_code(path, before.version.code, after.version.code)


def _of_descriptor(path: str, before: ToolDescriptor, after: ToolDescriptor) -> Iterator[Change]:
    yield from Measure(f"{path}.effect", "what it is said to do to the world", "high").between(
        before.effect, after.effect, amount=_EFFECTS.index
    )
    yield from Measure(f"{path}.retry", "what happens after a crash", "medium").between(
        before.retry, after.retry, amount=_RETRIES.index
    )
    for field, what in _COUNTS.items():
        counts = [int(getattr(tool, field)) for tool in (before, after)]
        yield from Measure(f"{path}.{field}", what).between(*counts, amount=int)
    yield from _of_effect_key(path, before.effect_key, after.effect_key)
    yield from _of_labels(path, before, after)
    yield from _of_facts(path, before.facts, after.facts)
    yield from _of_schemas(path, before, after)
    yield from _of_text(
        f"{path}.description", "what the model is told of it", before.description, after.description
    )
    yield from _of_executor(path, before, after)


_COUNTS: Final = {
    "attempts": "how often one call is attempted",
    "key_window_seconds": "how long a call may be repeated with its key",
    "timeout_seconds": "how long one attempt may take",
    "max_result_bytes": "how large a result may be",
    "polling": "whether the same answer again and again is no loop",
}


def _of_effect_key(path: str, before: str | None, after: str | None) -> Iterator[Change]:
    if before == after:
        return
    direction: Direction = "narrower" if before is None else "wider" if after is None else "other"
    what = "by what the same effect is known and refused a second time"
    yield Change(direction, "high", f"{path}.effect_key", what, said(before), said(after))


def _of_labels(path: str, before: ToolDescriptor, after: ToolDescriptor) -> Iterator[Change]:
    for label in _LABELS:
        marks = [bool(getattr(tool.trust, label)) for tool in (before, after)]
        yield from Measure(
            f"{path}.trust.{label}", "what it does to the trust of a run", "high", "narrower"
        ).between(*marks, amount=int)


def _of_facts(path: str, before: Mapping[str, Fact], after: Mapping[str, Fact]) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one != other:
            what = "what policies and thresholds speak about"
            yield Change("other", "medium", f"{path}.facts.{name}", what, _fact(one), _fact(other))


def _fact(fact: Fact | None) -> str:
    return "" if fact is None else canonical_bytes(fact.model_dump(mode="json")).decode()


def _of_schemas(path: str, before: ToolDescriptor, after: ToolDescriptor) -> Iterator[Change]:
    sides: tuple[tuple[Side, str], ...] = (("arguments", "what it takes"), ("result", "what it may answer"))
    for side, what in sides:
        for found in schema_changes(getattr(before, side), getattr(after, side)):
            weight: Weight = "medium" if side == "arguments" else "low"
            texts = (_json(found.before), _json(found.after))
            yield Change(found.direction, weight, f"{path}.{side}{found.pointer}", what, *texts)


def _of_executor(path: str, before: ToolDescriptor, after: ToolDescriptor) -> Iterator[Change]:
    one, other = before.executor.model_dump(mode="json"), after.executor.model_dump(mode="json")
    for key in dict.fromkeys((*one, *other)):
        if one.get(key) != other.get(key):
            weight: Weight = "low" if key in {"error_message", "file"} else "high"
            texts = (_json(one.get(key)), _json(other.get(key)))
            yield Change("other", weight, f"{path}.executor.{key}", "what it reaches, and how", *texts)


def _of_code(path: str, before: bytes | None, after: bytes | None) -> Iterator[Change]:
    if before is not None and after is not None and before != after:
        texts = (digest_bytes(before), digest_bytes(after))
        yield Change("other", "high", f"{path}.executor.file", "its code", *texts)


def _of_text(path: str, what: str, before: str, after: str) -> Iterator[Change]:
    if before.split() != after.split():
        yield Change("other", "low", path, what, before.strip(), after.strip())


def _json(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else canonical_bytes(value).decode()
