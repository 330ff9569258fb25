"""Tests of the doctor over a whole project: what is missing is found, and nothing is changed or given away by looking."""

import errno
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agentctl.composition.doctor import looking as doctor
from agentctl.composition.doctor.looking import Diagnosis, diagnose, diagnosis_of
from agentctl.composition.people.reviewers import Act, add_reviewer, revoke_reviewer
from agentctl.composition.project import Project
from agentctl.events.approval import Escalation
from agentctl.events.run import TOLERATED_BEHIND_SECONDS
from agentctl.foundation.errors import JournalUnavailable, UsageError
from agentctl.identity.public_keys import public_half
from agentctl.review.doctor.observation import Observation
from agentctl.trace.message import HaltMessage
from tests.fakes.journals import RUN, run_id
from tests.fakes.waiting_run import a_project, moved, wait

ALICE = public_half(Ed25519PrivateKey.from_private_bytes(b"\1" * 32)).text


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project without runs, keys or variables."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return a_project(tmp_path)


def all_of(found: Diagnosis) -> list[Observation]:
    """Return everything that was observed."""
    return [item for section in found.sections for item in section.observations]


def told(project: Project, health: str, environment: str | None = "sandbox") -> list[str]:
    """Return what was observed of a kind, each with its remedies behind it."""
    found = all_of(diagnosis_of(project, environment))
    return [" > ".join((item.text, *item.remedy)) for item in found if item.health == health]


def has(lines: list[str], *words: str) -> bool:
    """Return whether one of some lines holds all of some words."""
    return any(all(word in line for word in words) for line in lines)


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and bytes of all files below a folder."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }


def test_the_sandbox_of_a_fresh_copy_has_no_problems(project: Project) -> None:
    """Nothing was set up, and a sandbox run needs nothing that is not there."""
    assert told(project, "problem") == []
    assert has(told(project, "ok"), "contracts: 0 errors")
    assert has(told(project, "ok"), "no runs yet")


def test_looking_makes_and_changes_nothing(project: Project, tmp_path: Path) -> None:
    """No key, no folder, no index: where nothing has run the files are the same afterwards."""
    before = everything(tmp_path)
    diagnosis_of(project, None)
    assert everything(tmp_path) == before


def test_what_is_missing_to_go_live(project: Project) -> None:
    """Keys of models and of reviewers, each with the line to type; that nothing was connected to is said."""
    problems = told(project, "problem", "live")
    assert has(problems, "`OPENAI_API_KEY` is not set", "export OPENAI_API_KEY=...")
    assert has(problems, "`alice` has no key", "agentctl reviewers add alice")
    assert has(told(project, "note", "live"), "not tried", "backend `stripe`", "agentctl doctor --reach")


def test_what_was_put_right_is_no_problem(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable and a key, and the value of the variable is nowhere."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-s3cret")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "")
    add_reviewer(project, Act("alice", "casey", ""), ALICE, str)
    found = diagnosis_of(project, "live")
    lines = told(project, "problem", "live")
    assert not has(lines, "OPENAI_API_KEY")
    assert not has(lines, "alice")
    assert has(lines, "`bob` has no key")
    assert has(told(project, "note", "live"), "`ANTHROPIC_API_KEY` is not set", "another of its alias can")
    assert "s3cret" not in repr(found)


def test_a_revoked_key_is_a_problem_in_the_sandbox_too(project: Project) -> None:
    """No answer of theirs counts anywhere."""
    add_reviewer(project, Act("alice", "casey", ""), ALICE, str)
    revoke_reviewer(project, Act("alice", "casey", "lost"))
    assert has(told(project, "problem"), "the key of `alice` was revoked")


def test_every_environment_is_looked_at_unless_one_is_named(project: Project) -> None:
    """One section each, and one that is not there is refused."""
    titles = [section.title for section in diagnosis_of(project, None).sections]
    assert [title.split(",")[0] for title in titles if title.startswith("environment")] == [
        "environment live",
        "environment sandbox",
    ]
    with pytest.raises(UsageError, match="there is no environment `lvie`"):
        diagnosis_of(project, "lvie")


