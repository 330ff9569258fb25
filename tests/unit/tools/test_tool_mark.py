"""Tests of how a process below a tool is known: by its own beginning or by that of any process above it."""

from pathlib import Path

import pytest

from agentctl.tools.tool_mark import TOOL_MARK, is_below_tool


def process(
    folder: Path, number: int, parent: int, *, command: str = "sh", environ: str = "PATH=/bin"
) -> None:
    """Write what the system shows of a process."""
    place = folder / str(number)
    place.mkdir()
    (place / "stat").write_text(f"{number} (a) b) S {parent} 1 1 0")
    (place / "cmdline").write_bytes(command.replace(" ", "\0").encode() + b"\0")
    (place / "environ").write_bytes(environ.encode() + b"\0")


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ({}, False),
        ({"command": "python -I /lib/agentctl/tools/executors/python_host.py"}, True),
        ({"command": "vim my_python_host.py.txt"}, False),
        ({"environ": f"PATH=/bin\0{TOOL_MARK}=1"}, True),
        ({"environ": f"NOT_{TOOL_MARK}=1"}, False),
    ],
    ids=["a shell", "the host of tools", "an editor", "a marked one", "another variable"],
)
def test_whoever_stands_above_counts(tmp_path: Path, above: dict[str, str], below: bool) -> None:  # noqa: FBT001
    """However many processes lie between, whatever their names hold."""
    process(tmp_path, 10, 1, **above)
    process(tmp_path, 11, 10)
    process(tmp_path, 12, 11, command="python -m agentctl")
    assert is_below_tool(12, tmp_path) == below


def test_the_process_itself_counts(tmp_path: Path) -> None:
    """A tool that runs us in its own place."""
    process(tmp_path, 12, 1, environ=f"{TOOL_MARK}=1")
    assert is_below_tool(12, tmp_path)


def test_where_the_system_does_not_say_nothing_is_known(tmp_path: Path) -> None:
    """No process files: only the variable of the process itself is left, which the settings look at."""
    assert not is_below_tool(12, tmp_path)


def test_a_ring_of_processes_counts_as_a_tool(tmp_path: Path) -> None:
    """What no system shows is not trusted."""
    process(tmp_path, 12, 13)
    process(tmp_path, 13, 12)
    assert is_below_tool(12, tmp_path)
