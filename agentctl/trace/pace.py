"""Whether a run waits for the disk itself, or a thread does it for the run."""

from dataclasses import dataclass
from typing import ClassVar, Final

_QUICK_US: Final = 1_000
"""What takes less is waited for where it is asked for, if nobody else's run is kept waiting by that."""


@dataclass
class Pace:
    """How long one place on the disk took the last time; before the first, nobody knows that it will be quick."""

    open: ClassVar[int] = 0
    """How many runs have their journal open in this process."""

    took_us: int = _QUICK_US

    @property
    def is_waited_for(self) -> bool:
        """Whether a trip to a thread would probably take longer, and there is no other run to go on with."""
        return Pace.open == 1 and self.took_us < _QUICK_US
