"""`agentctl runs list`: which runs there were."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from msgspec.structs import asdict, replace

from agentctl.cli.completions import agents, words
from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import Project
    from agentctl.trace.index.run_listing import Listed
    from agentctl.trace.index.run_rows import Choice, RunRow
    from agentctl.trace.journals.holding import Standing

_UNLABELLED = "none"
_MOST = 1_000_000


def _states() -> tuple[str, ...]:
    """Return every status, and every reason that a run may have for it."""
    from agentctl.audit.tables import table_named

    return table_named("runs").states


def _offered_states(incomplete: str) -> list[str]:
    return words(*_states())(incomplete)


def list_(
    agent: Annotated[
        str | None,
        typer.Option(help="Only this agent's.", metavar="NAME", show_default=False, autocompletion=agents),
    ] = None,
    principal: Annotated[
        str | None, typer.Option(help="Only those for them.", metavar="NAME", show_default=False)
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(
            help="Only with this status or reason: `running`, `suspended`, `finished`, `answered`, `approval`, ...",
            show_default=False,
            autocompletion=_offered_states,
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="Only `live`, `eval`, `replay` or `shadow` ones.",
            show_default=False,
            autocompletion=words("live", "eval", "replay", "shadow"),
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            help="Only those labelled `good`, `bad` or `overridden`, or `none`: not labelled.",
            show_default=False,
            autocompletion=words("good", "bad", "overridden", _UNLABELLED),
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
    limit: Annotated[int, typer.Option(help="At most so many, the newest.", min=1, max=_MOST)] = 20,
    json: Json = False,
) -> int:
    """List runs, the newest first; suspended and crashed ones too.

    Exit codes: 0 · 2 a filter is wrong · 7 when asked for labels and they cannot be believed.
    """
    from agentctl.cli.runs.damage import warn_of
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.cli.unheard import say_unheard
    from agentctl.settings import find_settings  # a whole project would take longer to open than the question
    from agentctl.trace.index.run_listing import listing
    from agentctl.trace.index.run_rows import Choice
    from agentctl.trace.index.store import Index

    terminal, paths = Terminal(as_json=json), find_settings().paths
    _refuse_unknown(status=status, kind=kind, label=label)
    choice = Choice(agent, principal, kind, status, _moment(since), _moment(until), label)
    index = Index(paths.database, paths.journal)
    with terminal.getting_ready():
        found = listing(index, paths.journal, paths.labels_mark, choice, limit + 1)
    labelled = found.labels_are_whole or labels_can_be_shown(terminal, needed=label is not None)
    _show(terminal, found.runs[:limit], choice, labelled=labelled)
    if not found.runs:
        say_unheard(terminal, paths, {"agent": agent, "principal": principal})
    warn_of(terminal, paths.journal, found.damaged)
    if len(found.runs) > limit and not json:
        terminal.progress(f"the newest {limit}; `--limit` shows more")
    return 0


def _refuse_unknown(*, status: str | None, kind: str | None, label: str | None) -> None:
    if (status, kind, label) == (None, None, None):
        return
    from agentctl.cli.choices import refuse_unless_one_of
    from agentctl.events.control import Label
    from agentctl.events.run import RunKind

    refuse_unless_one_of("--status", status, _states())
    refuse_unless_one_of("--kind", kind, get_args(RunKind))
    refuse_unless_one_of("--label", label, (*get_args(Label), _UNLABELLED))


def labels_can_be_shown(terminal: "Terminal", *, needed: bool = False) -> bool:
    """Read the journal of labels itself; damage to it is said, and hides no run unless labels were asked for.

    Raises:
        IntegrityError, JournalUnavailable: labels were asked for, and cannot be believed.
    """
    from agentctl.composition import open_project
    from agentctl.composition.people.labels import read_labels
    from agentctl.foundation.errors import IntegrityError, JournalUnavailable

    try:
        read_labels(open_project())
    except (IntegrityError, JournalUnavailable) as error:
        if needed:
            raise
        terminal.warning(f"labels are not shown: {error}")
        return False
    return True


def _moment(text: str | None) -> str | None:
    if text is None:
        return None
    from agentctl.audit.filters import moment_of
    from agentctl.foundation.clock import SystemClock

    return moment_of(text, SystemClock().now())


def _show(terminal: "Terminal", listed: "Sequence[Listed]", choice: "Choice", *, labelled: bool) -> None:
    from agentctl.cli.going_on import going_on
    from agentctl.cli.runs.rows import print_runs
    from agentctl.foundation.clock import SystemClock

    shown = [one if labelled else replace(one, label=None) for one in listed]
    if terminal.as_json:
        terminal.document([_form(one) for one in shown])
    elif shown:
        print_runs(terminal, shown, this_year=SystemClock().now().year)
    else:
        terminal.line("there is no run of that kind" if choice.narrow else "there is no run yet")
    stopped = dict.fromkeys(going_on(one.row.kind, "RUN") for one in shown if one.standing == "stopped")
    if stopped and not terminal.as_json:
        terminal.progress(f"stopped: its process is gone; {'; '.join(stopped)}")


def _form(one: "Listed") -> dict[str, object]:
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
