"""Whether a call whose outcome nobody knows may be made again: pure."""

from datetime import timedelta

from agentctl.contract.tool import ToolDescriptor
from agentctl.foundation.clock import from_rfc3339
from agentctl.gateway.state import CallState


def why_not_again(descriptor: ToolDescriptor, call: CallState | None, now: str) -> str | None:
    """Return why a call of unknown outcome must not be attempted again; None when it may."""
    if call is None:  # a reviewer's look-up: it only reads
        return None
    match descriptor.retry:
        case "safe":
            return None
        case "never":
            return None if call.retry_ordered else "this tool is never retried (`retry: never`)"
        case "keyed":
            window = timedelta(seconds=descriptor.key_window_seconds)
            if from_rfc3339(now) < from_rfc3339(call.first_intent_at) + window:
                return None
            return f"its idempotency key is older than the {descriptor.key_window_seconds} s the server honours it"
