"""The questions of `agentctl audit` that have names of their own; their SQL stands in `agentctl/audit/questions`."""

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeAlias

import typer

from agentctl.cli.audit.asking import (
    ROWS,
    WITHIN,
    Agent,
    Every,
    Form,
    Limit,
    Out,
    Seconds,
    Since,
    answer,
    bounds,
    kind,
    moment,
    wanted,
)
from agentctl.cli.completions import runs, words
from agentctl.cli.options import Json

Command: TypeAlias = Callable[..., int]


def _offered_dimensions(incomplete: str) -> list[str]:
    from agentctl.audit.canned import DIMENSIONS

    return words(*DIMENSIONS)(incomplete)


Id = Annotated[
    str | None,
    typer.Argument(
        help="Only this run or call, by the beginning of its id, or `latest`.",
        metavar="ID",
        show_default=False,
        autocompletion=runs,
    ),
]
Dimension = Annotated[
    str,
    typer.Argument(
        help="`agent`, `principal`, `owner`, `model`, `deployment`, `tool`, `version`, `environment`, `run` or `day`.",
        metavar="WHAT",
        autocompletion=_offered_dimensions,
    ),
]
Resource = Annotated[
    str, typer.Argument(help="What is named: `ch_1001`, `4201`.", metavar="RESOURCE", show_default=False)
]


_REQUIRED: Final = ...
"""What typer takes for the default of an argument that has none."""


def _command(
    name: str, argument: object, default: Any, text: str
) -> Command:  # a default is what typer makes of it
    """Return the command that asks a question about what its argument names."""

    def command(
        about: str | None = default,
        agent: Agent = None,
        since: Since = None,
        every: Every = False,
        limit: Limit = ROWS,
        seconds: Seconds = WITHIN,
        form: Form = None,
        out: Out = None,
        json: Json = False,
    ) -> int:
        from agentctl.audit.canned import canned_named, question_of

        canned, narrowed = canned_named(name), {"agent": agent, "since": moment(since)}
        meant = _run_meant(about) if canned.wants == "id" else about
        asked = question_of(canned, meant, narrowed, kind=kind(every), bounds=bounds(limit, seconds))
        return answer(
            asked,
            wanted(form, out, json),
            out,
            json,
            agent=agent,
            run=_run_of(meant) if canned.wants == "id" else None,
        )

    command.__doc__ = f"{text}\n\n{_EXIT_CODES}"
    command.__annotations__["about"] = argument
    return command


def _run_meant(about: str | None) -> str | None:
    """Return what is asked about; `latest` is the newest run."""
    from agentctl.trace.reports.run_names import LATEST

    if about != LATEST:
        return about
    from agentctl.composition import open_project
    from agentctl.composition.runs.naming import run_meant

    return run_meant(open_project(), LATEST)


def _run_of(about: str | None) -> str | None:
    """Return the beginning of a run's id that stands in that of a call."""
    return None if about is None else about.partition("/")[0]


_EXIT_CODES: Final = (
    "Exit codes: 0 answered, also where nothing was found · 2 a wrong argument, or it took more than it may."
)
_IN_ORDER: Final = (
    ("who-approved", Id, None, "Who approved which calls, and why."),
    ("why-denied", Id, None, "Why calls were refused, and by which policies."),
    ("spend-by", Dimension, "agent", "What was spent, by agent or anything else."),
    ("touched", Resource, _REQUIRED, "Every call that names something."),
    ("in-doubt", Id, None, "Calls of which nobody knows their effect."),
    ("budget-stops", Id, None, "Every stop at a ceiling, every overrun of one."),
    ("overrides", Id, None, "Every decision of a person beside the rules."),
)
COMMANDS: Final = {
    name: _command(name, argument, default, text) for name, argument, default, text in _IN_ORDER
}
"""Every question as a command, by its name, in the order in which they are shown."""
