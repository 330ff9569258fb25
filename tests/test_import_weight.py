"""What is heavy is loaded only where it is used."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = str(Path(__file__).parents[1])
HEAVY = ("litellm", "duckdb", "aiohttp", "jsonschema", "joserfc", "yaml", "cryptography")


def loaded_after(code: str, tmp_path: object) -> set[str]:
    """Return the heavy modules that a fresh interpreter has loaded after some code."""
    script = f"{code}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=str(tmp_path),
        env={"PYTHONPATH": REPOSITORY},
    )
    return set(done.stdout.split("\n")[-2].split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["runs", "--help"], ["audit", "--help"], ["--version"]]
)
def test_help_loads_nothing_heavy(arguments: list[str], tmp_path: object) -> None:
    """`--help` needs neither litellm nor duckdb, nor anything else that is heavy."""
    code = f"from agentctl.cli.main import app\nfrom agentctl.cli.failure import exit_code_of\nexit_code_of(app, {arguments!r})"
    assert loaded_after(code, tmp_path) == set()


def test_composing_a_run_loads_neither_litellm_nor_duckdb_nor_jsonschema(tmp_path: object) -> None:
    """A sandbox run needs the HTTP client and the token library, and not the rest."""
    assert loaded_after("import agentctl.composition.runs", tmp_path) <= {
        "aiohttp",
        "joserfc",
        "yaml",
        "cryptography",
    }
