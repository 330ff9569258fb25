"""Where control journals lie, and how far each had got; for all who need no more of them than that."""

from pathlib import Path

from agentctl.foundation.canonical import Limits, NotJson, parse_json
from agentctl.foundation.errors import IntegrityError
from agentctl.trace.disk import read_plain_file

CONTROL = "control"
"""Who may answer with which key. The name stands in the place of a run's id; no run can have it."""

LABELS = "labels"
"""What people think of runs: a journal of its own, for there may be very many, and no run needs them to go on."""

_MARK_LIMITS = Limits(max_bytes=512)


def control_path(folder: Path, name: str) -> Path:
    """Return the file of a control journal below the folder of journals."""
    return folder / CONTROL / f"{name}.jsonl"


def control_mark(path: Path) -> tuple[int, str] | None:
    """Return the number and the hash of the record that a control journal had got to at least; None where nobody noted it.

    Raises:
        IntegrityError: the note cannot be read, or is none.
    """
    try:
        mark = parse_json(read_plain_file(path, _MARK_LIMITS.max_bytes), _MARK_LIMITS)
    except FileNotFoundError:
        return None
    except (OSError, NotJson) as error:
        raise IntegrityError(f"{path} cannot be read: {error}") from error
    match mark:
        case {"seq": int(seq), "hash": str(digest)}:
            return seq, digest
        case _:
            raise IntegrityError(f"{path} does not say how far the control journal had got")
