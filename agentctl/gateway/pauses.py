"""How long to wait before asking again: pure."""

_FIRST_SECONDS = 0.2


def pause_before(attempt: int, retry_after: float | None, longest: float) -> float:
    """Return the seconds to wait after an attempt (counted from 1): as the other side said, else twice as long each time."""
    wanted = _FIRST_SECONDS * 2 ** (attempt - 1) if retry_after is None else retry_after
    return min(max(wanted, 0.0), longest)
