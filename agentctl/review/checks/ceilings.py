"""A run's ceilings over what one attempt may take: what cannot fit is refused every time, and looks like a fault of the agent."""

from collections.abc import Iterator

from msgspec import Struct

from agentctl.contract.agent import Budgets
from agentctl.contract.platform import effective
from agentctl.review.checks.effective import rule_place
from agentctl.review.checks.report import Finding, Spot, warning
from agentctl.review.checks.subject import Subject, in_tool


class _Ceiling(Struct, frozen=True):
    """One budget of a run, and where it was set."""

    field: str
    value: int
    place: str


def results_fit_the_budget(subject: Subject) -> Iterator[Finding]:
    """The largest result of each tool fits into a run: its bytes are reserved with the call, beside those of its arguments."""
    ceiling = _ceiling(subject, "max_bytes")
    for listed in subject.listed():
        asked = listed.descriptor.max_result_bytes
        if asked >= ceiling.value:
            what = f"`{listed.entry.name}` can never be called: a result may have {asked} bytes"
            yield _never(in_tool(listed.tool, "max_result_bytes"), what, ceiling, "bytes for everything")


def attempts_fit_the_time(subject: Subject) -> Iterator[Finding]:
    """One attempt of each tool and of each model fits into a run's time, of which some has always gone."""
    ceiling = _ceiling(subject, "max_wall_clock_seconds")
    for at, name, verb, asked in _attempts(subject):
        if asked >= ceiling.value:
            what = f"`{name}` can never be {verb}: one attempt may take {asked} seconds"
            yield _never(at, what, ceiling, "seconds in all")


def _attempts(subject: Subject) -> Iterator[tuple[Spot, str, str, int]]:
    for listed in subject.listed():
        at = in_tool(listed.tool, "timeout_seconds")
        yield at, listed.entry.name, "called", listed.descriptor.timeout_seconds
    alias = subject.contract.document.model_routing.default
    for index, deployment in enumerate(subject.chain()):
        at = subject.in_environment("models", alias, index, "timeout_seconds")
        yield at, deployment.name, "asked", deployment.timeout_seconds


def _never(at: Spot, what: str, ceiling: _Ceiling, measure: str) -> Finding:
    found = f"{what}, and a run has {ceiling.value} {measure} ({ceiling.place})"
    return warning(at, found, f"less than `budgets.{ceiling.field}`")


def _ceiling(subject: Subject, field: str) -> _Ceiling:
    """Return a budget as it holds: the contract's own, or the platform's where that is lower."""
    contract, origins = effective(subject.contract.document, subject.rules)
    rule = origins.get(f"budgets.{field}")
    own = subject.in_contract("budgets", field).place
    place = str(own) if rule is None else rule_place(subject.platform, rule)
    return _Ceiling(field, _value(contract.budgets, field), str(place))


def _value(budgets: Budgets, field: str) -> int:
    value: int = getattr(budgets, field)
    return value
