"""Blessing an eval's results as a baseline, and seeing whether an eval can be compared with one. Pure."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from agentctl.contract.baseline import Baseline, BlessedCase
from agentctl.contract.words import listed
from agentctl.evals.results import CaseResult
from agentctl.evals.verdict import Verdict
from agentctl.events.evals import EvalStarted


class Blessing(Struct, frozen=True):
    """Who blesses which eval, on which day, and what was tried in it, part by part."""

    eval: str
    by: str
    on: str
    parts: Mapping[str, str]


def why_not_blessed(verdict: Verdict, results: Sequence[CaseResult]) -> tuple[str, ...]:
    """Return why results are no baseline: a case without an outcome can be compared with nothing."""
    open_cases = [result.case.id for result in results if result.outcome in {"unjudged", "not_tried"}]
    reasons = [f"`{name}` has no outcome" for name in open_cases]
    if verdict.kind == "failed":
        failed = [result.case.id for result in results if result.outcome == "failed"]
        reasons.append(f"{listed(failed)} failed")
    return tuple(reasons)


def blessed(
    started: EvalStarted,
    results: Sequence[CaseResult],
    tools: Mapping[str, tuple[str, ...]],
    blessing: Blessing,
    before: Baseline | None,
) -> Baseline:
    """Return the baseline that an eval's results make.

    Where only some cases were tried, the others keep what they were blessed with, as long as it was the same version; so do
    those that came to the same.

    Args:
        started: the eval.
        results: what its cases came to; all have an outcome.
        tools: the tools that the first trial of each case called, in order.
        blessing: who blesses it.
        before: what stands in the file now, of the cases that are still there.
    """
    kept = before.cases if before is not None and before.version == started.version else {}
    chosen = {result.case.id for result in results}
    return Baseline(
        agent=started.agent,
        version=started.version,
        version_tag=started.version_tag,
        environment=started.environment,
        environment_digest=started.environment_digest,
        platform_digest=started.platform_digest,
        eval=blessing.eval,
        blessed_by=blessing.by,
        blessed_on=blessing.on,
        parts=dict(blessing.parts),
        cases={
            **{name: case for name, case in kept.items() if name not in chosen},
            **{
                result.case.id: _or_as_it_was(kept.get(result.case.id), _blessed_case(result, tools))
                for result in results
                if result.trials
            },
        },
    )


def _or_as_it_was(before: BlessedCase | None, made: BlessedCase) -> BlessedCase:
    """Return what a case was blessed with already, where only its run is another one: so a diff shows what is new."""
    if before is not None and before.model_copy(update={"run": made.run}) == made:
        return before
    return made


def _blessed_case(result: CaseResult, tools: Mapping[str, tuple[str, ...]]) -> BlessedCase:
    return BlessedCase(
        digest=result.digest,
        outcome="passed" if result.outcome == "passed" else "failed",
        passes=result.passes,
        trials=len(result.trials),
        cost_usd=result.cost_usd,
        tools=tools.get(result.case.id, ()),
        run=result.trials[0].run,
    )


def obstacles_to(
    baseline: Baseline | None, wanted: str | None, cases: Sequence[str], environment: str
) -> tuple[str, ...]:
    """Return why an eval cannot be compared with a baseline, in sentences that say what to do.

    Args:
        baseline: what stands in the file; None: nothing.
        wanted: the digest of the version that it must be compared with; None: whatever is blessed.
        cases: the ids of all cases of the golden set, skipped ones and those not chosen too.
        environment: where the cases are tried.
    """
    if baseline is None:
        return () if wanted is None else ("nothing was blessed yet; `agentctl eval AGENT --bless` does it",)
    if wanted is not None and wanted != baseline.version:
        return (
            (
                f"the baseline is of version {_short(baseline.version)}, not of {_short(wanted)}; "
                f"bless the other one with `agentctl eval AGENT --contract {_short(wanted)} --bless`"
            ),
        )
    gone = sorted(set(baseline.cases) - set(cases))
    obstacles: list[str] = []
    if gone:
        obstacles.append(f"blessed, and not in the golden set any more: {listed(gone)}")
    if environment != baseline.environment:
        obstacles.append(
            f"the baseline was blessed in `{baseline.environment}`, this was tried in `{environment}`"
        )
    return tuple(obstacles)


def _short(digest: str) -> str:
    return digest[:19]
