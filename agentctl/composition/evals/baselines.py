"""The use cases of baselines: read what was blessed, and bless what an eval came to."""

from pathlib import Path

from msgspec import Struct

from agentctl.composition.kept_files import put_kept
from agentctl.composition.project import Project
from agentctl.contract.baseline import Baseline, baseline_path, baseline_text, load_baseline
from agentctl.contract.golden_files import golden_file
from agentctl.evals.blessing import Blessing, blessed, why_not_blessed
from agentctl.evals.report import EvalReport
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import InvalidInput, Place, Problem, UsageError


class Blessed(Struct, frozen=True):
    """A baseline that was written: its file, how many cases it has, and how many it had before and has no more.

    What was blessed under another version is not what this one was blessed with.
    """

    path: Path
    cases: int
    dropped: int


def baseline_of(project: Project, agent: str) -> Baseline | None:
    """Return what an agent was blessed with, as it stands in its file; None where nothing was.

    Raises:
        InvalidInput: the file is not what it must be, or another agent's.
    """
    path = baseline_path(project.paths.root, agent)
    if not path.exists():
        return None
    shown = project.files.shown(path)
    baseline = load_baseline(path, shown)
    if baseline.agent != agent:
        found = f"this is the baseline of `{baseline.agent}`"
        raise InvalidInput([Problem(Place(shown), found, f"that of `{agent}`", "agent")])
    return baseline


def bless(project: Project, report: EvalReport) -> Blessed:
    """Make what an eval came to the agent's baseline.

    Raises:
        UsageError: some cases failed, or have no outcome; or the file cannot be written.
    """
    against = why_not_blessed(report.verdict, report.results)
    if against:
        raise UsageError(f"this is no baseline: {'; '.join(against)}", "an eval in which every case passed")
    started = report.started
    path, before = baseline_path(project.paths.root, started.agent), _still_there(project, report)
    blessing = Blessing(report.eval, started.by.id, to_rfc3339(project.clock.now())[:10], report.parts)
    baseline = blessed(started, report.results, report.tools, blessing, before)
    try:
        put_kept(path, baseline_text(baseline).encode())
    except OSError as error:
        found = f"{project.files.shown(path)} cannot be written: {error.strerror or error}"
        raise UsageError(found, "a folder that you may write to") from error
    dropped = before.cases.keys() - baseline.cases.keys() if before else ()
    return Blessed(path, len(baseline.cases), len(dropped))


def _still_there(project: Project, report: EvalReport) -> Baseline | None:
    """Return what was blessed before, without the cases that are not in the golden set any more."""
    if report.baseline is None:
        return None
    there = {case.id for case in golden_file(project.paths.root, report.started.agent).cases}
    kept = {name: case for name, case in report.baseline.cases.items() if name in there}
    return report.baseline.model_copy(update={"cases": kept})
