"""The script of the scripted model: rules that choose the next call or answer from the conversation.

A script is data. The first rule whose conditions all hold is used; its pieces of text may use `{names}` bound by the
conditions' regular expressions (named groups) and values picked from tool results.
"""

from typing import Annotated

from pydantic import Field, model_validator

from agentctl.contract.base import AsTuple, Document, Pointer, Text, ToolName, later
from agentctl.foundation.canonical import JsonValue


class Condition(Document):
    """When a rule applies; every key that is given must hold."""

    input_matches: Text | None = None
    """A regular expression that is found in the run's input; named groups become names."""
    instructions_match: Text | None = later(None)
    """A regular expression that is found in what the agent is told; named groups become names."""
    called: Annotated[tuple[ToolName, ...], AsTuple] = ()
    """Tools that were called before, whatever came of it."""
    not_called: Annotated[tuple[ToolName, ...], AsTuple] = ()
    """Tools that were not called before."""
    result_of: ToolName | None = None
    """The latest result of this tool must be an answer (not an error, not a refusal) ..."""
    result_matches: Text | None = None
    """... whose JSON text matches this regular expression; named groups become names."""
    failed: ToolName | None = None
    """The latest call of this tool ended in an error or a refusal."""
    failure_matches: Text | None = None
    """The failure's text matches this regular expression."""


class ScriptedCall(Document):
    """One tool call."""

    tool: Annotated[str, Field(min_length=1, max_length=256)]
    """The tool, by its registry name; a script may name one that does not exist."""
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    """The arguments; a text that is just `{name}` takes the bound value, `{name:int}` as a whole number, and
    `{name:cents}` turns `49.00` into 4900."""


class Rule(Document):
    """When this stands in the conversation, then these calls, or this answer."""

    name: Text
    """What the rule is for; shown when no rule applies."""
    when: Condition = Condition()
    """When it applies; empty: always."""
    bind: dict[str, "Binding"] = Field(default_factory=dict)
    """Names bound to values in tool results."""
    call: Annotated[tuple[ScriptedCall, ...], AsTuple] = ()
    """The calls it makes."""
    say: str | None = None
    """What it says beside the calls; without calls, this is the answer and ends the run."""

    @model_validator(mode="after")
    def _does_something(self) -> "Rule":
        if not self.call and self.say is None:
            raise ValueError("a rule needs `call` or `say`")
        return self


class Binding(Document):
    """A value picked from the latest result of a tool."""

    result_of: ToolName
    """Which tool's result."""
    pointer: Pointer
    """Where in it."""


class Script(Document):
    """The rules of one agent, tried in order."""

    rules: Annotated[tuple[Rule, ...], AsTuple, Field(min_length=1)]
    """The rules; the first that applies is used."""
