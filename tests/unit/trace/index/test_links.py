"""What an index takes of a journal is what `chain` believes of it, and nothing after the first line that is not."""

import hashlib
import re
from pathlib import Path

import pytest

from agentctl.events.run import RunFinished
from agentctl.foundation.canonical import canonical_bytes
from agentctl.trace.index.links import Links
from agentctl.trace.journals.chain import scan
from tests.fakes.journals import journal_bytes, refund_story, run_id, started

RECORDED = sorted((Path(__file__).parents[3] / "recorded").glob("v*/*/journal/*/*.jsonl"))
STORY = journal_bytes(run_id(0), refund_story(run_id(0))).splitlines()


def taken(lines: list[bytes], run: str = run_id(0)) -> int:
    """Return how many lines were taken."""
    return Links().take(run, b"".join(line + b"\n" for line in lines))


def rehashed(line: bytes, found: bytes, instead: bytes) -> bytes:
    """Return a line in which something was changed, with the hash that it has then: its forger could do that."""
    assert found in line
    body = re.sub(rb'"h":"[0-9a-f]{64}",', b"", line.replace(found, instead, 1))
    digest = hashlib.sha256(b"\x00" + body).hexdigest().encode()
    return body.replace(b'"mono_us"', b'"h":"' + digest + b'","mono_us"')


def test_there_are_recorded_journals() -> None:
    """The next test has something to look at."""
    assert len(RECORDED) > 5


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parents[3].name}-{path.parents[2].name}")
def test_every_record_of_a_recorded_journal_is_taken(path: Path) -> None:
    """Those of every version, with what stands in them."""
    data, links = path.read_bytes(), Links()
    records = scan(data, path.stem).records
    assert links.take(path.stem, data) == len(records)
    assert links.stamps == [
        f"{one.run} {one.seq} {one.epoch} {one.time} {one.event.type} {one.hash}" for one in records
    ]
    assert [text.encode() for text in links.data] == [
        line[len(b'{"data":') : line.rfind(b',"epoch":')] for line in data.splitlines()
    ]


def test_journals_stand_below_each_other() -> None:
    """Each begins at its own beginning; one of which nothing is taken leaves no trace."""
    links = Links()
    story = journal_bytes(run_id(0), refund_story(run_id(0)))
    other = journal_bytes(run_id(1), [started(run_id(1)), RunFinished(status="answered", answer="x")])
    assert [
        links.take(run_id(0), story),
        links.take(run_id(2), story),
        links.take(run_id(1), other),
    ] == [len(STORY), 0, 2]
    assert [int(stamp.split()[1]) for stamp in links.stamps] == [*range(len(STORY)), 0, 1]
    assert len(links.data) == len(links.stamps) == len(STORY) + 2


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (b'"seq":3', b'"seq":03'),
        (b'"seq":3', b'"seq":4'),
        (b'"epoch":1', b'"epoch":0'),
        (b'"epoch":1', b'"epoch":01'),
        (b'"epoch":1', b'"epoch":-1'),
        (b'"epoch":1', b'"epoch":"1"'),
        (b'"time":"2026-', b'"time":"2025-'),
        (b'"time":"2026-', b'"time":"26-'),
        (b'"sealed":{}', b'"sealed":{"a":1}'),
        (b'"sealed":{}', b'"sealed":{"a":"b""c":"d"}'),
        (b'"sealed":{}', b'"sealed":{"a":"\x01"}'),
        (b'"v":2}', b'"v":3}'),
        (b'"v":2}', b'"v":2,"w":1}'),
        (b'"v":2}', b'"v":2} '),
        (b'{"data":', b'{"dta":'),
        (run_id(0).encode() + b'","sealed"', run_id(1).encode() + b'","sealed"'),
        (b"{", b"{\xff"),
    ],
)
def test_no_line_is_taken_that_is_not_the_next_record(found: bytes, instead: bytes) -> None:
    """Though its own hash holds: a forger can make one."""
    forged = rehashed(STORY[3], found, instead)
    assert taken([*STORY[:3], forged]) == 3


def test_a_forged_line_that_changes_nothing_is_taken() -> None:
    """The forger above writes lines as they are written, so what is refused there is refused for what was changed."""
    assert taken([*STORY[:3], rehashed(STORY[3], b'"v":2}', b'"v":2}')]) == 4
    sealed = rehashed(STORY[3], b'"sealed":{}', b'"sealed":{"[email:1]":"00ff","[x:\\"]":"e"}')
    assert taken([*STORY[:3], sealed]) == 4


def test_what_is_no_utf_8_is_no_record() -> None:
    """In the data too, where every byte but a quote may stand."""
    forged = rehashed(STORY[3], b'"data":{"', b'"data":{"\xff')
    assert taken([*STORY[:3], forged]) == 3


def test_a_line_without_its_newline_is_none() -> None:
    """It may be torn; nor does a line begin anywhere but behind one."""
    content = journal_bytes(run_id(0), refund_story(run_id(0)))
    assert Links().take(run_id(0), content[:-1]) == len(STORY) - 1
    assert Links().take(run_id(0), b" " + content) == 0
    assert Links().take(run_id(0), content.replace(b"\n", b"\n ", 1)) == 1
    assert Links().take(run_id(0), b"") == 0


@pytest.mark.parametrize("place", range(0, len(STORY[3]), 7))
def test_a_line_with_one_byte_changed_is_not_taken(place: int) -> None:
    """The hash covers everything but itself, and is compared."""
    changed = bytearray(STORY[3])
    changed[place] ^= 1
    assert taken([*STORY[:3], bytes(changed)]) == 3


def test_words_that_look_like_the_end_of_a_line_do_not_end_the_data() -> None:
    """Quotes inside a text are escaped; inside an object they are not, and the last one counts."""
    text = 'x","epoch":1,"h":"'
    data = journal_bytes(run_id(0), [started(text=text), RunFinished(status="answered", answer=text)])
    assert taken(data.splitlines()) == 2
    nested = rehashed(STORY[3], b'"data":{', b'"data":{"a":{"b":' + canonical_bytes(text) + b',"epoch":1},')
    assert taken([*STORY[:3], nested]) == 4
