"""A store of a few runs, asked as the command asks it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentctl.audit.asking import Answer, Bounds, Question, ask
from agentctl.foundation.canonical import JsonValue
from tests.fakes.journals import refund_story, run_id, write_journal

Asked = Callable[..., Answer]


@dataclass(frozen=True)
class Store:
    """Journals, and where their index is."""

    folder: Path

    @property
    def journals(self) -> Path:
        """Where the journals lie."""
        return self.folder / "journal"

    @property
    def database(self) -> Path:
        """Where the index is."""
        return self.folder / "agentctl.duckdb"

    def ask(self, sql: str, *, kind: str | None = "live", seconds: float = 20, rows: int = 1_000) -> Answer:
        """Ask in SQL."""
        return ask(self.database, self.journals, Question(sql, {}, kind, Bounds(seconds=seconds, rows=rows)))

    def rows(self, sql: str) -> list[list[JsonValue]]:
        """Return the rows of an answer."""
        return self.ask(sql).rows


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three runs, none of them in an index yet."""
    store = Store(tmp_path)
    for number in range(3):
        write_journal(store.journals, run_id(number), refund_story(run_id(number)))
    return store
