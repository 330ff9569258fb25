"""The use case of comparing: two runs, or two versions of an agent, by whatever name somebody has for them."""

from typing import Literal, TypeAlias

from msgspec import Struct

from agentctl.composition.contracts.policy_diffs import PolicyTrial, policy_trial
from agentctl.composition.contracts.versions import FoundVersion, find_version, is_file_name, versions_file
from agentctl.composition.project import Project
from agentctl.contract.words import nearest
from agentctl.events.run import RunStarted
from agentctl.foundation.errors import IntegrityError, UsageError
from agentctl.replay.side_by_side.runs import RunComparison, compare_runs
from agentctl.review.differences.contracts import VersionDiff, version_diff
from agentctl.trace.reports.run_names import LATEST, run_named

Sort: TypeAlias = Literal["run", "version"]
"""What a name stands for."""

_FEWEST_OF_A_RUN = 4
"""How much of a run's id has to be said, where the same could be the name of something else."""


class VersionComparison(Struct, frozen=True):
    """Two versions of an agent, how they were named, what differs, and what came of asking their policies."""

    before: FoundVersion
    after: FoundVersion
    diff: VersionDiff
    trial: PolicyTrial


Comparison: TypeAlias = RunComparison | VersionComparison
"""Two runs compared, or two versions."""


def compare(project: Project, before: str, after: str) -> Comparison:
    """Compare two things by name: runs (an id, the beginning of one, `latest`) or versions (FILE, TAG, DIGEST, AGENT).

    Raises:
        UsageError: a name stands for nothing, for several things, or one for a run and the other for a version.
        InvalidInput: a contract, or what it refers to, is not what it must be.
        IntegrityError: a journal or an object is damaged.
    """
    sorts = [_sort(project, name) for name in (before, after)]
    if sorts[0] != sorts[1]:
        raise UsageError(
            f"`{before[:80]}` is a {sorts[0]}, and `{after[:80]}` a {sorts[1]}", "two runs, or two versions"
        )
    if sorts[0] == "run":
        return compare_named_runs(project, before, after)
    return compare_versions(project, before, after)


def compare_named_runs(project: Project, before: str, after: str) -> RunComparison:
    """Compare two runs by the names that somebody has for them.

    Raises:
        UsageError: there is no such run.
        IntegrityError: a journal is damaged, or does not hold its run's beginning.
    """
    known = project.journals.runs()
    runs = [run_named(known, name) for name in (before, after)]
    journals = [project.journals.read(run) for run in runs]
    for run, records in zip(runs, journals, strict=True):
        if not records or not isinstance(records[0].event, RunStarted):
            raise IntegrityError(f"the journal of run {run} does not hold the run's beginning")
    return compare_runs(*journals)


def compare_versions(
    project: Project, before: str, after: str, agent: str | None = None
) -> VersionComparison:
    """Compare two versions in what they do, under the platform's rules of today.

    Raises:
        UsageError: a name stands for no version.
        InvalidInput: a contract, or what it refers to, is not what it must be.
        IntegrityError: an object is damaged.
    """
    one, other = (find_version(project, name, agent) for name in (before, after))
    trial = policy_trial(project, one.version, other.version)
    rules = project.files.platform_version().rules
    return VersionComparison(one, other, version_diff(one.version, other.version, rules, trial.flips), trial)


def _sort(project: Project, name: str) -> Sort:
    """Return whether a name stands for a run or for a version.

    Raises:
        UsageError: it stands for both, or for neither.
    """
    if is_file_name(name) or name.startswith("sha256:"):
        return "version"
    runs = _runs(project, name)
    named = (*versions_file(project).document.tags, *project.files.agents())
    if name in named and runs and len(name) >= _FEWEST_OF_A_RUN:
        accepted = f"`{runs[0]}` for the run, `{_other_name(project, name)}` for the version"
        raise UsageError(f"`{name[:80]}` is the beginning of a run, and a version", accepted)
    if name not in named and not runs:
        accepted = (
            "a run's id or its beginning, `latest`, a contract file, a tag, a digest `sha256:...`, an agent"
        )
        raise UsageError(f"there is no run and no version `{name[:80]}`", accepted, nearest(name, named))
    return "version" if name in named else "run"


def _runs(project: Project, name: str) -> tuple[str, ...]:
    known = project.journals.runs()
    if name == LATEST:
        return known[-1:]
    return tuple(run for run in known if name and run.startswith(name.upper()))


def _other_name(project: Project, name: str) -> str:
    """Return another name for a version that is called like a run."""
    tag = versions_file(project).document.tags.get(name)
    return tag.digest if tag else f"contracts/{name}.yaml"
