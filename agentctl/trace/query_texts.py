"""The SQL of this room, as files beside it."""

from functools import cache
from importlib.resources import files


@cache
def query_text(name: str) -> str:
    """Return the text of `queries/<name>.sql`."""
    return (files("agentctl.trace") / "queries" / f"{name}.sql").read_text(encoding="utf-8")
