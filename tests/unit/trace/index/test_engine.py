"""Readers load DuckDB's engine alone, and get on with a release that keeps it elsewhere."""

import importlib
import sys

import duckdb
import pytest

from agentctl.trace.index import engine


def test_errors_and_connections_are_those_of_the_package() -> None:
    """Who catches an error of the package catches one of the engine."""
    assert engine.duckdb.Error is duckdb.Error
    assert engine.duckdb.DuckDBPyConnection is duckdb.DuckDBPyConnection
    assert engine.duckdb.__version__ == duckdb.__version__


def test_where_there_is_no_engine_by_that_name_the_package_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the engine's module is DuckDB's own affair."""
    loaded = engine.duckdb
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "_duckdb", None)
        assert importlib.reload(engine).duckdb is duckdb
    assert importlib.reload(engine).duckdb is loaded
