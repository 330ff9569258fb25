"""Golden cases: what an agent is asked, and what must come of it. `goldensets/<agent>.yaml` holds an agent's cases.

`agentctl init` writes the first case of an agent. No command runs the cases yet: `agentctl eval`, in a later version, reads them.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from agentctl.contract.base import AsTuple, Document, Name, Text, ToolName
from agentctl.contract.loader import load_file
from agentctl.foundation.canonical import JsonValue


class Assertion(Document):
    """Something that must hold of the answer."""

    type: Literal["equals", "contains", "icontains", "starts-with", "regex"]
    """How the answer is compared with `value`; `icontains` takes no notice of case."""
    value: Text
    """The text, or for `regex` the regular expression that is found in the answer."""

    @model_validator(mode="after")
    def _an_expression_compiles(self) -> "Assertion":
        try:
            re.compile(self.value if self.type == "regex" else "")
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"`value` is not a regular expression: {error}") from error
        return self


class ExpectedCall(Document):
    """A tool call that must be made."""

    tool: ToolName
    """The tool."""
    arguments: dict[str, JsonValue] | None = None
    """Exactly these arguments; absent: any."""


class GoldenCase(Document):
    """One case: an input, and what is expected of the run."""

    id: Name
    """Names the case in reports."""
    input: Text
    """What the agent is asked."""
    expected: Text | None = None
    """A good answer in words, for people and judges; it is not compared letter by letter."""
    trajectory: Annotated[tuple[ExpectedCall, ...], AsTuple] = ()
    """Tool calls that must be made in this order; other calls may stand between them."""
    assertions: Annotated[tuple[Assertion, ...], AsTuple] = Field(default=(), alias="assert")
    """What must hold of the answer."""

    @model_validator(mode="after")
    def _expects_something(self) -> "GoldenCase":
        if self.expected is None and not self.trajectory and not self.assertions:
            raise ValueError("a case needs `expected`, `trajectory` or `assert`, else nothing can fail it")
        return self


class GoldenSet(Document):
    """The golden cases of one agent; the file is `goldensets/<agent>.yaml`."""

    cases: Annotated[tuple[GoldenCase, ...], AsTuple, Field(min_length=1)]
    """The cases."""

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "GoldenSet":
        ids = [case.id for case in self.cases]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"more than one case is called `{'`, `'.join(twice)}`")
        return self


def load_golden_set(path: Path, shown_as: str | None = None) -> GoldenSet:
    """Return the golden cases in a file; messages call it `shown_as`, by default its path.

    Raises:
        InvalidInput: the file cannot be read or does not fit; names every problem found.
    """
    return load_file(GoldenSet, path, shown_as)[0]
