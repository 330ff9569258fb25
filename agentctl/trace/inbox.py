"""The inbox as files: `traces/inbox/<run>/<id>.json`, each created once."""

from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from agentctl.foundation.canonical import Limits, NotCanonical, NotJson, canonical_bytes, parse_json
from agentctl.foundation.errors import JournalUnavailable
from agentctl.foundation.ids import is_run_id
from agentctl.trace.disk import make_private_folder, read_owned_file, write_once
from agentctl.trace.message import Message
from agentctl.trace.ports import Received, Unreadable

_LIMITS = Limits(max_bytes=2 << 20)


class FileInbox:
    """The inboxes of all runs, one folder each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def post(self, message: Message) -> None:
        """Leave a message for the run's writer, durably, once.

        Raises:
            JournalUnavailable: the disk refused.
        """
        box = self._folder / message.run
        try:
            make_private_folder(box)
            write_once(box / f"{message.id}.json", canonical_bytes(message.model_dump(mode="json")) + b"\n")
        except OSError as error:
            raise JournalUnavailable(
                f"the message cannot be left in {box}: {error.strerror or error}"
            ) from error

    def read(self, run: str) -> tuple[Received | Unreadable, ...]:
        """Return everything that lies in a run's inbox, in the order of writing; what is no message is named."""
        paths = sorted((self._folder / run).glob("[!.]*.json")) if is_run_id(run) else []
        return tuple(sorted((_read(path, run) for path in paths), key=_order))


@lru_cache(maxsize=1)
def _messages() -> TypeAdapter[Message]:
    """Return what reads a message; made when one lies there."""
    return TypeAdapter(Message)


def _read(path: Path, run: str) -> Received | Unreadable:
    try:
        data, uid = read_owned_file(path, _LIMITS.max_bytes)
        message = _messages().validate_python(parse_json(data, _LIMITS))
        message.signed_bytes()  # what has no such bytes cannot be judged later either
    except (OSError, NotJson, NotCanonical, ValidationError) as error:
        return Unreadable(path.stem, f"not a message: {str(error).splitlines()[0]}")
    if message.id != path.stem or message.run != run:
        return Unreadable(path.stem, "the message says it belongs elsewhere")
    return Received(message, uid)


def _order(item: Received | Unreadable) -> tuple[str, str]:
    return ("", item.id) if isinstance(item, Unreadable) else (item.message.at, item.message.id)
