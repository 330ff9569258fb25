"""`agentctl diff` and `agentctl contract diff | versions | tag`, as a person sees them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app
from agentctl.composition.contracts.tagging import Tagging, tag_version
from agentctl.composition.project import open_project
from tests.fakes.journals import run_id
from tests.fakes.project_copy import AGENT, CONTRACT, ProjectCopy
from tests.fakes.recorded_runs import STORIES, recorded_run

Run = Callable[..., tuple[int, str, str]]
RECORDED = Path(__file__).parents[3] / "recorded"
POLICY = "contracts/policies/refund-assistant.cedar"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectCopy:
    """A copy of our own project, and we are there; every recorded run is in it."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for story in STORIES:
        for folder in ("journal", "objects"):
            shutil.copytree(RECORDED / story / folder, root / "traces" / folder, dirs_exist_ok=True)
    return ProjectCopy(root)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command and gives its exit code, its answer and its remarks."""

    def command(*arguments: str) -> tuple[int, str, str]:
        code = exit_code_of(app, arguments)
        answer, remarks = capsys.readouterr()
        return code, answer, remarks

    return command


def id_of(story: str) -> str:
    """Return a recorded run's id."""
    return recorded_run(story)[0].run


def tag(name: str) -> None:
    """Give the files a tag."""
    tag_version(open_project(), Tagging(name, None, "casey"))


@pytest.mark.usefixtures("project")
def test_a_run_is_the_same_as_itself(run: Run) -> None:
    """Of either form of journals, waiting or killed; the command ends well."""
    for story in ("v1/refused", "v2/waiting", "v2/killed"):
        code, answer, _ = run("diff", id_of(story), id_of(story))
        assert (code, answer.splitlines()[0]) == (0, "the same, but for times and ids")


@pytest.mark.usefixtures("project")
def test_two_runs_are_laid_side_by_side(run: Run) -> None:
    """What differs in each step, in words; a step that is the same is a line; the exit code says that they differ."""
    code, answer, _ = run("diff", id_of("v2/answered"), id_of("v2/edited"))
    assert code == 1
    assert answer.startswith("69 differences: governed (3), input (1), outcome (2), ")
    for words in (
        "amount",
        "4900",
        "25000",
        "approve by system:sandbox-reviewer",
        "escalate by",
        "suspended",
    ):
        assert words in answer
    assert "took" not in answer
    code, answer, _ = run("diff", id_of("v2/answered"), id_of("v2/raised"))
    assert "step 0: zendesk.read_ticket, the same" in answer
    code, full, _ = run("diff", "--full", id_of("v2/answered"), id_of("v2/raised"))
    assert "took" in full
    assert len(full) > len(answer)


@pytest.mark.usefixtures("project")
def test_what_is_cut_is_counted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """And told how to be seen."""
    monkeypatch.setattr("agentctl.cli.diff.lines._MOST_ROWS", 5)
    _, answer, _ = run("diff", id_of("v2/answered"), id_of("v2/edited"))
    assert "more rows (`--full`)" in answer.splitlines()[-1]
    _, full, _ = run("diff", "--full", id_of("v2/answered"), id_of("v2/edited"))
    assert "(`--full`)" not in full


@pytest.mark.usefixtures("project")
def test_runs_as_json(run: Run) -> None:
    """Both sides, every difference with its place and aspect, and which steps stand beside which."""
    code, answer, _ = run("diff", "--json", id_of("v2/answered"), id_of("v2/killed"))
    found = json.loads(answer)
    assert (code, found["kind"], found["same"]) == (1, "runs", False)
    assert (found["before"]["status"], found["after"]["status"]) == ("answered", "not ended")
    assert [one["aspect"] for one in found["differences"]] == ["outcome", "results", "route"]
    assert [(step["before"], step["after"], step["same"]) for step in found["steps"]] == [
        (0, 0, True),
        (1, 1, True),
        (2, 2, False),
        (3, None, False),
    ]
    assert found["steps"][2]["calls"] == [{"before": "2/0", "after": "2/0"}]
    code, answer, _ = run("diff", "--json", id_of("v2/killed"), id_of("v2/killed"))
    assert (code, json.loads(answer)["same"]) == (0, True)


