"""The SQL of this room, as files beside it."""

from functools import cache
from importlib.resources import files


@cache
def query_text(name: str) -> str:
    """Return the text of `queries/<name>.sql`."""
    return (files("agentctl.trace.index") / "queries" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def query_names(folder: str) -> tuple[str, ...]:
    """Return the names of the files in `queries/<folder>/`, sorted."""
    found = (files("agentctl.trace.index") / "queries" / folder).iterdir()
    return tuple(sorted(file.name.removesuffix(".sql") for file in found if file.name.endswith(".sql")))
