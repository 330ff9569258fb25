"""What the stages judge with: the run's state and the answers of the rooms below, gathered for one moment."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct

from agentctl.contract.agent import AgentContract
from agentctl.events.base import Principal
from agentctl.foundation.canonical import JsonValue
from agentctl.gateway.state import SessionState
from agentctl.policy.engine import PolicyEngine
from agentctl.tools.registry import Registry


class Bench(Struct, frozen=True):
    """Everything a stage may look at; a stage changes none of it.

    `registry` is whom the call may reach: for the agent its allowlisted tools, for a reviewer the whole registry;
    `reviewer_names` are those the environment knows.
    `now` is effective time as in the journal, `worked` for how many seconds the run has been worked on. `digest` covers
    placeholders and the values behind them. `restore` puts real values in the places of placeholders; `lost` names
    placeholders whose values are gone.
    """

    state: SessionState
    registry: Registry
    contract: AgentContract
    engines: tuple[PolicyEngine, ...]
    reviewer_names: tuple[str, ...]
    principal: Principal
    actor: str
    now: str
    worked: Decimal
    digest: Callable[[JsonValue], str]
    restore: Callable[[JsonValue], JsonValue]
    lost: Callable[[JsonValue], frozenset[str]]


def labels_of(descriptor_trust: Mapping[str, bool]) -> tuple[str, ...]:
    """Return the trust labels a tool's result carries."""
    words = {"reads_untrusted": "untrusted", "reads_private": "private"}
    return tuple(label for key, label in words.items() if descriptor_trust[key])
