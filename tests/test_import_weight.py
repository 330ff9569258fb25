"""What is heavy is loaded only where it is used."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.journals import RUN, refund_story, write_journal
from tests.fakes.project_copy import ProjectCopy

REPOSITORY = str(Path(__file__).parents[1])
HEAVY = ("litellm", "duckdb", "_duckdb", "aiohttp", "jsonschema", "joserfc", "yaml", "cryptography")


def loaded_after(code: str, folder: object) -> set[str]:
    """Return the heavy modules that a fresh interpreter has loaded after some code, in a folder."""
    script = f"{code}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=str(folder),
        env={"PYTHONPATH": REPOSITORY, "XDG_STATE_HOME": f"{folder}/state"},
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
    assert loaded_after("import agentctl.composition.runs.running", tmp_path) <= {
        "aiohttp",
        "joserfc",
        "yaml",
        "cryptography",
    }


def test_a_whole_run_loads_neither_litellm_nor_duckdb_nor_jsonschema(tmp_path: Path) -> None:
    """From the command line to the answers at its end: the index waits for who asks it."""
    ProjectCopy(tmp_path)
    code = (
        "from agentctl.cli.main import app\nfrom agentctl.cli.failure import exit_code_of\n"
        "assert exit_code_of(app, ['run', 'refund-assistant']) == 0"
    )
    assert loaded_after(code, tmp_path) == {"aiohttp", "joserfc", "yaml", "cryptography"}


SPARED = (
    "agentctl.approval.webhook",  # no webhook is named
    "agentctl.composition.people.raises",  # nobody raises a limit
    "agentctl.identity.ssh_agent",  # nobody signs
    "agentctl.trace.index",  # the index waits for who asks it
    "agentctl.trace.reports.run",
)
"""What an ordinary run does without."""


def test_a_whole_run_as_a_process_loads_nothing_that_it_can_do_without(tmp_path: Path) -> None:
    """Nor does it look for garbage."""
    ProjectCopy(tmp_path)
    code = (
        "import gc, sys\nbefore = gc.get_stats()\nfrom agentctl.__main__ import command_line\n"
        "sys.argv = ['agentctl', 'run', 'refund-assistant']\n"
        "try:\n    command_line()\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"found = [name for name in sys.modules if name.startswith({SPARED!r})]\n"
        "assert not found, found\n"
        "assert gc.get_stats() == before"
    )
    loaded_after(code, tmp_path)


def test_a_list_of_runs_loads_the_index_and_no_forms_of_events(tmp_path: Path) -> None:
    """It is typed often, and to load the forms of all contracts and events would take longer than the list.

    Of DuckDB it needs the engine alone. What its options take needs no library that converts it.
    """
    ProjectCopy(tmp_path)
    write_journal(tmp_path / "traces" / "journal", RUN, refund_story())
    code = (
        "from agentctl.cli.main import app\nfrom agentctl.cli.failure import exit_code_of\n"
        "import sys\nassert exit_code_of(app, ['runs', 'list', '--json']) == 0\n"
        "slow = ('agentctl.events.r', 'agentctl.contract', 'pydantic')\n"
        "assert not [name for name in sys.modules if name.startswith(slow)]"
    )
    assert loaded_after(code, tmp_path) == {"_duckdb"}


def test_a_question_loads_no_forms_in_the_process_that_asks(tmp_path: Path) -> None:
    """Neither the forms of contracts and events nor what makes them; the index is opened by another process."""
    ProjectCopy(tmp_path)
    write_journal(tmp_path / "traces" / "journal", RUN, refund_story())
    code = (
        "from agentctl.cli.main import app\nfrom agentctl.cli.failure import exit_code_of\n"
        "import sys\nassert exit_code_of(app, ['audit', 'query', '--from', 'messages']) == 0\n"
        "assert not [name for name in sys.modules if name.startswith(('agentctl.events.t', 'pydantic'))]"
    )
    assert loaded_after(code, tmp_path) <= {"duckdb", "_duckdb"}


@pytest.mark.parametrize(
    "module", ["contracts.explanations", "contracts.policies", "doctor.looking", "contracts.synthesis"]
)
def test_who_only_asks_policies_loads_no_network(module: str, tmp_path: Path) -> None:
    """Neither the HTTP client nor the token library is needed to explain, check or test a policy."""
    assert loaded_after(f"import agentctl.composition.{module}", tmp_path) <= {"yaml", "cryptography"}
