"""Which model answers a step, and why: pure functions of contract, environment and facts."""
