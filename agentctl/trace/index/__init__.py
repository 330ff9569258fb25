"""The DuckDB index over all journals, and everything that is asked of it."""
