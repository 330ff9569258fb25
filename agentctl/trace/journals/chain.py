"""The hash chain: how a record becomes a line, and what a line must be to be believed.

A record's hash is SHA-256 over a zero byte and the record's canonical bytes without the hash: the leaf hash of
RFC 6962, so the chain's links are Merkle leaves as well.
"""

import hashlib

from msgspec import Struct
from msgspec.structs import replace
from pydantic import ValidationError

from agentctl.events.form import GENESIS, READABLE_VERSIONS
from agentctl.events.record import EVENT_TYPES, AnyEvent, Record, body_of, canonical_body
from agentctl.foundation.canonical import (
    MAX_DEPTH,
    JsonValue,
    Limits,
    NotCanonical,
    NotJson,
    canonical_bytes,
    is_perhaps_beyond,
    parse_json,
    refuse_size,
)
from agentctl.foundation.clock import from_rfc3339
from agentctl.foundation.errors import IntegrityError

LINE_LIMITS = Limits(max_bytes=64 << 20, max_depth=MAX_DEPTH + 8, max_nodes=1_000_000)
"""More than any record needs: arguments and results at their own limits, every byte escaped, some levels down."""

_AFTER_HASH = b',"mono_us":'
"""What stands behind the hash in every line: keys are sorted."""

_FIELDS = frozenset({"v", "run", "seq", "epoch", "time", "mono_us", "type", "data", "sealed", "prev"})


class Head(Struct, frozen=True):
    """The end of a chain: what the next record follows."""

    seq: int = -1
    epoch: int = 0
    time: str = ""
    hash: str = GENESIS


def linked(draft: Record) -> tuple[Record, bytes]:
    """Return a record with its own hash, and its line; `parse_line` gives the same record back.

    Raises:
        NotCanonical: the event holds something that has no canonical form.
        NotJson: the line would be larger or deeper than a reader takes.
    """
    data = canonical_body(draft)
    record = replace(draft, hash=_hash_over(data))
    line = _with_hash(data, record.hash)
    if is_perhaps_beyond(line, LINE_LIMITS):
        refuse_size(body_of(draft), LINE_LIMITS)
    if len(line) > LINE_LIMITS.max_bytes:
        raise NotJson(f"{len(line)} bytes, more than the {LINE_LIMITS.max_bytes} allowed")
    return record, line


def line_of(record: Record) -> bytes:
    """Return a record's line in the journal, with its newline."""
    return _with_hash(canonical_body(record), record.hash)


def hash_of(body: dict[str, JsonValue]) -> str:
    """Return the hash of a record's body, in hex."""
    return _hash_over(canonical_bytes(body))


def _hash_over(body: bytes) -> str:
    return hashlib.sha256(b"\x00" + body).hexdigest()


def _with_hash(body: bytes, own_hash: str) -> bytes:
    """Return the line of a body with its hash, which is of hex digits, with its newline."""
    place = body.rfind(_AFTER_HASH)  # inside a text the quotes would be escaped
    return b'%b,"h":"%b"%b\n' % (body[:place], own_hash.encode(), body[place:])


def parse_line(line: bytes) -> Record:
    """Return the record of one line whose own hash holds; its place in the chain is not checked.

    Raises:
        NotJson: the line is not a JSON object at all.
        IntegrityError: it is one, but not one we wrote.
    """
    body = parse_json(line, LINE_LIMITS)
    if not isinstance(body, dict):
        raise NotJson("not a JSON object")
    claimed = body.pop("h", None)
    version = body.get("v")
    if version not in READABLE_VERSIONS or isinstance(version, bool):
        known = ", ".join(map(str, READABLE_VERSIONS))
        raise IntegrityError(
            f"journal version {version!r} is not known here; accepted: {known}; a newer agentctl may know it"
        )
    if body.keys() != _FIELDS:
        raise IntegrityError(f"the record's fields are not those of journal version {version}")
    if not _is_hashed_so(body, claimed, line):
        raise IntegrityError("the record's bytes are not the bytes its hash was made of")
    return _record(body, str(claimed))