def test_a_broken_environment_hides_no_other(project: Project) -> None:
    """Its section says what is wrong with the file; the rest is looked at."""
    path = project.paths.root / "contracts" / "environments" / "live.yaml"
    path.write_text("name: live\nkind: lvie\n")
    problems = told(project, "problem", None)
    assert has(problems, "contracts/environments/live.yaml", "kind")
    assert has(told(project, "ok", None), "may answer, signatures optional")
    assert not has(told(project, "note", None), "no live environment")
    path.unlink()
    assert has(
        told(project, "note", None), "no live environment yet", "in the form of sandbox.yaml", "--env live"
    )


def test_a_broken_contract_is_counted(project: Project) -> None:
    """The command that shows the errors is the line to type."""
    path = project.paths.root / "contracts" / "refund-assistant.yaml"
    path.write_text(path.read_text().replace("zendesk.read_ticket", "zendesk.raed_ticket"))
    assert has(told(project, "problem"), "contracts: 1 error", "agentctl contract check --env sandbox")


def test_an_empty_project_is_told_where_to_begin(project: Project) -> None:
    """No contract and no environment are problems of the project."""
    for path in project.files.contracts.rglob("*.yaml"):
        path.unlink()
    problems = told(project, "problem", None)
    assert has(problems, "there is no contract", "agentctl init")
    assert has(problems, "there is no environment", "agentctl init")


def test_outside_of_a_project(tmp_path: Path) -> None:
    """It is a problem with a line to type, and the machine is looked at all the same."""
    found = diagnose(start=tmp_path)
    assert [section.title for section in found.sections] == ["this machine", "project"]
    (missing,) = [item for item in all_of(found) if item.health == "problem"]
    assert "no `agentctl.toml`" in missing.text
    assert missing.remedy[0] == "agentctl init my-project"


def test_without_a_home_there_is_nowhere_for_keys(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told with what would do, and not with another project."""

    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    (missing,) = [item for item in all_of(diagnose(start=project.paths.root)) if item.health == "problem"]
    assert missing.text == "no home folder to keep keys in"
    assert missing.remedy == ("an absolute path in `XDG_STATE_HOME`",)


@pytest.mark.parametrize(
    ("module", "untold"), [("duckdb", "journals"), ("cedarpy", "contracts and policies")]
)
def test_without_a_package_the_rest_is_looked_at(
    project: Project, monkeypatch: pytest.MonkeyPatch, module: str, untold: str
) -> None:
    """The package is a problem, what could not be looked at is said, and nothing breaks."""
    wait(project)
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == module else find_spec(name))
    monkeypatch.setitem(sys.modules, module, None)
    assert told(project, "problem") == [f"`{module}` is not installed > pip install {module}"]
    assert has(told(project, "note"), untold, f"without `{module}`")


def test_rego_is_needed_where_a_contract_names_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nowhere else is it spoken of."""
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "regorus" else find_spec(name))
    assert not has(told(project, "problem"), "regorus")
    path = project.paths.root / "contracts" / "refund-assistant.yaml"
    rego = "policies:\n  - {engine: rego, files: [policies/x.rego]}\n"
    path.write_text(f"{path.read_text()}\n{rego}")
    (path.parent / "policies" / "x.rego").write_text("package agentctl\n")
    assert has(told(project, "problem"), "`refund-assistant` needs it", "pip install 'agentctl[rego]'")


def test_modes_of_keys_and_evidence(project: Project) -> None:
    """What others can read is named with its chmod; the key itself is not called broken for it."""
    wait(project)
    project.keys.issuer()
    assert told(project, "problem") == []
    key = project.paths.state / "issuer.pem"
    key.chmod(0o644)
    project.paths.objects.chmod(0o755)
    problems = told(project, "problem")
    assert problems == [
        f"{key} can be read by others (mode 644) > chmod 600 {key}",
        "traces/objects can be read by others (mode 755) > chmod 700 traces/objects",
    ]


