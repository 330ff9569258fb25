"""Driving a recorded run again on its tape, and comparing two runs: what is the same, where they part, and why."""
