"""Judging the answer of a run: pure."""

import json
from collections.abc import Callable
from typing import Final

from agentctl.contract.golden_assertions import (
    AnswerHas,
    AnswerHasSome,
    AnswerIs,
    AnswerIsJson,
    AnswerMatches,
)
from agentctl.contract.golden_words import finds
from agentctl.evals.comparing import same
from agentctl.evals.evidence import Evidence
from agentctl.evals.wording import Finding, listed, quoted, shown
from agentctl.foundation.canonical import RESULT_LIMITS, JsonObject, JsonValue, NotJson, parse_json
from agentctl.tools.schemas import UnusableSchema, compile_schema

_TRIES: Final = 200
_LOOKED_AT: Final = 50_000

Check = Callable[[str], Finding]


def answer_is(item: AnswerIs, evidence: Evidence) -> Finding:
    """Judge the answer as a whole."""
    value = item.value
    if isinstance(value, str):
        return _of_answer(evidence, f"the answer {quoted(value)}", lambda answer: answer == value)
    return _of_answer(
        evidence, f"the answer to be the JSON {shown(value)}", lambda answer: _is_json(answer, value)
    )


def answer_has(item: AnswerHas, evidence: Evidence) -> Finding:
    """Judge whether a text stands in the answer."""
    how, value = item.type.removeprefix("not-"), item.value
    match how:
        case "contains":
            return _of_answer(
                evidence, f"the answer to contain {quoted(value)}", lambda answer: value in answer
            )
        case "icontains":
            return _of_answer(
                evidence,
                f"the answer to contain {quoted(value)} in any case",
                lambda answer: _folded(value, answer),
            )
        case "starts-with":
            return _of_answer(
                evidence, f"the answer to begin with {quoted(value)}", lambda answer: answer.startswith(value)
            )
        case _:
            return _of_answer(
                evidence, f"the answer to end with {quoted(value)}", lambda answer: answer.endswith(value)
            )


def answer_has_some(item: AnswerHasSome, evidence: Evidence) -> Finding:
    """Judge whether any or all of some texts stand in the answer."""
    kind, _, how = item.type.removeprefix("not-").partition("-")
    fits: Callable[[str, str], bool] = _folded if kind == "icontains" else _contained
    enough = any if how == "any" else all
    return _of_answer(
        evidence,
        f"the answer to contain {how} of {listed(map(quoted, item.value))}",
        lambda answer: enough(fits(value, answer) for value in item.value),
    )


def answer_matches(item: AnswerMatches, evidence: Evidence) -> Finding:
    """Judge whether an expression is found in the answer."""
    return _of_answer(
        evidence, f"{quoted(item.value)} to be found in the answer", lambda answer: finds(item.value, answer)
    )


def answer_is_json(item: AnswerIsJson, evidence: Evidence) -> Finding:
    """Judge whether the answer is JSON, or has some in it, that keeps to a schema."""
    inside = item.type.endswith("contains-json")
    schema = "" if item.value is None else f" that keeps to {shown(item.value)}"
    expected = f"{'JSON in the answer' if inside else 'the answer to be JSON'}{schema}"
    read = _all_json if inside else _whole_json
    return _of_answer(
        evidence, expected, lambda answer: any(_keeps_to(value, item.value) for value in read(answer))
    )


def why_no_schema(item: AnswerIsJson) -> str | None:
    """Return why a JSON Schema cannot be judged with; None where it can."""
    try:
        compile_schema(item.value or {})
    except UnusableSchema as error:
        return str(error)
    return None


def _of_answer(evidence: Evidence, expected: str, holds: Callable[[str], bool]) -> Finding:
    """Return a finding about the answer; where there is none, nothing holds of it."""
    answer = evidence.answer
    if answer is None:
        return Finding(holds=False, expected=expected, found=f"no answer: {evidence.why}")
    return Finding(holds(answer), expected, quoted(answer))


def _contained(value: str, answer: str) -> bool:
    return value in answer


def _folded(value: str, answer: str) -> bool:
    return value.casefold() in answer.casefold()


def _is_json(answer: str, value: JsonValue) -> bool:
    return any(same(value, found) for found in _whole_json(answer))


def _whole_json(answer: str) -> list[JsonValue]:
    try:
        return [parse_json(answer, RESULT_LIMITS)]
    except NotJson:
        return []


def _all_json(answer: str) -> list[JsonValue]:
    """Return the objects and lists that begin somewhere in a text; of a text that is made of beginnings, only the first."""
    decoder, text, found = json.JSONDecoder(), answer[:_LOOKED_AT], list[JsonValue]()
    place, tries = 0, 0
    while tries < _TRIES and (place := _next_beginning(text, place)) >= 0:
        tries += 1
        try:
            value, place = decoder.raw_decode(text, place)
            found.append(value)
        except (ValueError, RecursionError):
            place += 1
    return found


def _next_beginning(text: str, place: int) -> int:
    there = [index for index in (text.find("{", place), text.find("[", place)) if index >= 0]
    return min(there, default=-1)


def _keeps_to(value: JsonValue, schema: JsonObject | None) -> bool:
    if schema is None:
        return True
    try:
        return not compile_schema(schema).problems(value)
    except UnusableSchema:
        return False
