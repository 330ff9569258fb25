"""Reports are in the order of files and lines, and tell each thing once."""

from agentctl.contract.source import parse_source
from agentctl.foundation.errors import Place
from agentctl.review.checks.report import Report, Spot, error, note, spot, warning

SOURCE = parse_source(b"a:\n  b: [1, 2]\n  c: text\n", "x.yaml")


def test_findings_are_told_once_and_in_order() -> None:
    """Two rules may find the same; nobody reads it twice."""
    late, early = Spot(Place("b.yaml", 2, 1), "p"), Spot(Place("a.yaml", 9, 1), "q")
    report = Report.of(
        [error(late, "two"), error(early, "one"), error(late, "two"), warning(late, "w"), note(early, "n")]
    )
    assert [problem.found for problem in report.errors] == ["one", "two"]
    assert [problem.found for problem in report.warnings] == ["w"]
    assert [problem.found for problem in report.notes] == ["n"]


def test_a_scalar_stands_at_its_value_and_a_mapping_at_its_key() -> None:
    """The cursor lands on what is wrong."""
    assert spot(SOURCE, "a", "c") == Spot(Place("x.yaml", 3, 6), "a.c")
    assert spot(SOURCE, "a", "b") == Spot(Place("x.yaml", 2, 3), "a.b")
    assert spot(SOURCE, "a", "b", 1).place == Place("x.yaml", 2, 10)


def test_what_is_absent_stands_at_the_nearest_part_above() -> None:
    """There is always a line."""
    assert spot(SOURCE, "a", "d", "e") == Spot(spot(SOURCE, "a").place, "a.d.e")
    assert spot(SOURCE, "a", "b", 7).path == "a.b[7]"
