"""`agentctl approvals`."""
