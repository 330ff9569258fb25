"""`agentctl replay`."""
