"""`agentctl audit`."""
