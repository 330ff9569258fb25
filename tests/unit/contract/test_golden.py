"""Golden cases: what fits, and what is refused with its place."""

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agentctl.contract import golden_words
from agentctl.contract.golden import GoldenCase, GoldenSet
from agentctl.contract.golden_assertions import AnswerHas, AnswerMatches
from agentctl.contract.golden_files import GoldenFile, golden_file, load_golden_file
from agentctl.contract.golden_words import finds
from agentctl.contract.json_schema import export_schema
from agentctl.events import budget, loop, tool
from agentctl.foundation.errors import InvalidInput
from agentctl.trace.reports.call import CallOutcome

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


def loaded(tmp_path: Path, text: str, suffix: str = ".yaml") -> GoldenFile:
    """Return the cases in a file with this text."""
    path = tmp_path / f"agent{suffix}"
    path.write_text(text, encoding="utf-8")
    return load_golden_file(path, f"goldensets/agent{suffix}")


def refusal(tmp_path: Path, text: str, suffix: str = ".yaml") -> str:
    """Return why a file with this text is refused."""
    with pytest.raises(InvalidInput) as refused:
        loaded(tmp_path, text, suffix)
    return str(refused.value)


def test_every_key_is_read(tmp_path: Path) -> None:
    """A case with all keys loads; `assert` is `assertions` in Python."""
    (case,) = loaded(tmp_path, WHOLE).cases
    assert (case.id, case.input, case.expected) == ("receipts", "How long?", "Thirty days.")
    assert [call.tool for call in case.trajectory] == ["notes.find", "notes.read"]
    assert [call.arguments for call in case.trajectory] == [{"question": "How long?", "most": 3}, None]
    assert case.assertions == (AnswerMatches(type="regex", value="[0-9]+ days"),)


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
        ("trajectory: [{tool: 3}]", "tool"),
        ("assert: [{type: llm-rubric, value: x}]", "which the file's JSON Schema lists"),
        ("assert: [{type: 'trajectory:tool-use', value: x}]", "did you mean `trajectory:tool-used`?"),
        ("assert: [{type: regex, value: '(?=x)'}]", "no look-around"),
        ("assert: [{type: 'trajectory:step-count'}]", "needs `min`, `max` or both"),
        ("assert: [{type: 'state:equals', value: {}}]", "needs `refunds`"),
        (
            "assert: [{type: 'policy:decision', tool: a.b, decision: allow, stage: permitted}]",
            "a `stage` refuses",
        ),
        ("assert: [{type: cost, threshold: -1}]", "threshold"),
        ("assert: [{type: 'approval:requested', min: 3, max: 1}]", "`min` is 3, and `max` only 1"),
        ("expected: x, repeats: 2, min_pass: 3", "tried only 2 times"),
        (f"trajectory: [{', '.join(['{tool: a.b}'] * 201)}]", "0 to 200 items"),
        ("expected: x, mocks: [{tool: a.b}]", "needs `result` or `error`"),
        ("expected: x, mocks: [{tool: a.b, result: 1, error: x}]", "not both"),
        ("expected: x, faults: [{do: timeout}]", "exactly one of `tool`, `backend` and `model`"),
        ("expected: x, faults: [{model: any, do: timeout, effect: true}]", "`effect` belongs to"),
        ("expected: x, faults: [{tool: a.b, do: time_out}]", "did you mean `timeout`?"),
        ("expected: x, approvals: [{answer: approve}]", "needs a `reviewer`"),
        ("expected: x, approvals: [{reviewer: bob, answer: edit}]", "`changes` belong to `edit`"),
        ("expected: x, approvals: [{answer: none}]", "`none` needs `after`"),
        (
            "expected: x, approvals: [{reviewer: bob, answer: approve, ends_run: true}]",
            "only a denial ends the run",
        ),
        ("expected: x, state: {charges: [{id: c, amount: 1, amount_refunded: 2}]}", "more than `amount`"),
        (
            "expected: x, state: {charges: [{id: c, amount: 1}, {id: c, amount: 1}]}",
            "the charge `c` stands twice",
        ),
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
        tmp_path, "cases: [{id: a, input: x, assert: [{type: contains, value: 1}]}]"
    )


def test_a_set_has_cases(tmp_path: Path) -> None:
    """An empty set is refused."""
    assert "cases" in refusal(tmp_path, "cases: []")


