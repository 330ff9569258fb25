"""DuckDB's engine without what its package lays round it; only readers and ingesters load this.

Most of the tenth of a second that the package takes goes into forms of questions that are not SQL, and nobody here asks any.
Connections and errors are the same in both. A release that keeps its engine elsewhere is loaded as a whole.
"""

from typing import TYPE_CHECKING

__all__ = ["duckdb"]

if TYPE_CHECKING:
    import duckdb
else:
    try:
        import _duckdb as duckdb
    except ImportError:
        import duckdb
