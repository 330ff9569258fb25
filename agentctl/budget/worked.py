"""How long a run has been worked on: a pure fold over its records.

What counts is the time between two records of the same writer, on that writer's own clock, which nobody can turn. So the
time between one process and the next does not count, nor that in which a person in this process made up their mind.
"""

from decimal import Decimal

from msgspec import Struct

from agentctl.events.approval import ApprovalAnswered, ReviewerRecord
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import RunSuspended


class Worked(Struct, frozen=True):
    """What was counted up to the last record, in microseconds; which writer wrote that record, and when on its clock."""

    counted_us: int = 0
    epoch: int = 0
    mono_us: int = 0

    def seconds(self, epoch: int, mono_us: int) -> Decimal:
        """Return the seconds worked up to a moment on a writer's clock; before its first record a writer has done nothing."""
        return Decimal(f"{self.counted_us + self.since_last(epoch, mono_us)}e-6")

    def since_last(self, epoch: int, mono_us: int) -> int:
        """Return the microseconds since the last record on a writer's clock; 0 where another writer wrote it."""
        return max(0, mono_us - self.mono_us) if epoch == self.epoch else 0


def evolve_worked(worked: Worked, record: Record) -> Worked:
    """Return the time after one record."""
    gone = 0 if _was_waited_for(record.event) else worked.since_last(record.epoch, record.mono_us)
    return Worked(worked.counted_us + gone, record.epoch, record.mono_us)


def _was_waited_for(event: AnyEvent) -> bool:
    """Whether a person was waited for before this: they answered here, or left the run to wait for somebody else."""
    match event:
        case ApprovalAnswered(message=None, reviewer=ReviewerRecord(kind="person")):
            return True
        case RunSuspended(reason="approval"):
            return True
        case _:
            return False
