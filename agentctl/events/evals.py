"""Evals: which cases are tried, what became of each trial, what the whole comes to. They stand in an eval's own journal."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from agentctl.contract.base import AsTuple
from agentctl.events.base import Event, Part, Principal, Texts, Usd, later

TrialOutcome: TypeAlias = Literal["passed", "failed", "provider_failed", "error"]
"""`failed`: judged and found wanting; `provider_failed`, `error`: it could not be judged."""

EvalVerdict: TypeAlias = Literal[
    "passed", "failed", "incomparable", "inconclusive", "provider_failed", "spend_cap"
]
"""What a whole eval comes to; each has its exit code. One that was interrupted comes to nothing yet."""


class EvalStarted(Event):
    """An eval begins; everything its trials are judged by stands here or is named here by digest."""

    type: ClassVar[str] = "eval.started"
    agent: str
    """The agent."""
    golden_set: str
    """The file of the cases, as named from the project's root."""
    golden_set_digest: str
    """The digest of all cases in it and of the files they refer to."""
    version: str
    """The digest of the contract and all it refers to."""
    version_tag: str | None
    """The tag of that version, where it has one."""
    environment: str
    """The environment's name."""
    environment_digest: str
    """The environment's digest."""
    platform_digest: str
    """The digest of the platform's rules."""
    cases: Texts
    """The cases that were chosen, in order."""
    trials: int
    """How often each case is tried where it does not say so itself."""
    seed: int
    """What the trials' seeds are made from."""
    max_cost_usd: Usd | None
    """The cap on the spend of all trials together; None: no cap."""
    baseline: str | None
    """The digest of the version that it is compared with; None: with nothing."""
    by: Principal
    """Who had it run."""
    surroundings: str | None = later()
    """The digest of every environment that a case is tried in, and of what fills its back office."""


class EvalCapRaised(Event):
    """An eval goes on under a higher cap; what it came to before does not count any more."""

    type: ClassVar[str] = "eval.cap_raised"
    max_cost_usd: Usd
    """The cap from here on, on the spend of all trials together."""
    by: Principal
    """Who raised it."""


class TrialStarted(Event):
    """A trial begins: its run's journal comes next."""

    type: ClassVar[str] = "eval.trial_started"
    case: str
    """The case."""
    trial: int
    """Counts the trials of a case from 1."""
    run: str
    """The trial's run."""
    seed: int
    """Its seed."""
    reserved_usd: Usd
    """What it may cost at most."""


class Score(Part):
    """What one assertion says of one trial."""

    type: str
    """The assertion's type: `trajectory:tool-sequence`."""
    passed: bool
    """Whether it holds."""
    hard: bool
    """Whether a failure fails the case."""
    detail: str
    """What was expected and what was found, redacted; empty where it holds."""
    value: str | None = None
    """The figure it looked at, where it looks at one: milliseconds, US dollars, a count."""
    metric: str | None = later()
    """The figure in reports that it belongs to."""
    weight: str | None = later()
    """How much it counts in its case's weighted share; None: 1."""


class TrialJudged(Event):
    """A trial is over and judged."""

    type: ClassVar[str] = "eval.trial_judged"
    case: str
    """The case."""
    trial: int
    """The trial."""
    run: str
    """Its run."""
    outcome: TrialOutcome
    """What it comes to."""
    scores: Annotated[tuple[Score, ...], AsTuple]
    """What every assertion says, in the order of the case."""
    exit_code: int
    """The exit code of the run."""
    cost_usd: Usd
    """What it cost."""
    duration_ms: float
    """How long it took."""
    detail: str = ""
    """Why it could not be judged; else empty."""
    tools: Texts = ()
    """The tools that were called, in order."""


class EvalFinished(Event):
    """All trials are over, or no more of them are made."""

    type: ClassVar[str] = "eval.finished"
    verdict: EvalVerdict
    """What it comes to."""
    passed: int
    """Cases that passed."""
    failed: int
    """Cases that failed."""
    unjudged: int
    """Cases that could not be judged, or were not tried."""
    regressions: Texts
    """Cases that passed in the baseline and do not now."""
    cost_usd: Usd
    """What all trials cost."""
    reasons: Texts
    """Why it comes to that, in sentences."""
