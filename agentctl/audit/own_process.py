"""How processes of this room are started: a module of ours in an interpreter of its own, which takes nothing from around it."""

import sys
from pathlib import Path

_PACKAGE = str(Path(__file__).parents[2])


def command_of(module: str) -> tuple[str, ...]:
    """Return the command that runs the `main` of one of our modules; what is put behind it begins at `sys.argv[2]`."""
    start = f"import sys; sys.path.insert(0, sys.argv[1]); from {module} import main; main()"
    return (sys.executable, "-I", "-B", "-X", "utf8", "-c", start, _PACKAGE)
