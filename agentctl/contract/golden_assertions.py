"""What must hold of a trial: of its answer, its calls, what was decided and approved, what was used, what is left behind.

Each type takes just its own keys. `not-` before a type turns it round.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from agentctl.contract.base import Amount, AsTuple, Document, Name, Text
from agentctl.contract.golden_words import (
    MOST,
    AnyTool,
    ApprovalEnd,
    ArgumentMode,
    CallEnd,
    Count,
    Decision,
    ExpectedCall,
    Expression,
    Json,
    JsonObject,
    LoopKind,
    Meter,
    Order,
    RunEnd,
    Stage,
)


class _Common(Document):
    """What every assertion may say."""

    weight: Amount = Decimal(1)
    """How much it counts where the case has a `threshold`; 0: it is only shown there."""
    metric: Name | None = None
    """The figure in reports that it belongs to."""
    severity: Literal["hard", "soft"] = "hard"
    """`hard`: a failure fails the case; `soft`: it is reported."""


class _Counted(_Common):
    min: Count | None = None
    """At least so many; absent: one, unless `max` is given."""
    max: Count | None = None
    """At most so many."""

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"`min` is {self.min}, and `max` only {self.max}")
        return self


class AnswerIs(_Common):
    """The answer as a whole."""

    type: Literal["equals", "not-equals"]
    """The answer is this; where `value` is no text, the answer is read as JSON."""
    value: Json
    """The text, or any other JSON."""


class AnswerHas(_Common):
    """A text in the answer."""

    type: Literal[
        "contains",
        "icontains",
        "starts-with",
        "ends-with",
        "not-contains",
        "not-icontains",
        "not-starts-with",
        "not-ends-with",
    ]
    """How the answer is compared with `value`; `icontains` takes no notice of case."""
    value: Text
    """The text."""


class AnswerHasSome(_Common):
    """Several texts in the answer."""

    type: Literal[
        "contains-any",
        "contains-all",
        "icontains-any",
        "icontains-all",
        "not-contains-any",
        "not-contains-all",
        "not-icontains-any",
        "not-icontains-all",
    ]
    """Whether any or all of them stand in the answer; `icontains` takes no notice of case."""
    value: Annotated[tuple[Text, ...], AsTuple, Field(min_length=1)]
    """The texts."""


class AnswerMatches(_Common):
    """An expression that is found in the answer."""

    type: Literal["regex", "not-regex"]
    """A regular expression is found in the answer."""
    value: Expression
    """The regular expression; it takes linear time, so it has no look-around and no back-references."""


class AnswerIsJson(_Common):
    """JSON as the answer, or in it."""

    type: Literal["is-json", "contains-json", "not-is-json", "not-contains-json"]
    """The answer is JSON, or has JSON somewhere in it."""
    value: JsonObject | None = None
    """The JSON Schema it keeps to; absent: any JSON."""


class AtMost(_Common):
    """A figure with a ceiling."""

    type: Literal[
        "cost",
        "latency",
        "budget:cost",
        "budget:tokens",
        "budget:input-tokens",
        "budget:output-tokens",
        "budget:tool-calls",
        "budget:steps",
        "budget:bytes",
        "budget:wall",
    ]
    """The figure: `cost` and `budget:cost` in US dollars, `latency` in milliseconds, `budget:wall` in seconds of work."""
    threshold: Amount
    """The most it may be."""


class ToolUsed(_Counted):
    """Tools that were asked for."""

    type: Literal["trajectory:tool-used", "not-trajectory:tool-used"]
    """The agent asked for a tool, whatever came of it."""
    value: AnyTool | Annotated[tuple[AnyTool, ...], AsTuple, Field(min_length=1)]
    """The tool, or several, each of them."""


class ToolSequence(_Common):
    """The order of tools."""

    type: Literal["trajectory:tool-sequence", "not-trajectory:tool-sequence"]
    """The agent asked for these tools, in the order that `mode` says."""
    value: Annotated[tuple[AnyTool, ...], AsTuple, Field(max_length=MOST)]
    """The tools."""
    mode: Order = "in_order"
    """`in_order`: others may stand between them; `strict` (or `exact`): no others; `unordered` (or `any_order`): the same
    ones in any order; `subset`: none but these; `superset` (or `contains`): all of these, others may be there too."""


class ToolArguments(_Common):
    """The arguments of a tool."""

    type: Literal["trajectory:tool-args-match", "not-trajectory:tool-args-match"]
    """A call of a tool has these arguments."""
    tool: AnyTool
    """The tool."""
    value: JsonObject
    """The arguments."""
    mode: ArgumentMode = "superset"
    """`exact`: these and no others; `superset`: all of these, others may be there too; `subset`: none but these, some may
    be missing; `ignore`: any."""


class StepCount(_Counted):
    """How many steps a run took."""

    type: Literal["trajectory:step-count"]
    """The number of steps; a step is one answer of the model."""

    @model_validator(mode="after")
    def _bounds_something(self) -> "StepCount":
        if self.min is None and self.max is None:
            raise ValueError("needs `min`, `max` or both")
        return self


class Trajectory(_Common):
    """The agent's calls as a whole."""

    type: Literal["trajectory", "not-trajectory"]
    """The calls that the agent asked for, refused ones too."""
    value: Annotated[tuple[ExpectedCall, ...], AsTuple, Field(max_length=MOST)]
    """The expected calls."""
    mode: Order = "strict"
    """`strict` (or `exact`): these calls in this order and no others; `unordered` (or `any_order`): the same in any order;
    `in_order`: all of them in this order, others may stand between; `subset`: the run made no call but these, some may be
    missing; `superset` (or `contains`): the run made all of these, and may have made others."""
    arguments: ArgumentMode = "exact"
    """How arguments are compared. `exact`: the same; `ignore`: not at all; `subset`: the call has none but the expected
    ones; `superset`: the call has all the expected ones, and may have others."""
    per_tool: dict[str, ArgumentMode] = Field(default_factory=dict)
    """The same for single tools."""


