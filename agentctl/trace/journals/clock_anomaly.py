"""Whether the wall clock went back behind what is on record: pure."""

from datetime import datetime

from agentctl.events.run import TOLERATED_BEHIND_SECONDS, ClockAnomaly
from agentctl.foundation.clock import from_rfc3339, to_rfc3339


def clock_anomaly(last: str, now: datetime) -> ClockAnomaly | None:
    """Return that the clock is behind a record's time (RFC 3339); None where it is not, or by no more than is tolerated."""
    behind = (from_rfc3339(last) - now).total_seconds()
    if behind <= TOLERATED_BEHIND_SECONDS:
        return None
    return ClockAnomaly(wall=to_rfc3339(now), behind_seconds=behind)
