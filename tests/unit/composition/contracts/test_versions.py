"""Tests of finding versions by name, and of giving them names."""

import shutil
import threading
from pathlib import Path

import pytest

from agentctl.composition.contracts.tagging import Tagging, known_versions, tag_version
from agentctl.composition.contracts.versions import (
    current_version,
    find_version,
    put_version,
    stored_version,
    tag_of,
    version_named,
    versions_file,
)
from agentctl.composition.project import Project, open_project
from agentctl.foundation.errors import (
    AgentctlError,
    IntegrityError,
    InvalidInput,
    JournalUnavailable,
    LockedError,
    UsageError,
)
from tests.fakes.project_copy import AGENT, CONTRACT, ProjectCopy

MISSING = f"sha256:{'0' * 64}"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectCopy:
    """A copy of the repository's contracts."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "project").mkdir()
    return ProjectCopy(tmp_path / "project")


@pytest.fixture
def project(copy: ProjectCopy) -> Project:
    """The project of that copy."""
    return open_project(copy.root)


def tagging(name: str, **changes: object) -> Tagging:
    """Return an order to tag the agent's files."""
    return Tagging(**{"name": name, "agent": None, "by": "casey", **changes})  # type: ignore[arg-type]


def refused(project: Project, text: str, agent: str | None = None) -> str:
    """Return why a name stands for no version."""
    with pytest.raises(AgentctlError) as error:
        version_named(project, text, agent)
    return str(error.value)


def test_a_version_is_named_in_four_ways(project: Project) -> None:
    """A file, a tag, a digest or its beginning, an agent as its files are now: all of them are one version."""
    now = current_version(project, AGENT)
    tag_version(project, tagging("v1"))
    found = [
        find_version(project, text)
        for text in (AGENT, f"{project.files.root}/{CONTRACT}", now.digest, now.digest[:15], "v1")
    ]
    assert {one.version.digest for one in found} == {now.digest}
    assert [one.named for one in found] == ["agent", "file", "digest", "digest", "tag"]
    assert [one.tag for one in found] == [None, None, "v1", "v1", "v1"]
    assert found[0].agent == AGENT


def test_a_tagged_version_stays_what_it_was(project: Project, copy: ProjectCopy) -> None:
    """Whatever becomes of the files; its code is kept too."""
    before = current_version(project, AGENT)
    tag_version(project, tagging("v1", note=" the first "))
    copy.set(CONTRACT, ("budgets", "max_steps"), 3)
    assert version_named(project, "v1") == before
    assert current_version(project, AGENT).contract.budgets.max_steps == 3
    assert (tag_of(project, AGENT, before.digest), tag_of(project, AGENT, MISSING)) == ("v1", None)
    assert versions_file(project).document.tags["v1"].note == "the first"


def test_a_name_that_stands_for_nothing_is_refused_with_what_is_near(project: Project) -> None:
    """And one that stands for several, or for a version of another agent."""
    tag_version(project, tagging("release-1"))
    assert "there is no version `releas-1`" in refused(project, "releas-1")
    assert "did you mean `release-1`?" in refused(project, "releas-1")
    assert "there is no version `sha256:ffff`" in refused(project, "sha256:ffff")
    assert "is a version of `refund-assistant`" in refused(project, "release-1", "somebody")
    put_version(project, current_version(project, AGENT))
    assert "is the beginning of several versions" in refused_after_a_change(project)


def refused_after_a_change(project: Project) -> str:
    """Return why the beginning of two digests is refused."""
    other = ProjectCopy.__new__(ProjectCopy)
    other.root = project.files.root
    other.set(CONTRACT, ("budgets", "max_steps"), 3)
    return refused(project, "sha256:", AGENT)


