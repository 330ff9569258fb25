"""Tests of the hash chain: what is believed, what is torn, and that everything else is noticed."""

import hashlib
import json
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agentctl.events.record import AnyEvent, Record, body_of, canonical_body
from agentctl.foundation.canonical import (
    ARGUMENT_LIMITS,
    MAX_DEPTH,
    RESULT_LIMITS,
    JsonValue,
    NotJson,
    canonical_bytes,
    refuse_size,
)
from agentctl.foundation.errors import IntegrityError
from agentctl.trace.journals import chain
from agentctl.trace.journals.chain import (
    LINE_LIMITS,
    Head,
    Scan,
    follows,
    hash_of,
    head_after,
    line_of,
    linked,
    parse_line,
    scan,
)
from tests.fakes.events import a_few_events, proposed

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OTHER = "01BX5ZZKBKACTAV9WEVGEMMVRZ"


def chain_of(events: tuple[AnyEvent, ...], run: str = RUN) -> list[Record]:
    """Return the records of a run that holds these events."""
    head = Head()
    records: list[Record] = []
    for second, event in enumerate(events):
        draft = Record(
            run=run,
            seq=head.seq + 1,
            epoch=1,
            time=f"2026-03-14T09:00:{second:02}.000000Z",
            mono_us=second * 1_000_000,
            event=event,
            sealed={"[email:1]": "digest"} if second == 0 else {},
            prev=head.hash,
            hash="",
        )
        records.append(linked(draft)[0])
        head = head_after(records[-1])
    return records


RECORDS = chain_of(a_few_events())
LINES = [line_of(record) for record in RECORDS]
JOURNAL = b"".join(LINES)


def forged(change: dict[str, JsonValue]) -> bytes:
    """Return the first line with some fields changed and a hash that fits; None takes a field away."""
    body = {key: value for key, value in {**body_of(RECORDS[0]), **change}.items() if value is not None}
    return canonical_bytes({**body, "h": hash_of(body)}) + b"\n"


def is_noticed(data: bytes) -> bool:
    """Return whether a damaged journal is refused, or read as a true prefix with its torn rest reported."""
    try:
        found = scan(data, RUN)
    except IntegrityError:
        return True
    return bool(found.torn) and found.records == tuple(RECORDS[: len(found.records)])


# -- what is believed ---------------------------------------------------------------------------


def test_a_journal_is_read_as_it_was_written() -> None:
    """All records come back, nothing is torn, and the head is the last one's."""
    assert scan(JOURNAL, RUN) == Scan(tuple(RECORDS), len(JOURNAL), b"")
    assert scan(JOURNAL, RUN).head == head_after(RECORDS[-1])


def test_an_empty_journal_has_the_head_of_none() -> None:
    """The first record follows the genesis hash."""
    found = scan(b"", RUN)
    assert (found.records, found.torn, found.head) == ((), b"", Head())
    assert follows(RECORDS[0], Head())


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.event.type + str(record.seq))
def test_a_line_gives_its_record_back(record: Record) -> None:
    """A line and a record are two forms of one thing."""
    assert parse_line(line_of(record)) == record
    assert linked(replace(record, hash="")) == (record, line_of(record))


def test_a_hash_is_a_merkle_leaf() -> None:
    """A zero byte stands before the canonical bytes, as in RFC 6962."""
    assert hash_of({}) == "28a3a18f6cd6406b086e9ffda1f9b8a13dbcf44b0f3f32cb9031a11fd053acf9"
    assert RECORDS[0].hash == hashlib.sha256(b"\0" + canonical_body(RECORDS[0])).hexdigest()


@pytest.mark.parametrize(
    ("change", "so"),
    [
        ({}, True),
        ({"prev": "1" * 64}, False),
        ({"seq": 3}, False),
        ({"seq": 1}, False),
        ({"epoch": 0}, False),
        ({"epoch": 7}, True),
        ({"time": "2026-03-14T09:00:00.999999Z"}, False),
        ({"time": RECORDS[1].time}, True),
    ],
    ids=str,
)
def test_a_record_follows_by_hash_number_epoch_and_time(change: dict[str, object], so: bool) -> None:  # noqa: FBT001
    """The number is the next one, and neither epoch nor time goes back."""
    assert follows(replace(RECORDS[2], **change), head_after(RECORDS[1])) is so  # type: ignore[arg-type]


