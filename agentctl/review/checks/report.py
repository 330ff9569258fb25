"""What a check found: errors, warnings and notes, each with the place it speaks of."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from agentctl.contract.source import DataPath, JsonLike, Source
from agentctl.contract.words import dotted
from agentctl.foundation.errors import Place, Problem

Severity = Literal["error", "warning", "note"]


class Spot(Struct, frozen=True):
    """A part of a document: its place in the file and its dotted path."""

    place: Place
    path: str

    @property
    def where(self) -> str:
        """The place, in brackets, for a sentence about another one."""
        return f"({self.place})"


class Finding(Struct, frozen=True):
    """One judgement. Only errors refuse; warnings are for a reviewer's eyes, notes say what holds."""

    severity: Severity
    problem: Problem


class Report(Struct, frozen=True):
    """All findings of a check, each kind in the order of files and lines."""

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "Report":
        """Return the report of some findings, each told once."""
        found = tuple(dict.fromkeys(findings))
        return cls(_of_kind(found, "error"), _of_kind(found, "warning"), _of_kind(found, "note"))


def spot(source: Source, *path: str | int) -> Spot:
    """Return where a part of a document stands: a scalar at its value, what is longer or absent at the nearest key."""
    is_long = isinstance(_value(source.data, path), dict | list)
    is_at_key = is_long or path not in source.value_places
    return Spot(source.place_of(path) if is_at_key else source.value_place_of(path), dotted(path))


def error(at: Spot, found: str, accepted: str = "", nearest: str = "") -> Finding:
    """Return a finding that refuses."""
    return Finding("error", Problem(at.place, found, accepted, at.path, nearest))


def warning(at: Spot, found: str, accepted: str = "", nearest: str = "") -> Finding:
    """Return a finding that a reviewer should see."""
    return Finding("warning", Problem(at.place, found, accepted, at.path, nearest))


def note(at: Spot, found: str, accepted: str = "") -> Finding:
    """Return a finding that says what holds."""
    return Finding("note", Problem(at.place, found, accepted, at.path))


def _of_kind(findings: Iterable[Finding], severity: Severity) -> tuple[Problem, ...]:
    problems = (finding.problem for finding in findings if finding.severity == severity)
    return tuple(
        sorted(problems, key=lambda item: (item.place.file, item.place.line, item.place.column, item.found))
    )


def _value(data: JsonLike, path: DataPath) -> JsonLike:
    for part in path:
        if isinstance(data, dict) and isinstance(part, str):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data
