"""Judging what a run used: pure."""

from decimal import Decimal
from typing import assert_never

from agentctl.contract.golden_assertions import AtMost
from agentctl.evals.evidence import Evidence
from agentctl.evals.wording import Finding
from agentctl.foundation.money import plain


def at_most(item: AtMost, evidence: Evidence) -> Finding:
    """Judge a figure against its ceiling."""
    figure, unit = _figure(item, evidence)
    told = plain(figure)
    return Finding(
        figure <= item.threshold, f"at most {plain(item.threshold)} {unit}", f"{told} {unit}", told
    )


def _figure(item: AtMost, evidence: Evidence) -> tuple[Decimal, str]:
    """Return a figure and its unit; what was promised to an attempt of unknown end counts as used."""
    used = evidence.used
    match item.type:
        case "cost" | "budget:cost":
            return used.cost_usd, "USD"
        case "latency":
            return evidence.worked_seconds * 1_000, "ms"
        case "budget:wall":
            return evidence.worked_seconds, "s"
        case "budget:tokens":
            return Decimal(used.input_tokens + used.output_tokens), "tokens"
        case "budget:input-tokens":
            return Decimal(used.input_tokens), "input tokens"
        case "budget:output-tokens":
            return Decimal(used.output_tokens), "output tokens"
        case "budget:tool-calls":
            return Decimal(used.tool_calls), "attempts of tool calls"
        case "budget:steps":
            return Decimal(evidence.steps), "steps"
        case "budget:bytes":
            return Decimal(used.bytes), "bytes"
        case _ as never:
            assert_never(never)
