"""What is loaded: only what can be read, into tables of the form that their queries give."""

import hashlib
import re
from pathlib import Path

import duckdb
import pytest

from agentctl.trace.index import loading
from agentctl.trace.index.query_texts import query_text
from agentctl.trace.index.reading import Damage, Reader
from tests.fakes.journals import refund_story, run_id, write_journal

STORY = len(refund_story())


def test_every_table_has_the_form_of_its_query() -> None:
    """Names, order and types of all columns; else a value would go into another column, or be bent to fit."""
    with duckdb.connect() as connection:
        loading.create_tables(connection)
        connection.execute(query_text("loaded"))
        loading._read(connection)
        for name in loading.derived_tables():
            described, given = (
                [row[:2] for row in connection.execute(f"DESCRIBE {what}").fetchall()]
                for what in (name, query_text(f"tables/{name}"))
            )
            assert described == given, name


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (b'"data":{', b'"data":{"a":01,'),
        (b'"data":{', b'"data":{"a":"\\ud800",'),
        (b'"data":{', b'"data":{},"data":{'),
        (b'"data":{', b'"data":[],{'),
        (b'"time":"2026-03', b'"time":"2026-13'),
        (b'"time":"2026-03-14', b'"time":"9999-12-31'),
    ],
)
def test_a_journal_ends_before_what_is_no_record_though_its_chain_holds(
    tmp_path: Path, found: bytes, instead: bytes
) -> None:
    """A forger can make hashes; that hides no other journal, and stops nobody from asking."""
    path = write_journal(tmp_path, run_id(0), refund_story(run_id(0)))
    write_journal(tmp_path, run_id(1), refund_story(run_id(1)))
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"".join(line + b"\n" for line in _forged(lines, 5, found, instead)))
    with Reader(None, tmp_path) as reader:
        assert reader.rows("SELECT run, count(*) FROM events GROUP BY run ORDER BY run") == [
            (run_id(0), 5),
            (run_id(1), STORY),
        ]
        (harm,) = reader.damaged()
    assert harm == Damage(run_id(0), f"2026-03-14/{run_id(0)}.jsonl", 5, STORY)


def _forged(lines: list[bytes], place: int, found: bytes, instead: bytes) -> list[bytes]:
    """Return the lines with one changed, and all hashes from there on made again."""
    assert found in lines[place]
    made, prev = lines[:place], _hash_in(lines[place - 1])
    for line in (lines[place].replace(found, instead, 1), *lines[place + 1 :]):
        body = re.sub(rb'"h":"[0-9a-f]{64}",', b"", line)
        body = re.sub(rb'"prev":"[0-9a-f]{64}"', b'"prev":"' + prev + b'"', body)
        prev = hashlib.sha256(b"\x00" + body).hexdigest().encode()
        made.append(body.replace(b'"mono_us"', b'"h":"' + prev + b'","mono_us"'))
    return made


def _hash_in(line: bytes) -> bytes:
    found = re.search(rb'"h":"([0-9a-f]{64})"', line)
    assert found is not None
    return found[1]
