"""What the rooms above may ask of storage. On one machine these are files; on many they will be a database."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from agentctl.events.record import AnyEvent, Record
from agentctl.foundation.canonical import JsonValue
from agentctl.trace.message import Message


class Journal(Protocol):
    """The writer's end of one run: there is one writer at a time."""

    @property
    def run(self) -> str:
        """The run's id."""
        ...

    @property
    def epoch(self) -> int:
        """Counts the writers of this run, from 1."""
        ...

    def append(
        self, events: Sequence[AnyEvent], sealed: Mapping[str, str] | None = None
    ) -> tuple[Record, ...]:
        """Write events in one piece, not yet durable; never waits, so a caller's section stays uninterrupted.

        Raises:
            JournalUnavailable: the disk refused; nothing more may be executed.
        """
        ...

    async def sync(self) -> None:
        """Return when everything appended before this call is durable; concurrent callers share one sync.

        Raises:
            JournalUnavailable: the disk refused; it is never tried again.
        """
        ...

    def close(self) -> None:
        """Give up being the writer."""
        ...


class Acquired(Struct, frozen=True):
    """A journal that is ours to write, what stands in it, and what was found wrong with its tail."""

    journal: Journal
    records: tuple[Record, ...]
    repairs: tuple[AnyEvent, ...] = ()


class Journals(Protocol):
    """All journals of a project."""

    def create(self, run: str) -> Journal:
        """Begin a new run's journal and become its writer."""
        ...

    def acquire(self, run: str) -> Acquired:
        """Become the writer of an existing run.

        Raises:
            LockedError: another process is.
            IntegrityError: the journal is not what was written.
            UsageError: there is no such run.
        """
        ...

    def read(self, run: str) -> tuple[Record, ...]:
        """Return the durable prefix of a run without becoming its writer."""
        ...

    def is_held(self, run: str) -> bool:
        """Return whether somebody is the run's writer now."""
        ...

    def is_stopped(self, run: str) -> bool:
        """Return whether a run that is neither finished nor suspended has no writer any more."""
        ...

    def runs(self) -> tuple[str, ...]:
        """Return the ids of all runs, oldest first."""
        ...


class SealedValues(Protocol):
    """The values of one run that must not be written down, and the placeholders that stand for them."""

    def redact(self, value: JsonValue, *, trusted_placeholders: bool = False) -> JsonValue:
        """Return a value with placeholders for what must not be written; with trust, placeholders of this run stay."""
        ...

    def restore(self, value: JsonValue) -> JsonValue:
        """Return a value with every known placeholder replaced by what it stands for."""
        ...

    def restore_text(self, text: str) -> str:
        """Return text with every known placeholder replaced by the text of its value."""
        ...

    def flush(self) -> Mapping[str, str]:
        """Make new values durable and return the keyed digest of each, by placeholder."""
        ...

    def bound_digest(self, value: JsonValue) -> str:
        """Return the digest of a redacted value: of its placeholder form and the keyed digest of each sealed value."""
        ...

    def missing(self, value: JsonValue) -> frozenset[str]:
        """Return the placeholders in a value whose values are gone; never execute with one of them."""
        ...

    def destroy(self) -> None:
        """Forget all values."""
        ...


class Objects(Protocol):
    """Content by digest: contracts, descriptors, environments, instructions, code."""

    def put(self, data: bytes) -> str:
        """Store bytes durably and return their digest."""
        ...

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest.

        Raises:
            IntegrityError: they are missing, or are not what the digest says.
        """
        ...


class Unreadable(Struct, frozen=True):
    """A file in the inbox that is not a message; `more` are further reasons, where several are known."""

    id: str
    reason: str
    more: tuple[str, ...] = ()


class Received(Struct, frozen=True):
    """A message, and the user of the machine whose file it is."""

    message: Message
    uid: int


class Inbox(Protocol):
    """What others say to a run. Only the journal counts; this is the way into it."""

    def post(self, message: Message) -> None:
        """Leave a message for the run's writer, durably, once."""
        ...

    def read(self, run: str) -> tuple[Received | Unreadable, ...]:
        """Return everything that lies in a run's inbox, oldest first."""
        ...


class Ledger(Protocol):
    """What holds across runs: which effects were already caused."""

    @property
    def is_waited_for(self) -> bool:
        """Whether the next word with it is waited for where it is asked for; else a thread does that."""
        ...

    def claim(self, scope: str, effect_key: str, call: str) -> str | None:
        """Claim an effect for a call; return None when it is ours, else the call that holds it."""
        ...

    def release(self, scope: str, effect_key: str, call: str) -> None:
        """Give an effect back because it certainly did not happen."""
        ...
