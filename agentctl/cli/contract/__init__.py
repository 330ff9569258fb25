"""`agentctl contract`."""
