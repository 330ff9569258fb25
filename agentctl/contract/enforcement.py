"""Keys of a contract that are accepted but not enforced yet; the check and every run header name them."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from agentctl.contract.agent import AgentContract


class NotEnforced(Struct, frozen=True):
    """A part of the contract that nobody acts upon yet."""

    path: tuple[str, ...]
    """The way to it in the contract."""
    named: str
    """What it is called in run headers."""
    instead: str
    """What happens instead."""
    is_used: Callable[[AgentContract], bool]
    """Whether a contract uses it."""


NOT_ENFORCED: Final[tuple[NotEnforced, ...]] = (
    NotEnforced(
        ("model_routing", "escalate_on"),
        "model_routing.escalate_on",
        "`model_routing.default` answers every step",
        lambda contract: bool(contract.model_routing.escalate_on),
    ),
    NotEnforced(
        ("logging", "trace_level"),
        "logging.trace_level: metadata",
        "traces are `full`",
        lambda contract: contract.logging.trace_level == "metadata",
    ),
)
"""Everything that is accepted and not enforced."""


def unenforced_parts(contract: AgentContract) -> tuple[NotEnforced, ...]:
    """Return what a contract uses and nobody enforces, with what happens instead."""
    return tuple(part for part in NOT_ENFORCED if part.is_used(contract))


def not_enforced(contract: AgentContract) -> tuple[str, ...]:
    """Return the names of what a contract uses and nobody enforces, for the header of its runs."""
    return tuple(part.named for part in unenforced_parts(contract))
