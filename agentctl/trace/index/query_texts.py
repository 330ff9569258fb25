"""The SQL of this room, as files beside it."""

from functools import cache
from pathlib import Path

_QUERIES = Path(__file__).with_name("queries")


@cache
def query_text(name: str) -> str:
    """Return the text of `queries/<name>.sql`."""
    return Path(_QUERIES, f"{name}.sql").read_text(encoding="utf-8")


@cache
def query_names(folder: str) -> tuple[str, ...]:
    """Return the names of the files in `queries/<folder>/`, sorted."""
    return tuple(sorted(file.stem for file in Path(_QUERIES, folder).iterdir() if file.suffix == ".sql"))
