"""`agentctl runs list`: which runs there were."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.cli.run_rows import Listed
    from agentctl.cli.show_run import Standing
    from agentctl.cli.terminal import Terminal
    from agentctl.composition import Project
    from agentctl.trace.labels import Labels
    from agentctl.trace.questions import Choice
    from agentctl.trace.report import RunRow

_UNLABELLED = "none"


def list_(
    agent: Annotated[
        str | None, typer.Option(help="Only this agent's.", metavar="NAME", show_default=False)
    ] = None,
    principal: Annotated[
        str | None, typer.Option(help="Only those for them.", metavar="NAME", show_default=False)
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(
            help="Only with this status or reason: `running`, `suspended`, `finished`, `answered`, `approval`, ...",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="Only `live`, `eval`, `replay` or `shadow` ones.", show_default=False),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            help="Only those labelled `good`, `bad` or `overridden`, or `none`: not labelled.",
            show_default=False,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="Only those begun since then: `24h`, `7d`, `2026-11-22`.", metavar="WHEN", show_default=False
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Only those begun before then.", metavar="WHEN", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest.", min=1)] = 20,
    json: Json = False,
) -> int:
    """List runs, the newest first; suspended and crashed ones too.

    Exit codes: 0 · 2 a filter is wrong · 7 when asked for labels and they cannot be believed.
    """
    from agentctl.cli.run_damage import warn_of
    from agentctl.cli.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.trace.questions import Choice, list_runs

    terminal, project = Terminal(as_json=json), open_project()
    _refuse_unknown(status=status, kind=kind, label=label)
    labels = labels_shown(terminal, project, needed=label is not None)
    began = (_moment(project, since), _moment(project, until))
    choice = Choice(agent, principal, kind, status, *began, *_labelled(labels, label))
    with project.index().reader() as reader:
        rows, damaged = list_runs(reader, choice, limit=limit + 1), reader.damaged()
    _show(project, terminal, [_listed(project, row, labels) for row in rows[:limit]], choice)
    warn_of(terminal, damaged)
    if len(rows) > limit and not json:
        terminal.progress(f"the newest {limit}; `--limit` shows more")
    return 0


def _listed(project: "Project", row: "RunRow", labels: "Labels") -> "Listed":
    from agentctl.cli.run_rows import Listed
    from agentctl.trace.labels import last_label

    return Listed(row, standing_of(project, row), last_label(labels, row.run))


def _refuse_unknown(*, status: str | None, kind: str | None, label: str | None) -> None:
    from agentctl.cli.choices import refuse_unless_one_of
    from agentctl.composition.labels import LABELS
    from agentctl.events.run import FinishStatus, RunKind, SuspendReason
    from agentctl.trace.report import RunStatus

    states = (*get_args(RunStatus), *get_args(FinishStatus), *get_args(SuspendReason))
    refuse_unless_one_of("--status", status, states)
    refuse_unless_one_of("--kind", kind, get_args(RunKind))
    refuse_unless_one_of("--label", label, (*LABELS, _UNLABELLED))


def labels_shown(terminal: "Terminal", project: "Project", *, needed: bool = False) -> "Labels":
    """Return all labels; where nobody asked for them, damage to them hides no run."""
    from agentctl.composition.labels import read_labels
    from agentctl.foundation.errors import IntegrityError, JournalUnavailable

    try:
        return read_labels(project)
    except (IntegrityError, JournalUnavailable) as error:
        if needed:
            raise
        terminal.warning(f"labels are not shown: {error}")
        return {}


def _labelled(labels: "Labels", label: str | None) -> tuple[list[str] | None, list[str] | None]:
    """Return the only runs that a label leaves, or those that it leaves out; labels stand beside the index, not in it."""
    match label:
        case None:
            return None, None
        case "none":
            return None, list(labels)
        case _:
            return [run for run, said in labels.items() if said[-1].event.label == label], None


def _moment(project: "Project", text: str | None) -> str | None:
    from agentctl.audit.filters import moment_of

    return None if text is None else moment_of(text, project.clock.now())


def _show(project: "Project", terminal: "Terminal", listed: Sequence["Listed"], choice: "Choice") -> None:
    from agentctl.cli.run_rows import print_runs
    from agentctl.cli.typed import program

    if terminal.as_json:
        terminal.document([_form(one) for one in listed])
    elif listed:
        print_runs(terminal, listed, this_year=project.clock.now().year)
    else:
        terminal.line("there is no run of that kind" if choice.narrow else "there is no run yet")
    if any(one.standing == "stopped" for one in listed) and not terminal.as_json:
        terminal.progress(f"stopped: its process is gone; `{program()} resume RUN` goes on")


def _form(one: "Listed") -> dict[str, object]:
    from dataclasses import asdict

    standing = one.standing if one.row.status == "running" else None
    return {**asdict(one.row), "seconds": one.row.seconds, "standing": standing, "label": one.label}


def standing_of(project: "Project", row: "RunRow") -> "Standing":
    """Return whether a run that is under way still has a process; the index cannot know that."""
    return standing(project, row.run) if row.status == "running" else "unknown"


def standing(project: "Project", run: str) -> "Standing":
    """Return whether a run has a process, where it did not end; unknown where its journal cannot be looked at."""
    from agentctl.foundation.errors import IntegrityError, JournalUnavailable, UsageError

    try:
        return "stopped" if project.journals.is_stopped(run) else "held"
    except (IntegrityError, JournalUnavailable, UsageError):
        return "unknown"
