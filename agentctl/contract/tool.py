"""The tool descriptor: what one tool takes and gives, what it does to the world, and how it is reached."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from agentctl.contract.base import Document, Name, Pointer, Reference, Text, ToolName, later
from agentctl.foundation.canonical import RESULT_LIMITS, JsonObject

Effect = Literal["read", "write", "irreversible"]
Retry = Literal["safe", "keyed", "never"]
FactUnit = Literal["text", "number", "minor_units"]
RiskTier = Literal["low", "medium", "high"]

RISK_TIERS: tuple[RiskTier, ...] = ("low", "medium", "high")
"""From little to much at stake."""


def higher_tier(one: RiskTier, other: RiskTier | None) -> RiskTier:
    """Return the higher of two risk tiers; a tier that nobody says is the lowest."""
    return max(one, other or "low", key=RISK_TIERS.index)


_TIER_OF_EFFECT: dict[Effect, RiskTier] = {"read": "low", "write": "medium", "irreversible": "high"}


class TrustLabels(Document):
    """What a tool does to the trust of a run (the Rule of Two counts these). Absent means yes: the restrictive reading."""

    reads_untrusted: bool = True
    """Its result holds text that strangers wrote."""
    reads_private: bool = True
    """Its result holds private data."""
    external_effect: bool = True
    """It changes something outside, or sends something out."""


class Fact(Document):
    """A value that policies, routing and thresholds may speak about, and where it is read from."""

    source: Literal["arguments", "result"] = "arguments"
    """Whether it stands in the arguments or in the result."""
    pointer: Pointer
    """Where in there."""
    unit: FactUnit = "text"
    """`minor_units` is an amount in cents; the fact is then in major units, exact."""
    currency: Pointer | None = None
    """Where the currency of an amount stands; needed for `minor_units`."""
    total_per: Pointer | None = None
    """For amounts: thresholds count the run's total over all calls with the same value at this pointer."""

    @model_validator(mode="after")
    def _amounts_have_a_currency(self) -> "Fact":
        if self.unit == "minor_units" and self.currency is None:
            raise ValueError("an amount in `minor_units` needs `currency`, the pointer to its currency")
        return self


class HttpExecutor(Document):
    """The tool is one HTTP request to a backend that the environment binds to a URL.

    In `path`, `query`, `form` and `body`, `{name}` stands for the argument of that name; a query or form field all of whose
    arguments are absent is left out.
    """

    type: Literal["http"]
    """This kind of executor."""
    backend: Name
    """The backend's name; also the audience of its tokens."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    """The HTTP method."""
    path: Annotated[str, Field(pattern=r"^/[^\s?#]*$", max_length=512)]
    """The path below the backend's URL."""
    query: dict[str, str] = Field(default_factory=dict)
    """Query parameters."""
    form: dict[str, str] | None = None
    """Fields of a form-encoded body."""
    body: dict[str, str] | None = None
    """Fields of a JSON body; a value that is just `{name}` keeps the argument's JSON type."""
    idempotency_header: str | None = None
    """The header that takes the idempotency key; needed for `retry: keyed`."""
    select: dict[str, Pointer] = Field(default_factory=dict)
    """What is kept of the answer: name in the result and pointer into the answer's JSON; empty keeps all."""
    error_message: Pointer = "/error/message"
    """Where an error answer says what was wrong."""


class PythonExecutor(Document):
    """The tool is a Python function in a file of the project; it runs in a child process of its own."""

    type: Literal["python"]
    """This kind of executor."""
    file: Reference
    """The Python file, relative to the descriptor; it is part of the version."""
    function: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,63}$")]
    """The function; it takes the arguments by name and returns a JSON value."""


Executor = Annotated[HttpExecutor | PythonExecutor, Field(discriminator="type")]


class ToolDescriptor(Document):
    """One tool of the registry."""

    name: ToolName
    """Namespaced name: `zendesk.read_ticket`."""
    description: Text
    """What the model is told about it."""
    effect: Effect = "irreversible"
    """What it does to the world. Absent means the worst."""
    retry: Retry = "never"
    """What may happen after a crash or time-out: again; again with the same key; stop in doubt."""
    max_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """How often one call is attempted where `retry` permits it."""
    key_window_seconds: Annotated[int, Field(ge=1, le=30 * 86_400)] = 86_400
    """How long the server honours an idempotency key; later attempts stop in doubt."""
    risk_tier: RiskTier | None = later(None)
    """How much is at stake; absent: what its effect says (`read` low, `write` medium, `irreversible` high)."""
    effect_key: Annotated[str, Field(pattern=r"^[a-z0-9_-]+(:\{[a-zA-Z0-9_]+\})+$")] | None = None
    """Names the effect (`refund:{charge}:{amount}`); the same effect is refused a second time."""
    facts: dict[Name, Fact] = Field(default_factory=dict)
    """Values that policies and thresholds may speak about."""
    trust: TrustLabels = TrustLabels()
    """What it does to the trust of a run."""
    timeout_seconds: Annotated[int, Field(ge=1, le=3_600)] = 30
    """How long one attempt may take."""
    max_result_bytes: Annotated[int, Field(ge=1_024, le=RESULT_LIMITS.max_bytes)] = later(1_000_000)
    """The most bytes one result may have; reserved with each attempt, and a larger one is not taken."""
    polling: bool = later(default=False)
    """Whether it is asked again and again until something changes: the same answer is then no loop. Only for reads."""
    arguments: JsonObject
    """JSON Schema of the arguments."""
    result: JsonObject
    """JSON Schema of the result."""
    executor: Executor
    """How it is reached."""

    @property
    def tier(self) -> RiskTier:
        """How much is at stake in each call."""
        return self.risk_tier or _TIER_OF_EFFECT[self.effect]

    @property
    def attempts(self) -> int:
        """How many attempts one call may have."""
        return 1 if self.retry == "never" else self.max_attempts

    @model_validator(mode="after")
    def _keyed_needs_a_header(self) -> "ToolDescriptor":
        if (
            self.retry == "keyed"
            and isinstance(self.executor, HttpExecutor)
            and not self.executor.idempotency_header
        ):
            raise ValueError(
                "`retry: keyed` needs `executor.idempotency_header`, else the key reaches nobody"
            )
        return self

    @model_validator(mode="after")
    def _only_reads_poll(self) -> "ToolDescriptor":
        if self.polling and self.effect != "read":
            raise ValueError(f"a tool that polls only reads: `polling` with `effect: {self.effect}`")
        return self

    @model_validator(mode="after")
    def _effects_are_not_safe_to_repeat(self) -> "ToolDescriptor":
        if self.effect == "irreversible" and self.retry == "safe":
            raise ValueError("an `irreversible` tool cannot be `retry: safe`; accepted: `keyed`, `never`")
        return self