def test_a_case_can_pass(tmp_path: Path) -> None:
    """Of the trials that `defaults` ask for, no more must pass than there are."""
    cases = "cases: [{id: a, input: x, expected: z, min_pass: 3}]"
    assert "the case `a`: `min_pass` is 3" in refusal(tmp_path, f"defaults: {{repeats: 2}}\n{cases}")
    assert "tried only 2 times" in refusal(tmp_path, f"defaults: {{repeats: 2, min_pass: 3}}\n{cases}")


def test_ids_are_unique(tmp_path: Path) -> None:
    """Two cases of one name are refused, and every such name is told."""
    cases = "".join(f"  - {{id: {name}, input: x, expected: z}}\n" for name in "abcab")
    assert "more than one case is called `a`, `b`" in refusal(tmp_path, f"cases:\n{cases}")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that is not there is a refusal, not a crash."""
    with pytest.raises(InvalidInput, match="there is no such file"):
        load_golden_file(tmp_path / "none.yaml")


def test_the_schema_for_editors_speaks_of_assert() -> None:
    """Editors complete the keys as they are written in files, what is asked first."""
    case = export_schema(GoldenSet, "Golden cases")["$defs"]["GoldenCase"]
    assert list(case["properties"])[:5] == ["id", "input", "expected", "trajectory", "tape"]
    assert "assert" in case["properties"]
    assert case["required"] == ["id", "input"]


@given(st.text(min_size=1, max_size=30))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    """No text breaks the check of expressions; only `regex` asks for one."""
    assert AnswerHas(type="contains", value=text).value == text
    try:
        assert AnswerMatches(type="regex", value=text).value == text
    except ValidationError as error:
        assert "not a regular expression" in str(error)  # noqa: PT017 - both outcomes are right


def test_a_hostile_expression_takes_no_time() -> None:
    """An expression that would keep a backtracking engine busy for ever is searched in linear time."""
    assert not finds("^(a+)+$", "a" * 100_000 + "!")
    assert finds("a+b", "xaab")


WITH_DEFAULTS = """
defaults:
  environment: sandbox
  tags: [all]
  metadata: {team: a, level: 1}
  approvals: [{reviewer: bob, answer: approve}]
  mocks: [{tool: a.b, result: {x: 0.5}}]
  assert: [{type: 'policy:no-deny'}]
cases:
  - {id: one, input: x, expected: why, tags: [own], metadata: {level: 2}}
  - {id: two, input: x, expected: why, environment: other, approvals: [{answer: none, after: 1h}]}
"""


def test_defaults_stand_where_a_case_says_nothing(tmp_path: Path) -> None:
    """Tags, metadata, mocks, faults and assertions are added; anything else is the case's own or the default's."""
    one, two = loaded(tmp_path, WITH_DEFAULTS).cases
    assert (one.environment, two.environment) == ("sandbox", "other")
    assert (one.tags, one.metadata) == (("own", "all"), {"team": "a", "level": 2})
    assert [said.answer for said in (*one.approvals, *two.approvals)] == ["approve", "none"]
    assert one.mocks[0].result == {"x": 0.5}
    assert [item.type for item in one.assertions] == ["policy:no-deny"]


def test_one_case_a_line_is_the_same_as_yaml(tmp_path: Path) -> None:
    """JSON lines give the same cases and the same digest as the YAML with the same content, each with its line."""
    yaml = loaded(
        tmp_path,
        "cases:\n- {id: a, input: x, expected: why}\n- {id: b, input: x, metadata: {n: 0.5}, expected: z}\n",
    )
    lines = '{"id": "a", "input": "x", "expected": "why"}\n\n{"id": "b", "input": "x", "metadata": {"n": 0.5}, "expected": "z"}\n'
    jsonl = loaded(tmp_path, lines, ".jsonl")
    assert (jsonl.cases, jsonl.digest) == (yaml.cases, yaml.digest)
    assert str(jsonl.place_of("b")) == "goldensets/agent.jsonl:3"
    assert str(jsonl.place_of("none")) == "goldensets/agent.jsonl"
    assert str(yaml.place_of("b")) == "goldensets/agent.yaml:3:3"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"id": "a"', "goldensets/agent.jsonl:1: not JSON"),
        ('\n{"id": "a", "input": "x"}', "goldensets/agent.jsonl:2"),
        ('{"id": "a", "id": "b"}', "goldensets/agent.jsonl:1: not JSON"),
        ("[1, true, null]", "goldensets/agent.jsonl:1"),
        ('null\n{"id": "a", "input": "x", "expected": "y"}', "goldensets/agent.jsonl:1"),
        ('\n{"id": "a", "input": "\u202ex", "expected": "y"}', "goldensets/agent.jsonl:2: the character"),
    ],
)
def test_a_line_that_does_not_fit_is_refused_with_its_number(tmp_path: Path, text: str, said: str) -> None:
    """What is no JSON, and what is no case, is told with its line."""
    assert said in refusal(tmp_path, text, ".jsonl")


def test_a_file_of_lines_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is too large is refused before it is read to its end."""
    monkeypatch.setattr("agentctl.contract.golden_files.MAX_LINES_BYTES", 10)
    assert "more than" in refusal(tmp_path, '{"id": "a", "input": "x"}', ".jsonl")


