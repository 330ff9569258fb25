"""The repository's golden cases, held against real runs."""

import json
import re
from collections.abc import Iterator

import pytest

from agentctl.composition import open_project
from agentctl.contract.golden import Assertion, GoldenCase, load_golden_set
from agentctl.events.tool import ToolProposed
from tests.scenarios.conftest import REPOSITORY, Shell

CASES = load_golden_set(REPOSITORY / "goldensets" / "refund-assistant.yaml").cases


def holds(assertion: Assertion, answer: str) -> bool:
    """Return whether an assertion holds for an answer."""
    match assertion.type:
        case "equals":
            return answer == assertion.value
        case "contains":
            return assertion.value in answer
        case "icontains":
            return assertion.value.casefold() in answer.casefold()
        case "starts-with":
            return answer.startswith(assertion.value)
        case "regex":
            return re.search(assertion.value, answer) is not None


def proposals(shell: Shell, run: str) -> Iterator[ToolProposed]:
    """Yield what the run asked for, in order."""
    for record in open_project(shell.folder).journals.read(run):
        if isinstance(record.event, ToolProposed):
            yield record.event


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_golden_case(shell: Shell, case: GoldenCase) -> None:
    """Answer, trajectory in order, and assertions are as the case says."""
    document = json.loads(shell("run", "refund-assistant", "--input", case.input, "--json").out)
    answer = str(document["answer"])
    asked = proposals(shell, str(document["run"]))
    for wanted in case.trajectory:
        assert any(
            item.tool == wanted.tool and (wanted.arguments is None or wanted.arguments == item.arguments)
            for item in asked
        ), wanted
    assert all(holds(item, answer) for item in case.assertions)
