"""The DuckDB index over all journals: filled in bulk, read under a lock, thrown away and rebuilt at will.

The journals are the truth. So nothing here may stop a run or hide one: a database that is missing, damaged, locked or of
another version is brought forward, rebuilt or gone round, and what it does not hold yet is read from the journals themselves.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentctl.foundation.clock import SystemClock
from agentctl.trace.disk import files_for_us_alone, make_private_folder
from agentctl.trace.file_lock import file_lock
from agentctl.trace.index.database import (
    OlderVersionError,
    OtherVersionError,
    bring_forward,
    create_everything,
    is_busy,
    is_full,
    opened,
)
from agentctl.trace.index.label_index import indexed_labels_mark, labels_mark, load_labels
from agentctl.trace.index.loading import Loaded, forget, load, note_dates, sweep
from agentctl.trace.index.looking import known_runs, look, quiet_dates
from agentctl.trace.index.reading import Reader, is_behind
from agentctl.trace.journals.journal_files import journals_in

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Tell: TypeAlias = Callable[[Loaded, int], None]
"""Is told of every batch that was loaded, and of how many journals there are to load in all."""

_WAIT_SECONDS = 0.5


class Ingested(Struct, frozen=True):
    """What became of bringing the database up to date.

    `busy`: somebody else has it open; `unavailable`: it cannot be made or written. Neither hides anything: readers look into
    the journals. `brought_from`: the older version that it was of, where it is not that any more.
    """

    state: Literal["done", "busy", "unavailable"]
    journals: int = 0
    records: int = 0
    detail: str = ""
    brought_from: int | None = None


def _say_nothing(loaded: Loaded, journals: int) -> None:
    """Say nothing: most who bring the index up to date do it on the way to something else."""


class Index:
    """The index of one project: a database file, and the journals it is made from."""

    def __init__(
        self,
        database: Path,
        journals: Path,
        *,
        wait_seconds: float = _WAIT_SECONDS,
        tell: Tell | None = None,
    ) -> None:
        self._tell = tell or _say_nothing
        self._database = database
        self._folder = journals
        self._wait = wait_seconds
        self._brought_from: int | None = None

    @property
    def brought_from(self) -> int | None:
        """The older version that the database was of until somebody asked here; None where it was ours, or was made anew."""
        return self._brought_from

    def ingest(self) -> Ingested:
        """Take over what the database does not hold yet.

        May be called by any number of processes at once, as often as they like. Trouble with the database is an answer,
        not an error.
        """
        if not self._database.exists() and not journals_in(self._folder) and not labels_mark(self._folder):
            return Ingested("done")
        return self._write(self._wait)

    def catch_up(self) -> None:
        """Take over what can be seen to be new at a glance: to ask the index alone is quicker than to ask it and journals.

        Where others have the database open nothing is done; who reads then looks into the journals.
        """
        with self.shared() as database:
            behind = database is not None and is_behind(database, self._folder)
        if behind:
            self.ingest()

    def rebuild(self, wait_seconds: float | None = None) -> Ingested:
        """Put the database aside and make it again from the journals alone.

        Somebody who asked for just that waits longer for those who read than one who comes by.
        """
        return self._write(self._wait if wait_seconds is None else wait_seconds, afresh=True)

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """Give a reader of the durable prefix of every journal; other readers may share the database meanwhile.

        What the reader had to fetch from journals is taken over into the database afterwards.
        """
        with self._reader() as reader:
            yield reader

    @contextmanager
    def glance(self) -> Iterator[Reader]:
        """Give a reader as `reader` does, but past what nobody writes to any more: see `looking.glance`."""
        with self._reader(at_a_glance=True) as reader:
            yield reader

    @contextmanager
    def _reader(self, *, at_a_glance: bool = False) -> Iterator[Reader]:
        if not self._database.exists():
            self.ingest()
        with ExitStack() as stack:
            reader = self._open(stack, at_a_glance=at_a_glance)
            yield reader
        if reader.found_damage:
            self.rebuild()
        elif reader.ahead:
            self.ingest()

    def _open(self, stack: ExitStack, *, at_a_glance: bool) -> Reader:
        """Open a reader; a database of an older version is brought forward first, for to go round it takes much longer."""
        try:
            return self._opened(stack, at_a_glance=at_a_glance, refuse_older=True)
        except OlderVersionError:
            stack.close()  # what is shared cannot be written
            self.ingest()
        return self._opened(stack, at_a_glance=at_a_glance)

    def _opened(self, stack: ExitStack, *, at_a_glance: bool, refuse_older: bool = False) -> Reader:
        database = stack.enter_context(self.shared())
        reader = Reader(database, self._folder, at_a_glance=at_a_glance, refuse_older=refuse_older)
        return stack.enter_context(reader)

    @contextmanager
    def shared(self) -> Iterator[Path | None]:
        """Share the database with other readers for the time of the block; None where it cannot be had."""
        with ExitStack() as stack:
            yield self._database if self._shared(stack) else None

    def _shared(self, stack: ExitStack) -> bool:
        try:
            return self._database.exists() and stack.enter_context(
                file_lock(self._lock_path, "shared", self._wait)
            )
        except OSError:
            return False

    @property
    def _lock_path(self) -> Path:
        return self._database.with_name(f"{self._database.name}.lock")

    def _write(self, wait_seconds: float, *, afresh: bool = False) -> Ingested:
        try:
            make_private_folder(self._database.parent)
            with file_lock(self._lock_path, "exclusive", wait_seconds) as held:
                if not held:
                    return Ingested("busy", detail="another process is using the database")
                done = self._write_alone(afresh=afresh)
        except OSError as error:
            return Ingested("unavailable", detail=error.strerror or str(error))
        self._brought_from = done.brought_from or self._brought_from
        return done

    def _write_alone(self, *, afresh: bool) -> Ingested:
        from agentctl.trace.index.engine import duckdb  # noqa: PLC0415 - a tenth of a second that only readers and ingesters pay

        if afresh:
            self._set_aside()
        try:
            return _bring_up_to_date(self._database, self._folder, self._tell)
        except (duckdb.Error, OtherVersionError) as error:
            if is_busy(error):
                return Ingested("busy", detail="another program has the database open")
            if is_full(error):
                return _unavailable(error)
        self._set_aside()
        try:
            return _bring_up_to_date(self._database, self._folder, self._tell)
        except duckdb.Error as error:
            return _unavailable(error)

    def _set_aside(self) -> None:
        """Move the database away, not delete it: somebody may have given its name to a file of their own."""
        for path, aside in zip(_files(self._database), put_aside(self._database), strict=True):
            if path.exists():
                path.replace(aside)


def put_aside(database: Path) -> tuple[Path, ...]:
    """Return where the files of a database lie that was moved away."""
    return _files(database.with_name(f"{database.name}.aside"))


def _files(database: Path) -> tuple[Path, ...]:
    """Return the file of a database, and the one of what was last written to it."""
    return database, database.with_name(f"{database.name}.wal")


def _unavailable(error: Exception) -> Ingested:
    return Ingested("unavailable", detail=str(error).splitlines()[0])


def _bring_up_to_date(database: Path, folder: Path, tell: Tell) -> Ingested:
    """Make the database hold exactly what the journals hold, and nothing else."""
    new = not database.exists()
    with files_for_us_alone(), opened(str(database)) as connection:
        # A batch is too small to be shared out: more threads only wait for each other. Another core reads and checks ahead.
        connection.execute("SET threads = 1")
        brought_from = None
        if new or not connection.execute("FROM duckdb_tables() LIMIT 1").fetchall():
            database.chmod(0o600)  # one that stood there empty may be open to everybody
            create_everything(connection)
        else:
            brought_from = bring_forward(connection)
        done = _take_journals(connection, folder, tell)
        labels = labels_mark(folder)
        if labels != indexed_labels_mark(connection, "main"):
            load_labels(connection, folder, labels)
    return replace(done, brought_from=brought_from)


def _take_journals(connection: "DuckDBPyConnection", folder: Path, tell: Tell) -> Ingested:
    # Before anything is looked at: what changes since then differs.
    quiet = quiet_dates(folder, SystemClock())
    seen = look(connection, "main", folder)
    known = known_runs(connection, "main", seen.changed)
    if seen.gone:
        forget(connection, seen.gone)
    records, left = 0, len(seen.changed)
    for loaded in load(connection, seen.changed, known):
        records, left = records + loaded.records, left - loaded.journals
        if not left:  # with the last batch, for another transaction would wait for the disk once more
            note_dates(connection, quiet)
        tell(loaded, len(seen.changed))
    if not seen.changed:
        connection.begin()
        note_dates(connection, quiet)
        connection.commit()
    if known or seen.gone:  # something was forgotten
        sweep(connection)
    return Ingested("done", len(seen.changed), records)