def test_a_version_whose_content_is_gone_says_so(project: Project, copy: ProjectCopy) -> None:
    """In a fresh checkout a tag is there and its object is not; while the files still say the same, they will do."""
    version = current_version(project, AGENT)
    tag_version(project, tagging("v1"))
    shutil.rmtree(project.paths.objects)
    assert version_named(project, "v1").digest == version.digest
    copy.set(CONTRACT, ("budgets", "max_steps"), 3)
    assert "the content of `v1` is not here" in refused(project, "v1")
    assert f"the content of {version.digest} is not here" in refused(project, version.digest)
    with pytest.raises(IntegrityError, match="is missing"):
        stored_version(project, version.digest)


def test_what_is_no_version_is_not_taken_for_one(project: Project) -> None:
    """Code, other objects, and files that only look like objects lie beside versions."""
    for data in (b"print()", b"[1]", b'{"contract": 1, "instructions": "", "tools": {}}', b'{"tools": {}}'):
        project.objects.put(data)
    (project.paths.objects / "README").write_text("no object")
    version = current_version(project, AGENT)
    put_version(project, version)
    assert find_version(project, "sha256:").version.digest == version.digest


def test_a_name_that_is_a_tag_and_an_agent_is_refused(project: Project) -> None:
    """With how to say either."""
    tag_version(project, tagging("v1"))
    path = project.files.contracts / "versions.toml"
    path.write_text(path.read_text().replace("[tags.v1]", f"[tags.{AGENT}]"))
    told = refused(project, AGENT)
    assert "is a tag and an agent" in told
    assert f"`contracts/{AGENT}.yaml` for the agent's files" in told


def test_a_contract_elsewhere_refers_to_what_is_around_it(
    project: Project, copy: ProjectCopy, tmp_path: Path
) -> None:
    """In another project to that project's files; in none, it is read as if it stood in `contracts/`."""
    here = current_version(project, AGENT)
    (tmp_path / "other").mkdir()
    other = ProjectCopy(tmp_path / "other")
    (other.root / "contracts" / f"{AGENT}.md").write_text("Be brief.")
    there = version_named(project, str(other.root / CONTRACT))
    assert (there.instructions, here.instructions != there.instructions) == ("Be brief.", True)
    shutil.copy(copy.root / CONTRACT, tmp_path / "alone.yaml")
    assert version_named(project, str(tmp_path / "alone.yaml")).digest == here.digest


def test_a_tag_does_not_move_by_itself(project: Project, copy: ProjectCopy) -> None:
    """The same version again is nothing; another one needs `--move`, and what it was is told."""
    first = tag_version(project, tagging("v1"))
    assert (first.changed, first.was) == (True, None)
    assert not tag_version(project, tagging("v1", note="again")).changed
    copy.set(CONTRACT, ("budgets", "max_steps"), 3)
    with pytest.raises(UsageError, match="or `--move`"):
        tag_version(project, tagging("v1"))
    moved = tag_version(project, tagging("v1", move=True))
    assert (moved.changed, moved.was) == (True, first.tag)
    assert version_named(project, "v1").contract.budgets.max_steps == 3
    back = tag_version(project, tagging("v0", version=first.tag.digest))
    assert back.tag.digest == first.tag.digest


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "V1"}, "cannot be a tag"),
        ({"name": "latest"}, "cannot be a tag"),
        ({"name": "v1.yaml"}, "cannot be a tag"),
        ({"name": AGENT}, "is an agent"),
        ({"by": "system:x"}, "is not a person's name"),
        ({"note": "two\nlines"}, "more than one line"),
        ({"note": "write to dana.okafor@example.com"}, "must not lie in a file"),
        ({"agent": "refund-asistant"}, "did you mean `refund-assistant`"),
        ({"version": "v9"}, "there is no version `v9`"),
    ],
)
def test_what_cannot_be_a_tag_is_refused(project: Project, changes: dict[str, str], told: str) -> None:
    """And nothing is written."""
    with pytest.raises(UsageError, match=told):
        tag_version(project, tagging(**{"name": "v1", **changes}))
    assert not (project.files.contracts / "versions.toml").exists()


