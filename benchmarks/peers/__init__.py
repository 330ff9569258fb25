"""Peers doing the same work, each with its tracing on, in a virtual environment of its own: `python -m benchmarks.peers`."""
