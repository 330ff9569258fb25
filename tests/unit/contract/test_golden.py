"""Golden cases: what fits, and what is refused with its place."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agentctl.contract.golden import Assertion, GoldenSet, load_golden_set
from agentctl.contract.json_schema import export_schema
from agentctl.foundation.errors import InvalidInput

WHOLE = """
cases:
  - id: receipts
    input: How long?
    expected: Thirty days.
    trajectory:
      - tool: notes.find
        arguments: {question: How long?, most: 3}
      - tool: notes.read
    assert:
      - type: regex
        value: '[0-9]+ days'
"""


def loaded(tmp_path: Path, text: str) -> GoldenSet:
    """Return the cases in a file with this text."""
    path = tmp_path / "agent.yaml"
    path.write_text(text, encoding="utf-8")
    return load_golden_set(path, "goldensets/agent.yaml")


def refusal(tmp_path: Path, text: str) -> str:
    """Return why a file with this text is refused."""
    with pytest.raises(InvalidInput) as refused:
        loaded(tmp_path, text)
    return str(refused.value)


def test_every_key_is_read(tmp_path: Path) -> None:
    """A case with all keys loads; `assert` is `assertions` in Python."""
    (case,) = loaded(tmp_path, WHOLE).cases
    assert (case.id, case.input, case.expected) == ("receipts", "How long?", "Thirty days.")
    assert [call.tool for call in case.trajectory] == ["notes.find", "notes.read"]
    assert [call.arguments for call in case.trajectory] == [{"question": "How long?", "most": 3}, None]
    assert [(item.type, item.value) for item in case.assertions] == [("regex", "[0-9]+ days")]


def test_cases_cannot_be_changed(tmp_path: Path) -> None:
    """What was loaded is frozen."""
    (case,) = loaded(tmp_path, WHOLE).cases
    with pytest.raises(ValidationError, match="frozen"):
        case.input = "something else"  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("expect: x", "expect"),
        ("expected: 3", "expected"),
        ("assert: [{type: icontain, value: x}]", "`icontains`"),
        ("assert: [{type: regex, value: '('}]", "not a regular expression"),
        ("assert: [{type: equals}]", "value"),
        ("trajectory: [{tool: find}]", "tool"),
        ("id: Receipts", "id"),
        ("# nothing more", "else nothing can fail it"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    """Unknown keys, other types and words, and cases that expect nothing are refused with file and line."""
    head = "" if line.startswith("id:") else "id: a, "
    text = f"cases:\n  - {{{head}input: x, {line}}}\n" if line[0] != "#" else "cases: [{id: a, input: x}]\n"
    message = refusal(tmp_path, text)
    assert message.startswith("goldensets/agent.yaml:")
    assert said in message


def test_an_assertion_is_named_as_it_is_written(tmp_path: Path) -> None:
    """A problem below `assert` says `assert`, not our word for it."""
    assert "cases[0].assert[0].value" in refusal(
        tmp_path, "cases: [{id: a, input: x, assert: [{type: equals, value: 1}]}]"
    )


def test_a_set_has_cases(tmp_path: Path) -> None:
    """An empty set is refused."""
    assert "cases" in refusal(tmp_path, "cases: []")


def test_ids_are_unique(tmp_path: Path) -> None:
    """Two cases of one name are refused, and every such name is told."""
    cases = "".join(f"  - {{id: {name}, input: x, expected: z}}\n" for name in "abcab")
    assert "more than one case is called `a`, `b`" in refusal(tmp_path, f"cases:\n{cases}")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that is not there is a refusal, not a crash."""
    with pytest.raises(InvalidInput, match="there is no such file"):
        load_golden_set(tmp_path / "none.yaml")


def test_the_schema_for_editors_speaks_of_assert() -> None:
    """Editors complete the keys as they are written in files."""
    case = export_schema(GoldenSet, "Golden cases")["$defs"]["GoldenCase"]
    assert list(case["properties"]) == ["id", "input", "expected", "trajectory", "assert"]
    assert case["required"] == ["id", "input"]


@given(st.text(min_size=1, max_size=30))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    """No text breaks the check of expressions; only `regex` asks for one."""
    assert Assertion(type="contains", value=text).value == text
    try:
        assert Assertion(type="regex", value=text).value == text
    except ValidationError as error:
        assert "not a regular expression" in str(error)  # noqa: PT017 - both outcomes are right
