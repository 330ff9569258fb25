"""Writes what observed calls needed as Cedar: one permit for each tool, with every bound as a condition. Pure."""

import json
import re
from collections.abc import Iterable, Iterator

from agentctl.foundation.money import plain
from agentctl.policy.cedar.request import decimal_text
from agentctl.policy.cedar.schema import ToolTypes
from agentctl.review.decisions.needs import Absent, Bound, ByFact, Largest, Need, OneOf, Open

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ID = re.compile(r"[^A-Za-z0-9_.:/-]")


def cedar_of(needs: Iterable[Need], about: str) -> str:
    """Return a policy file that permits what was needed and nothing else; `about` says where it comes from."""
    rules = "\n".join(_rule(need) for need in needs)
    return f"// {about}\n// What stands here was seen; whatever was not seen is denied.\n\n{rules}"


def rule_id(need: Need) -> str:
    """Return the id of the rule for a need."""
    return _ID.sub("-", f"seen:{need.tool}{':approved' if need.approved else ''}")


def _rule(need: Need) -> str:
    counted = f"{need.count} call{'' if need.count == 1 else 's'}"
    conditions = "\n".join(f"when {{ {condition} }}" for condition in _conditions(need))
    scope = f"  principal{_principal(need)},\n  action == Action::{_quoted(need.tool)},\n  resource"
    return f"// {counted} seen.\n@id({_quoted(rule_id(need))})\npermit (\n{scope}\n)\n{conditions};\n"


def _principal(need: Need) -> str:
    return f" == User::{_quoted(need.principals[0])}" if len(need.principals) == 1 else ""


def _conditions(need: Need) -> Iterator[str]:
    if len(need.principals) > 1:
        yield f"{_entities('User', need.principals)}.contains(principal)"
    if len(need.environments) == 1:
        yield f"context.environment == Environment::{_quoted(need.environments[0])}"
    else:
        yield f"{_entities('Environment', need.environments)}.contains(context.environment)"
    yield from (f"!context.labels_seen.contains({_quoted(label)})" for label in need.unseen_labels)
    yield from _order(need)
    for fact, most in need.amounts.items():
        at = _member("context.facts", fact)
        limit = f"decimal({_quoted(decimal_text(plain(most)) or '0.0')})"
        yield f"{_has('context.facts', fact)} && {at}.lessThanOrEqual({limit})"
    types = ToolTypes.of(need.descriptor)
    for name, bound in need.arguments.items():
        member = types.args.members.get(name)
        may_be_absent = member is None or not member.required
        yield from _argument(
            name, bound, _frame(may_be_absent=may_be_absent, always_given=name in need.always_given)
        )
    if need.approved:
        yield "context.approval.granted"


def _order(need: Need) -> Iterator[str]:
    """Yield what must have happened before, and how often this may have happened."""
    for tool in need.after:
        if tool not in need.same.values():
            yield f"{_history(tool)}.ok > 0"
    for fact, tool in need.same.items():
        seen = _member(f"{_history(tool)}.facts", fact)
        yield f"{_has('context.facts', fact)} && {seen}.contains({_member('context.facts', fact)})"
    own = _history(need.tool)
    yield f"{own}.ok + {own}.in_doubt <= {need.most_earlier}"


def _frame(*, may_be_absent: bool, always_given: bool) -> str:
    """Return in what the bound of an argument is put: it may be absent only if it was."""
    if not may_be_absent:
        return "{is}"
    return "{has} && {is}" if always_given else "if {has} then {is} else true"


def _argument(name: str, bound: Bound, frame: str) -> Iterator[str]:
    """Yield the condition of an argument; Cedar wants `has` before it looks at one that may be absent."""
    at, has = _member("context.args", name), _has("context.args", name)
    match bound:
        case Absent():
            yield f"!({has})"
        case Largest(number):
            yield frame.format_map({"has": has, "is": f"{at} <= {number}"})
        case OneOf(values):
            listed = ", ".join(json.dumps(value) for value in values)
            yield frame.format_map({"has": has, "is": f"[{listed}].contains({at})"})
        case ByFact() | Open():
            return


def _history(tool: str) -> str:
    return f"context.history[{_quoted(tool)}]"


def _entities(kind: str, names: Iterable[str]) -> str:
    return f"[{', '.join(f'{kind}::{_quoted(name)}' for name in names)}]"


def _member(of: str, name: str) -> str:
    return f"{of}.{name}" if _NAME.fullmatch(name) else f"{of}[{_quoted(name)}]"


def _has(of: str, name: str) -> str:
    return f"{of} has {name if _NAME.fullmatch(name) else _quoted(name)}"


def _quoted(text: str) -> str:
    """Return a name as Cedar writes it; those of tools, facts and principals need no escapes of their own."""
    return json.dumps(text, ensure_ascii=False)
