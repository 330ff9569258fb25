"""Journals that are not damaged, only of a version that nobody here reads."""

from pathlib import Path
from typing import TYPE_CHECKING

from agentctl.events.form import READABLE_VERSIONS
from agentctl.foundation.canonical import NotJson, parse_json

if TYPE_CHECKING:
    from agentctl.trace.index.reading import Damage


def unknown_version(folder: Path, harm: "Damage") -> int | None:
    """Return the version of a journal's first record that does not hold, if it is that of another agentctl.

    Args:
        folder: where journals lie.
        harm: what an index found of the journal.
    """
    from agentctl.trace.journals.chain import LINE_LIMITS  # noqa: PLC0415 - loads every event, and few journals are damaged

    try:
        lines = (folder / harm.path).read_bytes().splitlines()
        body = parse_json(lines[harm.records], LINE_LIMITS)
    except (OSError, NotJson, IndexError):  # gone by now, or no record of any version
        return None
    version = body.get("v") if isinstance(body, dict) else None
    return version if isinstance(version, int) and version not in READABLE_VERSIONS else None
