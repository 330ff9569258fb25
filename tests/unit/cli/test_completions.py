"""What a shell offers: names of the project that is worked in, and nothing that is not there."""

import sys
from pathlib import Path

import pytest
from typer._completion_shared import COMPLETION_SCRIPT_ZSH, _completion_scripts

from agentctl.cli import completions
from agentctl.cli.audit.canned import _offered_dimensions
from agentctl.cli.audit.commands import _offered_tables
from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app, main
from agentctl.cli.runs.listing import _offered_states
from tests.fakes.journals import RUN, run_id
from tests.fakes.waiting_run import a_project, wait


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a project where one run waits and a newer one has begun."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = a_project(tmp_path)
    wait(project, expires_at="2126-03-14T10:00:00.000000Z")
    project.journals.create(run_id(7)).close()
    monkeypatch.chdir(project.paths.root)


@pytest.mark.usefixtures("inside")
def test_names_of_the_project_are_offered() -> None:
    """Agents, environments, runs with the newest first, requests that wait."""
    assert completions.agents("") == ["refund-assistant"]
    assert completions.agents("x") == []
    assert completions.environments("s") == ["sandbox"]
    assert completions.runs("") == ["latest", run_id(7), RUN]
    assert completions.runs(run_id(7).lower()) == [run_id(7)]
    assert completions.approvals("") == [f"{RUN}-0-0-1"]


def test_outside_of_a_project_nothing_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is said: it would stand amid what somebody types."""
    monkeypatch.chdir(tmp_path)
    for offer in (completions.agents, completions.environments, completions.approvals):
        assert offer("") == []
    assert completions.runs("") == ["latest"]


@pytest.mark.usefixtures("inside")
def test_where_nobody_may_look_nothing_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor said: that a folder is somebody else's is told by the command."""

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "glob", refused)
    assert completions.runs("") == ["latest"]
    monkeypatch.setattr("agentctl.settings.find_settings", refused)
    for offer in (completions.agents, completions.environments, completions.approvals):
        assert offer("") == []


@pytest.mark.usefixtures("inside")
def test_what_a_shell_might_run_is_not_offered() -> None:
    """Zsh evaluates what it is offered: a file's name in somebody else's project would be run at the press of a key."""
    for name in (r"a\$(touch b)", "a`b`", "a b", "a;b", 'a\\")', "-a", "a\nb", "ä", "\udcff", "*"):
        Path("contracts", f"{name}.yaml").touch()
    assert completions.agents("") == ["refund-assistant"]


def test_words_of_a_vocabulary_are_those_that_are_taken() -> None:
    """By their beginning."""
    assert completions.words("good", "bad")("g") == ["good"]
    assert _offered_states("appr") == ["approval"]
    assert _offered_dimensions("da") == ["day"]
    assert _offered_tables("tool") == ["tool_calls"]


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("agentctl run ", ["refund-assistant"]),
        ("agentctl resume l", ["latest"]),
        ("agentctl runs list --label n", ["none"]),
        ("agentctl approvals approve ", [f"{RUN}-0-0-1"]),
        ("agentctl audit query --decision d", ["deny"]),
        ("agentctl eval r", ["run", "refund-assistant"]),
        ("agentctl eval run ", ["refund-assistant"]),
        ("agentctl eval add l", ["latest"]),
        ("agentctl replay l", ["latest"]),
        ("agentctl policy explain l", ["latest"]),
        ("agentctl policy check ", ["refund-assistant"]),
        ("agentctl contract check ", ["refund-assistant"]),
        ("agentctl contract show ", ["refund-assistant"]),
        ("agentctl contract diff ", ["refund-assistant"]),
        ("agentctl contract versions ", ["refund-assistant"]),
        ("agentctl contract tag v2 ", ["refund-assistant"]),
        ("agentctl diff ", ["refund-assistant", "latest", run_id(7), RUN]),
    ],
)
def test_a_shell_gets_them(
    typed: str, offered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As bash asks for them."""
    monkeypatch.setenv("_AGENTCTL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split(" ")) - 1))
    monkeypatch.setattr("sys.argv", ["agentctl"])
    monkeypatch.setattr(sys.modules["__main__"], "__package__", "")  # else it is called what runs the tests
    with pytest.raises(SystemExit):
        exit_code_of(app, [])
    assert capsys.readouterr().out.split() == offered


def test_zsh_is_given_a_script_that_offers_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It reads the script when a key is first pressed: what only defines something would offer nothing then."""
    monkeypatch.setattr("sys.argv", ["agentctl", "--show-completion"])
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: "zsh")
    monkeypatch.setitem(_completion_scripts, "zsh", COMPLETION_SCRIPT_ZSH)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    script = capsys.readouterr().out.splitlines()
    assert script[0] == "#compdef agentctl"
    assert script[-4:] == [
        "compdef _agentctl_completion agentctl",
        'if [ "$funcstack[1]" = "_agentctl" ]; then',
        "  _agentctl_completion",
        "fi",
    ]