def test_versions_are_compared_in_effect(project: ProjectCopy, run: Run) -> None:
    """What weighs most first; what the files say now is an agent's name; a comment is nothing."""
    tag("v1")
    assert run("diff", "v1", AGENT)[:2] == (0, run("diff", "v1", AGENT)[1])
    path = project.root / POLICY
    path.write_text(f"// why\n{path.read_text()}")
    code, answer, _ = run("diff", "v1", AGENT)
    assert (code, answer.splitlines()[0]) == (0, "the same in effect")
    project.set(CONTRACT, ("budgets", "max_steps"), 20)
    project.set(CONTRACT, ("tools", "allowlist", 2, "requires_approval"), value=False)
    (project.root / "contracts" / f"{AGENT}.md").write_text("Be brief.\n")
    code, answer, _ = run("diff", "v1", AGENT)
    assert code == 1
    assert answer.splitlines()[0] == "3 differences in effect: 2 wider, 1 other"
    assert answer.index("requires_approval: nobody must approve any more") < answer.index("budgets.max_steps")
    assert "budgets.max_steps: the ceiling: 12 -> 20" in answer
    assert "+ Be brief." in answer
    assert (
        run("contract", "diff", "v1")
        == run("contract", "diff", "v1", AGENT, AGENT)
        == run("diff", "v1", AGENT)
    )