def test_an_issuers_key_that_is_none(project: Project) -> None:
    """It is read where it is there, and what is wrong is told."""
    project.keys.issuer()
    (project.paths.state / "issuer.pem").write_bytes(b"x")
    assert has(told(project, "problem"), "issuer.pem is not a plain private key")


def test_a_damaged_journal_is_named_once(project: Project) -> None:
    """The sound one beside it is counted."""
    wait(project, run_id(1))
    wait(project, run_id(2))
    path = project.journals.path_of(run_id(1))
    path.write_bytes(path.read_bytes().replace(b"25000", b"25001"))
    (found,) = told(project, "problem")
    assert path.name in found
    assert has(told(project, "ok"), "1 of 2 journals whole")


def test_a_journal_of_another_version_is_not_called_damaged(project: Project) -> None:
    """Nobody need look for a copy; a newer agentctl reads it. What is no record at all is what it is."""
    for number in (1, 2):
        wait(project, run_id(number))
    newer, torn = (project.journals.path_of(run_id(number)) for number in (1, 2))
    newer.write_bytes(newer.read_bytes().replace(b'"v":2}', b'"v":7}'))
    torn.write_bytes(torn.read_bytes().replace(b'"v":2}', b'"v":'))
    problems = told(project, "problem")
    assert has(problems, newer.name, "of journal version 7, which is not known here > use the agentctl that")
    assert has(problems, torn.name, "is not what was written")


