"""`agentctl runs tail`: what runs do while they do it, whichever process they run in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from agentctl.cli.completions import runs
from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.cli.screen.terminal import Line, Terminal
    from agentctl.composition import Project
    from agentctl.events.record import Record
    from agentctl.trace.journals.tailing import Heard, Tail


def tail(
    run: Annotated[
        str | None,
        typer.Argument(
            help="The run's id, the beginning of one, or `latest`; without it, all runs.",
            autocompletion=runs,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="From then on: `10m`, `24h`, `2026-11-22`. Without it, a run is told from its beginning, all runs from now on.",
            metavar="WHEN",
            show_default=False,
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait on where the run is suspended; somebody may resume it.")
    ] = False,
    json: Json = False,
) -> int:
    """Tell what runs do as they do it, in whatever process.

    One run is told until it is finished or suspended or its process is gone, all runs until Ctrl-C. As JSON: one record a line.

    Exit codes: 0 the run is finished or suspended, or its process is gone · 2 there is no such run · 7 its journal is damaged · 130 Ctrl-C.
    """
    import asyncio

    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.trace.reports.run_names import run_named

    project, terminal = open_project(), Terminal(as_json=json)
    named = None if run is None else run_named(project.journals.runs(), run)
    follower = _Follower(terminal, named, follow=follow)
    asyncio.run(_follow(project, follower, _tail(project, named, since)))
    return 0


@dataclass(slots=True)
class _Follower:
    """Somebody who reads what is told."""

    terminal: "Terminal"
    run: str | None
    """The only run they follow; None: all."""
    follow: bool
    told: str | None = field(default=None, init=False)
    """The run they read of last."""
    under_way: set[str] = field(default_factory=set, init=False)
    """The runs whose end they have not heard."""
    waiting: bool = field(default=False, init=False)
    """Whether they know that we wait."""

    def hear(self, heard: "Heard") -> None:
        """Tell what is new in a run.

        Raises:
            IntegrityError: the only run they follow is damaged.
        """
        from agentctl.events.replay import ReplayJudged
        from agentctl.events.run import RunFinished, RunSuspended

        if self.terminal.as_json:
            self.terminal.data(_json_line(record) for record in heard.records)
        else:
            self.terminal.lines(self._lines(heard))
        if heard.records:
            ended = isinstance(heard.records[-1].event, RunFinished | RunSuspended | ReplayJudged)
            (self.under_way.discard if ended else self.under_way.add)(heard.run)
        if heard.damage is not None:
            self._damaged(heard.run, heard.damage)

    def wait(self) -> None:
        """Say once that all there is was told."""
        if not self.waiting and not self.terminal.as_json:
            what = "all runs" if self.run is None else f"run {self.run}"
            self.terminal.progress(f"following {what}; Ctrl-C ends it")
        self.waiting = True

    def came_too_late(self, project: "Project") -> bool:
        """Return whether the only run they follow had ended before the moment from which it is told: nothing will come."""
        if self.run is None or self.waiting:
            return False
        self.under_way.add(self.run)  # unless it is over, its process may be gone
        over = _at_an_end(project.journals.read(self.run), follow=self.follow)
        if over and not self.terminal.as_json:
            self.terminal.progress(
                f"nothing happened in run {self.run} since then, and nothing will by itself"
            )
        return over

    def finds_stopped(self, project: "Project") -> bool:
        """Say of every run without a process what there is to do, once; return whether all they follow is one."""
        from agentctl.cli.going_on import going_on
        from agentctl.cli.runs.listing import standing
        from agentctl.cli.screen.terminal import Line

        for run in sorted(self.under_way):
            if standing(project, run) == "stopped":
                self.under_way.discard(run)
                then = Line(going_on(_kind_of(project, run), run), 1)
                self.terminal.remark([Line(f"run {run} stopped: its process is gone", tone="warn"), then])
                if run == self.run:
                    return True
        return False

    def _lines(self, heard: "Heard") -> Iterator["Line"]:
        """Return the lines of a run; where several are followed, below the name of the run, when another one speaks."""
        from agentctl.cli.screen.terminal import Line

        depth = 0 if self.run is not None else 1
        for record in heard.records:
            for line in _lines_of(record):
                if depth and self.told != heard.run and record.seq > 0:
                    yield Line(f"run {heard.run}", tone="title")
                self.told = heard.run
                yield replace(line, depth=line.depth + (depth if record.seq else 0))

    def _damaged(self, run: str, damage: str) -> None:
        from agentctl.foundation.errors import IntegrityError

        if self.run is not None:
            raise IntegrityError(f"the journal of run {run}: {damage}")
        self.terminal.warning(f"the journal of run {run}: {damage}; it is followed no further")


async def _follow(project: "Project", follower: _Follower, followed: "Tail") -> None:
    from contextlib import aclosing

    from agentctl.trace.journals.tailing import following

    async with aclosing(following(followed, project.clock, idle=True)) as news:
        async for heard in news:
            for one in heard:
                follower.hear(one)
            if follower.run is not None and heard and _at_an_end(heard[-1].records, follow=follower.follow):
                return
            if not heard and follower.came_too_late(project):
                return
            if not heard and follower.finds_stopped(project) and not follower.follow:
                return
            follower.wait()


def _tail(project: "Project", run: str | None, since: str | None) -> "Tail":
    from datetime import UTC, datetime, timedelta

    from agentctl.audit.filters import moment_of
    from agentctl.foundation.clock import to_rfc3339
    from agentctl.trace.journals.tailing import Tail

    now = project.clock.now()
    begin = now if since is None else datetime.fromisoformat(moment_of(since, now)).replace(tzinfo=UTC)
    if run is not None:
        return Tail(project.paths.journal, run=run, since="" if since is None else to_rfc3339(begin))
    tail = Tail(project.paths.journal, since=to_rfc3339(begin))
    unread = begin - timedelta(minutes=1)  # clocks are set a little now and then
    tail.skip_unchanged(int(unread.timestamp()) * 1_000_000_000)
    return tail


def _kind_of(project: "Project", run: str) -> str:
    from agentctl.events.run import RunStarted

    records = project.journals.read(run)
    first = records[0].event if records else None
    return first.envelope.kind if isinstance(first, RunStarted) else "live"


def _at_an_end(records: "Sequence[Record]", *, follow: bool) -> bool:
    """Return whether nothing follows, or nothing that the run does by itself."""
    from agentctl.events.replay import ReplayJudged
    from agentctl.events.run import RunFinished, RunSuspended

    last = records[-1].event if records else None
    return isinstance(last, RunFinished | ReplayJudged) or (isinstance(last, RunSuspended) and not follow)


def _lines_of(record: "Record") -> Iterator["Line"]:
    from agentctl.cli.run.event_lines import lines_of
    from agentctl.cli.screen.terminal import Line
    from agentctl.events.run import RunFinished, RunSuspended

    match record.event:
        case RunFinished(status=status, answer=answer):
            yield Line(f"{status}: {answer}", tone="good" if status == "answered" else "bad")
        case RunSuspended(reason=reason, detail=detail):
            yield Line(f"suspended ({reason}): {detail}", tone="warn")
        case _:
            yield from lines_of(record)


def _json_line(record: "Record") -> str:
    import json

    from agentctl.events.record import body_of

    return json.dumps({**body_of(record), "h": record.hash})
