"""The environment: binds the names in contracts to concrete models, URLs, issuers and reviewers."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from agentctl.contract.approval_rule import ReviewerName
from agentctl.contract.base import (
    Amount,
    AsTuple,
    Document,
    Name,
    Pointer,
    Reference,
    Text,
    ToolName,
    later,
)
from agentctl.contract.policy_source import DecisionPoint, PolicySource


class Price(Document):
    """What a deployment charges, in US dollars per million tokens."""

    input_usd_per_million: Amount
    """Price of a million input tokens."""
    output_usd_per_million: Amount
    """Price of a million output tokens."""


class Deployment(Document):
    """One concrete model behind an alias."""

    name: Name
    """The deployment's name, as it stands in traces."""
    provider: Literal["scripted", "openai_compatible", "litellm"]
    """Who answers: a script, a server of the OpenAI protocol, or whatever litellm reaches."""
    model: Annotated[str, Field(min_length=1, max_length=256)] = "scripted"
    """The model's name at the provider."""
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s@]+$", max_length=2_048)] | None = None
    """The server's URL, for `openai_compatible`."""
    api_key_env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = None
    """The environment variable that holds the key; keys never stand in files."""
    scripts: Reference | None = None
    """For `scripted`: the folder with one script per agent, `<agent>.yaml`."""
    price: Price | None = None
    """What it charges; absent: litellm's local table; unknown there too: the call is refused."""
    max_output_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = 512
    """The most output tokens one call asks for."""
    timeout_seconds: Annotated[int, Field(ge=1, le=3_600)] = 60
    """How long one attempt may take."""
    region: Name | None = later(None)
    """Where it computes; a platform may allow certain regions only."""
    max_attempts: Annotated[int, Field(ge=1, le=10)] = 2
    """Attempts before the next deployment of the alias is asked."""
    takes_seed: bool = later(False)  # noqa: FBT003 - the field's default
    """Whether it takes `seed`: trials of golden cases then send their own, so that equal trials are asked alike."""

    @model_validator(mode="after")
    def _has_what_its_provider_needs(self) -> "Deployment":
        if self.provider == "openai_compatible" and self.base_url is None:
            raise ValueError("`provider: openai_compatible` needs `base_url`")
        if self.provider == "scripted" and self.scripts is None:
            raise ValueError("`provider: scripted` needs `scripts`, the folder with the scripts")
        if self.provider == "scripted" and self.takes_seed:
            raise ValueError("`provider: scripted` takes no seed: it answers the same way every time")
        return self


class StaticKey(Document):
    """A key that does not expire; each call that uses it says `credential: static`."""

    env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    """The environment variable that holds it."""
    header: str = "Authorization"
    """The header that carries it."""
    prefix: str = "Bearer "
    """What stands before the key in the header."""


class Backend(Document):
    """Where the requests of HTTP tools go."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s@?#]+$")] | None = None
    """The base URL."""
    sandbox_path: Annotated[str, Field(pattern=r"^/[a-z0-9/_-]*$")] | None = None
    """The path at the local back office, which a sandbox run starts by itself."""
    audience: Name | None = None
    """The audience of its tokens; default: the backend's name."""
    static_key: StaticKey | None = None
    """A static key in place of brokered tokens; needs a recorded acceptance for tools that write."""
    allow_private_network: bool = False
    """Whether its address may be a private or loopback one."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> "Backend":
        if (self.url is None) == (self.sandbox_path is None):
            raise ValueError("a backend needs either `url` or `sandbox_path`")
        return self


class TryNext(Document):
    """Something worth trying in the sandbox, shown at the end of a run there."""

    input: Text
    """What to give as `--input`."""
    about: Text
    """What it shows."""


class SandboxFiles(Document):
    """What the local back office is filled with."""

    seeds: Annotated[tuple[Reference, ...], AsTuple]
    """YAML files with tickets and charges."""
    try_next: Annotated[tuple[TryNext, ...], AsTuple] = ()
    """What to try after the first run."""


class IdentityBinding(Document):
    """Who issues tokens and who runs by default."""

    issuer: Text
    """The `iss` of our tokens."""
    default_principal: Name | None = None
    """Who a run acts for when `--as` is absent; default: the operating-system user, recorded as asserted."""


class LookUp(Document):
    """A read that an independent reviewer makes itself, under its own name."""

    tool: ToolName
    """A tool with `effect: read`."""
    arguments: dict[str, Pointer]
    """Its arguments, each a pointer into the arguments under review."""


class SameValue(Document):
    """Two things that must be equal for a reviewer to approve."""

    looked_up: Pointer
    """A pointer into what the reviewer read itself."""
    argument: Pointer | None = None
    """A pointer into the arguments under review."""
    result_of: ToolName | None = None
    """Or: the first result of this tool in the run, which no text of strangers had steered it to yet ..."""
    result: Pointer | None = None
    """... and a pointer into it."""
    message: Text
    """What a denial says."""

    @model_validator(mode="after")
    def _has_another_side(self) -> "SameValue":
        if (self.argument is None) == (self.result_of is None) or (self.result_of is None) != (
            self.result is None
        ):
            raise ValueError("needs either `argument`, or `result_of` together with `result`")
        return self


class ReviewRule(Document):
    """The rule of an independent reviewer: it approves within limits, denies what is wrong, leaves the rest to people."""

    tool: ToolName
    """The tool whose calls it reviews."""
    look_up: LookUp
    """What it reads itself before it answers."""
    amount_fact: Name
    """The fact with the amount, in US dollars."""
    total_usd_le: Amount
    """It approves while this run's total for the same object stays within this; above, it leaves it to people."""
    amount: Pointer
    """Where the object's own amount stands in what it read, in minor units."""
    amount_spent: Pointer
    """Where it stands how much of that is gone already, in minor units."""
    same: Annotated[tuple[SameValue, ...], AsTuple] = ()
    """What must agree; a difference is a denial."""


