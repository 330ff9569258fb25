"""Writes down the index that this code makes of the recorded journals. Run once per version, before it becomes another.

Usage: python tests/recorded/index/record.py
"""

import sys
import tempfile
from pathlib import Path

import duckdb

REPOSITORY = Path(__file__).parents[3]
sys.path.insert(0, str(REPOSITORY))

from agentctl.trace.index.database import SCHEMA_VERSION  # noqa: E402 - found only with the line above
from agentctl.trace.index.store import Index  # noqa: E402
from tests.fakes.recorded_index import lay_journals, written_down  # noqa: E402


def main() -> None:
    """Write the index down, beside this file."""
    target = Path(__file__).with_name(f"v{SCHEMA_VERSION}.sql")
    if target.exists():
        raise SystemExit(f"{target} was recorded; a version is not recorded again")
    work = Path(tempfile.mkdtemp())
    lay_journals(work / "journal")
    Index(work / "index.duckdb", work / "journal").ingest()
    with duckdb.connect(str(work / "index.duckdb")) as connection:
        target.write_text("\n".join(written_down(connection)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
