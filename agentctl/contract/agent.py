"""The agent contract: what one agent may do, with which model, at which cost, under whose name."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from agentctl.contract.approval_rule import ApprovalRule
from agentctl.contract.base import (
    Amount,
    AsTuple,
    Document,
    IsoDate,
    Name,
    Reference,
    Text,
    ToolName,
    later,
)
from agentctl.contract.policy_source import PolicySource
from agentctl.contract.tool import RiskTier, ToolDescriptor, higher_tier

RedactionLevel = Literal["strict", "standard", "off"]
Risk = Literal["irreversible_without_approval", "static_key", "rule_of_two", "asserted_principal"]


class Agent(Document):
    """Who the agent is and who answers for it."""

    name: Name
    """The agent's name; the file is `contracts/<name>.yaml`."""
    owner: Name
    """The team that answers for this agent."""
    instructions: Reference | None = None
    """The file with the agent's instructions; default: `<name>.md` beside the contract, where it exists."""


class Escalation(Document):
    """One condition under which a stronger model is asked; exactly one key."""

    tool_error_rate_gt: Annotated[Amount, Field(le=1)] | None = None
    """Share of failed tool calls above which to escalate, 0 to 1."""
    amount_usd_ge: Amount | None = None
    """Amount of money in US dollars from which to escalate."""

    @model_validator(mode="after")
    def _is_one_condition(self) -> "Escalation":
        if (self.tool_error_rate_gt is None) == (self.amount_usd_ge is None):
            raise ValueError("a condition has exactly one of `tool_error_rate_gt` and `amount_usd_ge`")
        return self


class ModelRouting(Document):
    """Which model answers; aliases are bound to deployments by the environment."""

    default: Name
    """The alias that is asked first."""
    escalate_on: Annotated[tuple[Escalation, ...], AsTuple] = ()
    """When to ask a stronger model."""


class Budgets(Document):
    """Hard ceilings of one run. Token caps are totals per run."""

    max_steps: Annotated[int, Field(ge=1, le=1_000)] = 8
    """Steps of a run; a step is one model call and the tool calls it asked for."""
    max_input_tokens: Annotated[int, Field(ge=1, le=100_000_000)] = 8_000
    """Input tokens of all model calls of a run together."""
    max_output_tokens: Annotated[int, Field(ge=1, le=100_000_000)] = 1_000
    """Output tokens of all model calls of a run together."""
    max_cost_usd_per_run: Amount = Decimal("0.25")
    """Cost of a run in US dollars."""
    max_tool_calls: Annotated[int, Field(ge=0, le=100_000)] = 32
    """Attempts of tool calls in a run."""
    max_refusals: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Refused tool calls after which the run itself is refused."""
    max_wall_clock_seconds: Annotated[int, Field(ge=1, le=7 * 86_400)] = later(900)
    """Time in which the run is being worked on; waiting for an approval does not count."""
    max_bytes: Annotated[int, Field(ge=1, le=10**12)] = later(32_000_000)
    """Bytes of arguments sent to tools and of results taken from them, together."""
    max_open_approvals: Annotated[int, Field(ge=1, le=1_000)] = later(5)
    """Approval requests that may wait at the same time."""
    max_approval_requests: Annotated[int, Field(ge=1, le=10_000)] = later(20)
    """Approval requests of a run, in all; people who are asked too often stop reading."""
    max_repeats: Annotated[int, Field(ge=2, le=100)] = later(3)
    """How often the same call, or the same round of calls, may end the same; then it is a loop."""
    max_near_repeats: Annotated[int, Field(ge=2, le=100)] = later(5)
    """How often a call may end the same of which only an argument differs that makes no difference."""
    max_same_errors: Annotated[int, Field(ge=2, le=100)] = later(5)
    """How often a tool may fail with the same error, whatever its arguments."""


class RiskAcceptance(Document):
    """A person accepts a named risk of one tool, in writing."""

    risk: Risk
    """Which risk."""
    by: Text
    """Who accepts it."""
    reason: Text
    """Why."""
    date: IsoDate
    """When it was accepted."""
    until: IsoDate | None = None
    """The last day on which the acceptance holds; absent means until it is withdrawn."""

    def holds(self, today: str) -> bool:
        """Return whether it holds on a day: from its date on, no longer than it says. What is no day makes it void."""
        try:
            day, begun = date.fromisoformat(today), date.fromisoformat(self.date)
            return begun <= day and (self.until is None or day <= date.fromisoformat(self.until))
        except ValueError:
            return False


class AllowedTool(Document):
    """One tool this agent may call. What is not listed the model never sees and cannot call."""

    name: ToolName
    """The tool's name in the registry."""
    requires_approval: bool | ApprovalRule = False
    """Whether somebody else must approve each call before it is executed; or when, who and how many."""
    risk_tier: RiskTier | None = later(None)
    """How much is at stake in this agent's hands; never lower than what the tool itself says."""
    accepts: Annotated[tuple[RiskAcceptance, ...], AsTuple] = ()
    """Risks of this tool that were accepted in writing."""

    @property
    def approval(self) -> ApprovalRule | None:
        """The rule of approval; `true` is the rule with all its defaults, `false` is none."""
        if isinstance(self.requires_approval, bool):
            return ApprovalRule() if self.requires_approval else None
        return self.requires_approval

    @property
    def always_needs_approval(self) -> bool:
        """Whether every call needs approval, whatever its facts."""
        return self.approval is not None and not self.approval.when

    def acceptance(self, risk: Risk, today: str) -> RiskAcceptance | None:
        """Return the acceptance of a risk that holds on a day; None means it was not accepted."""
        return next((item for item in self.accepts if item.risk == risk and item.holds(today)), None)


