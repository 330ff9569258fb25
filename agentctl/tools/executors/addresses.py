"""Where requests may go; kept as a name for what stands in the foundation."""

from agentctl.foundation.addresses import AddressRefused, BackendAddress, is_allowed, why_refused
from agentctl.foundation.resolver import CheckedResolver

__all__ = ["AddressRefused", "BackendAddress", "CheckedResolver", "is_allowed", "why_refused"]
