"""What `agentctl doctor` says of what it saw."""
