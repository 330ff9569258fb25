"""`agentctl doctor`: what is missing to run, and to go live, in words that say what to type."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.completions import environments
from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.cli.screen.terminal import Line, Tone
    from agentctl.composition.doctor.looking import Diagnosis
    from agentctl.review.doctor.observation import Health, Observation

_TONES: "dict[Health, Tone]" = {"ok": "good", "note": "warn", "problem": "bad"}
_WIDTH = len("problem") + 2


def doctor(
    environment: Annotated[
        str | None,
        typer.Option(
            "--env",
            help="Only this environment; default: all.",
            metavar="NAME",
            autocompletion=environments,
        ),
    ] = None,
    reach: Annotated[
        bool, typer.Option("--reach", help="Try a connection to everything that environments name.")
    ] = False,
    json: Json = False,
) -> int:
    """Say what is missing to run and to go live, and what to type. Nothing is changed, no secret is shown.

    Exit codes: 0 no problems · 1 problems · 2 there is no such environment.
    """
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition.doctor.looking import diagnose
    from agentctl.foundation.errors import ExitCode

    found, terminal = diagnose(environment, reaching=reach), Terminal(as_json=json)
    if json:
        terminal.document(_form(found))
    else:
        terminal.lines(_lines(found))
    return ExitCode.WANTING if found.count("problem") else ExitCode.OK


def _lines(found: "Diagnosis") -> "Iterator[Line]":
    from agentctl.cli.screen.terminal import Line

    for section in found.sections:
        yield Line(section.title, tone="title")
        for item in section.observations:
            yield from _observation_lines(item)
    yield _summary(found)


def _observation_lines(item: "Observation") -> "Iterator[Line]":
    from agentctl.cli.screen.terminal import Line

    yield Line(f"{item.health.ljust(_WIDTH)}{item.text}", 1, _TONES[item.health], _WIDTH)
    for step in item.remedy:
        yield Line(f"{' ' * _WIDTH}{step}", 1, hang=_WIDTH)


def _summary(found: "Diagnosis") -> "Line":
    from agentctl.cli.screen.terminal import Line
    from agentctl.cli.screen.words import counted

    problems, notes = found.count("problem"), found.count("note")
    text = f"{counted(problems, 'problem')}, {counted(notes, 'note')}"
    return Line(text, tone="bad" if problems else "good")


def _form(found: "Diagnosis") -> dict[str, object]:
    return {
        "problems": found.count("problem"),
        "notes": found.count("note"),
        "sections": found.sections,
    }
