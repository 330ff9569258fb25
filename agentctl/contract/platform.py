"""The platform's rules: what the platform team enforces over every contract. The stricter of two values holds."""

from typing import Annotated

from pydantic import Field

from agentctl.contract.agent import AgentContract, Budgets, RedactionLevel
from agentctl.contract.base import Amount, Document

_REDACTION_ORDER: tuple[RedactionLevel, ...] = ("off", "standard", "strict")


class BudgetCeilings(Document):
    """No run gets more than this, whatever its contract says; absent means no ceiling of the platform's."""

    max_steps: Annotated[int, Field(ge=1)] | None = None
    """Ceiling for `budgets.max_steps`."""
    max_input_tokens: Annotated[int, Field(ge=1)] | None = None
    """Ceiling for `budgets.max_input_tokens`."""
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    """Ceiling for `budgets.max_output_tokens`."""
    max_cost_usd_per_run: Amount | None = None
    """Ceiling for `budgets.max_cost_usd_per_run`."""
    max_tool_calls: Annotated[int, Field(ge=0)] | None = None
    """Ceiling for `budgets.max_tool_calls`."""
    max_refusals: Annotated[int, Field(ge=1)] | None = None
    """Ceiling for `budgets.max_refusals`."""


class PlatformRules(Document):
    """What holds over every contract of the project."""

    budget_ceilings: BudgetCeilings = BudgetCeilings()
    """Ceilings for the budgets of every run."""
    pii_redaction_at_least: RedactionLevel = "standard"
    """The weakest redaction a contract may ask for."""
    token_ttl_seconds_at_most: Annotated[int, Field(ge=1, le=86_400)] | None = None
    """Longest life of any credential."""


def effective(contract: AgentContract, rules: PlatformRules) -> tuple[AgentContract, dict[str, str]]:
    """Return the contract with the platform's rules applied, and where each tightened value came from.

    The second value maps a dotted path (`budgets.max_steps`) to the rule that set it; paths that the contract itself
    decides are absent.
    """
    origins: dict[str, str] = {}
    budgets = _within_ceilings(contract.budgets, rules.budget_ceilings, origins)
    logging = contract.logging
    floor = rules.pii_redaction_at_least
    if _REDACTION_ORDER.index(logging.pii_redaction) < _REDACTION_ORDER.index(floor):
        logging = logging.model_copy(update={"pii_redaction": floor})
        origins["logging.pii_redaction"] = "platform.pii_redaction_at_least"
    identity = contract.identity
    longest = rules.token_ttl_seconds_at_most
    if longest is not None and identity.token_ttl_seconds > longest:
        identity = identity.model_copy(update={"token_ttl_seconds": longest})
        origins["identity.token_ttl_seconds"] = "platform.token_ttl_seconds_at_most"
    return contract.model_copy(update={"budgets": budgets, "logging": logging, "identity": identity}), origins


def _within_ceilings(budgets: Budgets, ceilings: BudgetCeilings, origins: dict[str, str]) -> Budgets:
    lowered = {
        field: ceiling
        for field, ceiling in ceilings
        if ceiling is not None and getattr(budgets, field) > ceiling
    }
    origins.update({f"budgets.{field}": f"platform.budget_ceilings.{field}" for field in lowered})
    return budgets.model_copy(update=lowered)
