"""How people name runs: by the beginning of an id, or as `latest`; pure."""

from collections.abc import Sequence

from agentctl.foundation.errors import UsageError

LATEST = "latest"
"""What a person writes for the newest run."""

_CANDIDATES = 10


def run_named(runs: Sequence[str], name: str) -> str:
    """Return the one run, of all of them by age, that a name stands for.

    Raises:
        UsageError: there is none, or more than one.
    """
    if name == LATEST:
        return the_one(runs[-1:], name)
    return the_one([run for run in reversed(runs) if name and run.startswith(name.upper())], name)


def the_one(found: Sequence[str], name: str) -> str:
    """Return the only run that was found for a name.

    Raises:
        UsageError: there is none, or more than one.
    """
    if not found:
        raise UsageError(
            f"there is no run `{name[:80]}`",
            "the beginning of an id that `agentctl runs list` shows, or `latest`",
        )
    if len(found) > 1:
        raise UsageError(
            f"`{name[:80]}` is the beginning of several runs", f"one of {', '.join(found[:_CANDIDATES])}"
        )
    return found[0]
