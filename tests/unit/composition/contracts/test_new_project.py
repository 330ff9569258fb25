"""A new project: whole or not at all, and never over something that is there."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentctl.cli.init_files import QUESTION, notes_find, starter
from agentctl.composition.contracts.new_project import NewFile, plan_project, write_project
from agentctl.composition.contracts.policies import check_policies, judge_cases
from agentctl.composition.project import open_project
from agentctl.contract.golden_files import load_golden_file
from agentctl.contract.project import ProjectFiles
from agentctl.contract.source import read_source
from agentctl.foundation.errors import ExitCode, InvalidInput, UsageError
from agentctl.foundation.ids import is_plain_name
from agentctl.review.checks.reviewed import review
from agentctl.review.schema_files import KINDS, schema_of_kind

SMALL = (
    NewFile("contracts/{agent}.yaml", "name: {agent} {other}\n", "of {agent}"),
    NewFile("agentctl.toml", "# root\n", "marks the root"),
)
CRASH = """
import os, sys
from pathlib import Path
sys.path.insert(0, {repository!r})
from agentctl.cli.init_files import starter
from agentctl.composition.contracts.new_project import plan_project, write_project
step = getattr(Path, {step!r})
def dying(self, *arguments):
    if {before!r} in (self.name, Path(*arguments).name):
        os._exit(9)
    return step(self, *arguments)
setattr(Path, {step!r}, dying)
write_project(plan_project(Path({folder!r}), "helper", starter()))
"""


def make(folder: Path, agent: str = "helper") -> Path:
    """Make a project with the shipped files."""
    write_project(plan_project(folder, agent, starter()))
    return folder


def entries(folder: Path) -> set[str]:
    """Return everything below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def refused(folder: Path, agent: str = "helper") -> list[str]:
    """Return what a plan is refused for, one line each; nothing was written."""
    before = entries(folder.parent)
    with pytest.raises(InvalidInput) as refusal:
        plan_project(folder, agent, starter())
    assert refusal.value.exit_code == ExitCode.INVALID
    assert entries(folder.parent) == before
    return [str(problem) for problem in refusal.value.problems]


# -- what is written --------------------------------------------------------------------------------


def test_a_new_folder_gets_every_file(tmp_path: Path) -> None:
    """A folder that does not exist is made with all files and nothing else, and nothing stays beside it."""
    project = plan_project(tmp_path / "a" / "b", "helper", starter())
    write_project(project)
    written = {name for name in entries(project.root) if (project.root / name).is_file()}
    assert written == {file.path for file in project.files}
    assert entries(tmp_path) - {"a", "a/b"} == {f"a/b/{name}" for name in entries(project.root)}


def test_an_existing_folder_keeps_what_it_has(tmp_path: Path) -> None:
    """Files of others stay, also in folders that both need; the result is the same as in a new folder."""
    (tmp_path / "contracts").mkdir()
    others = {"README.md", ".gitignore", "contracts/SIGNED.txt"}
    for name in others:
        (tmp_path / name).write_text("mine", encoding="utf-8")
    make(tmp_path)
    assert {(tmp_path / name).read_text(encoding="utf-8") for name in others} == {"mine"}
    assert entries(tmp_path) - others == entries(make(tmp_path.with_name("fresh")))


def test_the_name_is_filled_in_and_nothing_else(tmp_path: Path) -> None:
    """`{agent}` becomes the name in paths, texts and explanations; other braces belong to the files."""
    file, *_ = plan_project(tmp_path / "new", "helper", SMALL).files
    assert file == NewFile("contracts/helper.yaml", "name: helper {other}\n", "of helper")


def test_files_can_be_read_by_others(tmp_path: Path) -> None:
    """A project is for a team: its files have the mode that the user's umask gives."""
    (tmp_path / "plain").touch()
    (tmp_path / "existing").mkdir()
    roots = [make(tmp_path / name) for name in ("new", "existing")]
    modes = {stat.S_IMODE((root / "agentctl.toml").stat().st_mode) for root in roots}
    assert modes == {stat.S_IMODE((tmp_path / "plain").stat().st_mode)}


