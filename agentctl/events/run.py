"""The life of a run: started, resumed, suspended, finished; and what recovery found."""

from typing import ClassVar, Literal

from agentctl.events.base import Event, Part, Principal, Source, Texts, Usd, later

RunKind = Literal["live", "eval", "replay", "shadow"]
TOLERATED_BEHIND_SECONDS = 1.0
"""How far the wall clock may be behind the last record before that is an anomaly; clocks are set a little now and then."""

SuspendReason = Literal["approval", "in_doubt", "budget", "loop", "provider_failed", "interrupted"]
FinishStatus = Literal["answered", "denied"]


class Limits(Part):
    """The ceilings of this run, after the platform's rules."""

    max_steps: int
    """Steps."""
    max_input_tokens: int
    """Input tokens, in all."""
    max_output_tokens: int
    """Output tokens, in all."""
    max_cost_usd: Usd
    """US dollars."""
    max_tool_calls: int
    """Attempts of tool calls."""
    max_refusals: int
    """Refused calls after which the run is refused."""
    max_wall_clock_seconds: int | None = later()
    """Seconds in which the run is worked on; None: no ceiling, as in version 1."""
    max_bytes: int | None = later()
    """Bytes of arguments sent to tools and of results taken from them; None: no ceiling."""
    max_open_approvals: int | None = later()
    """Approval requests that may wait at the same time; None: no ceiling."""
    max_approval_requests: int | None = later()
    """Approval requests in all; None: no ceiling."""
    max_repeats: int | None = later()
    """How often the same call, or the same round of calls, may end the same; None: loops are not looked for."""
    max_near_repeats: int | None = later()
    """As above, where only an argument differs that makes no difference; None: not looked for."""
    max_same_errors: int | None = later()
    """How often a tool may fail the same way; None: not looked for."""


ReplayMode = Literal["verify", "policy", "tools-taped"]
"""What is taken from the tape: model and tools; every call, which is judged again; tools only."""


class ReplayOf(Part):
    """Which run a run of kind `replay` drives again, and how."""

    run: str
    """The run that is replayed."""
    head: str
    """The hash of its last record that was looked at."""
    mode: ReplayMode
    """What is taken from its journal."""
    version: str
    """The digest of the contract and all it refers to, under which it was replayed."""


class TrialOf(Part):
    """Which trial a run of kind `eval` is."""

    eval: str
    """The eval's id."""
    case: str
    """The case."""
    trial: int
    """Counts the trials of a case from 1."""
    seed: int | None = later()
    """Its seed, where a model of the environment takes one."""


class Envelope(Part):
    """What surrounds every hop of a run."""

    run: str
    """The run's id."""
    kind: RunKind
    """Why it runs; figures learned from runs take `live` only."""
    parent_run: str | None = None
    """The run that started this one."""
    conversation: str | None = None
    """The conversation it belongs to, where the caller has one."""
    agent: str
    """The agent's name: the actor."""
    owner: str
    """The team that answers for it."""
    version: str
    """The digest of the contract and all it refers to."""
    version_tag: str | None = None
    """The tag of that version, where it has one."""
    principal: Principal
    """For whom the run acts."""
    on_behalf_of: Texts = ()
    """The chain of principals before this one, outermost first."""
    environment: str
    """The environment's name."""
    environment_kind: Literal["sandbox", "live"]
    """Whether effects are real."""
    environment_digest: str
    """The environment's digest."""
    platform_digest: str
    """The digest of the platform's rules."""
    policies: dict[str, str]
    """Policy id and digest of every policy that judges this run's calls."""
    limits: Limits
    """The ceilings."""
    trace_level: Literal["full", "metadata"]
    """Whether payloads are recorded."""
    pii_redaction: Literal["strict", "standard", "off"]
    """Who sees personal data."""
    isolation: Literal["process", "none"]
    """How python tools run."""
    mediation: Literal["gateway"] = "gateway"
    """What stands between the agent and the world; what does not go through it, we do not see."""
    ledger: str | None = None
    """The ledger of the sandbox's back office."""
    traceparent: str
    """W3C trace context of this run."""
    signatures_required: bool = later(default=False)
    """Whether a person's answer counts only with their signature."""
    teams: Texts = later(())
    """The teams the principal is in, as the environment says."""
    not_enforced: Texts = ()
    """Keys of the contract that are accepted but not enforced yet."""
    replay: ReplayOf | None = later()
    """What it replays, for the kind `replay`."""
    trial: TrialOf | None = later()
    """Which trial it is, for the kind `eval`."""

    @property
    def waits_for_people(self) -> bool:
        """Whether what waits in this run waits for people: in a replay or a trial nobody is asked."""
        return self.kind == "live"


class RunStarted(Event):
    """A run begins; everything needed to judge it later stands here or is named here by digest."""

    type: ClassVar[str] = "run.started"
    envelope: Envelope
    """What surrounds the run."""
    input: str
    """What the run was asked, redacted."""
    source: Source
    """Where that came from."""
    agentctl: str
    """The version of agentctl."""


class RunResumed(Event):
    """Another process goes on with the run."""

    type: ClassVar[str] = "run.resumed"
    by: Principal
    """Who resumed it."""
    platform_digest: str
    """Today's platform rules; where they are tighter, they hold as well."""
    limits: Limits
    """The ceilings from here on: the lower of the recorded and today's."""
    pii_redaction: Literal["strict", "standard", "off"]
    """Who sees personal data from here on: the stricter of the recorded and today's."""


class RunSuspended(Event):
    """The run stops for now and can go on."""

    type: ClassVar[str] = "run.suspended"
    reason: SuspendReason
    """Why."""
    detail: str
    """What would let it go on, in a sentence."""
    waiting_for: Texts = ()
    """Ids of the approvals or calls it waits for."""


class RunFinished(Event):
    """The run is over; nothing follows."""

    type: ClassVar[str] = "run.finished"
    status: FinishStatus
    """How it ended."""
    answer: str
    """The agent's last words, redacted; or why the run was refused."""


class JournalRecovered(Event):
    """A torn tail was cut off: bytes that were never synced and never exposed."""

    type: ClassVar[str] = "journal.recovered"
    bytes: int
    """How many."""
    sha256: str
    """Their digest; the bytes lie beside the journal."""


class ClockAnomaly(Event):
    """The wall clock went back; effective time did not."""

    type: ClassVar[str] = "clock.anomaly"
    wall: str
    """What the wall clock said."""
    behind_seconds: float
    """How far behind the last record."""
