"""What holds across runs, in one SQLite file: which effects were already caused, and by which call."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from agentctl.foundation.errors import JournalUnavailable
from agentctl.trace.disk import make_private_folder

_BUSY_SECONDS = 10
_SCHEMA = "create table if not exists effects (scope text, effect_key text, call text not null, primary key (scope, effect_key))"


class SqliteLedger:
    """The effects of a project. A scope is a world that effects happen in: `live`, or one sandbox ledger."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def claim(self, scope: str, effect_key: str, call: str) -> str | None:
        """Claim an effect for a call, durably; return None when it is ours, else the call that holds it.

        Raises:
            JournalUnavailable: the file cannot be written.
        """
        with self._transaction() as database:
            database.execute("insert or ignore into effects values (?, ?, ?)", (scope, effect_key, call))
            row = database.execute(
                "select call from effects where scope = ? and effect_key = ?", (scope, effect_key)
            ).fetchone()
        return None if row[0] == call else str(row[0])

    def release(self, scope: str, effect_key: str, call: str) -> None:
        """Give an effect back because it certainly did not happen; only its holder can.

        Raises:
            JournalUnavailable: the file cannot be written.
        """
        with self._transaction() as database:
            database.execute(
                "delete from effects where scope = ? and effect_key = ? and call = ?",
                (scope, effect_key, call),
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            make_private_folder(self._path.parent)
            with closing(
                sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            ) as database:
                database.execute("pragma synchronous = extra")  # `full` leaves the commit itself unsynced
                database.execute(_SCHEMA)
                database.execute("begin immediate")
                yield database
                database.execute("commit")
        except (sqlite3.Error, OSError) as error:
            raise JournalUnavailable(f"the ledger {self._path} cannot be written: {error}") from error
