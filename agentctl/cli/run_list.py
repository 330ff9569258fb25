"""`agentctl runs list`: which runs there were."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from agentctl.cli.options import Json

if TYPE_CHECKING:
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
    _show(terminal, rows[:limit], labels, choice)
    warn_of(terminal, damaged)
    if len(rows) > limit and not json:
        terminal.progress(f"the newest {limit}; `--limit` shows more")
    return 0


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


def _show(terminal: "Terminal", rows: Sequence["RunRow"], labels: "Labels", choice: "Choice") -> None:
    if terminal.as_json:
        terminal.document([_form(row, labels) for row in rows])
    elif rows:
        _show_table(terminal, [_cells(row, labels) for row in rows])
    else:
        terminal.line("there is no run of that kind" if choice.narrow else "there is no run yet")


def _form(row: "RunRow", labels: "Labels") -> dict[str, object]:
    from dataclasses import asdict

    from agentctl.trace.labels import last_label

    return {**asdict(row), "seconds": row.seconds, "label": last_label(labels, row.run)}


def _show_table(terminal: "Terminal", cells: Sequence[dict[str, str]]) -> None:
    """Print the runs below each other; what all of them share stands above, and what none has takes no room."""
    from agentctl.cli.terminal import Column

    shared = _shared(cells)
    if shared:
        terminal.line(" ".join([f"{len(cells)} runs", *shared.values()]))
    names = [name for name in cells[0] if name not in shared and any(row[name] for row in cells)]
    columns = [Column(name, whole=name not in _FOLDED, right=name in _NUMBERS) for name in names]
    terminal.table(columns, ([row[name] for name in names] for row in cells))


_FOLDED = frozenset({"for", "outcome"})
_NUMBERS = frozenset({"took", "USD", "calls", "refused"})


def _shared(cells: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return what several runs have in common, in words, by its column."""
    ways = {"agent": "of", "for": "for"} if len(cells) > 1 else {}
    return {
        name: f"{word} {cells[0][name]}"
        for name, word in ways.items()
        if len({row[name] for row in cells}) == 1
    }


def _cells(row: "RunRow", labels: "Labels") -> dict[str, str]:
    from agentctl.cli.show_run import status_words
    from agentctl.cli.words import length
    from agentctl.foundation.money import plain
    from agentctl.trace.labels import last_label

    said = last_label(labels, row.run)
    return {
        "run": row.run,
        "started": row.started_at.strftime("%Y-%m-%d %H:%M"),
        "agent": row.agent,
        "kind": "" if row.kind == "live" else row.kind,
        "for": row.principal,
        "outcome": status_words(row),
        "took": length(row.seconds),
        "USD": plain(row.cost_usd),
        "calls": str(row.tool_calls),
        "refused": str(row.refused_calls) if row.refused_calls else "",
        "label": "" if said is None else said.label,
    }
