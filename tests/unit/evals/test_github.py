"""GitHub: annotations and the step's summary say what matters first, and nothing that somebody wrote escapes from them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.evals.github import MOST_BYTES, annotations, summary
from agentctl.evals.results import CaseResult
from tests.fakes.evals import (
    AGENT,
    GOLDEN_SET,
    baseline_of,
    blessed_case,
    golden,
    judged,
    report_of,
    result_of,
    score,
)

_COMMAND = re.compile(
    r"::(?:error|warning) (?:file=[^:,\n]*,)?(?:line=\d+,)?title=[^:,\n]*::(?:[^%\r\n]|%25|%0A|%0D)*"
)
HOSTILE = (
    "\n::error::mine",
    "\r\n::add-mask::x",
    "a,b:c%0A::stop-commands::x",
    "| x | y |\n|---|---|",
    "</code><script>alert(1)</script>",
    "[click](https://evil.example) https://evil.example @octocat #1",
    "``` x ` y `` z",
    "\\| \\\\| \x1b[2J\u202e",
)


def failing(name: str, text: str = "expected x; found y") -> CaseResult:
    """Return a case that failed."""
    return result_of(golden(name), judged(name, 1, "failed", score(text)))


def unescaped(text: str) -> str:
    """Return the text of a summary outside of code: what GitHub would read as Markdown."""
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)


def test_a_failure_is_an_error_beside_its_case() -> None:
    """File, line, title and every assertion, line by line."""
    trial = judged("a", 1, "failed", score("expected 100%; found y"), score("no z", kind="regex"))
    assert annotations(report_of(result_of(golden("a"), trial))) == (
        f"::error file={GOLDEN_SET},line=10,title=a%3A failed::contains: expected 100%25; found y%0Aregex: no z",
    )


def test_a_project_may_lie_in_a_folder_of_its_repository() -> None:
    """GitHub looks for files from the root of the repository."""
    (line,) = annotations(report_of(failing("a")), "agents/shop")
    assert line.startswith(f"::error file=agents/shop/{GOLDEN_SET},")
    (line,) = annotations(report_of(result_of(golden("a"), judged("a")), obstacles=["`b` is gone"]), "shop")
    assert line.startswith(f"::error file=shop/{GOLDEN_SET},title=incomparable")


def test_the_gravest_come_first_and_no_more_than_github_shows() -> None:
    """Regressed, failed, not judged; ten of them, of which the last counts the rest; warnings have ten of their own."""
    baseline = baseline_of({"worst": blessed_case()})
    results = [
        result_of(golden("open"), judged("open", 1, "error", detail="lost")),
        *(failing(f"f-{n}") for n in range(12)),
        result_of(golden("worst"), judged("worst", 1, "failed", score("no")), baseline=baseline),
        *(
            result_of(golden(f"w-{n}"), judged(f"w-{n}", 1, "passed", score("long", hard=False)))
            for n in range(10)
        ),
    ]
    lines = annotations(report_of(*results))
    errors = [line for line in lines if line.startswith("::error ")]
    assert (len(errors), len(lines)) == (10, 20)
    assert "title=worst%3A regressed" in errors[0]
    assert errors[-1] == (
        "::error title=agentctl eval::5 more errors are not shown here; the step's summary has them"
    )
    assert lines[10].startswith("::warning file=")


def test_what_cannot_be_compared_is_an_error_too() -> None:
    """Where every case passed and the verdict is another, GitHub shows it."""
    (line,) = annotations(report_of(result_of(golden("a"), judged("a")), obstacles=["`b` is gone"]))
    assert line == f"::error file={GOLDEN_SET},title=incomparable::`b` is gone"


def test_a_pass_says_nothing() -> None:
    """No annotation without a reason."""
    assert annotations(report_of(result_of(golden("a"), judged("a")))) == ()


def test_a_case_without_trials_has_a_message() -> None:
    """Even where only the number of trials is known."""
    (line,) = annotations(report_of(result_of(golden("a"))))
    assert line.endswith("::1 of 1 trials were not made")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_escapes(text: str) -> None:
    """Neither a second command nor a cell, a tag or a link of their own."""
    report = report_of(failing("a", text), result_of(golden("b", skip=text)), file=f"g{text}.yaml")
    for line in annotations(report):
        assert _COMMAND.fullmatch(line)
    page = summary(report)
    outside = unescaped(page)
    assert not re.search(r"[<>\[\]@\\]|https?:|www\.|\x1b", outside)
    assert {row.count("|") for row in page.splitlines() if row.startswith("|")} == {6}


@given(st.text(st.characters(), max_size=60), st.sampled_from(HOSTILE))
def test_no_text_escapes(text: str, hostile: str) -> None:
    """The same for any text."""
    report = report_of(
        failing("a", text + hostile),
        obstacles=[hostile + text],
        changes=[text + hostile],
        baseline=baseline_of({}),
    )
    assert all(_COMMAND.fullmatch(line) for line in annotations(report))
    assert not re.search(r"[<>\[\]@\\]|https?:|www\.", unescaped(summary(report)))


def test_the_summary_begins_with_the_verdict_and_ends_with_what_to_type() -> None:
    """Verdict, reasons, the cases that matter, what failed, what changed, and the lines to type."""
    baseline = baseline_of({"a": blessed_case(), "same": blessed_case()})
    page = summary(
        report_of(
            result_of(golden("a"), judged("a", 1, "failed", score("expected x; found y")), baseline=baseline),
            result_of(golden("same"), judged("same"), baseline=baseline),
            result_of(golden("fresh"), judged("fresh"), baseline=baseline),
            baseline=baseline,
            changes=["tool `stripe.create_refund` changed", "price of www.evil.example changed"],
            tag="v1.2",
        )
    )
    assert page.startswith(f"## agentctl eval: failed\n\n**`{AGENT}` `v1.2`**: `a` passed when the baseline")
    assert f"| `a` | regressed | regressed | 0 of 1 | `{GOLDEN_SET}:10:3` |" in page
    assert "| `fresh` | passed | new | 1 of 1 |" in page
    assert "`same`" not in page
    assert "- `contains: expected x; found y`\n- next: `agentctl runs show run-a-1`" in page
    assert "- tool `stripe.create_refund` changed\n- `price of www.evil.example changed`" in page
    assert page.endswith(
        f"- `agentctl eval {AGENT} --cases a`\n- `agentctl diff {'sha256:' + 'b' * 12} {'sha256:' + 'a' * 12}`\n\n"
    )


def test_a_pass_is_short_and_says_how_to_bless_it() -> None:
    """No table where no case matters; what is not blessed yet can be."""
    page = summary(report_of(result_of(golden("a"), judged("a"))))
    assert page.startswith("## agentctl eval: passed\n")
    assert "|" not in page
    assert page.endswith(f"- `agentctl eval {AGENT} --bless`\n\n")


def test_a_pass_like_the_baseline_has_nothing_to_type() -> None:
    """The same version, the same outcome: nothing is left to do."""
    baseline = baseline_of({"a": blessed_case()}, version="a")
    report = report_of(result_of(golden("a"), judged("a"), baseline=baseline), baseline=baseline)
    assert "type next" not in summary(report)


def test_skipped_cases_and_remarks_are_told() -> None:
    """With their reasons."""
    soft = judged("b", 1, "passed", score("too long", hard=False))
    page = summary(report_of(result_of(golden("a", skip="later")), result_of(golden("b"), soft)))
    assert "- `b`: `trial 1: contains: too long`\n- `a` is skipped: `later`" in page


def test_a_long_page_is_cut_with_a_sentence() -> None:
    """GitHub drops a page over its limit as a whole: ours stays below, and says how much is missing."""
    page = summary(report_of(*(failing(f"c-{n}", "é" * 900) for n in range(700))))
    assert MOST_BYTES - 2_500 < len(page.encode()) <= MOST_BYTES
    assert re.search(r"\n\d+ more lines, \d+ bytes, are missing: GitHub takes no longer page\.\n$", page)


@pytest.mark.parametrize("taken", [0, 500, MOST_BYTES // 2, MOST_BYTES - 300, MOST_BYTES, 2 * MOST_BYTES])
def test_pages_of_one_step_have_room_together(taken: int) -> None:
    """Several evals of one step write into one page; where there is no room left, nothing is written."""
    page = summary(report_of(*(failing(f"c-{n}", "é" * 900) for n in range(700))), taken)
    assert len(page.encode()) <= max(0, MOST_BYTES - taken)
    assert bool(page) == (taken < MOST_BYTES - 400)