def tier_of(descriptor: ToolDescriptor, entry: AllowedTool | None) -> RiskTier:
    """Return how much is at stake in a tool's calls: the higher of what the tool and the contract say."""
    return higher_tier(descriptor.tier, None if entry is None else entry.risk_tier)


class Tools(Document):
    """The tools of this agent."""

    allowlist: Annotated[tuple[AllowedTool, ...], AsTuple] = ()
    """The only tools this agent may call."""


class Identity(Document):
    """Under whose name the agent acts."""

    mode: Literal["on_behalf_of"] = "on_behalf_of"
    """The agent acts for a principal; both are named in every credential."""
    token_ttl_seconds: Annotated[int, Field(ge=1, le=86_400)] = 120
    """Longest life of a credential; each tool call's token lives the shorter of this and 120 seconds."""


class Logging(Document):
    """What is written down."""

    trace_level: Literal["full", "metadata"] = "full"
    """`metadata` drops payloads, never decisions; replay is then bounded."""
    pii_redaction: RedactionLevel = "strict"
    """`strict`: neither the record nor the model sees personal data; `standard`: the model does; `off`: both do."""


class AgentContract(Document):
    """An agent contract, as it stands in git."""

    agent: Agent
    """Who the agent is."""
    model_routing: ModelRouting
    """Which model answers."""
    budgets: Budgets = Budgets()
    """Hard ceilings of one run."""
    tools: Tools = Tools()
    """What the agent may call."""
    policies: Annotated[tuple[PolicySource, ...], AsTuple] | None = later(None)
    """By which policies its calls are judged; default: `policies/<name>.cedar` beside the contract, where it exists."""
    identity: Identity = Identity()
    """Under whose name it acts."""
    logging: Logging = Logging()
    """What is written down."""

    def allowed(self, tool: str) -> AllowedTool | None:
        """Return the allowlist entry of a tool; None means no, also where it stands twice and may mean two things."""
        entries = [entry for entry in self.tools.allowlist if entry.name == tool]
        return entries[0] if len(entries) == 1 else None
