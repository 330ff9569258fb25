"""Tests of which version governs: what was recorded, whole and unchanged, under today's platform rules."""

import shutil
from pathlib import Path

import pytest

from agentctl.composition.authorities import engines_of, policies_of
from agentctl.composition.governing import Governing, from_files, recorded, store
from agentctl.composition.project import Project, open_project
from agentctl.events.run import Envelope
from agentctl.foundation.errors import IntegrityError
from tests.fakes.clock import StandingClock
from tests.fakes.journals import started

REPOSITORY = Path(__file__).parents[3]
PYTHON_TOOL = """\
name: notes.find
description: Find a note.
effect: read
retry: safe
arguments: {type: object, additionalProperties: false, properties: {}}
result: {type: object}
executor: {type: python, file: notes_find.py, function: find}
"""
CODE = "def find():\n    return {}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a copy of this repository's project, with a python tool more."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root = tmp_path / "shop"
    shutil.copytree(REPOSITORY / "contracts", root / "contracts")
    (root / "agentctl.toml").touch()
    (root / "contracts" / "tools" / "notes.find.yaml").write_text(PYTHON_TOOL)
    (root / "contracts" / "tools" / "notes_find.py").write_text(CODE)
    edit(root / "contracts" / "refund-assistant.yaml", "allowlist:\n", "allowlist:\n    - name: notes.find\n")
    return open_project(root, StandingClock())


def edit(path: Path, old: str, new: str) -> None:
    """Change a file's text."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def begun(project: Project) -> tuple[Governing, Envelope]:
    """Store what stands in the files, and return it with the envelope that names it."""
    governing = from_files(project, "refund-assistant", "sandbox")
    store(project, governing)
    digests = {
        "version": governing.version.digest,
        "environment_digest": governing.environment.digest,
        "platform_digest": governing.platform_digest,
    }
    return governing, started().envelope.model_copy(update=digests)


def objects(project: Project) -> list[Path]:
    """Return the stored objects."""
    return sorted(project.paths.objects.iterdir())


def test_what_was_recorded_is_what_stood_in_the_files(project: Project) -> None:
    """Contract, instructions, descriptors, code, environment, script: everything, in the same order."""
    governing, envelope = begun(project)
    again = recorded(project, envelope)
    assert again == governing
    assert list(again.version.tools) == list(governing.version.tools)
    assert again.version.tools["notes.find"].code == CODE.encode()
    assert (again.limits, again.platform_digest) == (governing.limits, governing.platform_digest)


def test_what_is_changed_in_the_files_afterwards_changes_no_run(project: Project) -> None:
    """Nor does what is deleted: the recorded version governs."""
    governing, envelope = begun(project)
    contracts = project.paths.root / "contracts"
    edit(contracts / "refund-assistant.yaml", "requires_approval: true", "requires_approval: false")
    edit(contracts / "refund-assistant.md", "customers", "everybody")
    edit(contracts / "tools" / "notes_find.py", "return {}", "return {'a': 1}")
    shutil.rmtree(contracts / "environments")
    assert recorded(project, envelope) == governing
    assert project.files.agent("refund-assistant").document != governing.version.contract


def test_todays_platform_rules_hold_in_addition(project: Project) -> None:
    """A tightening counts at once; the recorded contract itself stays as it was."""
    governing, envelope = begun(project)
    (project.paths.root / "contracts" / "platform.yaml").write_text(
        "budget_ceilings: {max_steps: 2, max_cost_usd_per_run: 0.1}\ntoken_ttl_seconds_at_most: 30\n"
    )
    again = recorded(project, envelope)
    assert again.version == governing.version
    assert (again.limits.max_steps, str(again.limits.max_cost_usd)) == (2, "0.1")
    assert again.contract.identity.token_ttl_seconds == 30
    assert again.platform_digest != governing.platform_digest


def test_todays_rules_about_models_hold_in_addition(project: Project) -> None:
    """A model that was allowed when the run began is not asked any more; one that is not bound never was."""
    governing, envelope = begun(project)
    assert [item.name for item in governing.deployments("small-fast")] == ["scripted-small"]
    assert governing.deployments("nobody") == ()
    (project.paths.root / "contracts" / "platform.yaml").write_text("models: {providers: [openai]}\n")
    assert recorded(project, envelope).deployments("small-fast") == ()


def test_without_platform_rules_the_defaults_hold(project: Project) -> None:
    """No file is not no redaction."""
    (project.paths.root / "contracts" / "platform.yaml").unlink()
    edit(project.paths.root / "contracts" / "refund-assistant.yaml", "strict", '"off"')
    assert begun(project)[0].contract.logging.pii_redaction == "standard"


def test_every_object_that_a_run_needs_is_stored(project: Project) -> None:
    """Version, environment, platform rules and code; storing again changes nothing."""
    begun(project)
    before = {path.name: path.read_bytes() for path in objects(project)}
    assert len(before) == 4
    begun(project)
    assert {path.name: path.read_bytes() for path in objects(project)} == before


@pytest.mark.parametrize("which", ["version", "environment_digest", "code"])
@pytest.mark.parametrize("damage", ["missing", "changed", "empty", "cut"])
def test_an_object_that_is_not_whole_stops_everything(project: Project, which: str, damage: str) -> None:
    """Missing, changed by one byte, empty or cut: an integrity error, never another version."""
    governing, envelope = begun(project)
    code = governing.version.tools["notes.find"].document()["code"]
    digest = str(code) if which == "code" else getattr(envelope, which)
    path = project.paths.objects / digest.removeprefix("sha256:")
    data = path.read_bytes()
    path.chmod(0o600)
    match damage:
        case "missing":
            path.unlink()
        case "changed":
            path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
        case "empty":
            path.write_bytes(b"")
        case _:
            path.write_bytes(data[:-1])
    with pytest.raises(IntegrityError, match=r"is missing|is not what its digest says"):
        recorded(project, envelope)


@pytest.mark.parametrize(
    "digest", ["", "sha256:", "sha256:" + "0" * 64, "../platform.yaml", "md5:" + "0" * 32]
)
def test_a_digest_that_names_nothing_is_an_integrity_error(project: Project, digest: str) -> None:
    """Whatever stands in an envelope, it never becomes a path."""
    _, envelope = begun(project)
    for name in ("version", "environment_digest"):
        with pytest.raises(IntegrityError):
            recorded(project, envelope.model_copy(update={name: digest}))


def test_digests_that_were_swapped_are_an_integrity_error(project: Project) -> None:
    """Both objects are whole, and neither is what it is taken for."""
    _, envelope = begun(project)
    swapped = {"version": envelope.environment_digest, "environment_digest": envelope.version}
    with pytest.raises(IntegrityError, match="does not hold an agent version"):
        recorded(project, envelope.model_copy(update=swapped))


def test_a_runs_header_names_every_policy_that_is_asked(project: Project) -> None:
    """Names and digests without an engine are those of the engines that judge."""
    governing = from_files(project, "refund-assistant", "sandbox")
    engines = engines_of(governing, lambda _: None)
    assert policies_of(governing) == {engine.policy: engine.digest for engine in engines}