# -- what no reader would take is not written ---------------------------------------------------


def test_arguments_at_their_own_limits_fit_in_a_line() -> None:
    """What passed the limits for arguments can be read back from the journal, some levels further down."""
    deep: JsonValue = 0
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    refuse_size(deep, ARGUMENT_LIMITS)
    record, line = linked(replace(RECORDS[0], event=proposed(arguments=deep)))
    assert parse_line(line) == record


def test_a_line_holds_the_largest_result() -> None:
    """Every byte of a result may have to be written as six: a control character and its escape."""
    assert len(canonical_bytes("\x01")) - 2 == 6
    assert LINE_LIMITS.max_bytes > 6 * max(RESULT_LIMITS.max_bytes, ARGUMENT_LIMITS.max_bytes)
    assert LINE_LIMITS.max_nodes > 2 * max(RESULT_LIMITS.max_nodes, ARGUMENT_LIMITS.max_nodes)


def test_large_doubles_can_be_read_back() -> None:
    """A double whose canonical form has no exponent does not spoil the journal."""
    for number in (2.0**53, 1e20, -1e20, 123456789012345680000.0, 1e21):
        record, line = linked(replace(RECORDS[0], event=proposed(arguments=[number])))
        assert parse_line(line) == record


def test_a_line_beyond_the_limits_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too deep and too long are refused by the writer, for the reader would take them for a torn tail."""
    deep: JsonValue = 0
    for _ in range(MAX_DEPTH + 8):
        deep = [deep]
    with pytest.raises(NotJson, match="deeper than"):
        linked(replace(RECORDS[0], event=proposed(arguments=deep)))
    monkeypatch.setattr(chain, "LINE_LIMITS", replace(chain.LINE_LIMITS, max_bytes=len(LINES[0]) - 1))
    with pytest.raises(NotJson, match=f"{len(LINES[0])} bytes, more than"):
        linked(RECORDS[0])


# -- a line that is not ours --------------------------------------------------------------------


@pytest.mark.parametrize("line", [b"", b"\n", b"hello\n", b"[]\n", b"7\n", LINES[0][:-9], LINES[0][1:]])
def test_what_is_no_object_is_not_json(line: bytes) -> None:
    """A line that is no JSON object may be torn; the caller decides."""
    with pytest.raises(NotJson):
        parse_line(line)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"{}\n", "journal version None is not known here; accepted: 1"),
        (forged({"v": 3}), "journal version 3 is not known here; accepted: 1, 2"),
        (LINES[0].replace(b"refund_charge", b"refund_chargf"), "are not the bytes"),
        (LINES[0].replace(b'"seq":0', b'"seq":00'), "not JSON|delimiter"),
        (LINES[0].replace(b'"seq":0', b'"seq":0.0'), "are not the bytes"),
        (LINES[0].replace(b'"seq":0', b'"seq":9007199254740993'), "are not the bytes"),
        (LINES[0].replace(b",", b", ", 1), "are not the bytes"),
        (LINES[0] + b"\n", "are not the bytes"),
        (LINES[0].replace(RECORDS[0].hash.encode(), RECORDS[0].hash.upper().encode()), "are not the bytes"),
        (forged({"mono_us": None}), "the record's fields are not those"),
        (forged({"data": None}), "the record's fields are not those"),
        (forged({"approved": True}), "the record's fields are not those"),
        (forged({"type": "tool.approved"}), "the event `tool.approved` is not known"),
        (forged({"type": ["tool.proposed"]}), "is not known"),
        (forged({"data": {}}), "`tool.proposed` does not have the form of its version"),
        (forged({"data": "text"}), "`tool.proposed` does not have the form of its version"),
        (forged({"run": 7}), "another type"),
        (forged({"seq": "0"}), "another type"),
        (forged({"seq": 0.5}), "another type"),
        (forged({"epoch": True}), "another type"),
        (forged({"sealed": []}), "another type"),
        (forged({"sealed": {"[email:1]": 1}}), "another type"),
        (forged({"time": 7}), "another type"),
        (forged({"time": "tomorrow"}), "time is not one"),
        (forged({"time": "2026-03-14T09:00:00Z"}), "time is not one"),
    ],
    ids=range(25),
)
def test_what_is_an_object_and_not_ours_is_damage(line: bytes, found: str) -> None:
    """Another version, other bytes, other fields or other types are damage, even under a hash that fits."""
    with pytest.raises((IntegrityError, NotJson), match=found):
        parse_line(line)


def test_a_missing_hash_is_damage() -> None:
    """A record without its hash proves nothing."""
    with pytest.raises(IntegrityError, match="are not the bytes"):
        parse_line(canonical_body(RECORDS[0]) + b"\n")


# -- torn or damaged ----------------------------------------------------------------------------


def test_every_cut_of_the_tail_leaves_the_records_before_it() -> None:
    """Wherever the last two records are cut, the records before are valid and the rest is torn."""
    synced = len(JOURNAL) - len(LINES[-1]) - len(LINES[-2])
    for size in range(synced, len(JOURNAL) + 1):
        found = scan(JOURNAL[:size], RUN)
        whole = sum(size >= end for end in (synced, synced + len(LINES[-2]), len(JOURNAL))) + 2
        assert found.records == tuple(RECORDS[:whole])
        assert found.torn == JOURNAL[found.valid_bytes : size]


@pytest.mark.parametrize(
    "rest", [b"\0" * 4096, b"\0\n\0\n", b"garbage\n", b"\n", b"\r\n", LINES[2][:-1], b"[]\n\xff"]
)
def test_a_rest_that_holds_nothing_valid_is_torn(rest: bytes) -> None:
    """Zeros, garbage and half a record after the last valid one are kept apart and reported."""
    assert scan(JOURNAL + rest, RUN) == Scan(tuple(RECORDS), len(JOURNAL), rest)


@pytest.mark.parametrize("number", range(len(LINES) - 1))
def test_damage_before_a_valid_record_is_named(number: int) -> None:
    """Bytes that are no record, with a valid record after them, are damage; the message names the record."""
    lines = [*LINES]
    lines[number] = b"#" * (len(lines[number]) - 1) + b"\n"
    with pytest.raises(IntegrityError, match=f"record {number}"):
        scan(b"".join(lines), RUN)


def test_damage_is_found_behind_more_damage() -> None:
    """Several bad lines, some of them JSON, do not hide the valid record after them."""
    with pytest.raises(IntegrityError, match="record 1 is damaged and valid records follow it"):
        scan(LINES[0] + b"#\n{}\n" + LINES[2].replace(b"in_doubt", b"approval") + LINES[3], RUN)


def test_a_torn_tail_may_hold_anything_but_a_record() -> None:
    """Objects that are no records of ours, after garbage, are garbage as well."""
    assert scan(LINES[0] + b"#\n{}\n[]\n", RUN).torn == b"#\n{}\n[]\n"


def test_a_whole_first_line_that_is_no_record_is_damage() -> None:
    """A journal begins with a record; another file under its name is not read as an empty run."""
    with pytest.raises(IntegrityError, match="record 0"):
        scan(b"date,amount\n", RUN)
    assert scan(LINES[0][:40], RUN).torn == LINES[0][:40]


def _removed(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[:at], *lines[at + 1 :]]


def _doubled(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[: at + 1], *lines[at:]]


def _swapped(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]


def _foreign(lines: list[bytes], at: int) -> list[bytes]:
    foreign = line_of(chain_of(a_few_events(), OTHER)[at])
    return [*lines[:at], foreign, *lines[at:]]


def _blank(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[:at], b"\n", *lines[at:]]


def _object(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[:at], b"{}\n", *lines[at:]]


def _rewritten(lines: list[bytes], at: int) -> list[bytes]:
    rewritten = forged({"seq": at, "prev": RECORDS[at].prev, "mono_us": 1})
    return [*lines[:at], rewritten, *lines[at + 1 :]]


@pytest.mark.parametrize("at", range(len(LINES) - 1))
@pytest.mark.parametrize("change", [_removed, _doubled, _swapped, _foreign, _blank, _object, _rewritten])
def test_moved_lines_are_noticed(change: Callable[[list[bytes], int], list[bytes]], at: int) -> None:
    """Taking away, doubling, swapping, inserting and rewriting lines breaks the chain where it was done."""
    with pytest.raises(IntegrityError, match=r"record \d"):
        scan(b"".join(change(LINES, at)), RUN)


def test_a_doubled_last_line_is_noticed() -> None:
    """The same record twice is one record too many."""
    with pytest.raises(IntegrityError, match=f"record {len(LINES)} does not follow the one before it"):
        scan(JOURNAL + LINES[-1], RUN)


def test_taking_away_whole_records_at_the_end_leaves_a_true_prefix() -> None:
    """The chain alone cannot know that there was more; nothing that is read is untrue."""
    assert scan(b"".join(LINES[:-1]), RUN).records == tuple(RECORDS[:-1])


def _reformatted(data: bytes, indent: int | None) -> bytes:
    return b"".join(
        json.dumps(json.loads(line), indent=indent).encode() + b"\n" for line in data.splitlines()
    )


@pytest.mark.parametrize(
    "converted",
    [
        JOURNAL.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + JOURNAL,
        _reformatted(JOURNAL, 1),
        _reformatted(JOURNAL, None),
        JOURNAL.decode().encode("utf-16"),
        JOURNAL.replace(b"\n", b" \n"),
        JOURNAL.replace(b"\n", b"\n\n"),
        JOURNAL.replace("ë".encode(), b"\\u00eb"),
        JOURNAL.replace("ë".encode(), "e\u0308".encode()),
        b"[" + JOURNAL.rstrip().replace(b"\n", b",\n") + b"]\n",
    ],
    ids=["crlf", "bom", "indented", "spaced", "utf-16", "blanks", "blank lines", "escapes", "nfd", "array"],
)
def test_a_converted_journal_is_noticed(converted: bytes) -> None:
    """Editors and transfers that mean well change bytes; the journal names the first record they changed."""
    with pytest.raises(IntegrityError, match=r"record [01]"):
        scan(converted, RUN)


def test_line_ends_of_another_age_are_noticed() -> None:
    """With carriage returns for line ends nothing is a record, and all of it is torn."""
    assert is_noticed(JOURNAL.replace(b"\n", b"\r"))


def test_another_runs_journal_is_noticed() -> None:
    """A whole, valid journal under another run's name is not that run's."""
    with pytest.raises(IntegrityError, match=f"record 0 belongs to run `{RUN}`, not to run `{OTHER}`"):
        scan(JOURNAL, OTHER)


# -- flipped bits -------------------------------------------------------------------------------


def _flipped(bit: int) -> bytes:
    data = bytearray(JOURNAL)
    data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(JOURNAL) * 8 - 1))
def test_a_flipped_bit_is_noticed(bit: int) -> None:
    """One bit anywhere: damage, or a torn tail after a true prefix; never the original, never other content."""
    assert is_noticed(_flipped(bit))


@pytest.mark.parametrize("number", range(len(LINES)))
def test_a_flipped_line_end_is_noticed(number: int) -> None:
    """The bits that hold two records apart are as good as any other."""
    end = sum(len(line) for line in LINES[: number + 1])
    assert all(is_noticed(_flipped(bit)) for bit in range(end * 8 - 8, end * 8))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(JOURNAL)), st.integers(0, len(JOURNAL)), st.binary(max_size=40))
def test_a_replaced_stretch_is_noticed(one: int, other: int, new: bytes) -> None:
    """Bytes cut out, put in or written over are noticed, unless whole records at the end were taken away."""
    start, end = sorted((one, other))
    changed = JOURNAL[:start] + new + JOURNAL[end:]
    assert changed in [b"".join(LINES[:count]) for count in range(len(LINES) + 1)] or is_noticed(changed)


@pytest.mark.campaign
def test_ten_thousand_flipped_bits_are_noticed() -> None:
    """10,000 of 10,000 random flips, of one to three bits each."""
    chance = random.Random(20260314)
    for _ in range(10_000):
        data = bytearray(JOURNAL)
        for bit in chance.sample(range(len(data) * 8), chance.choice((1, 1, 2, 3))):
            data[bit // 8] ^= 1 << bit % 8
        assert is_noticed(bytes(data))
