"""Names in golden cases that stand for nothing: a mock or a fault that never comes would make a case say less than it seems."""

from collections.abc import Collection, Iterator

from agentctl.composition.governing import Governing
from agentctl.contract.golden import GoldenCase
from agentctl.contract.words import nearest


def unknown_names(case: GoldenCase, governing: Governing, registry: Collection[str]) -> Iterator[str]:
    """Yield which mocks, faults and answers of a case are about nothing that there is.

    What is expected may speak of anything: that a tool which there is not was never called is worth saying.

    Args:
        case: the case.
        governing: what governs its runs.
        registry: the tools of the project, which an earlier version perhaps does not have.
    """
    tools = {*registry, *governing.version.tools, *governing.environment.tools}
    environment = governing.environment.environment
    for mock in case.mocks:
        yield from _unknown("mocks", "tool", mock.tool, tools)
    for fault in case.faults:
        yield from _unknown("faults", "tool", fault.tool, tools)
        yield from _unknown("faults", "backend", fault.backend, environment.backends)
        yield from _unknown("faults", "model", fault.model, (*environment.models, "any"))
    for answer in case.approvals:
        yield from _unknown("approvals", "tool", answer.tool, tools)


def _unknown(key: str, what: str, name: str | None, known: Collection[str]) -> Iterator[str]:
    if name is not None and name not in known:
        meant = nearest(name, known)
        yield f"`{key}` has the {what} `{name}`, which there is not" + (
            f"; did you mean `{meant}`?" if meant else ""
        )
