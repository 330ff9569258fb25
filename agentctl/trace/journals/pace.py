"""How quick a disk is, as the last sync found it."""

from dataclasses import dataclass
from typing import Final

_QUICK_US: Final = 1_000
"""A sync that takes less is waited for where it is asked for, if nobody else's run is kept waiting by that."""


@dataclass
class Pace:
    """How long the last sync took, for all journals of one place; before the first, nobody knows that it will be quick."""

    took_us: int = _QUICK_US

    @property
    def is_quick(self) -> bool:
        """Whether a trip to a thread would take longer than the next sync probably does."""
        return self.took_us < _QUICK_US