def test_policies_are_asked(project: ProjectCopy, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases beside them, and amounts around every number they speak of; the rule is told line by line."""
    monkeypatch.setattr("agentctl.composition.contracts.policy_diffs.MOST_QUESTIONS", 60)
    tag("v1")
    path = project.root / POLICY
    path.write_text(path.read_text().replace('decimal("1000.0")', 'decimal("5000.0")'))
    code, answer, _ = run("diff", "v1", AGENT)
    assert code == 1
    assert "deny -> needs_approval" in " ".join(answer.split())
    assert "the policies of both were asked 60 of 225 questions: " in answer
    assert "left out: the same calls with other amounts, " in answer
    assert "+ when { context.facts has amount_usd_total" in answer
    code, answer, _ = run("diff", "--json", AGENT, "v1")
    found = json.loads(answer)
    assert found["policies"]["asked"] == 60
    assert sum(one["questions"] for one in found["policies"]["left_out"]) == 165
    assert {flip["direction"] for flip in found["policies"]["flips"]} == {"narrower"}
    assert "decisions: stripe.create_refund" in {change["path"] for change in found["changes"]}


def test_policies_that_cannot_be_asked_say_so(project: ProjectCopy, run: Run) -> None:
    """They do not fit the tools any more, or there are no cases; the rest is compared all the same."""
    tag("v1")
    path = project.root / POLICY
    path.write_text(path.read_text().replace('decimal("1000.0")', 'decimal("5000.0")'))
    project.drop(CONTRACT, ("tools", "allowlist", 0))
    assert "the policies were not asked: policies/refund-assistant.cedar:" in run("diff", "v1", AGENT)[1]
    (project.root / "contracts/policies/refund-assistant.cases.yaml").unlink()
    assert "there are no cases to ask" in run("diff", "v1", AGENT)[1]


def test_what_the_platform_holds_is_told_as_without_effect(project: ProjectCopy, run: Run) -> None:
    """Nothing differs in effect."""
    tag("v1")
    project.set("contracts/platform.yaml", ("budget_ceilings", "max_steps"), 5)
    project.set(CONTRACT, ("budgets", "max_steps"), 20)
    code, answer, _ = run("diff", "v1", AGENT)
    assert code == 0
    assert "without effect: budgets.max_steps 12 -> 20; the platform's rules hold it at 5" in answer


def test_long_values_stand_side_by_side(
    project: ProjectCopy, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer instructions than a screen are cut, and say so."""
    tag("v1")
    project.set(
        "contracts/tools/zendesk.read_ticket.yaml",
        ("description",),
        "Reads a ticket, and nothing else that there is.",
    )
    monkeypatch.setattr("agentctl.cli.diff.lines._MOST_LINES", 3)
    (project.root / "contracts" / f"{AGENT}.md").write_text("".join(f"{number}\n" for number in range(9)))
    _, answer, _ = run("diff", "v1", AGENT)
    assert "tools.zendesk.read_ticket.description: what the model is told of it" in answer
    assert "more lines (`--full`)" in answer
    assert "more lines (`--full`)" not in run("diff", "--full", "v1", AGENT)[1]


def test_a_name_that_is_unclear_is_refused_with_how_to_say_it(project: ProjectCopy, run: Run) -> None:
    """A run and a version, neither, both."""
    tag("v1")
    one = id_of("v2/answered")

    def refused(*names: str) -> str:
        code, _, remarks = run("diff", *names)
        assert code == 2
        return remarks

    assert "`v1` is a version, and `latest` a run" in " ".join(refused("v1", "latest").split())
    assert "there is no run and no version `v2`" in refused("v2", "v1")
    tag("release-1")
    assert "did you mean `release-1`?" in refused("releas-1", "v1")
    assert "is the beginning of several runs" in refused(one[:3], one)
    tag(one[:9].lower())
    told = " ".join(refused(one[:9].lower(), one).split())
    assert "is the beginning of a run, and a version" in told
    assert "for the run, `sha256:" in told
    path = project.root / "contracts" / f"{one[:9].lower()}.yaml"
    (project.root / "contracts" / "versions.toml").unlink()
    shutil.copy(project.root / CONTRACT, path)
    assert f"`contracts/{path.name}` for the version" in " ".join(refused(path.stem, one).split())


@pytest.mark.usefixtures("project")
def test_a_short_tag_is_no_run(run: Run) -> None:
    """Every run's id begins with `0`; a tag may be called so."""
    tag("0")
    assert run("diff", "0", AGENT)[0] == 0


def test_latest_is_a_run(project: ProjectCopy, run: Run) -> None:
    """Of a project without runs it is nothing."""
    assert run("diff", "latest", "latest")[0] == 0
    shutil.rmtree(project.root / "traces")
    assert run("diff", "latest", "latest")[0] == 2


def test_a_damaged_journal_is_told(project: ProjectCopy, run: Run) -> None:
    """And one that holds no beginning of a run."""
    one = id_of("v2/answered")
    (path,) = (project.root / "traces").glob(f"journal/*/{one}.jsonl")
    path.write_text(path.read_text().replace("4201", "4299"))
    assert run("diff", one, one)[0] == 7
    empty = run_id(1)
    (path.parent / f"{empty}.jsonl").write_text("")
    code, _, remarks = run("diff", empty, empty)
    assert code == 7
    assert "does not hold the run's beginning" in " ".join(remarks.split())


def test_versions_are_listed(project: ProjectCopy, run: Run) -> None:
    """What the files say now first; what ran when, under which digest and tag, how it ended and what it cost."""
    tag("v1")
    code, answer, _ = run("contract", "versions")
    assert code == 0
    lines = answer.splitlines()
    assert lines[0] == f"{AGENT}  v1, what the files say now"
    assert lines[3] == "  no run"
    assert "  1 live run: 1 answered; 0.0" in answer
    assert "live runs: " in answer
    document = json.loads(run("contract", "versions", AGENT, "--json")[1])
    assert [known["current"] for known in document] == [True, *[False] * (len(document) - 1)]
    assert document[0]["tags"]["v1"]["by"] == "casey"
    assert sum(known["runs"] for known in document) == len(STORIES)
    shutil.rmtree(project.root / "traces" / "objects")
    assert "(its content is not in traces/objects)" in " ".join(run("contract", "versions")[1].split())


def test_a_project_without_a_contract_has_no_version(project: ProjectCopy, run: Run) -> None:
    """And says so."""
    shutil.rmtree(project.root / "traces")
    (project.root / CONTRACT).unlink()
    assert run("contract", "versions")[:2] == (0, "no version yet: no contract, no tag, no run\n")


def test_a_version_gets_a_name(project: ProjectCopy, run: Run) -> None:
    """It is told, as a line or as JSON; again it is so already; another version needs `--move`."""
    code, answer, _ = run("contract", "tag", "v1", "--as", "casey", "--note", "first")
    assert (code, " ".join(answer.split()).endswith("commit contracts/versions.toml")) == (0, True)
    assert "already" in run("contract", "tag", "v1")[1]
    project.set(CONTRACT, ("budgets", "max_steps"), 20)
    assert run("contract", "tag", "v1")[0] == 2
    moved = run("contract", "tag", "v1", "--move")[1]
    assert "; it was sha256:" in " ".join(moved.split())
    document = json.loads(run("contract", "tag", "v2", AGENT, "--version", "v1", "--json")[1])
    assert (document["name"], document["tag"]["agent"], document["was"], document["changed"]) == (
        "v2",
        AGENT,
        None,
        True,
    )
