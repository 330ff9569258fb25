"""Cases of policies: one call each, and what must be said of it. `policies/<name>.cases.yaml` stands beside the policy.

A case says what is peculiar to it; everything else is as in the first step of an ordinary run. `agentctl policy test` and
the tests of the project judge them.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from agentctl.contract.base import Amount, AsTuple, Document, IsoDate, Name, Pointer, Text, ToolName
from agentctl.contract.loader import load_file
from agentctl.contract.source import Source
from agentctl.foundation.canonical import JsonValue

Asked = Literal["everybody", "contract", "policy", "platform"]
"""Who judges a case: all authorities, or those of one kind; of several answers the strictest holds."""

PrincipalId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}$")]
"""A principal's name."""

Count = Annotated[int, Field(ge=0, le=10**9)]
"""How many."""


class CasePrincipal(Document):
    """For whom the call is made, where the name alone is not enough."""

    id: PrincipalId
    """The name."""
    assurance: Literal["asserted", "authenticated", "platform"] = "authenticated"
    """How sure we are of it."""
    teams: Annotated[tuple[Name, ...], AsTuple] | None = None
    """The teams they are in; absent: as the environment says."""


class EarlierCall(Document):
    """A call that was made earlier in the run."""

    tool: ToolName
    """The tool."""
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    """Its arguments."""
    outcome: Literal["ok", "failed", "refused", "in_doubt"] = "ok"
    """What it came to."""
    times: Annotated[int, Field(ge=1, le=1_000)] = 1
    """How often it was made."""


class CaseSpend(Document):
    """What the run used before the call."""

    cost_usd: Amount = Decimal(0)
    """US dollars."""
    tool_calls: Count | None = None
    """Attempts of tool calls; absent: as many as `history` has."""
    input_tokens: Count = 0
    """Input tokens."""
    output_tokens: Count = 0
    """Output tokens."""


class PolicyCase(Document):
    """One call, and what must be said of it."""

    id: Name
    """Names the case in reports."""
    about: Text | None = None
    """What it shows, for people."""
    tool: ToolName
    """The tool that is called."""
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    """Its arguments; they fit the tool's schema."""
    principal: PrincipalId | CasePrincipal | None = None
    """For whom; a name alone counts as authenticated; absent: the environment's default, else `somebody`."""
    environment: Name | None = None
    """Where; absent: as the file says."""
    today: IsoDate | None = None
    """The day; absent: today. Acceptances of risks end."""
    history: Annotated[tuple[EarlierCall, ...], AsTuple] = ()
    """What was called earlier in the run, in order."""
    sources: dict[Pointer, Annotated[tuple[str, ...], AsTuple]] | None = None
    """Where each argument came from, by its pointer; absent: from everything that `labels` names."""
    labels: dict[str, Annotated[tuple[str, ...], AsTuple]] | None = None
    """The trust labels of everything seen so far, by source; absent: the run's input, which is untrusted."""
    run: CaseSpend = CaseSpend()
    """What the run used before."""
    step: Count | None = None
    """The step; absent: one after those of `history`."""
    approved: bool = False
    """Whether an approval is assumed: what only needs one is then allowed."""
    ask: Asked | None = None
    """Who judges it; absent: as the file says."""
    expect: Literal["allow", "deny", "needs_approval"]
    """The strictest answer."""
    reasons: Annotated[tuple[Text, ...], AsTuple] = ()
    """Ids of policies, or parts of sentences, each of which must stand in the reasons for that answer."""


class PolicyCases(Document):
    """The cases beside a policy."""

    agent: Name | None = None
    """Whose contract and tools; absent: the agent of the file's name."""
    environment: Name = "sandbox"
    """Where the cases play."""
    ask: Asked = "everybody"
    """Who judges them."""
    cases: Annotated[tuple[PolicyCase, ...], AsTuple, Field(min_length=1, max_length=1_000)]
    """The cases."""

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "PolicyCases":
        ids = [case.id for case in self.cases]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"more than one case is called `{'`, `'.join(twice)}`")
        return self


def load_policy_cases(path: Path, shown_as: str | None = None) -> tuple[PolicyCases, Source]:
    """Return the cases in a file with the place of each part; messages call the file `shown_as`, by default its path.

    Raises:
        InvalidInput: the file cannot be read or does not fit; names every problem found.
    """
    return load_file(PolicyCases, path, shown_as)
