"""Tests of how people name runs."""

import pytest

from agentctl.foundation.errors import UsageError
from agentctl.trace.reports.run_names import run_named
from tests.fakes.journals import run_id

RUNS = [run_id(number) for number in range(30)]


@pytest.mark.parametrize("name", [run_id(29), run_id(29).lower(), "latest"])
def test_a_name_stands_for_one_run(name: str) -> None:
    """An id, in either case, or the newest."""
    assert run_named(RUNS, name) == run_id(29)


def test_the_beginning_of_an_id_is_enough() -> None:
    """As long as only one begins so."""
    assert run_named([run_id(7), "01ZZ" + run_id(8)[4:]], "01zz").endswith("8")


def test_the_beginning_of_several_names_the_newest_of_them() -> None:
    """Ten of them; nothing is chosen."""
    with pytest.raises(UsageError, match=rf"several runs; accepted: one of {run_id(29)}, .*{run_id(20)}$"):
        run_named(RUNS, "01")


@pytest.mark.parametrize("name", ["latest", "01", "x" * 500])
def test_where_there_is_none_the_name_is_told(name: str) -> None:
    """Not more of it than a line."""
    with pytest.raises(UsageError, match=f"there is no run `{name[:80]}`"):
        run_named([], name)


def test_an_empty_name_stands_for_none() -> None:
    """It is a variable that nobody set: the only run there is must not go on, or be labelled, for it."""
    with pytest.raises(UsageError, match="there is no run ``"):
        run_named([run_id(7)], "")
