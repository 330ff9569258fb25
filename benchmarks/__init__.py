"""Measurements of the program beside floors and peers; run as modules: `python -m benchmarks.runs`."""
