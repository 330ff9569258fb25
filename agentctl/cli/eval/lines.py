"""An eval in lines: what failed first of all, with what was expected, what was found and what to type next. Pure."""

from collections.abc import Iterator
from itertools import islice

from agentctl.cli.screen.terminal import Line, Tone
from agentctl.evals.report import EvalReport
from agentctl.evals.results import CaseResult
from agentctl.events.evals import Score, TrialJudged
from agentctl.foundation.money import plain

_DIGEST = 19
_MOST_TOLD = 10
_MOST_NAMED = 8


def head_lines(report: EvalReport) -> Iterator[Line]:
    """Yield which eval this is."""
    started = report.started
    version = started.version[:_DIGEST] + (f" ({started.version_tag})" if started.version_tag else "")
    yield Line(f"eval {report.eval}  {started.agent}  {version}  {started.environment}", tone="title")
    if started.seed and not report.takes_seeds:
        yield Line("`--seed` changes nothing: no model here has `takes_seed`", depth=1, tone="warn")
    if report.baseline is None:
        yield Line("compared with nothing: `--bless` makes this the baseline", depth=1, tone="quiet")
        return
    baseline = report.baseline
    tag = f" ({baseline.version_tag})" if baseline.version_tag else ""
    same = "the same version" if baseline.version == started.version else f"{baseline.version[:_DIGEST]}{tag}"
    yield Line(
        f"compared with {same}, blessed by {baseline.blessed_by} on {baseline.blessed_on}",
        depth=1,
        tone="quiet",
    )


def results_lines(report: EvalReport) -> Iterator[Line]:
    """Yield what the cases came to: the first that are wanting in full, of the others only that they are."""
    wanting = [result for result in report.results if result.outcome in {"failed", "unjudged"}]
    short = {result.case.id for result in wanting[_MOST_TOLD:]}
    for result in report.results:
        yield from case_lines(result, report, in_full=result.case.id not in short)
    if short:
        rest = f"what is wanting in the last {len(short)} is not told here; `--json` and `--junit` have all of it"
        yield Line(rest, depth=1, tone="quiet")


def case_lines(result: CaseResult, report: EvalReport, *, in_full: bool = True) -> Iterator[Line]:
    """Yield what one case came to; nothing of one that passed and has nothing to say."""
    match result.outcome:
        case "passed":
            yield from _remarks(result)
            return
        case "skipped":
            yield Line(f"skipped  {result.case.id}: {result.case.skip}", depth=1, tone="quiet")
            return
        case "not_tried" if not result.trials:
            return  # the verdict names it
        case "failed" | "unjudged" | "not_tried" as outcome:
            tone: Tone = "bad" if outcome == "failed" else "warn"
            lines = _wanting(result, report, tone)
            yield from lines if in_full else islice(lines, 1)


def _wanting(result: CaseResult, report: EvalReport, tone: Tone) -> Iterator[Line]:
    word = "regressed" if result.change == "regressed" else result.outcome.replace("_", " ")
    trials = (
        ""
        if result.planned == 1
        else f"  {result.passes} of {result.planned} trials passed, {result.needed} must"
    )
    yield Line(f"{word}  {result.case.id}{trials}  {report.places[result.case.id]}", depth=1, tone=tone)
    for trial in result.trials:
        yield from _trial_lines(trial, result, report)


def _trial_lines(trial: TrialJudged, result: CaseResult, report: EvalReport) -> Iterator[Line]:
    if trial.outcome == "passed":
        return
    if trial.detail:
        yield Line(trial.detail, depth=2)
    for score in trial.scores:
        if score.hard and not score.passed:
            yield Line(_sentence(score), depth=2)
    yield Line(f"agentctl runs show {trial.run}", depth=2, tone="quiet")
    if result.blessed is not None and result.blessed.run in report.blessed_here:
        yield Line(f"agentctl diff {result.blessed.run} {trial.run}", depth=2, tone="quiet")


def _remarks(result: CaseResult) -> Iterator[Line]:
    for trial, score in result.remarks:
        yield Line(f"remark  {result.case.id}, trial {trial.trial}: {_sentence(score)}", depth=1, tone="warn")


def _sentence(score: Score) -> str:
    return f"{score.type}: {score.detail}"


def verdict_lines(report: EvalReport) -> Iterator[Line]:
    """Yield what differs from the baseline and what it all comes to; the verdict is the last line."""
    outcomes = [result.outcome for result in report.results]
    if report.changes and report.baseline is not None:
        yield Line("changed since the baseline:", depth=1)
        yield from (Line(change, depth=2) for change in report.changes)
        if report.baseline.version != report.started.version:
            yield Line(
                f"agentctl diff {report.baseline.version[:_DIGEST]} {report.started.version[:_DIGEST]}",
                depth=2,
                tone="quiet",
            )
    new = [result.case.id for result in report.results if result.change == "new"]
    if new:
        more = f" and {len(new) - _MOST_NAMED} more" if len(new) > _MOST_NAMED else ""
        yield Line(f"not in the baseline yet: {', '.join(new[:_MOST_NAMED])}{more}", depth=1, tone="quiet")
    counts = ", ".join(
        f"{outcomes.count(outcome)} {outcome.replace('_', ' ')}"
        for outcome in ("passed", "failed", "unjudged", "not_tried", "skipped")
        if outcomes.count(outcome)
    )
    yield Line(
        f"{counts}; {plain(report.cost_usd)} USD, {report.duration_ms / 1000:.1f} s of trials", depth=1
    )
    tone: Tone = "good" if report.verdict.kind == "passed" else "bad"
    first, *others = report.verdict.reasons
    yield Line(f"{report.verdict.kind.replace('_', ' ')}: {first}", tone=tone)
    yield from (Line(other, depth=1) for other in others)
    if report.verdict.kind == "spend_cap" and report.started.max_cost_usd is not None:
        cap = f"the cap is {plain(report.started.max_cost_usd)} USD, and {plain(report.cost_usd)} USD of it is spent"
        yield Line(
            f"{cap}; one more trial may cost up to {plain(report.worst_usd)} USD", depth=1, tone="quiet"
        )
        again = f"`agentctl eval --resume {report.eval} --max-cost-usd USD` goes on under a higher one"
        yield Line(again, depth=1, tone="quiet")
    if report.verdict.kind == "incomparable":
        again = f"`agentctl eval {report.started.agent} --bless` makes what they come to now the baseline"
        yield Line(again, depth=1, tone="quiet")
