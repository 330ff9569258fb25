"""`agentctl eval` as a user and a pipeline use it: blessed, planted regressions, interrupted, capped, asked about afterwards."""

import json
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from agentctl.foundation.machine import cores
from tests.scenarios.conftest import REPOSITORY, Shell, fresh_project

CASES = (
    "--cases",
    "small-refund",
    "--cases",
    "arguments-of-the-wrong-form",
    "--cases",
    "an-edit-is-judged-like-any-wish",
)


def _edit(path: str, pattern: str, new: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        before = (root / path).read_text()
        after = re.sub(pattern, new, before)
        assert after != before, "nothing was planted"
        (root / path).write_text(after)

    return edit


BASELINE = "goldensets/refund-assistant.baseline.yaml"
REGRESSIONS = {
    "instructions": (
        _edit("contracts/refund-assistant.md", r"(?im)^.*look the charge up.*\n", ""),
        "small-refund",
        "instructions changed",
    ),
    "policy": (
        _edit("contracts/policies/refund-assistant.cedar", r"(?m)^.*context\.facts has charge.*\n", ""),
        "an-edit-is-judged-like-any-wish",
        "policy `cedar:policies/refund-assistant.cedar` changed",
    ),
    "tool schema": (
        _edit("contracts/tools/zendesk.read_ticket.yaml", r"(?m)^.*pattern:.*\n", ""),
        "arguments-of-the-wrong-form",
        "tool `zendesk.read_ticket` changed",
    ),
    "allowlist": (
        _edit(
            "contracts/refund-assistant.yaml",
            r"(?m)^( *)- name: stripe\.lookup_charge\n",
            r"\1- name: stripe.lookup_charge\n\1  requires_approval: true\n",
        ),
        "small-refund",
        "allowlist changed",
    ),
    "price": (
        _edit(
            "contracts/environments/sandbox.yaml",
            "input_usd_per_million: 0.15",
            "input_usd_per_million: 1.50",
        ),
        "small-refund",
        "price of `scripted-small` changed",
    ),
}


@pytest.fixture
def with_cases(shell: Shell) -> Shell:
    """A project with the repository's golden cases."""
    shutil.copytree(REPOSITORY / "goldensets", shell.folder / "goldensets")
    return shell


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What alice blessed: the cases that this file speaks of."""
    shell = Shell(fresh_project(tmp_path_factory.mktemp("blessed") / "project"))
    shutil.copytree(REPOSITORY / "goldensets", shell.folder / "goldensets")
    done = shell("eval", "refund-assistant", *CASES, "--bless", "--as", "alice")
    assert done.code == 0, done.err
    return (shell.folder / BASELINE).read_text()


@pytest.fixture
def blessed(with_cases: Shell, baseline: str) -> Shell:
    """A fresh checkout of a project in which these cases were blessed elsewhere."""
    (with_cases.folder / BASELINE).write_text(baseline)
    return with_cases


def test_an_equal_version_passes(blessed: Shell, baseline: str) -> None:
    """What was blessed and did not change passes, says what it is compared with, and leaves nobody waiting."""
    done = blessed("eval", "refund-assistant", *CASES)
    assert done.code == 0
    assert "compared with the same version, blessed by alice" in done.out
    assert done.out.splitlines()[-1] == "passed: 3 cases passed"
    assert (blessed.folder / BASELINE).read_text() == baseline, "only who blesses writes it"
    assert "nothing waits" in blessed("approvals", "list").out


@pytest.mark.parametrize(("plant", "case", "named"), REGRESSIONS.values(), ids=REGRESSIONS)
def test_a_planted_regression_fails_and_is_named(
    blessed: Shell, plant: Callable[[Path], None], case: str, named: str
) -> None:
    """Each planted change ends with exit 1, and both the case that regressed and the part that changed are named."""
    plant(blessed.folder)
    done = blessed("eval", "refund-assistant", *CASES)
    assert (done.code, done.err.count("Traceback")) == (1, 0), done.out + done.err
    assert f"regressed  {case}" in done.out
    assert named in done.out


def test_reports_for_machines_say_the_same(blessed: Shell) -> None:
    """JSON, JUnit and annotations all name the case that failed; the exit code is that of the JSON."""
    REGRESSIONS["price"][0](blessed.folder)
    done = blessed("eval", "refund-assistant", *CASES, "--json", "--junit", "junit.xml")
    said = json.loads(done.out)
    assert (done.code, said["verdict"], said["exit_code"]) == (1, "failed", 1)
    assert "small-refund" in (blessed.folder / "junit.xml").read_text()
    annotated = blessed("eval", "refund-assistant", *CASES, "--github").out.splitlines()
    begin = annotated.index(next(line for line in annotated if line.startswith("::stop-commands::")))
    token = annotated[begin].removeprefix("::stop-commands::")
    commands = annotated[annotated.index(f"::{token}::") + 1 :]
    assert commands
    assert all(line.startswith(("::error ", "::warning ")) for line in commands)
    assert "goldensets/refund-assistant.yaml" in commands[0]


def test_nothing_to_try_is_no_success(with_cases: Shell) -> None:
    """No such case, no such agent, no such eval, and no amount: exit 2, and what would be accepted."""
    for words in (
        ("eval", "refund-assistant", "--cases", "nothing-like-it"),
        ("eval", "nobody"),
        ("eval", "--resume", "01NOTHING"),
        ("eval", "refund-assistant", "--max-cost-usd", "much"),
        ("eval", "run"),
    ):
        done = with_cases(*words)
        assert (done.code, done.out) == (2, "")
        assert "accepted" in done.err


def test_a_cap_is_never_broken(with_cases: Shell) -> None:
    """Where one more trial could break the cap it is not made, and the exit code says so."""
    done = with_cases("eval", "refund-assistant", *CASES, "--max-cost-usd", "0.10")
    assert done.code == 6
    assert "could have broken the cap" in done.out


def test_an_eval_that_met_its_cap_goes_on_under_a_higher_one(with_cases: Shell) -> None:
    """What was tried is not tried again, a lower cap is refused, and the journal says who raised it from what."""
    assert with_cases("eval", "refund-assistant", *CASES, "--max-cost-usd", "0.10").code == 6
    lower = with_cases("eval", "--resume", "latest", "--max-cost-usd", "0.1")
    assert (lower.code, "the cap of eval" in lower.err) == (2, True)
    again = with_cases("eval", "--resume", "latest", "--max-cost-usd", "9", "--as", "dana", "--json")
    assert (again.code, again.document["verdict"]) == (0, "passed")
    ((row,), (told,)) = (
        json.loads(with_cases("audit", "query", sql, "--format", "json").out)["rows"]
        for sql in (
            "SELECT verdict, passed, max_cost_usd AS cap, (SELECT count(*) FROM trials) AS trials FROM evals",
            "SELECT data FROM events WHERE type = 'eval.cap_raised'",
        )
    )
    assert (row["verdict"], row["passed"], row["trials"]) == ("passed", 3, 3)
    assert float(row["cap"]) == 9.0
    assert told["data"]["by"]["id"] == "dana"
    done = with_cases("eval", "--resume", "latest", "--max-cost-usd", "10")
    assert (done.code, "every trial of eval" in done.err) == (2, True)


def test_what_failed_is_not_blessed(with_cases: Shell) -> None:
    """The exit code is that of the verdict, as in the JSON, and the baseline stays what it was."""
    REGRESSIONS["price"][0](with_cases.folder)
    before = (with_cases.folder / BASELINE).read_text()
    done = with_cases("eval", "refund-assistant", "--cases", "small-refund", "--bless", "--json")
    assert (done.code, done.document["exit_code"]) == (1, 1)
    assert "not blessed, for `small-refund` failed" in done.err
    assert (with_cases.folder / BASELINE).read_text() == before


def test_a_changed_case_cannot_be_compared(blessed: Shell) -> None:
    """A case that is another one now is no success, even where it passes: exit 9, and its name."""
    path = blessed.folder / "goldensets" / "refund-assistant.yaml"
    path.write_text(
        path.read_text().replace("- id: small-refund\n", "- id: small-refund\n    metadata: {why: changed}\n")
    )
    done = blessed("eval", "refund-assistant", *CASES)
    assert done.code == 9
    assert "`small-refund` changed since the baseline was blessed" in done.out


def test_an_eval_goes_on_where_it_was_killed(with_cases: Shell) -> None:
    """Killed in the middle, an eval goes on from its journal, makes each trial that is missing, and counts none twice.

    There are enough trials for several processes; none of them outlives the one that asks.
    """
    many = ("--cases", "no-such-charge", "--trials", "50", "--at-once", "2")
    child = with_cases.start("eval", "refund-assistant", *many)
    _wait_for_a_trial(with_cases.folder)
    makers = _children(child.pid)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    assert len(makers) == min(2, cores())
    _wait_until_gone(makers)
    done = with_cases("eval", "--resume", "latest", "--json")
    said = json.loads(done.out)
    assert (done.code, said["verdict"]) == (0, "passed")
    rows = with_cases(
        "audit", "query", "SELECT count(*) AS n, count(DISTINCT trial) AS d FROM trials", "--format", "json"
    )
    assert json.loads(rows.out)["rows"] == [{"n": 50, "d": 50}]


def test_an_eval_told_to_stop_can_go_on(with_cases: Shell) -> None:
    """At SIGINT what is under way is finished or left for later, nothing is judged half, and the words to go on are said."""
    child = with_cases.start("eval", "refund-assistant", "--cases", "small-refund", "--trials", "30")
    _wait_for_a_trial(with_cases.folder)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "--resume" in str(err)
    assert with_cases("eval", "--resume", "latest").code == 0


def test_figures_take_live_runs_only(blessed: Shell) -> None:
    """Runs of evals are left out of figures about runs unless asked for; evals have tables of their own, joined by version."""
    assert blessed("eval", "refund-assistant", *CASES).code == 0
    live = blessed("audit", "query", "SELECT count(*) FROM runs")
    assert "left out" in live.err
    joined = blessed(
        "audit", "query", "--all",
        "SELECT evals.verdict, contracts.runs FROM evals JOIN contracts USING (version)",
    )  # fmt: skip
    assert "passed" in joined.out


def _children(process: int) -> list[Path]:
    """Return the processes that a process started, where the system tells of them."""
    told = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [Path("/proc") / child for child in told.split()]


def _wait_until_gone(processes: list[Path]) -> None:
    """Return once none of them is there; the test's own limit ends it otherwise."""
    while any(process.exists() for process in processes):
        pass


def _wait_for_a_trial(root: Path) -> None:
    """Return once some trial was judged; the test's own limit ends it otherwise."""
    while not any(
        "eval.trial_judged" in path.read_text()
        for path in (root / "traces" / "journal" / "evals").glob("*/*.jsonl")
    ):
        pass