class PolicyDecision(_Common):
    """What was decided about calls of a tool."""

    type: Literal["policy:decision", "not-policy:decision"]
    """Some call of the tool was decided so."""
    tool: AnyTool
    """The tool."""
    arguments: JsonObject | None = None
    """Only calls with all of these arguments; others may be there too."""
    decision: Decision
    """`allow`, `needs_approval`, or `deny`: it was refused, by policy or before policy was asked."""
    stage: Stage | None = None
    """The stage that refused it."""
    reason: Text | None = None
    """A text in one of the reasons."""
    policy: Text | None = None
    """The policy that said so, by its id."""

    @model_validator(mode="after")
    def _stages_deny(self) -> "PolicyDecision":
        if self.stage is not None and self.decision != "deny":
            raise ValueError("a `stage` refuses: it belongs to `decision: deny`")
        return self


class PolicyNoDeny(_Common):
    """No call was refused for what it is."""

    type: Literal["policy:no-deny"]
    """No call was unknown, malformed, or denied by policy."""


class ApprovalWasRequested(_Counted):
    """Approval requests."""

    type: Literal["approval:requested", "not-approval:requested"]
    """Somebody was asked for approval."""
    tool: AnyTool | None = None
    """Of a call of this tool; absent: of any."""
    reviewers: Annotated[tuple[Text, ...], AsTuple] = ()
    """All of these could answer in the end."""
    by: Annotated[tuple[Text, ...], AsTuple] = ()
    """All of these answered."""
    answer: ApprovalEnd | None = None
    """What became of it; `edited`: granted with other arguments."""


class BudgetStopped(_Common):
    """A ceiling that stopped the run."""

    type: Literal["budget:stopped", "not-budget:stopped"]
    """A budget stopped the run."""
    value: Meter | None = None
    """Which ceiling; absent: any."""


class LoopDetected(_Common):
    """A loop that was seen."""

    type: Literal["loop:detected", "not-loop:detected"]
    """A call was not made, because it would only have gone on with a loop."""
    value: LoopKind | None = None
    """Which kind; absent: any."""


class CallOutcome(_Common):
    """What became of calls of a tool."""

    type: Literal["call:outcome", "not-call:outcome"]
    """Some call of the tool ended so."""
    tool: AnyTool
    """The tool."""
    outcome: CallEnd
    """How it ended; `error`: it failed and had no effect."""
    reason: Text | None = None
    """A text in what was said of it."""


class RunOutcome(_Common):
    """How the run stopped. A case that does not say so expects an answer."""

    type: Literal["run:outcome"]
    """How the run stopped."""
    value: RunEnd
    """`waiting`: for somebody's approval."""


class RunExitCode(_Common):
    """The exit code of the run."""

    type: Literal["run:exit-code"]
    """What `agentctl run` would have said to the shell."""
    value: Annotated[int, Field(ge=0, le=255)]
    """The code."""


Rows = Annotated[tuple[JsonObject, ...], AsTuple, Field(max_length=MOST)]
"""Rows of a table, each with the fields that are compared."""


class LeftBehind(Document):
    """What stands in the back office's ledger at the end; of each row, only the fields that are named are compared."""

    refunds: Rows | None = None
    """Exactly these refunds, in any order; `[]`: none. Fields: charge, amount, currency, reason, subject, actor."""
    charges: Rows | None = None
    """These charges, each by its `id`; others may be there. Fields: amount, amount_refunded, currency, status, disputed."""
    tickets: Rows | None = None
    """These tickets, each by its `id`; others may be there. Fields: status, subject, description, priority, tags."""
    requests: Rows | None = None
    """Exactly these requests that were let in, in order. Fields: method, path, status, subject, actor."""


class StateEquals(_Common):
    """What the run left behind in the sandbox's back office."""

    type: Literal["state:equals"]
    """The ledger at the end of the run."""
    value: LeftBehind
    """What stands in it."""

    @model_validator(mode="after")
    def _names_something(self) -> "StateEquals":
        if self.value == LeftBehind():
            raise ValueError("`value` needs `refunds`, `charges`, `tickets` or `requests`")
        return self


class Sql(_Common):
    """A question about the run that must find nothing."""

    type: Literal["sql"]
    """A query over this run's rows finds none."""
    value: Text
    """SQL as `agentctl audit query` takes it; it sees this run alone."""


Assertion: TypeAlias = Annotated[
    AnswerIs
    | AnswerHas
    | AnswerHasSome
    | AnswerMatches
    | AnswerIsJson
    | AtMost
    | ToolUsed
    | ToolSequence
    | ToolArguments
    | StepCount
    | Trajectory
    | PolicyDecision
    | PolicyNoDeny
    | ApprovalWasRequested
    | BudgetStopped
    | LoopDetected
    | CallOutcome
    | RunOutcome
    | RunExitCode
    | StateEquals
    | Sql,
    Field(discriminator="type"),
]
"""Something that must hold."""
