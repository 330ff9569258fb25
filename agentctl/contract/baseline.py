"""Baselines: what a version of an agent was blessed with, case by case; `goldensets/<agent>.baseline.yaml`, made for `git diff`."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self, cast

from pydantic import Field, model_validator

from agentctl.contract.base import Amount, AsTuple, Document, IsoDate, Name, Text
from agentctl.contract.loader import load_file
from agentctl.contract.source import read_bytes
from agentctl.contract.versions import Digest, TagName
from agentctl.contract.yaml_text import yaml_text
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import InvalidInput, Place, Problem
from agentctl.foundation.money import plain

_CONFLICT = (b"<<<<<<< ", b">>>>>>> ")
_HEAD = """\
# yaml-language-server: $schema=../contracts/schemas/baseline.schema.json
# What `agentctl eval` compares with. `agentctl eval AGENT --bless` writes this file; review it like code.
"""


class BlessedCase(Document):
    """What a case came to."""

    digest: Digest
    """The digest of the case and its tape; a case that was changed since cannot be compared."""
    outcome: Literal["passed", "failed"]
    """What it came to: a case that failed already is no regression."""
    passes: Annotated[int, Field(ge=0)]
    """Trials that passed."""
    trials: Annotated[int, Field(ge=1)]
    """Trials."""
    cost_usd: Amount
    """What all its trials cost."""
    tools: Annotated[tuple[str, ...], AsTuple] = ()
    """The tools that its first trial called, in order."""
    run: str
    """The run of its first trial."""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.passes > self.trials:
            raise ValueError(f"{self.passes} of {self.trials} trials cannot have passed")
        if self.outcome == "passed" and self.passes == 0:
            raise ValueError("a case of which no trial passed did not pass")
        return self


class Baseline(Document):
    """What one version of an agent was blessed with."""

    agent: Name
    """The agent."""
    version: Digest
    """The digest of the contract and all it refers to."""
    version_tag: TagName | None = None
    """The tag of that version, where it had one."""
    environment: Name
    """Where the cases were tried."""
    environment_digest: Digest
    """The environment's digest."""
    platform_digest: Digest
    """The digest of the platform's rules."""
    eval: str
    """The eval that it was taken from."""
    blessed_by: Text
    """Who blessed it."""
    blessed_on: IsoDate
    """When."""
    parts: dict[str, Digest]
    """What the version and its surroundings are made of, by name: what changed since can be named without them."""
    cases: dict[Name, BlessedCase]
    """Every case."""


def baseline_path(root: Path, agent: str) -> Path:
    """Return where an agent's baseline stands."""
    return root / "goldensets" / f"{agent}.baseline.yaml"


def load_baseline(path: Path, shown_as: str | None = None) -> Baseline:
    """Return a baseline.

    Raises:
        InvalidInput: the file cannot be read or does not fit; names every problem found.
    """
    shown = shown_as or str(path)
    for number, line in enumerate(read_bytes(path, shown).splitlines(), start=1):
        if line.startswith(_CONFLICT):
            raise InvalidInput(
                [
                    Problem(
                        Place(shown, number, 1),
                        "git left both sides of a conflict here",
                        "one of them, as `git checkout --ours` leaves it; then bless the cases anew",
                    )
                ]
            )
    return load_file(Baseline, path, shown_as)[0]


def baseline_text(baseline: Baseline) -> str:
    """Return the file of a baseline: cases in order of their ids, one line per fact, so that a diff reads well."""
    said = baseline.model_dump(exclude_none=True)
    said["cases"] = dict(sorted(said["cases"].items()))
    return _HEAD + "".join(f"{line}\n" for line in _facts(said))


def _facts(facts: Mapping[str, object]) -> Iterator[str]:
    """Yield facts as lines of YAML that our own reader takes back as they were; what is an empty list is left out."""
    for name, value in facts.items():
        head = f"{_scalar(name)}:"
        match value:
            case Mapping() if value:
                yield head
                yield from (f"  {line}" for line in _facts(value))
            case tuple():
                yield from (head, *(f"  - {_scalar(item)}" for item in value)) if value else ()
            case Decimal():
                yield f"{head} {plain(value)}"
            case _:
                yield f"{head} {_scalar(value)}"


def _scalar(value: object) -> str:
    return yaml_text(cast("JsonValue", value)).rstrip("\n")
