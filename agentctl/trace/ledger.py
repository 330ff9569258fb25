"""What holds across runs, in one SQLite file: which effects were already caused, and by which call."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from agentctl.foundation.clock import Clock, SystemClock
from agentctl.foundation.errors import JournalUnavailable
from agentctl.trace.disk import make_private_folder
from agentctl.trace.pace import Pace

_BUSY_SECONDS = 10
_SCHEMA = "create table if not exists effects (scope text, effect_key text, call text not null, primary key (scope, effect_key))"


class SqliteLedger:
    """The effects of a project. A scope is a world that effects happen in: `live`, or one sandbox ledger.

    The file stays open between claims: opening it takes longer than a claim. Threads take turns.
    """

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._pace = Pace()
        self._turn = threading.Lock()
        self._open: _Opened | None = None

    @property
    def is_waited_for(self) -> bool:
        """Whether a run that is alone waits for its next claim itself: the last was quicker than a trip to a thread."""
        return self._pace.is_waited_for

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

    def close(self) -> None:
        """Give the file back; the next claim opens it again."""
        with self._turn:
            self._close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        begun = self._clock.monotonic_ns()
        with self._turn:
            try:
                database = self._database()
                database.execute("begin immediate")
                yield database
                database.execute("commit")
                self._pace.took_us = (self._clock.monotonic_ns() - begun) // 1_000
            except (sqlite3.Error, OSError) as error:
                self._close()
                raise JournalUnavailable(f"the ledger {self._path} cannot be written: {error}") from error
            except BaseException:
                self._close()  # and with it the transaction
                raise

    def _database(self) -> sqlite3.Cursor:
        """Return the cursor into the file that has the ledger's name now, and not to one that was put away."""
        if self._open is None or self._open.file != _identity(self._path):
            self._close()
            make_private_folder(self._path.parent)
            database = _connected(self._path)
            self._open = _Opened(database, database.cursor(), _identity(self._path))
        return self._open.cursor

    def _close(self) -> None:
        if self._open is not None:
            self._open.database.close()
            self._open = None


class _Opened(Struct, frozen=True):
    """A connection with its one cursor (it would remember each of many for a while), and which file it leads to."""

    database: sqlite3.Connection
    cursor: sqlite3.Cursor
    file: tuple[int, int] | None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _connected(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        with suppress(
            sqlite3.OperationalError
        ):  # others have it open in the old way, or the disk cannot do it
            database.execute("pragma journal_mode = wal")  # one sync for a claim, not five
        database.execute("pragma synchronous = extra")  # `full` leaves the commit itself unsynced
        database.execute(_SCHEMA)
    except BaseException:
        database.close()
        raise
    return database