def test_the_digest_is_that_of_what_is_asked(tmp_path: Path) -> None:
    """Comments and order of keys change nothing; a word of a case or of its tape does."""
    (tmp_path / "agent").mkdir()
    tape = tmp_path / "agent" / "a.tape.yaml"
    tape.write_text("run: R\nanswers: [{tool: a.b, result: 1}]\n", encoding="utf-8")
    case = "cases: [{id: a, input: x, expected: why, tape: agent/a.tape.yaml}]\n"
    first = loaded(tmp_path, case)
    assert first.tapes["a"].answers[0].result == 1
    assert loaded(tmp_path, f"# a comment\n{case}").digest == first.digest
    assert loaded(tmp_path, case.replace("input: x", "input: z")).digest != first.digest
    tape.write_text("run: R\nanswers: [{tool: a.b, result: 2}]\n", encoding="utf-8")
    changed = loaded(tmp_path, case)
    assert changed.digest != first.digest
    assert changed.digest_of(changed.cases[0]) != first.digest_of(first.cases[0])


@pytest.mark.parametrize(
    ("tape", "said"),
    [
        ("../else.yaml", "lies elsewhere"),
        ('"a\\0b"', "lies elsewhere"),
        ("none.yaml", "there is no such file"),
        ("agent.yaml", "the tape cannot be used"),
    ],
)
def test_a_tape_that_cannot_be_used_is_refused_where_it_is_named(
    tmp_path: Path, tape: str, said: str
) -> None:
    """A tape outside the folder, one that is not there and one that is no tape are told at the case that names it."""
    message = refusal(tmp_path, f"cases:\n- id: a\n  input: x\n  expected: why\n  tape: {tape}\n")
    assert message.startswith("goldensets/agent.yaml:5")
    assert said in message


def test_an_agent_has_one_file_of_cases(tmp_path: Path) -> None:
    """The file is found by the agent's name; none, two, or a name that is none are refused with what there is."""
    folder = tmp_path / "goldensets"
    folder.mkdir()
    text = "cases: [{id: a, input: x, expected: why}]"
    (folder / "helper.yaml").write_text(text, encoding="utf-8")
    found = golden_file(tmp_path, "helper")
    assert (found.shown, len(found.cases)) == ("goldensets/helper.yaml", 1)
    with pytest.raises(InvalidInput, match="did you mean `helper`"):
        golden_file(tmp_path, "helpr")
    with pytest.raises(InvalidInput, match="there are no golden cases"):
        golden_file(tmp_path, "../helper")
    (folder / "helper.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(InvalidInput, match="in two files"):
        golden_file(tmp_path, "helper")


def test_words_are_those_of_events() -> None:
    """Files speak of stages, decisions, meters and loops in the very words that journals have."""
    assert set(get_args(golden_words.Stage)) == set(get_args(tool.Stage))
    assert set(get_args(golden_words.Decision)) == set(get_args(tool.Decision))
    assert set(get_args(golden_words.Meter)) == set(get_args(budget.Meter))
    assert set(get_args(golden_words.LoopKind)) == set(get_args(loop.LoopKind))
    assert set(get_args(golden_words.CallEnd)) == set(get_args(CallOutcome))


def test_a_case_says_how_it_ends_or_expects_an_answer(tmp_path: Path) -> None:
    """Only a word on the run's end takes the place of an answer."""
    cases = loaded(
        tmp_path,
        "cases:\n- {id: a, input: x, assert: [{type: 'run:outcome', value: waiting}]}\n"
        "- {id: b, input: x, assert: [{type: 'run:exit-code', value: 4}]}\n- {id: c, input: x, expected: why}\n",
    ).cases
    assert [case.says_how_it_ends for case in cases] == [True, True, False]
    assert isinstance(cases[0], GoldenCase)
