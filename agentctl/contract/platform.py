"""The platform's rules: what the platform team enforces over every contract. The stricter of two values holds."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from agentctl.contract.agent import AgentContract, Budgets, RedactionLevel, Risk
from agentctl.contract.approval_rule import MAX_QUORUM
from agentctl.contract.base import Amount, AsTuple, Document, Name, Text, later
from agentctl.contract.durations import Duration
from agentctl.contract.environment import Deployment
from agentctl.contract.tool import RiskTier

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
    max_wall_clock_seconds: Annotated[int, Field(ge=1)] | None = later(None)
    """Ceiling for `budgets.max_wall_clock_seconds`."""
    max_bytes: Annotated[int, Field(ge=1)] | None = later(None)
    """Ceiling for `budgets.max_bytes`."""
    max_open_approvals: Annotated[int, Field(ge=1)] | None = later(None)
    """Ceiling for `budgets.max_open_approvals`."""
    max_approval_requests: Annotated[int, Field(ge=1)] | None = later(None)
    """Ceiling for `budgets.max_approval_requests`."""
    max_repeats: Annotated[int, Field(ge=2)] | None = later(None)
    """Ceiling for `budgets.max_repeats`."""
    max_near_repeats: Annotated[int, Field(ge=2)] | None = later(None)
    """Ceiling for `budgets.max_near_repeats`."""
    max_same_errors: Annotated[int, Field(ge=2)] | None = later(None)
    """Ceiling for `budgets.max_same_errors`."""


class AllowedModels(Document):
    """Which models may be asked; an empty list allows all."""

    providers: Annotated[tuple[Text, ...], AsTuple] = ()
    """Providers: `scripted`, `openai_compatible`, or for litellm the part of the model's name before its first slash."""
    regions: Annotated[tuple[Name, ...], AsTuple] = ()
    """Regions; a deployment that names none is then not allowed."""

    def allows_provider(self, deployment: Deployment) -> bool:
        """Return whether a deployment's provider may be asked."""
        return not self.providers or provider_of(deployment) in self.providers

    def allows_region(self, deployment: Deployment) -> bool:
        """Return whether a deployment may be asked where it computes."""
        return not self.regions or deployment.region in self.regions

    def allows(self, deployment: Deployment) -> bool:
        """Return whether a deployment may be asked."""
        return self.allows_provider(deployment) and self.allows_region(deployment)


class ApprovalFloor(Document):
    """What holds for approvals of one risk tier."""

    quorum_at_least: Annotated[int, Field(ge=1, le=MAX_QUORUM)] = 1
    """How many reviewers must approve at least."""
    grants: bool = True
    """Whether a reviewer may grant several calls at once, within limits."""
    valid_for_at_most: Duration | None = None
    """How long after an approval the call may be executed at most."""


def provider_of(deployment: Deployment) -> str:
    """Return who answers: `openai` for litellm's `openai/gpt-4o-mini`; empty where litellm's name does not say."""
    if deployment.provider != "litellm":
        return deployment.provider
    provider, slash, _ = deployment.model.partition("/")
    return provider if slash else ""


def may_share_a_provider(one: Deployment, other: Deployment) -> bool:
    """Return whether two deployments are of one provider, as far as their names tell: one that names none could be anybody's."""
    mine, theirs = provider_of(one).lower(), provider_of(other).lower()
    return one.provider == other.provider and (not mine or not theirs or mine == theirs)


ALL_RISKS: tuple[Risk, ...] = get_args(Risk)
"""Every risk that can be accepted in writing."""


class PlatformRules(Document):
    """What holds over every contract of the project."""

    budget_ceilings: BudgetCeilings = BudgetCeilings()
    """Ceilings for the budgets of every run."""
    pii_redaction_at_least: RedactionLevel = "standard"
    """The weakest redaction a contract may ask for."""
    token_ttl_seconds_at_most: Annotated[int, Field(ge=1, le=86_400)] | None = None
    """Longest life of any credential."""
    models: AllowedModels = later(AllowedModels())
    """Which models may be asked."""
    approvals: dict[RiskTier, ApprovalFloor] = later({})
    """What holds for approvals, by risk tier."""
    acceptable_risks: Annotated[tuple[Risk, ...], AsTuple] = later(ALL_RISKS)
    """Risks that a contract may accept in writing; an acceptance of any other risk is void."""
    principal_of_live_writes: Literal["authenticated", "asserted"] = later("authenticated")
    """How sure we must be of whom a run acts for, before it changes something real."""
    separate_read_and_write_policies: bool = later(default=True)
    """Whether a rule that permits must speak of reads only, or of writes only."""

    def floor(self, tier: RiskTier) -> ApprovalFloor:
        """Return what holds for approvals of a risk tier."""
        return self.approvals.get(tier, ApprovalFloor())


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
