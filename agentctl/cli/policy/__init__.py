"""`agentctl policy`."""