class ModelReviewer(Document):
    """A second model that looks at a request; its answer denies or leaves it to others, unless a contract says more."""

    alias: Name
    """The alias that is asked, under `models`; its deployments are of another provider than the agent's."""
    tools: Annotated[tuple[ToolName, ...], AsTuple] = ()
    """The tools whose calls it reviews; empty: all."""
    guidance: Annotated[str, Field(max_length=4_000)] = ""
    """What it is told to look for, beside what every reviewing model is told."""


class Webhook(Document):
    """Where approval requests are announced: a chat, a ticket system."""

    name: Name
    """Its name, as it stands in traces."""
    url: Annotated[str, Field(pattern=r"^https?://[^\s@#]+$", max_length=2_048)]
    """Where each request is posted, signed with our issuer's key."""
    timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 5
    """How long one attempt may take."""
    max_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """Attempts before it is recorded as not delivered."""
    allow_private_network: bool = False
    """Whether its address may be a private or loopback one."""


class ApprovalSettings(Document):
    """How approvals are given in this environment."""

    signatures: Literal["required", "optional"] | None = None
    """Whether people's answers must be signed with their own keys; default: `required` where effects are real."""
    webhooks: Annotated[tuple[Webhook, ...], AsTuple] = ()
    """Where requests are announced."""


class Reviewer(Document):
    """Somebody who may answer approval requests."""

    name: ReviewerName
    """A person's name, or `system:...` for a rule or a model."""
    rule: ReviewRule | None = None
    """The rule of an independent system."""
    model: ModelReviewer | None = later(None)
    """A second model that checks; absent like `rule`: a person."""
    public_key: Annotated[str, Field(pattern=r"^ssh-ed25519 [A-Za-z0-9+/]+={0,2}( \S+)?$")] | None = later(
        None
    )
    """A person's public key, pinned here; else the one that `agentctl reviewers add` recorded."""

    @property
    def is_person(self) -> bool:
        """Whether it is a person."""
        return self.rule is None and self.model is None

    @model_validator(mode="after")
    def _is_one_kind(self) -> "Reviewer":
        if self.rule is not None and self.model is not None:
            raise ValueError("a reviewer is a `rule` or a `model`, not both")
        if self.public_key is not None and not self.is_person:
            raise ValueError("only people have a `public_key`")
        return self


class Environment(Document):
    """Binds names to concrete things. The contract itself never changes between environments."""

    name: Name
    """The environment's name; the file is `contracts/environments/<name>.yaml`."""
    kind: Literal["sandbox", "live"]
    """Whether effects are real."""
    models: dict[Name, Annotated[tuple[Deployment, ...], AsTuple, Field(min_length=1)]]
    """Model aliases; each a chain of deployments, asked in order until one answers."""
    backends: dict[Name, Backend] = Field(default_factory=dict)
    """Where HTTP tools are served."""
    identity: IdentityBinding
    """Who issues tokens."""
    reviewers: Annotated[tuple[Reviewer, ...], AsTuple] = ()
    """Who may answer approval requests; empty: nobody, and every request waits."""
    approvals: ApprovalSettings = later(ApprovalSettings())
    """How they answer."""
    policies: Annotated[tuple[PolicySource, ...], AsTuple] = later(())
    """Policies that judge every agent's calls here, beside those of its contract."""
    decision_points: dict[Name, DecisionPoint] = later({})
    """Running policy services, by the names that contracts use."""
    teams: dict[Name, Annotated[tuple[Name, ...], AsTuple]] = later({})
    """Who is in which team; policies may speak of it."""
    sandbox: SandboxFiles | None = None
    """What the local back office is filled with."""
    isolation: Literal["process", "none"] = "process"
    """How `python` tools run; `none` must be declared and stands in every run header."""

    @model_validator(mode="after")
    def _live_has_no_sandbox(self) -> "Environment":
        if self.kind == "live" and (
            self.sandbox or any(backend.sandbox_path for backend in self.backends.values())
        ):
            raise ValueError(
                "a `live` environment has no `sandbox` and no `sandbox_path`; nothing falls back by itself"
            )
        return self

    @property
    def signatures_required(self) -> bool:
        """Whether a person's answer counts only with their signature."""
        said = self.approvals.signatures
        return self.kind == "live" if said is None else said == "required"

    def teams_of(self, principal: str) -> tuple[str, ...]:
        """Return the teams somebody is in, sorted."""
        return tuple(sorted(team for team, members in self.teams.items() if principal in members))

    @property
    def needs_back_office(self) -> bool:
        """Whether a run here starts the local back office."""
        return any(backend.sandbox_path for backend in self.backends.values())
