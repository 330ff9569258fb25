"""Labels in the index. Their journal is taken in whole whenever it was written to, so nobody else has to read it."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from agentctl.trace.index.links import Links
from agentctl.trace.index.query_texts import query_text
from agentctl.trace.journals.control_files import LABELS, control_path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LabelsMark: TypeAlias = tuple[int, int] | None
"""Size in bytes and moment of the last write in nanoseconds; None where there is no journal of labels."""


def labels_mark(folder: Path) -> LabelsMark:
    """Return how the journal of labels below the folder of journals stands."""
    try:
        seen = control_path(folder, LABELS).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return seen.st_size, seen.st_mtime_ns


def indexed_labels_mark(connection: "DuckDBPyConnection", where: str) -> LabelsMark:
    """Return how the journal of labels stood when it was taken in."""
    found = connection.execute(f"SELECT size, changed FROM {where}.labels_journal").fetchall()  # noqa: S608 - our own word
    return (int(found[0][0]), int(found[0][1])) if found else None


def load_labels(connection: "DuckDBPyConnection", folder: Path, mark: LabelsMark) -> None:
    """Take the labels in where the connection stands, in the place of what is there, as one transaction."""
    content, links = _content(folder) if mark else b"", Links()
    records = links.take(LABELS, content)
    connection.begin()
    connection.execute("DELETE FROM labels; DELETE FROM labels_journal")
    connection.execute(query_text("load_labels"), links.columns)
    if mark:
        connection.execute(
            "INSERT INTO labels_journal VALUES (?, ?, ?, ?)", [*mark, content.count(b"\n"), records]
        )
    connection.commit()


def _content(folder: Path) -> bytes:
    """Return what is in the journal; one that cannot be read, or is a link to who knows what, has one line that is no record."""
    path = control_path(folder, LABELS)
    try:
        return b"\n" if path.is_symlink() else path.read_bytes()
    except OSError:
        return b"\n"
