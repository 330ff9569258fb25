"""Tests of where things are: the project found from inside it, its keys outside it, and an absence said in words."""

import getpass
import os
from pathlib import Path

import pytest

from agentctl.foundation.errors import UsageError
from agentctl.foundation.ids import is_principal
from agentctl.settings import MARKER, Paths, find_settings


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project, with the state of its user beside it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = tmp_path / "work" / "shop"
    (project / "contracts" / "tools").mkdir(parents=True)
    (project / MARKER).touch()
    return project


def test_a_project_is_found_from_anywhere_inside(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its root, from a folder below, and from the working folder."""
    monkeypatch.chdir(root / "contracts")
    for start in (root, root / "contracts" / "tools", root / "contracts" / ".." / "contracts", None):
        assert find_settings(start).paths.root == root


def test_the_nearest_project_counts(root: Path) -> None:
    """A project inside another one is its own."""
    inner = root / "contracts" / "inner"
    inner.mkdir()
    (inner / MARKER).touch()
    assert find_settings(inner).paths.root == inner
    assert find_settings(inner).paths.state != find_settings(root).paths.state


def test_outside_a_project_nothing_is_guessed(root: Path) -> None:
    """The message says what is missing and what makes one; a folder of the marker's name marks nothing."""
    outside = root.parent
    (outside / MARKER).mkdir()
    with pytest.raises(UsageError) as error:
        find_settings(outside)
    assert str(error.value) == (
        "command line: no `agentctl.toml` here or in a folder above; accepted: a folder inside a project; "
        "`agentctl init` makes one"
    )


def test_everything_has_its_place(root: Path) -> None:
    """Traces lie in the project, keys do not."""
    paths = find_settings(root).paths
    places = {
        "traces": "traces",
        "journal": "traces/journal",
        "objects": "traces/objects",
        "inbox": "traces/inbox",
        "sealed": "traces/sealed",
        "sandbox": "traces/sandbox",
        "effects": "traces/effects.sqlite",
        "database": "traces/agentctl.duckdb",
    }
    assert {name: str(getattr(paths, name).relative_to(root)) for name in places} == places
    assert not paths.state.is_relative_to(root)


def test_projects_of_one_name_have_states_of_their_own(root: Path, tmp_path: Path) -> None:
    """And the same project always has the same one, also through a link."""
    twin = tmp_path / "elsewhere" / "shop"
    twin.mkdir(parents=True)
    (twin / MARKER).touch()
    (tmp_path / "link").symlink_to(root)
    ours, theirs = find_settings(root).paths.state, find_settings(twin).paths.state
    assert ours.parent == theirs.parent == tmp_path / "state" / "agentctl"
    assert ours.name.startswith("shop-")
    assert ours != theirs
    assert find_settings(tmp_path / "link").paths.state == ours


@pytest.mark.parametrize("named", [None, "", "state", "./state", "~/state"])
def test_a_state_folder_that_is_not_absolute_is_ignored(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    """A relative one would put keys into whatever folder we are in."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_STATE_HOME")
    if named is not None:
        monkeypatch.setenv("XDG_STATE_HOME", named)
    assert find_settings(root).paths.state.parent == tmp_path / "home" / ".local" / "state" / "agentctl"


def test_without_a_home_the_message_says_what_helps(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys in a folder that was guessed."""

    def nobody(_: type[Path]) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(Path, "home", classmethod(nobody))
    with pytest.raises(UsageError, match="an absolute path in `XDG_STATE_HOME`"):
        find_settings(root)


def test_a_relative_home_is_none(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys would lie in whatever folder we are in, and that may be the project."""
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "relative")
    with pytest.raises(UsageError, match="`HOME` is no absolute path"):
        find_settings(root)


def test_the_user_is_the_operating_systems(root: Path) -> None:
    """Who a run acts for when nobody says otherwise."""
    assert find_settings(root).user == getpass.getuser()


@pytest.mark.parametrize("problem", [KeyError("uid not found: 4711"), OSError("no username set")])
def test_a_user_without_a_name_is_a_number(
    root: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    """As in a container that runs under a number only; it can still name a principal."""

    def nameless() -> str:
        raise problem

    monkeypatch.setattr(getpass, "getuser", nameless)
    user = find_settings(root).user
    assert user == f"uid-{os.getuid()}"
    assert is_principal(user)


def test_a_secret_is_read_by_its_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not set is None, and no value is kept in the settings."""
    monkeypatch.setenv("STRIPE_KEY", "sk-0123456789")
    monkeypatch.delenv("OTHER_KEY", raising=False)
    found = find_settings(root)
    assert (found.secret("STRIPE_KEY"), found.secret("OTHER_KEY")) == ("sk-0123456789", None)
    assert "sk-0123456789" not in repr(found)


def test_a_tools_process_gets_three_variables_at_most(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key and no home; what is not set is not made up."""
    for name in os.environ:
        monkeypatch.delenv(name)
    for name in ("PATH", "TZ", "STRIPE_KEY", "HOME", "LD_PRELOAD", "PYTHONPATH", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, f"/{name}")
    assert find_settings(root).child_environment == {"PATH": "/PATH", "TZ": "/TZ"}


def test_paths_are_plain_values() -> None:
    """Two of the same root are equal."""
    assert Paths(Path("/a"), Path("/b")) == Paths(Path("/a"), Path("/b"))


def test_the_users_agent_is_known_and_passed_on_to_no_tool(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it listens is for our own signing; a tool's process gets no such variable."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    assert find_settings(root).ssh_agent is None
    monkeypatch.setenv("SSH_AUTH_SOCK", "")
    assert find_settings(root).ssh_agent is None
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent.sock")
    assert find_settings(root).ssh_agent == Path("/run/agent.sock")
    assert "SSH_AUTH_SOCK" not in find_settings(root).child_environment


def test_a_process_of_a_tool_knows_that_it_is_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the mark that its environment carries."""
    assert not find_settings(root).below_a_tool
    monkeypatch.setenv("AGENTCTL_BELOW_TOOL", "1")
    assert find_settings(root).below_a_tool


def test_a_path_that_is_no_text_is_refused(root: Path) -> None:
    """Such names exist where somebody once wrote Latin-1; it is said before anything runs there."""
    odd = root.parent / os.fsdecode(b"lad\xfcn")
    odd.mkdir()
    (odd / MARKER).touch()
    with pytest.raises(UsageError, match="the path of the project is no text: "):
        find_settings(odd)


def test_a_working_folder_that_is_gone_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell stays in a folder that somebody removed: it is told where to go."""
    (root / "inner").mkdir()
    monkeypatch.chdir(root / "inner")
    (root / "inner").rmdir()
    with pytest.raises(UsageError, match="working folder cannot be found: no such file") as error:
        find_settings()
    assert "`cd` to one" in str(error.value)
