"""Golden cases: what an agent is asked, in which world, and what must come of it.

`goldensets/<agent>.yaml` holds an agent's cases, or `<agent>.jsonl` with one case a line; `agentctl eval` tries them.
"""

from collections import Counter
from typing import Annotated, Self

from pydantic import Field, model_validator

from agentctl.contract.base import Amount, AsTuple, Document, Name, Reference, Text
from agentctl.contract.golden_assertions import Assertion, RunExitCode, RunOutcome
from agentctl.contract.golden_words import MOST, ExpectedCall, JsonObject
from agentctl.contract.golden_world import Fault, Mock, ScriptedAnswer, State
from agentctl.contract.script import Rule

PrincipalId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$")]
"""Somebody a run can act for."""

Trials = Annotated[int, Field(ge=1, le=1_000)]
"""How often a case is tried."""


class _Asked(Document):
    """What is asked, and what is expected first of all."""

    id: Name
    """Names the case in reports."""
    input: Text
    """What the agent is asked."""
    expected: Text | None = None
    """A good answer in words, for people and judges; it is not compared letter by letter."""
    trajectory: Annotated[tuple[ExpectedCall, ...], AsTuple] = Field(default=(), max_length=MOST)
    """Tool calls that must be made in this order with these arguments; other calls may stand between them."""
    tape: Reference | None = None
    """A file of recorded answers, below the folder of this file; tools are answered from it alone."""
    skip: Text | None = None
    """Why it is not tried for now."""


class _World(Document):
    """The world of a trial; a case's own word comes before that of `defaults`."""

    environment: Name | None = None
    """Where it runs; absent: where `agentctl eval` is told to."""
    principal: PrincipalId | None = None
    """For whom it runs; absent: as the environment says."""
    repeats: Trials | None = None
    """How often it is tried; absent: as often as `agentctl eval` is told to."""
    min_pass: Trials | None = None
    """How many of its trials must pass; absent: all."""
    tags: Annotated[tuple[Name, ...], AsTuple] = ()
    """What `agentctl eval --tag` chooses by; those of `defaults` are added."""
    metadata: JsonObject = Field(default_factory=dict)
    """Whatever you want to keep beside it; those of `defaults` are added."""
    cluster: Name | None = None
    """The family of cases that it belongs to."""
    state: State | None = None
    """What the sandbox's back office holds when it begins."""
    script: Annotated[tuple[Rule, ...], AsTuple] = ()
    """What the model does, in place of the one that would be asked: rules as in a script of the scripted model."""
    mocks: Annotated[tuple[Mock, ...], AsTuple] = ()
    """Answers in place of tools; the calls still pass every stage of the gateway. Those of `defaults` come after."""
    faults: Annotated[tuple[Fault, ...], AsTuple] = ()
    """What goes wrong; those of `defaults` are added."""
    approvals: Annotated[tuple[ScriptedAnswer, ...], AsTuple] = ()
    """What people say to approval requests, each once, in this order; absent: as `defaults` say."""
    assertions: Annotated[tuple[Assertion, ...], AsTuple] = Field(default=(), alias="assert")
    """What must hold; those of `defaults` are added."""
    threshold: Annotated[Amount, Field(le=1)] | None = None
    """The share of the weights of all assertions that must hold, beside all hard ones."""

    @model_validator(mode="after")
    def _can_pass(self) -> Self:
        why = _why_never_passed(self.min_pass, self.repeats)
        if why is not None:
            raise ValueError(why)
        return self


def _why_never_passed(min_pass: int | None, repeats: int | None) -> str | None:
    if min_pass is None or repeats is None or min_pass <= repeats:
        return None
    return f"`min_pass` is {min_pass}, and it is tried only {repeats} times"


class GoldenDefaults(_World):
    """What holds for every case that does not say otherwise."""


class GoldenCase(_World, _Asked):
    """One case: an input, and what is expected of the run."""

    @model_validator(mode="after")
    def _expects_something(self) -> "GoldenCase":
        if self.expected is None and not self.trajectory and not self.assertions:
            raise ValueError("a case needs `expected`, `trajectory` or `assert`, else nothing can fail it")
        return self

    @property
    def says_how_it_ends(self) -> bool:
        """Whether it says how the run stops; else it expects an answer."""
        return any(isinstance(item, RunOutcome | RunExitCode) for item in self.assertions)


class GoldenSet(Document):
    """The golden cases of one agent; the file is `goldensets/<agent>.yaml`."""

    defaults: GoldenDefaults = GoldenDefaults()
    """What holds for every case that does not say otherwise."""
    cases: Annotated[tuple[GoldenCase, ...], AsTuple, Field(min_length=1)]
    """The cases."""

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "GoldenSet":
        count = Counter(case.id for case in self.cases)
        twice = sorted(name for name in count if count[name] > 1)
        if twice:
            raise ValueError(f"more than one case is called `{'`, `'.join(twice)}`")
        return self

    @model_validator(mode="after")
    def _cases_can_pass(self) -> "GoldenSet":
        for case in self.cases:
            why = _why_never_passed(case.min_pass, case.repeats or self.defaults.repeats)
            if why is not None:
                raise ValueError(f"the case `{case.id}`: {why}")
        return self

    @property
    def whole_cases(self) -> tuple[GoldenCase, ...]:
        """The cases, each with what the defaults add."""
        return tuple(_whole(case, self.defaults) for case in self.cases)


def _whole(case: GoldenCase, defaults: GoldenDefaults) -> GoldenCase:
    """Return a case with what the defaults say where it says nothing, and what they add where it does."""
    own = {
        name: getattr(defaults, name)
        for name in ("environment", "principal", "repeats", "min_pass", "cluster", "state", "threshold")
        if getattr(case, name) is None
    }
    added = {
        name: (*getattr(case, name), *getattr(defaults, name)) for name in ("mocks", "faults", "assertions")
    }
    return case.model_copy(
        update={
            **own,
            **added,
            "tags": tuple(dict.fromkeys((*case.tags, *defaults.tags))),
            "metadata": {**defaults.metadata, **case.metadata},
            "approvals": case.approvals or defaults.approvals,
            "script": case.script or defaults.script,
        }
    )
