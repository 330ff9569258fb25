"""What an eval shows: how far it is, what failed and why, what it comes to; and the files that CI reads."""

import os
from collections.abc import Sequence
from pathlib import Path

from agentctl.cli.eval.lines import head_lines, results_lines, verdict_lines
from agentctl.cli.screen.terminal import Terminal
from agentctl.cli.screen.words import counted
from agentctl.composition.evals.baselines import Blessed
from agentctl.composition.evals.orders import Progress
from agentctl.composition.evals.running import EvalOutcome
from agentctl.evals.report import EvalReport
from agentctl.foundation.errors import ExitCode, UsageError
from agentctl.foundation.money import plain
from agentctl.settings import repository_on_github, step_summary

_SECONDS_BETWEEN_LINES = 2.0


class EvalScreen:
    """The screen of one eval: progress on stderr, the answer on stdout."""

    def __init__(self, *, as_json: bool) -> None:
        self._terminal = Terminal(as_json=as_json)
        self._told_at = 0.0

    def watch(self, progress: Progress) -> None:
        """Say how far it has got: what fails at once, the rest every few seconds."""
        judged = progress.judged
        if judged is not None and judged.outcome != "passed":
            self._terminal.progress(
                f"{judged.case}, trial {judged.trial}: {judged.outcome.replace('_', ' ')}"
            )
        is_last = progress.done == progress.planned
        if judged is None or is_last or progress.seconds - self._told_at >= _SECONDS_BETWEEN_LINES:
            self._told_at = progress.seconds
            self._terminal.progress(_so_far(progress))

    def interrupted(self, outcome: EvalOutcome) -> int:
        """Say how to go on, and return the exit code."""
        self._terminal.warning(f"interrupted after {outcome.done} of {outcome.planned} trials")
        self._terminal.progress(f"`agentctl eval --resume {outcome.eval}` goes on")
        if self._terminal.as_json:
            self._terminal.document({"eval": outcome.eval, "done": outcome.done, "planned": outcome.planned})
        return int(ExitCode.INTERRUPTED)

    @staticmethod
    def refuse_unwritable(file: Path | None) -> None:
        """See that a report can be written there before anything is tried, which may cost money.

        Raises:
            UsageError: it cannot.
        """
        if file is not None and (file.is_dir() or not os.access(file.absolute().parent, os.W_OK)):
            raise UsageError(
                f"{file} cannot be written", "a file in a folder that is there and can be written"
            )

    def write(self, report: EvalReport, junit_file: Path | None, *, github: bool) -> None:
        """Write what CI reads.

        Raises:
            UsageError: a file cannot be written.
        """
        from agentctl.evals.github import summary
        from agentctl.evals.junit import junit

        if junit_file is not None:
            _put(junit_file, junit(report), appends=False)
        if github:
            page = step_summary()
            if page is not None:
                _put(page, summary(report, taken=_size_of(page)), appends=True)

    def report(self, report: EvalReport, *, github: bool, root: Path | None = None) -> None:
        """Show what it came to; `root` is that of the project, for whoever looks for its files."""
        from agentctl.evals.github import annotations
        from agentctl.evals.report_json import as_json

        if self._terminal.as_json:
            self._terminal.document(as_json(report))
            return
        if github:  # which obeys what it takes for a command anywhere in a line, whoever wrote it
            self._terminal.data((f"::stop-commands::{report.eval}",))
        self._terminal.lines(head_lines(report))
        self._terminal.lines(results_lines(report))
        self._terminal.lines(verdict_lines(report))
        if github:
            self._terminal.data((f"::{report.eval}::", *annotations(report, _folder_of(root))))

    def not_blessed(self, against: Sequence[str]) -> None:
        """Say why the baseline stays what it was."""
        self._terminal.warning(f"not blessed, for {'; '.join(against)}: only what passed is a baseline")

    def blessed(self, done: Blessed, shown: str) -> None:
        """Say where the baseline stands, and what is not in it any more."""
        self._terminal.progress(
            f"blessed: {counted(done.cases, 'case')} in {shown}; read its diff and commit it"
        )
        if done.dropped:
            self._terminal.warning(
                f"{counted(done.dropped, 'case')} that {'was' if done.dropped == 1 else 'were'} blessed under another version "
                "and not tried now, left out; without `--cases` and `--tag` all are tried"
            )


def _so_far(progress: Progress) -> str:
    left = progress.seconds_left
    rest = "" if left is None or progress.done == progress.planned else f", about {left:.0f} s left"
    wanting = f", {progress.wanting} wanting" if progress.wanting else ""
    return f"{progress.done} of {progress.planned} trials{wanting}, {plain(progress.spent_usd)} USD{rest}"


def _folder_of(root: Path | None) -> str:
    """Return where a project lies in the repository that GitHub has checked out; nothing where it is that itself."""
    repository = repository_on_github()
    if root is None or repository is None or not root.is_relative_to(repository):
        return ""
    folder = root.relative_to(repository).as_posix()
    return "" if folder == "." else folder


def _size_of(path: Path) -> int:
    """Return how long a file is; several evals of one step write into the same page."""
    try:
        return path.stat().st_size
    except OSError:  # it is not there, or whoever writes to it says what is wrong with it
        return 0


def _put(path: Path, text: str, *, appends: bool) -> None:
    try:
        with path.open("a" if appends else "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}", "a file that can be written"
        ) from error
