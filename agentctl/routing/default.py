"""The default strategy: one alias for everything, its deployments as a fallback chain."""

from collections.abc import Mapping

from agentctl.contract.agent import ModelRouting


def default(routing: ModelRouting, facts: Mapping[str, str]) -> tuple[str, str]:
    """Return the contract's default alias; facts do not matter here."""
    del facts
    return routing.default, "the contract's default; the others stand by"
