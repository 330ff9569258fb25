"""How this command is typed here, so that the lines we print can be typed as they stand."""

import shutil
import sys
from pathlib import Path


def program() -> str:
    """Return `agentctl`, or the path to it where the shell would not find it."""
    called = Path(sys.argv[0])
    if called.name != "agentctl" or shutil.which("agentctl") is not None:
        return "agentctl"
    here = Path.cwd()
    return str(called.relative_to(here)) if called.is_relative_to(here) else str(called)
