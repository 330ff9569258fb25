"""Tests of the error tree: exit codes, and how a problem reads."""

import pytest

from agentctl.foundation.errors import (
    AgentctlError,
    ExitCode,
    IntegrityError,
    InternalError,
    InvalidInput,
    JournalUnavailable,
    LockedError,
    Place,
    Problem,
    ProviderError,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (AgentctlError, 70, "internal"),
        (InvalidInput, 2, "invalid_input"),
        (UsageError, 2, "usage"),
        (IntegrityError, 7, "integrity"),
        (JournalUnavailable, 8, "journal_unavailable"),
        (LockedError, 10, "locked"),
        (ProviderError, 11, "provider_failed"),
        (InternalError, 70, "internal"),
    ],
)
def test_every_error_has_its_exit_code(error: type[AgentctlError], code: int, kind: str) -> None:
    """The codes and kinds are stable: scripts rely on them."""
    assert (error.exit_code, error.kind) == (code, kind)
    assert issubclass(error, AgentctlError)


def test_exit_codes_are_as_documented() -> None:
    """Every code stands for one outcome, and keeps its number."""
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "WANTING": 1,
        "INVALID": 2,
        "DENIED": 3,
        "WAITING": 4,
        "IN_DOUBT": 5,
        "BUDGET": 6,
        "INTEGRITY": 7,
        "JOURNAL": 8,
        "INCONCLUSIVE": 9,
        "LOCKED": 10,
        "PROVIDER": 11,
        "INTERNAL": 70,
        "INTERRUPTED": 130,
        "UNHEARD": 141,
    }


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place("a.yaml", 3, 7), "a.yaml:3:7"),
        (Place("a.yaml", 3), "a.yaml:3"),
        (Place("a.yaml"), "a.yaml"),
    ],
)
def test_a_place_shows_what_is_known(place: Place, text: str) -> None:
    """An unknown line or column is left out."""
    assert str(place) == text


def test_a_problem_is_one_line() -> None:
    """It says where, what was found, what would be accepted and what was probably meant."""
    problem = Problem(
        Place("a.yaml", 3), "`max_stepz` is not a key", "max_steps", "budgets", nearest="max_steps"
    )
    assert str(problem) == (
        "a.yaml:3: budgets: `max_stepz` is not a key; accepted: max_steps; did you mean `max_steps`?"
    )


def test_a_problem_without_hints_says_only_what_was_found() -> None:
    """Nothing empty is printed."""
    assert str(Problem(Place("a.yaml"), "an empty file")) == "a.yaml: an empty file"


def test_invalid_input_names_every_problem() -> None:
    """All problems are kept and shown, one per line, from any iterable."""
    problems = [Problem(Place("a.yaml", line), f"problem {line}") for line in (1, 2)]
    error = InvalidInput(iter(problems))
    assert error.problems == tuple(problems)
    assert str(error) == "a.yaml:1: problem 1\na.yaml:2: problem 2"


def test_a_usage_error_is_a_problem_of_the_command_line() -> None:
    """It carries the same hints as any other problem."""
    error = UsageError("there is no run `X`", "an id", nearest="Y")
    assert str(error) == "command line: there is no run `X`; accepted: an id; did you mean `Y`?"
    assert error.problems[0].place == Place("command line")