def test_schemas_are_those_of_contract_schema(tmp_path: Path) -> None:
    """Editors get the schemas that `agentctl contract schema` exports, and that of golden cases."""
    folder = make(tmp_path / "new") / "contracts" / "schemas"
    for kind in KINDS:
        text = (folder / f"{kind}.schema.json").read_text(encoding="utf-8")
        assert json.loads(text) == schema_of_kind(kind)
    assert entries(folder) == {f"{kind}.schema.json" for kind in (*KINDS, "golden")}


# -- the shipped files ------------------------------------------------------------------------------


@pytest.mark.parametrize("agent", ["my-agent", "123", "true", "null", "a" * 64])
def test_the_shipped_project_passes_the_contract_check(tmp_path: Path, agent: str) -> None:
    """No errors, no warnings, no notes, whatever the agent is called, words of YAML included."""
    files = ProjectFiles(make(tmp_path / "new", agent))
    reviewed = review(files, lambda: files.agent(agent), "sandbox", called=agent, today="2026-11-22")
    assert (reviewed.report.errors, reviewed.report.warnings, reviewed.report.notes) == ((), (), ())
    assert reviewed.version is not None


def test_the_shipped_policy_passes_its_check_and_its_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`agentctl policy check` finds nothing, and every case beside the policy is as expected."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = open_project(make(tmp_path / "new"))
    (checked,) = check_policies(project, (), "sandbox")
    assert (checked.sets, checked.report.errors, checked.report.warnings) == (
        ("cedar:policies/helper.cedar",),
        (),
        (),
    )
    (judged,) = judge_cases(project)
    assert (judged.problems, judged.failed) == ((), ())
    assert [item.decision for item in judged.judged] == ["allow"]


def test_the_rule_that_the_policy_explains_would_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The condition in the policy's comment, put where the comment says, passes the check too."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = open_project(make(tmp_path / "new"))
    path = project.paths.root / "contracts" / "policies" / "helper.cedar"
    text = path.read_text(encoding="utf-8")
    (rule,) = (line for line in text.splitlines() if line.startswith("//   unless"))
    head, _ = text.rsplit(";", 1)
    path.write_text(f"{head}\n{rule.removeprefix('//')};\n", encoding="utf-8")
    (checked,) = check_policies(project, (), "sandbox")
    assert (checked.report.errors, checked.report.warnings) == ((), ())
    (judged,) = judge_cases(project)
    assert (judged.problems, judged.failed) == ((), ())


def test_the_golden_case_is_the_question_to_try(tmp_path: Path) -> None:
    """The first golden case is strict YAML, fits its model, and is what the command line suggests."""
    (case,) = load_golden_file(make(tmp_path / "new") / "goldensets" / "helper.yaml").cases
    assert case.input == QUESTION
    allowed = ProjectFiles(tmp_path / "new").agent("helper").document
    assert all(allowed.allowed(call.tool) for call in case.trajectory)


def test_every_file_explains_itself(tmp_path: Path) -> None:
    """Each file begins with a comment; each YAML file names a schema that is there."""
    project = plan_project(tmp_path / "new", "helper", starter())
    write_project(project)
    for file in project.files:
        if not file.path.endswith(".schema.json"):
            assert file.text.startswith(("# ", "// ", "<!-- ", '"""')), file.path
        if file.path.endswith(".yaml"):
            first, second = file.text.splitlines()[:2]
            schema = first.removeprefix("# yaml-language-server: $schema=")
            assert ((project.root / file.path).parent / schema).is_file(), file.path
            assert second.startswith("# "), file.path
            assert read_source(project.root / file.path).data