def test_a_folder_that_cannot_be_written(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first run has made anything in it."""
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK or Path(path) != project.paths.root)
    assert has(told(project, "problem"), ". cannot be written, so nothing can run > chmod u+rwX .")


def test_a_control_journal_that_was_cut(project: Project) -> None:
    """It is told, and so is that nobody's key can be known."""
    add_reviewer(project, Act("alice", "casey", ""), ALICE, str)
    (project.paths.journal / "control" / "control.jsonl").unlink()
    problems = told(project, "problem", "live")
    assert has(problems, "the control journal", "ends before record 0")
    assert has(problems, "nobody's key can be known")


def test_letters_and_strays_in_an_inbox(project: Project) -> None:
    """A message that the run has not taken in, and a file that is none."""
    wait(project)
    at = "2026-03-14T09:00:00.000000Z"
    project.inbox.post(HaltMessage(id="0" * 32, run=RUN, at=at, by="alice", reason=""))
    (project.paths.inbox / RUN / "stray.json").write_bytes(b"{}")
    notes = told(project, "note")
    assert has(notes, "1 letter not taken in yet, of 1 run", f"agentctl resume {RUN}")
    assert has(notes, f"traces/inbox/{RUN} holds what is no message: stray.json")


def test_an_approval_that_time_ran_out_for(project: Project) -> None:
    """Before it is due nothing is said; afterwards the sweep is the line to type."""
    wait(project, escalation=(Escalation(after_seconds=60, reviewers=("bob",)),))
    assert told(project, "problem") == []
    moved(project, 60)
    assert has(told(project, "problem"), "approvals are overdue in 1 run", "agentctl approvals sweep")


def test_a_clock_that_was_turned_back(project: Project) -> None:
    """Measured against the last record of any run."""
    wait(project)
    moved(project, -TOLERATED_BEHIND_SECONDS - 60)
    assert has(told(project, "problem"), "behind the last record", "timedatectl")


def test_the_index_is_brought_up_to_date(project: Project) -> None:
    """A database that is none is no problem: the journals are the truth. What lay in its place is named."""
    wait(project)
    project.paths.database.write_bytes(b"no database")
    project.paths.database.chmod(0o600)
    assert told(project, "problem") == []
    assert has(told(project, "ok"), "holds every journal")
    assert has(told(project, "note"), "put aside", "rm traces/agentctl.duckdb.aside")


@pytest.mark.skipif(os.geteuid() == 0, reason="the super-user may write everywhere")
def test_evidence_that_cannot_be_written(project: Project) -> None:  # pragma: no cover
    """A read-only folder is a problem before a run finds out."""
    wait(project)
    project.paths.objects.chmod(0o500)
    assert has(told(project, "problem"), "traces/objects cannot be written")


@pytest.mark.parametrize("name", ["traces", "traces/journal", "traces/inbox"])
@pytest.mark.parametrize("kind", ["file", "circle"])
def test_what_stands_in_the_way_of_evidence_is_named(project: Project, name: str, kind: str) -> None:
    """A file, or a link that leads nowhere, where a folder must be: it is moved away, nothing else of it is told."""
    place = project.paths.root / name
    place.parent.mkdir(exist_ok=True)
    place.write_text("x") if kind == "file" else place.symlink_to(place.name)
    told_of = f"{name} is no folder that can be entered, so nothing can run > mv {name} {name}.away"
    assert told(project, "problem") == [told_of]


def test_keys_that_cannot_be_made(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said before the first run fails at it, and what else than a folder stands in the place of one."""
    above = project.paths.state.parent.parent
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != above.parent)
    assert has(told(project, "problem"), f"{above.parent} cannot be written > chmod u+rwX ", "XDG_STATE_HOME")
    monkeypatch.undo()
    monkeypatch.setenv("XDG_STATE_HOME", str(above))
    above.write_text("x")
    assert has(told(project, "problem"), f"{above} is no folder > set `XDG_STATE_HOME`")


def test_where_nobodys_key_can_be_known_that_is_said_once(project: Project) -> None:
    """Nobody is told to give people keys that could not be recorded."""
    add_reviewer(project, Act("zoe", "olga", "new"), ALICE, lambda: "")
    (project.paths.journal / "control" / "control.jsonl").write_text("{}\n")
    keys, control = told(project, "problem")
    assert keys == "nobody's key can be known, so no person may answer > mend the control journal, see below"
    assert "the control journal: " in control


def test_journals_that_nobody_may_look_at_hide_nothing_else(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where they belong to somebody else, that is an observation beside the others."""
    wait(project)

    def refused(*_: object) -> None:
        raise JournalUnavailable("the journals cannot be looked at: Permission denied")

    monkeypatch.setattr("agentctl.composition.doctor.evidence.journals_in", refused)
    assert has(told(project, "problem"), "Permission denied > run agentctl as the user")
    assert has(told(project, "ok"), "contracts: 0 errors")


def test_what_belongs_to_somebody_else_hides_nothing_else(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders that may not be entered are told of where they are met; a mode is for its owner to change."""
    wait(project)
    project.paths.objects.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: project.paths.objects.stat().st_uid + 1)
    assert has(told(project, "problem"), "traces/objects can be read by others (mode 755) > run agentctl as")

    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/shop/traces")

    monkeypatch.setattr("agentctl.composition.doctor.looking.evidence", refused)
    monkeypatch.setattr("agentctl.composition.doctor.looking.check_policies", refused)
    problems = told(project, "problem")
    assert sum(line.startswith("/shop/traces cannot be looked at: permission") for line in problems) == 2
    look = Path.lstat
    monkeypatch.setattr(
        Path, "lstat", lambda path: refused() if path.parent == project.paths.traces else look(path)
    )
    assert not has(told(project, "problem"), "traces/objects")


def test_a_project_that_was_moved_is_told_of_its_keys(project: Project) -> None:
    """Its keys lie under its former path: what was sealed with them cannot be opened without."""
    wait(project)
    shutil.rmtree(project.paths.state, ignore_errors=True)
    assert has(told(project, "note"), "yet something ran here: moved", "give the folder of the keys")
