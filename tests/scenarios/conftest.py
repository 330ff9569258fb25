"""A project of its own for each scenario, and the real command line as a user types it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        """The JSON that a command with `--json` printed."""
        parsed: dict[str, object] = json.loads(self.out)
        return parsed


def _hears_interrupts() -> None:
    """Undo what a shell does to jobs in its background: there SIGINT is ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Shell:
    """A folder in which `agentctl` is typed."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, input: str | None = None) -> Answer:  # noqa: A002 - as subprocess calls it
        """Run `agentctl` with these arguments."""
        done = subprocess.run(
            [sys.executable, "-m", "agentctl", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            input=input or "",
            timeout=60,
            check=False,
            start_new_session=True,  # away from the terminal of whoever runs the tests: nothing is asked there
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `agentctl` and let it run."""
        return subprocess.Popen(
            [sys.executable, "-m", "agentctl", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_hears_interrupts,  # noqa: PLW1509 - no threads here, and nothing else can undo it
        )

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the process: as few as a user could have."""
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "COVERAGE_PROCESS_START")
            if name in os.environ
        }
        return {
            **kept,
            "PYTHONPATH": str(REPOSITORY),
            "XDG_STATE_HOME": str(self.folder.parent / "state"),
            **self.variables,
        }

    def refunds(self, ledger: str) -> list[dict[str, object]]:
        """Return the refunds in a ledger of the sandbox."""
        from agentctl.sandbox.ledger import read_refunds  # noqa: PLC0415

        return read_refunds(self.folder / "traces" / "sandbox" / ledger)


def fresh_project(folder: Path) -> Path:
    """Make a project of the repository's contracts in which nothing was ever run."""
    shutil.copytree(REPOSITORY / "contracts", folder / "contracts")
    shutil.copy(REPOSITORY / "agentctl.toml", folder / "agentctl.toml")
    return folder


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A fresh project with the repository's contracts; what was run in it is replayed afterwards, for some tests or all."""
    return Shell(fresh_project(tmp_path / "project"))