def test_every_shipped_file_is_used() -> None:
    """Nothing lies among the starter files that no project gets."""
    import agentctl.cli.init_files as package  # noqa: PLC0415 - its folder, not its names

    shipped = {path.name for path in Path(str(package.__file__)).parent.iterdir() if path.is_file()}
    assert len(shipped - {"__init__.py"}) == len(starter())


def test_the_tool_finds_the_note_that_fits_best() -> None:
    """The shipped tool prefers the note with most shared words, and finds nothing where nothing fits."""
    assert [note["title"] for note in notes_find.find(QUESTION)["notes"]][:1] == ["Expenses"]
    both = notes_find.find("are holidays or days for a broken laptop left")["notes"]
    assert [note["title"] for note in both] == ["Holidays", "Laptops", "Expenses"]
    assert notes_find.find("is it 42?") == {"notes": []}


# -- names ------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.text(max_size=80))
def test_only_plain_names_are_taken(name: str) -> None:
    """A name that is not plain never becomes a path."""
    if is_plain_name(name) and name != "platform":
        assert plan_project(Path("/nowhere"), name, SMALL).files[0].path == f"contracts/{name}.yaml"
    else:
        with pytest.raises(UsageError):
            plan_project(Path("/nowhere"), name, SMALL)


@pytest.mark.parametrize("name", ["", "My-Agent", "../x", "a/b", "a b", "\u0430gent", "a\n"])
def test_bad_names_are_told_what_is_accepted(tmp_path: Path, name: str) -> None:
    """The refusal repeats the name and says what a name looks like."""
    (line,) = refused(tmp_path / "new", name)
    assert f"`{name}` cannot name an agent" in line
    assert "lower-case letters" in line


def test_the_platforms_file_is_not_an_agents(tmp_path: Path) -> None:
    """An agent called `platform` would share its file with the platform's rules."""
    (line,) = refused(tmp_path / "new", "platform")
    assert "`contracts/platform.yaml` is the file of the platform's rules" in line


# -- what stands in the way -------------------------------------------------------------------------


def test_every_conflict_is_named(tmp_path: Path) -> None:
    """Each file that exists is named, and the plan is refused."""
    for name in ("contracts/helper.yaml", "goldensets/helper.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    lines = refused(tmp_path)
    assert [line.split(":")[0] for line in lines] == [
        "contracts/helper.yaml",
        "goldensets/helper.yaml",
    ]
    assert all("exists already, and nothing is overwritten" in line for line in lines)


def test_a_project_is_not_made_again_over_itself(tmp_path: Path) -> None:
    """Nor for another agent. That is said once, not of every file, with what to do instead."""
    make(tmp_path / "new")
    for agent in ("helper", "another"):
        (line,) = refused(tmp_path / "new", agent)
        assert f"`{tmp_path / 'new'}` is a project already, and nothing is overwritten" in line
        assert "another agent of this project is another file in its `contracts`" in line


def test_a_file_where_a_folder_is_needed_is_named_once(tmp_path: Path) -> None:
    """`contracts` as a file is one conflict, not one per file below."""
    (tmp_path / "contracts").touch()
    assert [line.split(":")[0] for line in refused(tmp_path)] == ["contracts"]


def test_links_are_not_followed_out_of_the_folder(tmp_path: Path) -> None:
    """A link in place of a folder leads elsewhere, so it is in the way; so is a link to nothing in place of a file."""
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "contracts").symlink_to(tmp_path / "elsewhere")
    (root / "agentctl.toml").symlink_to("nothing")
    assert {line.split(":")[0] for line in refused(root)} == {"contracts", "agentctl.toml"}


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    """The folder itself may not be a file."""
    (tmp_path / "file").touch()
    (line,) = refused(tmp_path / "file")
    assert "is not a folder" in line


