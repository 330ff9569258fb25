"""The JSON Schemas of our own YAML files, as editors read them: `contracts/schemas/<kind>.schema.json`."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from pydantic import BaseModel

from agentctl.contract.agent import AgentContract
from agentctl.contract.baseline import Baseline
from agentctl.contract.environment import Environment
from agentctl.contract.golden import GoldenSet
from agentctl.contract.json_schema import Schema, export_schema
from agentctl.contract.platform import PlatformRules
from agentctl.contract.policy_cases import PolicyCases
from agentctl.contract.script import Script
from agentctl.contract.tool import ToolDescriptor

Kind = Literal["agent", "tool", "environment", "platform", "script", "golden", "baseline", "cases"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_MODELS: Final[Mapping[Kind, tuple[type[BaseModel], str]]] = {
    "agent": (AgentContract, "Agent contract of agentctl"),
    "tool": (ToolDescriptor, "Tool descriptor of agentctl"),
    "environment": (Environment, "Environment of agentctl"),
    "platform": (PlatformRules, "Platform rules of agentctl"),
    "script": (Script, "Script of agentctl's scripted model"),
    "golden": (GoldenSet, "Golden cases of agentctl"),
    "baseline": (Baseline, "Baseline of agentctl's golden cases"),
    "cases": (PolicyCases, "Policy cases of agentctl"),
}


def schema_of_kind(kind: Kind) -> Schema:
    """Return the JSON Schema of one kind of file; the same models always give the same schema."""
    model, title = _MODELS[kind]
    return export_schema(model, title)
