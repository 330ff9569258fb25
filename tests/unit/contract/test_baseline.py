"""Baselines: a file that comes back as it was, and that `git diff` shows well."""

import difflib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentctl.contract.baseline import Baseline, BlessedCase, baseline_path, baseline_text, load_baseline
from agentctl.foundation.errors import InvalidInput
from tests.fakes.evals import AGENT, CENT, baseline_of, blessed_case, digest

_NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,12}", fullmatch=True)
_SIGNS = st.sampled_from("0123456789abcdef")
_CASES = st.builds(
    blessed_case,
    _SIGNS,
    st.sampled_from(["passed", "failed"]),
    passes=st.integers(1, 500),
    trials=st.integers(500, 1_000),
    cost_usd=st.decimals(0, 1_000_000, places=9),
    tools=st.lists(st.sampled_from(["zendesk.read_ticket", "stripe.create_refund"]), max_size=3),
)


def read_back(folder: Path, baseline: Baseline) -> Baseline:
    """Return a baseline as its file gives it back."""
    path = folder / "there.baseline.yaml"
    path.write_text(baseline_text(baseline), encoding="utf-8")
    return load_baseline(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(_NAMES, _CASES, max_size=6),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,12}", fullmatch=True) | st.none(),
)
def test_a_baseline_comes_back_as_it_was(
    tmp_path: Path, cases: dict[str, BlessedCase], by: str, tag: str | None
) -> None:
    """Names like `no` or `1e3`, tags like `1.0`, exact amounts, any name of a person."""
    baseline = baseline_of(cases, blessed_by=by, version_tag=tag)
    assert read_back(tmp_path, baseline) == baseline


@pytest.mark.parametrize(
    ("passes", "trials", "said"),
    [("3", "2", "3 of 2 trials cannot have passed"), ("0", "2", "of which no trial passed")],
)
def test_a_baseline_that_somebody_edited_adds_up(tmp_path: Path, passes: str, trials: str, said: str) -> None:
    """What no eval can have come to is no baseline."""
    text = baseline_text(baseline_of({"a": blessed_case(passes=1, trials=1)}))
    path = tmp_path / "there.baseline.yaml"
    path.write_text(text.replace("passes: 1", f"passes: {passes}").replace("trials: 1", f"trials: {trials}"))
    with pytest.raises(InvalidInput, match=said):
        load_baseline(path)


def test_a_case_that_changed_is_a_small_diff() -> None:
    """Three facts of one case: three lines out, three lines in, whatever the other cases are; no list moves them."""
    before = {f"case-{n}": blessed_case() for n in range(20)}
    after = {**before, "case-7": blessed_case("d", "failed", passes=0)}
    lines = list(
        difflib.unified_diff(
            baseline_text(baseline_of(before)).splitlines(),
            baseline_text(baseline_of(after)).splitlines(),
            n=0,
        )
    )[3:]
    assert [line[0] for line in lines] == ["-", "-", "-", "+", "+", "+"]


def test_the_order_of_cases_is_that_of_their_ids() -> None:
    """The same baseline is the same text, in whatever order its cases were tried."""
    one, two = blessed_case(), blessed_case("d")
    assert baseline_text(baseline_of({"b": one, "a": two})) == baseline_text(
        baseline_of({"a": two, "b": one})
    )


def test_the_file_says_what_it_is() -> None:
    """Its editor finds the schema, its reader who writes it; nothing empty is written, and amounts are plain numbers."""
    text = baseline_text(
        baseline_of(
            {"a": blessed_case(cost_usd=Decimal("0.000000001")), "b": blessed_case(cost_usd=Decimal(3))}
        )
    )
    assert text.startswith(
        "# yaml-language-server: $schema=../contracts/schemas/baseline.schema.json\n# What `agentctl eval`"
    )
    assert "    cost_usd: 0.000000001\n" in text
    assert "    cost_usd: 3\n" in text
    assert "tools" not in text
    assert "version_tag" not in text


def test_it_stands_beside_the_golden_set(tmp_path: Path) -> None:
    """`goldensets/<agent>.baseline.yaml`."""
    assert baseline_path(tmp_path, AGENT) == tmp_path / "goldensets" / f"{AGENT}.baseline.yaml"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (digest("c"), "sha256:c", "cases.a.digest"),
        ("outcome: passed", "outcome: fine", "cases.a.outcome"),
        ("passes: 1", "passes: -1", "cases.a.passes"),
        ("trials: 1", "trials: 0", "cases.a.trials"),
        ("agent: ", "agnt: ", "agnt"),
    ],
)
def test_a_damaged_file_is_refused_with_the_place(tmp_path: Path, old: str, new: str, found: str) -> None:
    """Nothing is compared with what somebody broke; the line and the path are named."""
    text = baseline_text(baseline_of({"a": blessed_case(cost_usd=CENT)}))
    assert old in text
    path = tmp_path / "there.baseline.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        load_baseline(path, "goldensets/there.baseline.yaml")
    problem = next(problem for problem in caught.value.problems if problem.path == found)
    assert (problem.place.file, problem.place.line > 1) == ("goldensets/there.baseline.yaml", True)