def test_projects_do_not_nest(tmp_path: Path) -> None:
    """A folder anywhere below a project's root is refused, and the root is named."""
    root = make(tmp_path / "outer")
    (line,) = refused(root / "contracts" / "inner")
    assert f"lies inside the project `{root}`" in line


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    """What the disk says is told as a refusal."""
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="not a directory; nothing was written"):
        make(tmp_path / "file" / "new")


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    """A path that never ends is a refusal, not a crash."""
    (tmp_path / "circle").symlink_to("circle")
    (line,) = refused(tmp_path / "circle" / "new")
    assert "its links lead in a circle" in line


def test_a_name_that_the_disk_does_not_take_is_refused(tmp_path: Path) -> None:
    """A folder's name that is too long is a refusal."""
    (line,) = refused(tmp_path / ("n" * 300))
    assert "file name too long" in line


# -- all or nothing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_midway_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    """In a folder that exists, a full disk or Ctrl-C at the last file leaves exactly what was there before."""
    (tmp_path / "mine").touch()
    link = Path.hardlink_to

    def failing(self: Path, target: Path) -> None:
        if self.name == "agentctl.toml":
            raise failure
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", failing)
    with pytest.raises((InvalidInput, KeyboardInterrupt)):
        make(tmp_path)
    assert entries(tmp_path) == {"mine"}


def test_a_file_that_comes_in_between_is_not_overwritten(tmp_path: Path) -> None:
    """Somebody who writes a file after the plan keeps it, and nothing of ours stays."""
    project = plan_project(tmp_path, "helper", starter())
    (tmp_path / "goldensets").mkdir()
    (tmp_path / "goldensets" / "helper.yaml").write_text("theirs", encoding="utf-8")
    with pytest.raises(InvalidInput, match="file exists; nothing was written"):
        write_project(project)
    assert entries(tmp_path) == {"goldensets", "goldensets/helper.yaml"}
    assert (tmp_path / "goldensets" / "helper.yaml").read_text(encoding="utf-8") == "theirs"


def test_a_folder_somebody_uses_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken back is ours: a folder that got other content meanwhile stays with it."""

    def failing(self: Path, target: Path) -> None:
        del target
        (self.parent / "theirs").touch()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "hardlink_to", failing)
    with pytest.raises(InvalidInput, match="input/output error"):
        make(tmp_path)
    assert entries(tmp_path) == {"contracts", "contracts/theirs"}


def test_a_project_that_comes_in_between_is_not_replaced(tmp_path: Path) -> None:
    """Two who make the same new folder at the same time: one has it, the other is refused."""
    late = plan_project(tmp_path / "new", "late", starter())
    first = make(tmp_path / "new", "first")
    before = entries(tmp_path)
    with pytest.raises(InvalidInput):
        write_project(late)
    assert entries(tmp_path) == before
    assert ProjectFiles(first).agents() == ("first",)


@pytest.mark.parametrize(
    ("folder", "step", "before"), [("existing", "hardlink_to", "agentctl.toml"), ("new", "rename", "new")]
)
def test_a_killed_process_leaves_no_project(tmp_path: Path, folder: str, step: str, before: str) -> None:
    """Dead just before the last step, in an existing folder as in a new one: nothing counts as a project."""
    (tmp_path / "existing").mkdir()
    repository = str(Path(__file__).parents[4])
    script = CRASH.format(repository=repository, step=step, before=before, folder=str(tmp_path / folder))
    done = subprocess.run([sys.executable, "-c", script], check=False, env={"PATH": os.defpath})
    assert done.returncode == 9
    assert not (tmp_path / folder / "agentctl.toml").exists()
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="the super-user may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:  # pragma: no cover
    """A read-only folder is a refusal."""
    tmp_path.chmod(0o500)
    with pytest.raises(InvalidInput, match="permission denied"):
        make(tmp_path)


def test_no_project_is_made_where_none_could_be_opened(tmp_path: Path) -> None:
    """A path that is no text is refused before anything is written."""
    odd = tmp_path / os.fsdecode(b"lad\xfcn")
    with pytest.raises(UsageError, match="no text"):
        plan_project(odd, "refunds", ())
    assert list(tmp_path.iterdir()) == []
