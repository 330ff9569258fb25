"""The one verdict over an eval: screen, JSON, JUnit and exit code all say what this function says. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from agentctl.contract.words import listed
from agentctl.evals.results import CaseResult, named
from agentctl.events.evals import EvalVerdict
from agentctl.foundation.errors import ExitCode

_MOST_NAMED = 5


class Verdict(Struct, frozen=True):
    """What an eval comes to, and why, in sentences; the first is the gravest."""

    kind: EvalVerdict
    reasons: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """The exit code."""
        match self.kind:
            case "passed":
                return ExitCode.OK
            case "failed":
                return ExitCode.WANTING
            case "incomparable" | "inconclusive":
                return ExitCode.INCONCLUSIVE
            case "provider_failed":
                return ExitCode.PROVIDER
            case "spend_cap":
                return ExitCode.BUDGET


def verdict_of(
    results: Sequence[CaseResult],
    obstacles: Sequence[str] = (),
    *,
    cap_reached: bool = False,
    blesses: bool = False,
) -> Verdict:
    """Return the verdict.

    A failure that was seen is a failure, whatever else went wrong; after that comes what kept cases from being judged,
    and last what cannot be compared. Only where nothing at all is in the way is the verdict `passed`.

    Args:
        results: what every chosen case came to.
        obstacles: why it cannot be compared with its baseline.
        cap_reached: whether trials were not made because the cap on the spend could have been broken.
        blesses: whether they take the place of the baseline, so that they need not be comparable with it.
    """
    found = (
        *_failures(results),
        *_unjudged(results),
        *_untried(results, cap_reached=cap_reached),
        *(() if blesses else _incomparable(results, obstacles)),
    )
    reasons = tuple(sentence for _, sentence in found)
    return Verdict(found[0][0], reasons) if found else Verdict("passed", _praise(results))


def _failures(results: Sequence[CaseResult]) -> tuple[tuple[EvalVerdict, str], ...]:
    regressed = [result.case.id for result in results if result.change == "regressed"]
    others = [name for name in named(results, "failed") if name not in regressed]
    sentences = (
        (regressed, "passed when the baseline was blessed, and failed now"),
        (others, "failed"),
    )
    return tuple(("failed", f"{_cases(ids)} {what}") for ids, what in sentences if ids)


def _unjudged(results: Sequence[CaseResult]) -> tuple[tuple[EvalVerdict, str], ...]:
    open_results = [result for result in results if result.outcome == "unjudged"]
    provider = [item.case.id for item in open_results if _met_provider_failure(item)]
    others = [item.case.id for item in open_results if item.case.id not in provider]
    found: list[tuple[EvalVerdict, str]] = []
    if provider:
        found.append(("provider_failed", f"no model answered for {_cases(provider)}"))
    if others:
        found.append(("inconclusive", f"{_cases(others)} could not be judged"))
    return tuple(found)


def _met_provider_failure(result: CaseResult) -> bool:
    return any(trial.outcome == "provider_failed" for trial in result.trials)


def _untried(results: Sequence[CaseResult], *, cap_reached: bool) -> tuple[tuple[EvalVerdict, str], ...]:
    ids = named(results, "not_tried")
    if not ids:
        return ()
    if cap_reached:
        return (
            ("spend_cap", f"{_cases(ids)} could have broken the cap on the spend and had no more trials"),
        )
    return (("inconclusive", f"{_cases(ids)} did not have all their trials"),)


def _incomparable(
    results: Sequence[CaseResult], obstacles: Sequence[str]
) -> tuple[tuple[EvalVerdict, str], ...]:
    changed = [result.case.id for result in results if result.change == "changed"]
    sentences = [*obstacles]
    if changed:
        sentences.append(f"{_cases(changed)} changed since the baseline was blessed")
    return tuple(("incomparable", sentence) for sentence in sentences)


def _praise(results: Sequence[CaseResult]) -> tuple[str, ...]:
    passed, skipped = named(results, "passed"), named(results, "skipped")
    beside = f", {len(skipped)} skipped" if skipped else ""
    return (f"{_count(len(passed))} passed{beside}",)


def _cases(ids: Sequence[str]) -> str:
    """Return some cases by name, and how many more there are."""
    more = len(ids) - _MOST_NAMED
    return f"{listed(ids[:_MOST_NAMED])} and {more} more" if more > 0 else listed(ids)


def _count(number: int) -> str:
    return "1 case" if number == 1 else f"{number} cases"