def _is_hashed_so(body: dict[str, JsonValue], claimed: JsonValue, line: bytes) -> bool:
    if not isinstance(claimed, str):
        return False
    try:
        data = canonical_bytes(body)
    except NotCanonical:
        return False
    return _hash_over(data) == claimed and _with_hash(data, claimed) == line.removesuffix(b"\n") + b"\n"


def _record(body: dict[str, JsonValue], own_hash: str) -> Record:
    kind = EVENT_TYPES.get(str(body["type"]))
    if kind is None:
        raise IntegrityError(f"the event `{body['type']}` is not known in journal version {body['v']}")
    try:
        event: AnyEvent = kind.model_validate(body["data"])  # type: ignore[assignment]  # the table holds exactly that union
    except ValidationError as error:
        raise IntegrityError(f"`{body['type']}` does not have the form of its version: {error}") from error
    return Record(
        run=_text(body["run"]),
        seq=_whole(body["seq"]),
        epoch=_whole(body["epoch"]),
        time=_moment(body["time"]),
        mono_us=_whole(body["mono_us"]),
        event=event,
        sealed=_texts(body["sealed"]),
        prev=_text(body["prev"]),
        hash=own_hash,
        version=_whole(body["v"]),
    )


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise IntegrityError("a field of the record has another type than it was written with")
    return value


def _moment(value: JsonValue) -> str:
    text = _text(value)
    try:
        from_rfc3339(text)
    except ValueError as error:
        raise IntegrityError(f"the record's time is not one: {error}") from error
    return text


def _whole(value: JsonValue) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise IntegrityError("a field of the record has another type than it was written with")
    return value


def _texts(value: JsonValue) -> dict[str, str]:
    if not isinstance(value, dict):
        raise IntegrityError("a field of the record has another type than it was written with")
    return {key: _text(item) for key, item in value.items()}


def follows(record: Record, head: Head) -> bool:
    """Return whether a record is the next link after a head."""
    return (
        record.prev == head.hash
        and record.seq == head.seq + 1
        and record.epoch >= head.epoch
        and record.time >= head.time
    )


def head_after(record: Record) -> Head:
    """Return the head of a chain that ends with this record."""
    return Head(record.seq, record.epoch, record.time, record.hash)


class Scan(Struct, frozen=True):
    """What stands in a journal: the valid records, and the torn bytes after them."""

    records: tuple[Record, ...]
    valid_bytes: int
    torn: bytes

    @property
    def head(self) -> Head:
        """The end of the valid chain."""
        return head_after(self.records[-1]) if self.records else Head()


def scan(data: bytes, run: str) -> Scan:
    """Return the valid records of a journal and tell a torn tail from damage.

    A tail is torn when nothing valid follows the first invalid line; bytes like that were never synced, so nothing
    ever acted on them. Anything else is damage, and so is a whole first line that is no record: a run begins with one.

    Raises:
        IntegrityError: the journal is damaged; names the first bad record.
    """
    records: list[Record] = []
    head, offset = Head(), 0
    lines = data.splitlines(keepends=True)
    for number, line in enumerate(lines):
        record = _believable(line, number)
        if record is None:
            _refuse_valid_after(lines[number + 1 :], number)
            break
        if record.run != run:
            raise IntegrityError(f"record {number} belongs to run `{record.run}`, not to run `{run}`")
        if not follows(record, head):
            raise IntegrityError(
                f"record {number} does not follow the one before it: the chain is broken there"
            )
        records.append(record)
        head, offset = head_after(record), offset + len(line)
    return Scan(tuple(records), offset, data[offset:])


def _believable(line: bytes, number: int) -> Record | None:
    """Return the line's record, None where the line may be torn."""
    if not line.endswith(b"\n"):
        return None
    try:
        return parse_line(line)
    except NotJson as error:
        if number == 0:
            raise IntegrityError(f"record 0: {error}") from error
        return None
    except IntegrityError as error:
        raise IntegrityError(f"record {number}: {error}") from error


def _refuse_valid_after(lines: list[bytes], number: int) -> None:
    for line in lines:
        try:
            parse_line(line)
        except (NotJson, IntegrityError):
            continue
        raise IntegrityError(f"record {number} is damaged and valid records follow it")
