"""Tests of what the doctor says of the machine: each thing that is missing comes with what to type."""

import pytest

from agentctl.review.doctor.machine import (
    CEDAR,
    DUCKDB,
    LITELLM,
    REGO,
    Entry,
    disk,
    keys_folder,
    needed,
    packages,
    traces,
)
from agentctl.review.doctor.observation import NOT_YOURS, Observation, Section, listed, note, ok, problem

FOLDER, KEY = Entry("/keys", 0o700, is_folder=True), Entry("/keys/issuer.pem", 0o600, is_folder=False)


def test_versions_stand_in_one_line() -> None:
    """What is installed is one line; nothing is wrong."""
    assert packages("3.12.1", "0.1.0", {DUCKDB: "1.5.5", CEDAR: "4.12.2"}) == (
        ok("Python 3.12.1, agentctl 0.1.0, duckdb 1.5.5, cedarpy 4.12.2"),
    )


def test_a_missing_package_is_a_line_to_type() -> None:
    """A package that every project needs is a problem where it is not there."""
    _, missing = packages("3.12.1", "0.1.0", {DUCKDB: None, CEDAR: "4.12.2"})
    assert missing == problem("`duckdb` is not installed", "pip install duckdb")


def test_what_nothing_needs_is_not_spoken_of() -> None:
    """Neither there nor missing: where nothing needs a package, nothing is said."""
    assert needed(LITELLM, None, ()) == needed(REGO, "0.9.1", ()) == ()


def test_what_something_needs_is_said_with_who() -> None:
    """There it is told, missing it is a problem, and both say for whom."""
    assert needed(LITELLM, "1.80", ["`models.a`"]) == (ok("litellm 1.80: `models.a` needs it"),)
    assert needed(REGO, None, ["`x`", "`y`"]) == (
        problem("`celine-regorus` is not installed, and `x`, `y` need it", "pip install 'agentctl[rego]'"),
    )


@pytest.mark.parametrize(
    ("free", "health"), [(0, "problem"), ((100 << 20) - 1, "problem"), (100 << 20, "note"), (1 << 30, "ok")]
)
def test_a_disk_that_fills_up_is_told_in_time(free: int, health: str) -> None:
    """Below 1 GiB it is worth knowing, below 100 MiB runs are about to stop."""
    assert disk(free).health == health


def test_private_keys_are_well() -> None:
    """Mode 0700 and 0600, and an issuer's key that can be used."""
    found = keys_folder("/keys", [FOLDER, KEY], issuer="", outside=True)
    assert [item.health for item in found] == ["ok", "ok"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_key_that_others_reach_is_a_problem(mode: int) -> None:
    """Whatever anybody else may do with it, and the line to type names the very file."""
    entry = Entry("/my keys/issuer.pem", mode, is_folder=False)
    wrong, _ = keys_folder("/my keys", [entry], issuer="", outside=True)
    assert wrong == problem(
        f"/my keys/issuer.pem can be read by others (mode {mode:o})", "chmod 600 '/my keys/issuer.pem'"
    )


def test_a_folder_needs_its_own_mode() -> None:
    """A folder must be entered: 0700."""
    wrong, _ = keys_folder("/keys", [Entry("/keys", 0o755, is_folder=True)], issuer="", outside=True)
    assert wrong.remedy == ("chmod 700 /keys",)


def test_keys_that_are_not_there_yet_are_no_problem() -> None:
    """The first run makes them."""
    (found,) = keys_folder("/keys", [], issuer=None, outside=True)
    assert found.health == "note"
    without = keys_folder("/keys", [FOLDER], issuer=None, outside=True)[-1]
    assert without == note(
        "no issuer's key yet: the first run makes it, and so does this", "agentctl keys jwks"
    )


def test_keys_inside_the_project_are_a_problem() -> None:
    """They could end up in git."""
    found, *_ = keys_folder("/shop/keys", [], issuer=None, outside=False)
    assert found.health == "problem"


def test_an_issuers_key_that_is_none_is_a_problem() -> None:
    """What is wrong with it is told as it was found."""
    assert keys_folder("/keys", [FOLDER], issuer="it is no key", outside=True)[-1].text == "it is no key"


def test_evidence_that_others_read_or_nobody_writes() -> None:
    """Both are problems, each with its line; without any there is one good line."""
    above = Entry("traces", 0o755, is_folder=True)
    assert [item.health for item in traces([], above)] == ["ok"]
    assert [item.health for item in traces([Entry("traces/journal", 0o700, is_folder=True)], above)] == ["ok"]
    wrong = traces([Entry("traces/journal", 0o755, is_folder=True, writable=False)], above)
    assert [item.remedy for item in wrong] == [("chmod u+rwX traces/journal",), ("chmod 700 traces/journal",)]


@pytest.mark.parametrize(("read_only", "remedy"), [(True, "mount it anew"), (False, "chmod u+rwX .")])
def test_a_place_where_no_run_could_begin_is_a_problem(*, read_only: bool, remedy: str) -> None:
    """Although there is no evidence yet. A mode helps nobody where the whole file system is read-only."""
    above = Entry(".", 0o755, is_folder=True, writable=False, read_only=read_only)
    (found,) = traces([], above)
    assert (found.health, "nothing can run" in found.text) == ("problem", True)
    assert found.remedy[0].startswith(remedy)


def test_nobody_is_told_to_change_what_belongs_to_somebody_else() -> None:
    """Only its owner can change a mode."""
    above = Entry("traces", 0o700, is_folder=True, writable=False, ours=False)
    (found,) = traces([], above)
    assert found.remedy == (NOT_YOURS,)


def test_of_many_names_the_first_are_shown_and_the_rest_counted() -> None:
    """Nothing is left out silently."""
    assert listed("abcde") == "a, b, c, d, e"
    assert listed("abcdefg") == "a, b, c, d, e, 2 more"


def test_a_section_counts() -> None:
    """Each kind by itself."""
    section = Section("x", (ok("a"), ok("b"), note("c"), Observation("problem", "d")))
    assert [section.count(kind) for kind in ("ok", "note", "problem")] == [2, 1, 1]
