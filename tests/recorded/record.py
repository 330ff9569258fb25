"""Records one journal per story into a folder. Run once per journal version, never for a version that has been recorded.

Usage: python tests/recorded/record.py tests/recorded/v2
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY))

from tests.scenarios.conftest import Shell  # noqa: E402 - found only with the line above
from tests.scenarios.test_processes import dying  # noqa: E402


def main() -> None:
    """Record every story into the folder that is named."""
    target = Path(sys.argv[1])
    if target.exists():
        raise SystemExit(f"{target} was recorded; a frozen version is not recorded again")
    for story, ticket in (("answered", "4201"), ("waiting", "4202"), ("refused", "4206")):
        shell = _project()
        shell("run", "refund-assistant", "--input", ticket, "--json")
        _keep(shell, target / story)
    shell = _project()
    dying(shell, 4, "run", "refund-assistant", "--input", "4201")
    _keep(shell, target / "killed")
    _keep(_edited(), target / "edited")
    _keep(_raised(), target / "raised")


def _edited() -> Shell:
    """Record a refund whose amount two reviewers lowered."""
    shell = _project(("      requires_approval: true\n", "      requires_approval:\n        quorum: 2\n"))
    document = shell("run", "refund-assistant", "--input", "4202", "--json").document
    (approval,) = document["suspended"]["waiting_for"]  # type: ignore[index]
    for reviewer in ("alice", "bob"):
        shell("approvals", "approve", str(approval), "--as", reviewer, "--set", "amount=20000")
    shell("resume", str(document["run"]))
    return shell


def _raised() -> Shell:
    """Record a run that stopped at a ceiling and went on under a higher one."""
    shell = _project(("  max_steps: 12\n", "  max_steps: 2\n"))
    run = str(shell("run", "refund-assistant", "--input", "4201", "--json").document["run"])
    shell("approvals", "raise", run, "--max-steps", "6", "--as", "alice", "--resume")
    return shell


def _project(change: tuple[str, str] = ("", "")) -> Shell:
    folder = Path(tempfile.mkdtemp()) / "project"
    shutil.copytree(REPOSITORY / "contracts", folder / "contracts")
    shutil.copy(REPOSITORY / "agentctl.toml", folder)
    for name in ("refund-assistant", "platform"):
        path = folder / "contracts" / f"{name}.yaml"
        text = path.read_text().replace("pii_redaction: strict", "pii_redaction: 'off'")
        text = text.replace("pii_redaction_at_least: standard", "pii_redaction_at_least: 'off'")
        path.write_text(text.replace(*change) if name == "refund-assistant" else text)
    return Shell(folder)


def _keep(shell: Shell, target: Path) -> None:
    for name in ("journal", "objects", "sandbox"):
        shutil.copytree(
            shell.folder / "traces" / name,
            target / name,
            ignore=shutil.ignore_patterns("*.log", "*-shm", "*-wal"),
        )
    sys.stdout.write(json.dumps({"story": target.name, "files": len(list(target.rglob("*")))}) + "\n")


if __name__ == "__main__":
    main()
