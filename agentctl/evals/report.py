"""An eval as everybody reports it: screen, JSON, JUnit, annotations and summary show this and nothing else."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from agentctl.contract.baseline import Baseline
from agentctl.evals.results import CaseResult
from agentctl.evals.verdict import Verdict
from agentctl.events.evals import EvalStarted
from agentctl.foundation.errors import Place


class EvalReport(Struct, frozen=True):
    """A finished eval.

    `places` says where each case stands, `parts` what was tried, part by part, `changes` in sentences what of it differs
    from the baseline, `blessed_here` which of the baseline's runs can be looked at here, `tools` what the first trial of
    each case called, in order. `duration_ms` is that of all trials together. `takes_seeds` says whether a model was asked
    with the trials' seeds, `worst_usd` what a trial may cost at most.
    """

    eval: str
    started: EvalStarted
    results: tuple[CaseResult, ...]
    verdict: Verdict
    places: Mapping[str, Place]
    baseline: Baseline | None
    parts: Mapping[str, str]
    changes: tuple[str, ...]
    blessed_here: frozenset[str]
    tools: Mapping[str, tuple[str, ...]]
    takes_seeds: bool = False
    worst_usd: Decimal = Decimal(0)

    @property
    def golden_set(self) -> str:
        """The file of the cases."""
        return self.started.golden_set

    @property
    def cost_usd(self) -> Decimal:
        """What all trials cost."""
        return sum((result.cost_usd for result in self.results), Decimal(0))

    @property
    def duration_ms(self) -> float:
        """How long all trials took together."""
        return sum(result.duration_ms for result in self.results)
