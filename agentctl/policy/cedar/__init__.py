"""Cedar, in process."""
