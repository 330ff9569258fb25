"""How a process is known to run below one of our `python` tools.

This stops a tool that types our own commands; it is no boundary. A tool runs under the user of whoever started the run,
and what it starts can leave the place where it is looked for. Keys that it cannot unlock are the boundary.
"""

import re
from pathlib import Path

TOOL_MARK = "AGENTCTL_BELOW_TOOL"
"""The variable that every process of a tool begins with."""

_HOST = "python_host.py"
_PROCESSES = Path("/proc")
_DEEPEST = 256
_PARENT = re.compile(r"\) [A-Za-z] (\d+) ")


def is_below_tool(process: int, processes: Path = _PROCESSES) -> bool:
    """Return whether a process, or one of those that started it, is a tool's; False where the system does not say."""
    for _ in range(_DEEPEST):
        folder = processes / str(process)
        if _is_tool(folder):
            return True
        process = _parent(folder)
        if process < 1:
            return False
    return True


def _is_tool(folder: Path) -> bool:
    """Return whether a process is the host of tools, or began with the mark; both are hard to take off afterwards."""
    arguments = _read(folder / "cmdline").split(b"\0")
    if any(Path(argument.decode("utf-8", "replace")).name == _HOST for argument in arguments):
        return True
    began_with = _read(folder / "environ").split(b"\0")
    return any(variable.startswith(f"{TOOL_MARK}=".encode()) for variable in began_with)


def _parent(folder: Path) -> int:
    text = _read(folder / "stat").decode("utf-8", "replace")
    found = _PARENT.match(text[max(text.rfind(")"), 0) :])
    return int(found[1]) if found else 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