def test_a_contract_that_fails_its_check_gets_no_tag(project: Project, copy: ProjectCopy) -> None:
    """A tag names what may run."""
    copy.set(CONTRACT, ("model_routing", "default"), "nobody")
    with pytest.raises(InvalidInput, match="nobody"):
        tag_version(project, tagging("v1"))


@pytest.mark.parametrize("named", [AGENT, CONTRACT])
def test_files_that_are_named_pass_their_check_too(
    project: Project, copy: ProjectCopy, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """Whoever says which version it is gets no tag for one that may not run."""
    monkeypatch.chdir(copy.root)
    assert tag_version(project, tagging("v1", version=named)).changed
    copy.set(CONTRACT, ("model_routing", "default"), "nobody")
    with pytest.raises(InvalidInput, match="nobody"):
        tag_version(project, tagging("v2", version=named))


def test_the_agent_must_be_said_where_there_are_several(project: Project) -> None:
    """Of one, it need not."""
    text = (project.files.root / CONTRACT).read_text().replace(f"name: {AGENT}", "name: other")
    (project.files.contracts / "other.yaml").write_text(text)
    with pytest.raises(UsageError, match="it is not said which agent; accepted: `other`, `refund-assistant`"):
        tag_version(project, tagging("v1"))
    assert tag_version(project, tagging("v1", agent=AGENT)).changed


def test_a_tool_of_an_agent_tags_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """No agent acts for a person."""
    monkeypatch.setattr("agentctl.settings.is_below_tool", lambda _: True)
    with pytest.raises(UsageError, match="from inside a tool"):
        tag_version(project, tagging("v1"))


def test_many_who_tag_at_once_lose_nothing(project: Project) -> None:
    """Each waits for its turn."""
    version = current_version(project, AGENT)
    put_version(project, version)
    threads = [
        threading.Thread(target=tag_version, args=(project, tagging(f"v{number}", version=version.digest)))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(versions_file(project).document.tags) == {f"v{number}" for number in range(8)}


def test_who_could_read_the_file_still_can(project: Project) -> None:
    """A file in git is not private."""
    tag_version(project, tagging("v1"))
    path = project.files.contracts / "versions.toml"
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o640)
    tag_version(project, tagging("v2"))
    assert path.stat().st_mode & 0o777 == 0o640


def test_trouble_with_files_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that nobody gives back, a folder that is none."""
    from agentctl.composition.contracts import tagging as module  # noqa: PLC0415
    from agentctl.trace.file_lock import file_lock  # noqa: PLC0415

    tag_version(project, tagging("v1"))
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.0)
    with file_lock(project.paths.traces / "versions.lock", "exclusive", 0), pytest.raises(LockedError):
        tag_version(project, tagging("v2"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "put_kept", full)
    with pytest.raises(
        JournalUnavailable, match=r"contracts/versions\.toml cannot be written: No space left"
    ):
        tag_version(project, tagging("v3"))
    monkeypatch.setattr(module, "make_private_folder", full)
    with pytest.raises(JournalUnavailable, match="the lock of the tags cannot be had"):
        tag_version(project, tagging("v3"))


def test_versions_are_listed_with_what_is_known_of_them(project: Project, copy: ProjectCopy) -> None:
    """Those with a tag, and what the files say now, without any run; a contract that does not load has none."""
    tag_version(project, tagging("v1"))
    copy.set(CONTRACT, ("budgets", "max_steps"), 3)
    now, tagged = known_versions(project)
    assert (now.is_current, now.tags, now.is_here, now.ran) == (True, (), True, None)
    assert (tagged.is_current, [name for name, _ in tagged.tags], tagged.is_here) == (False, ["v1"], True)
    assert known_versions(project, AGENT) == (now, tagged)
    with pytest.raises(UsageError, match="there is no agent `nobody`"):
        known_versions(project, "nobody")
    shutil.rmtree(project.paths.objects)
    (project.files.root / CONTRACT).write_text("agent: [")
    (lost,) = known_versions(project)
    assert not lost.is_here
