"""The contract that observed runs needed: the tools that were used, and budgets just above what was used. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Final

from msgspec import Struct

from agentctl.budget.spend import Spend, evolve_spend
from agentctl.contract.agent import AgentContract, AllowedTool, Budgets, Tools
from agentctl.contract.policy_source import PolicySource
from agentctl.events.record import Record
from agentctl.events.tool import ToolRefused
from agentctl.foundation.money import plain
from agentctl.review.decisions.needs import Need

_DIGITS: Final = 2
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_AMBIGUOUS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


class Peak(Struct, frozen=True):
    """The most that any of some runs had used or promised at any moment."""

    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    tool_calls: int = 0
    refusals: int = 0
    bytes: int = 0

    def with_run(self, records: Iterable[Record]) -> "Peak":
        """Return the peak with one more run."""
        peak, spend, refusals = self, Spend(), 0
        for record in records:
            spend = evolve_spend(spend, record.event)
            refusals += isinstance(record.event, ToolRefused)
            peak = peak._with_moment(spend, refusals)
        return peak

    def _with_moment(self, spend: Spend, refusals: int) -> "Peak":
        used = spend.committed
        return Peak(
            max(self.steps, spend.steps),
            max(self.input_tokens, used.input_tokens),
            max(self.output_tokens, used.output_tokens),
            max(self.cost_usd, used.cost_usd),
            max(self.tool_calls, used.tool_calls),
            max(self.refusals, refusals),
            max(self.bytes, used.bytes),
        )


def least_contract(
    contract: AgentContract, needs: Sequence[Need], peak: Peak, policies: tuple[PolicySource, ...]
) -> AgentContract:
    """Return a contract with only what was needed; nothing in it is wider than before."""
    used = {need.tool for need in needs}
    entries = tuple(_entry(entry, needs) for entry in contract.tools.allowlist if entry.name in used)
    changes = {
        "tools": Tools(allowlist=entries),
        "budgets": least_budgets(contract.budgets, peak),
        "policies": policies,
    }
    return contract.model_copy(update=changes)


def _entry(entry: AllowedTool, needs: Sequence[Need]) -> AllowedTool:
    """Return an entry of the allowlist; where an approval was asked for each time, by whomever, the contract asks for it."""
    was_always_approved = all(need.approved for need in needs if need.tool == entry.name)
    if entry.approval is None and was_always_approved:
        return entry.model_copy(update={"requires_approval": True})
    return entry


def least_budgets(budgets: Budgets, peak: Peak) -> Budgets:
    """Return budgets that the runs would have kept, in round numbers, never above those there were."""
    needed = {
        "max_steps": max(1, peak.steps),
        "max_input_tokens": max(1, _rounded_up(peak.input_tokens)),
        "max_output_tokens": max(1, _rounded_up(peak.output_tokens)),
        "max_tool_calls": peak.tool_calls,
        "max_refusals": peak.refusals + 1,
        "max_bytes": max(1, _rounded_up(peak.bytes)),
    }
    lower: dict[str, int | Decimal] = {
        name: min(value, getattr(budgets, name)) for name, value in needed.items()
    }
    cents = peak.cost_usd.quantize(Decimal("0.01"), rounding=ROUND_CEILING)
    lower["max_cost_usd_per_run"] = min(cents, budgets.max_cost_usd_per_run)
    return budgets.model_copy(update=lower)


def _rounded_up(number: int) -> int:
    """Return a number rounded up to two digits: 12,345 becomes 13,000."""
    step: int = 10 ** max(0, len(str(number)) - _DIGITS)
    return -(-number // step) * step


def contract_yaml(contract: AgentContract, about: str) -> str:
    """Return a contract as a YAML file, without what has its default."""
    document = contract.model_dump(mode="python", exclude_defaults=True)
    head = "# yaml-language-server: $schema=schemas/agent.schema.json"
    return "\n".join((head, f"# {about}", *_block(document, ""), ""))


def _block(value: object, indent: str) -> Iterator[str]:
    match value:
        case Mapping():
            for key, item in value.items():
                yield from _entry_lines(f"{indent}{_scalar(key)}:", item, indent)
        case list() | tuple():
            for item in value:
                first, *rest = _block(item, f"{indent}  ") if _is_long(item) else [_scalar(item)]
                yield f"{indent}- {first.strip()}"
                yield from rest
        case _:
            yield f"{indent}{_scalar(value)}"


def _entry_lines(head: str, item: object, indent: str) -> Iterator[str]:
    if _is_long(item):
        yield head
        yield from _block(item, f"{indent}  ")
    else:
        yield f"{head} {_scalar(item)}"


def _is_long(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _scalar(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return plain(value)
        case str() if _PLAIN.fullmatch(value) and value.lower() not in _AMBIGUOUS:
            return value
        case list() | tuple():
            return "[]"
        case Mapping():
            return "{}"
        case _:
            return json.dumps(value)
