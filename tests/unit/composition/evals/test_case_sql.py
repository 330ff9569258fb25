"""SQL in golden cases that nothing could answer is found when the cases are read."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agentctl.audit.cells import Cells
from agentctl.composition import open_project
from agentctl.composition.evals.case_sql import refuse_wrong_sql
from agentctl.composition.evals.orders import EvalOrder
from agentctl.composition.evals.running import run_eval
from agentctl.contract.golden_files import GoldenFile, load_golden_file
from agentctl.foundation.errors import InvalidInput
from tests.scenarios.conftest import fresh_project

CASES = """\
defaults:
  assert:
    - {type: sql, value: SELECT atempts FROM tool_calls}
cases:
  - id: a
    input: hi
    assert:
      - {type: contains, value: hello}
      - type: sql
        value: >-
          SELECT 1 FROM tool_call
  - id: b
    input: hi
    expected: It greets.
    assert:
      - {type: sql, value: SELECT 1 FROM tool_call}
      - {type: sql, value: FROM runs WHERE false}
      - {type: sql, value: SELECT 1; SELECT 2}
"""


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    """What answers."""
    with closing(Cells()) as found:
        yield found


def read(folder: Path, text: str, suffix: str = "yaml") -> GoldenFile:
    """Return the cases in a text."""
    path = folder / f"a.{suffix}"
    path.write_text(text)
    return load_golden_file(path, path.name)


def test_all_of_it_is_named_once_with_its_place(cells: Cells, tmp_path: Path) -> None:
    """A case's own and what `defaults` add; the same words twice are told where they stand first."""
    golden = read(tmp_path, CASES)
    with pytest.raises(InvalidInput) as caught:
        refuse_wrong_sql(golden, golden.cases, cells)
    told = {(str(one.place), one.path, one.found, one.nearest) for one in caught.value.problems}
    assert told == {
        ("a.yaml:10:16", "cases[0].assert[1].value", "there is no table `tool_call`", "tool_calls"),
        ("a.yaml:3:26", "defaults.assert[0].value", "there is no column `atempts`", "attempts"),
        ("a.yaml:18:28", "cases[1].assert[2].value", "2 statements", ""),
    }


def test_only_cases_that_are_tried_count(cells: Cells, tmp_path: Path) -> None:
    """What is not asked can be wrong; without any SQL nothing is even started."""
    golden = read(tmp_path, CASES.replace("atempts", "attempts"))
    with pytest.raises(InvalidInput) as caught:
        refuse_wrong_sql(golden, golden.cases[1:], cells)
    assert {one.path for one in caught.value.problems} == {
        "cases[1].assert[0].value",
        "cases[1].assert[2].value",
    }
    idle = Cells()
    refuse_wrong_sql(golden, (), idle)
    assert idle._process is None


def test_lines_have_their_place_too(cells: Cells, tmp_path: Path) -> None:
    """One case a line; where DuckDB says where in the SQL it is, so do we."""
    line = '{"id": "a", "input": "hi", "assert": [{"type": "sql", "value": "SELECT 1\\n  FRO runs"}]}'
    golden = read(tmp_path, line, "jsonl")
    with pytest.raises(InvalidInput) as caught:
        refuse_wrong_sql(golden, golden.cases, cells)
    (problem,) = caught.value.problems
    assert str(problem.place) == "a.jsonl:1"
    assert problem.found == 'syntax error at or near "runs" (line 2, column 7 of it)'


def test_what_defaults_add_comes_after_a_cases_own(tmp_path: Path) -> None:
    """Also where a case has none of its own."""
    golden = read(tmp_path, CASES + "  - {id: c, input: hi, expected: It greets.}\n")
    first, _, bare = golden.cases
    places = [golden.path_of_assertion(case, number) for case, number in ((first, 1), (first, 2), (bare, 0))]
    assert places == [("cases", 0, "assert", 1), ("defaults", "assert", 0), ("defaults", "assert", 0)]


def test_nothing_is_begun_where_some_of_it_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no eval that could be gone on with, and no trial."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = fresh_project(tmp_path / "project")
    case = "{id: a, input: '4201', expected: x, assert: [{type: sql, value: SELECT 1 FROM run}]}"
    (folder / "goldensets").mkdir(exist_ok=True)
    (folder / "goldensets" / "refund-assistant.yaml").write_text(f"cases: [{case}]")
    project = open_project(folder)
    with pytest.raises(InvalidInput) as caught:
        run_eval(project, EvalOrder("refund-assistant"), 1, lambda _: None)
    (problem,) = caught.value.problems
    assert str(problem.place) == "goldensets/refund-assistant.yaml:1:73"
    assert problem.nearest == "runs"
    assert (project.evals.runs(), project.journals.runs()) == ((), ())
