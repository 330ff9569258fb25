"""Tests of ids: their form, their order, and what never becomes a path."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from agentctl.foundation.ids import (
    approval_id,
    call_id,
    is_plain_name,
    is_principal,
    is_run_id,
    new_run_id,
    new_secret_id,
    random_bytes,
    run_of,
)

MOMENT = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


def test_a_new_run_id_has_the_form_of_one() -> None:
    """Every id made here is accepted here."""
    assert all(is_run_id(new_run_id(MOMENT + timedelta(days=day))) for day in range(0, 10_000, 97))


def test_run_ids_sort_by_time() -> None:
    """A later millisecond gives a greater id."""
    ids = [new_run_id(MOMENT + timedelta(milliseconds=ms)) for ms in range(100)]
    assert ids == sorted(ids)


def test_run_ids_of_one_moment_differ() -> None:
    """80 bits of an id are random."""
    assert len({new_run_id(MOMENT) for _ in range(1_000)}) == 1_000


def test_a_run_id_tells_its_millisecond() -> None:
    """The first ten characters are the time, as in a ULID."""
    assert new_run_id(datetime(1970, 1, 1, tzinfo=UTC)).startswith("0000000000")
    assert new_run_id(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)).startswith("00000000Z8")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01ARZ3NDEKTSV4RRFFQ69G5FA",
        "01ARZ3NDEKTSV4RRFFQ69G5FAVV",
        "01arz3ndektsv4rrffq69g5fav",
        "01ARZ3NDEKTSV4RRFFQ69G5FAU",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV\n",
        "../../../../etc/passwd0000",
        "01ARZ3NDEKTSV4RRFFQ69G5FA*",
        "\uff10" * 26,
    ],
)
def test_what_is_no_run_id(text: str) -> None:
    """Wrong length, lower case, letters that are not in the alphabet, and paths are no run ids."""
    assert not is_run_id(text)


@pytest.mark.parametrize("text", ["a", "0", "support-agent", "a_b-c9", "x" * 64])
def test_plain_names(text: str) -> None:
    """Lower-case ASCII, digits, `_` and `-` make a name."""
    assert is_plain_name(text)


@pytest.mark.parametrize("text", ["", "-a", "_a", "A", "a b", "a/b", "a.b", "ä", "a\n", "x" * 65])
def test_what_is_no_plain_name(text: str) -> None:
    """Anything that could be a path, a flag or another name's twin is refused."""
    assert not is_plain_name(text)


@pytest.mark.parametrize("text", ["casey", "Casey.O-Neil_2", "casey+ops@example.com"])
def test_people_have_names(text: str) -> None:
    """Addresses and log-ins name people."""
    assert is_principal(text)


@pytest.mark.parametrize(
    "text", ["", "a b", "system:sandbox-reviewer", "a/b", "ä", "casey\n", "\u0441asey", "a" * 1_000]
)
def test_what_names_no_person(text: str) -> None:
    """A rule of the platform, a path, and a letter that only looks like another name nobody."""
    assert not is_principal(text)


def test_call_and_approval_ids_name_their_run() -> None:
    """The run is read off both, so that nothing has to be searched."""
    run = new_run_id(MOMENT)
    call = call_id(run, 2, 7)
    approval = approval_id(call, 3)
    assert call == f"{run}/2/7"
    assert approval == f"{run}-2-7-3"
    assert run_of(call) == run_of(approval) == run_of(run) == run


def test_secret_ids_are_128_random_bits() -> None:
    """They are 32 hex digits and do not repeat."""
    ids = {new_secret_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in ids)


def test_random_bytes_are_as_many_as_asked() -> None:
    """The count is the length."""
    assert [len(random_bytes(count)) for count in (0, 1, 33)] == [0, 1, 33]
