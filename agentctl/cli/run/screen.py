"""What a person sees of a run: calm lines while it goes, and at the end its answer, what waits, and what proves it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import reduce
from typing import TYPE_CHECKING

from agentctl.cli.run.event_lines import lines_of
from agentctl.cli.run.live_state import Watched, bottom, watched_after
from agentctl.cli.run.story import story_of
from agentctl.cli.run.terminal_reviewer import TerminalReviewer, somebody_is_there
from agentctl.cli.run.three_answers import three_answers_lines
from agentctl.cli.screen.terminal import Line, Terminal, Tone
from agentctl.cli.screen.words import counted
from agentctl.cli.typed import program
from agentctl.composition.runs.proof import proof_of
from agentctl.composition.runs.running import Audience, RunOutcome
from agentctl.events.record import Record
from agentctl.events.run import RunSuspended
from agentctl.foundation.clock import Clock
from agentctl.foundation.money import plain
from agentctl.trace.reports.three_questions import ThreeAnswers

if TYPE_CHECKING:
    from agentctl.composition import Project


class RunScreen:
    """The screen of one run. Where somebody sits at a terminal, its lower part shows what goes on just now."""

    def __init__(self, *, as_json: bool) -> None:
        self._terminal = Terminal(as_json=as_json)
        self._watched = Watched()
        self._lively = self._terminal.is_lively
        self._heard = True

    @contextmanager
    def audience(self, project: "Project", before: Iterable[Record] = ()) -> Iterator[Audience]:
        """Give who watches the run here; somebody is asked for answers only where somebody is.

        Args:
            project: the project.
            before: what the run did before this process went on with it.
        """
        reviewer = TerminalReviewer(self._terminal, project)
        asked = somebody_is_there() and not self._terminal.as_json
        self._watched = reduce(watched_after, before if self._lively else (), Watched())
        with self._terminal.live(self._bottom(project.clock)) if self._lively else nullcontext():
            reviewers = (reviewer,) if asked else ()
            yield Audience(_ignored, reviewers, self._say, reviewer.leave, self._watch)

    def end(self, project: "Project", outcome: RunOutcome) -> int:
        """Print how the run stopped, and return its exit code."""
        answers = proof_of(project, outcome.run)
        if self._terminal.as_json:
            self._terminal.document(_document(outcome, answers))
            return outcome.exit_code
        self._print_end(outcome)
        self._terminal.lines(three_answers_lines(answers))
        self._print_next(outcome)
        return outcome.exit_code

    def _bottom(self, clock: Clock) -> Callable[[int], list[Line]]:
        return lambda width: bottom(self._watched, clock.monotonic_ns() // 1_000, width)

    def _watch(self, records: Sequence[Record]) -> None:
        """Tell what happened. Where nobody reads it any more the run goes on all the same, to an end that is recorded."""
        for record in records:
            lines = self._told(record)
            if lines:
                self._remark(lines)

    def _told(self, record: Record) -> list[Line]:
        if not self._lively:
            return lines_of(record)
        before, self._watched = self._watched, watched_after(self._watched, record)
        return story_of(before, record)

    def _say(self, text: str) -> None:
        self._remark([Line(text, tone="quiet")])

    def _remark(self, lines: Sequence[Line]) -> None:
        if self._heard:
            try:
                self._terminal.remark(lines)
            except OSError:
                self._heard = False

    def _print_end(self, outcome: RunOutcome) -> None:
        state, session = outcome.state, outcome.state.session
        if state.finished is not None:
            tone: Tone = "good" if state.finished.status == "answered" else "bad"
            self._terminal.line(state.finished.answer, tone=tone)
        if state.suspended is not None:
            self._terminal.line(
                f"suspended ({state.suspended.reason}): {state.suspended.detail}", tone="warn"
            )
        spent = plain(session.spend.committed.cost_usd)
        counts = f"{counted(len(session.calls), 'tool call')}, {session.refusals} refused, {spent} USD"
        self._terminal.line(f"run {outcome.run}: exit {int(outcome.exit_code)}, {counts}", tone="quiet")

    def _print_next(self, outcome: RunOutcome) -> None:
        """Print complete lines to type: what lets a suspended run go on, or what else to try."""
        lines = _to_go_on(outcome) if outcome.state.suspended is not None else _to_try(outcome)
        if lines:
            self._terminal.line()
        for about, command in lines:
            self._terminal.line(f"{about}:", tone="quiet")
            self._terminal.verbatim(f"  {command}")


def _ignored(_: Sequence[Record]) -> None:
    """Take no notice: everything was told when it became durable."""


def _to_go_on(outcome: RunOutcome) -> tuple[tuple[str, str], ...]:
    suspension = outcome.state.suspended
    if suspension is None:
        return ()
    match suspension.reason:
        case "approval":
            return tuple(
                pair
                for name in suspension.waiting_for
                for pair in _about_approval(name, _person(outcome, name))
            )
        case "in_doubt":
            return tuple(
                ("find out, then say so", f"{program()} resolve {call} --executed --reason '...' --resume")
                for call in suspension.waiting_for
            )
        case "budget" | "loop":
            from agentctl.cli.run.raise_hint import lines_to_raise

            return lines_to_raise(outcome)
        case "provider_failed":
            return (_about_models(outcome), ("to go on", f"{program()} resume {outcome.run}"))
        case "interrupted":
            return (("to go on", f"{program()} resume {outcome.run}"),)


def _about_models(outcome: RunOutcome) -> tuple[str, str]:
    """Return how to find out why no model answers: the environment's file says where they are and which keys they need."""
    name = outcome.governing.environment.environment.name
    about = f"what contracts/environments/{name}.yaml needs, and whether its models are reached"
    return about, f"{program()} doctor --env {name} --reach"


def _about_approval(name: str, person: str) -> tuple[tuple[str, str], ...]:
    return (
        ("what exactly is asked", f"{program()} approvals show {name}"),
        ("to approve it and go on", f"{program()} approvals approve {name} --as {person} --resume"),
    )


def _person(outcome: RunOutcome, approval: str) -> str:
    request = outcome.state.session.approvals[approval].request
    return next((name for name in request.reviewers if not name.startswith("system:")), "NAME")


def _to_try(outcome: RunOutcome) -> tuple[tuple[str, str], ...]:
    """Return what the environment says is worth trying, without what was just asked."""
    environment = outcome.governing.environment.environment
    suggestions = environment.sandbox.try_next if environment.sandbox else ()
    agent = outcome.governing.contract.agent.name
    return tuple(
        (f"try {item.about}", f"{program()} run {agent} --input {item.input}")
        for item in suggestions
        if item.input != outcome.state.input
    )


def _document(outcome: RunOutcome, answers: tuple[ThreeAnswers, ...]) -> dict[str, object]:
    state = outcome.state
    return {
        "run": outcome.run,
        "exit_code": int(outcome.exit_code),
        "status": state.finished.status if state.finished else "suspended",
        "answer": state.finished.answer if state.finished else None,
        "suspended": _suspension(state.suspended),
        "budget_stop": state.stop.model_dump(mode="json") if state.stop else None,
        "loop": state.loop.model_dump(mode="json") if state.loop else None,
        "cost_usd": state.session.spend.committed.cost_usd,
        "refused_calls": state.session.refusals,
        "three_questions": answers,
    }


def _suspension(suspended: RunSuspended | None) -> dict[str, object] | None:
    if suspended is None:
        return None
    return {
        "reason": suspended.reason,
        "detail": suspended.detail,
        "waiting_for": list(suspended.waiting_for),
    }
