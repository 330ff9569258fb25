"""Lines of journals as an index takes them: whether each is the next link of its chain, and what stands round its data.

This is the check of `chain` without making events of the data, for an index takes in millions, and keeps types that are not
known here too. It leaves two things to whoever reads on: whether the data are JSON, and whether the time is one.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from agentctl.events.form import GENESIS, READABLE_VERSIONS

_BEFORE_DATA = b'{"data":'
_AFTER_DATA = b',"epoch":'
_WHOLE = rb"(?:0|[1-9]\d{0,15})"
_TEXT = rb'"(?:[^"\\\x00-\x1f]|\\.)*"'
_TIME = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
_VERSION = b"|".join(b"%d" % version for version in READABLE_VERSIONS)
# Keys are sorted, so this is how every line ends. Nobody looks at what hashes are made of: they are compared.
_END = re.compile(
    rb'%b(%b),("h":"(.{64})",)"mono_us":%b,"prev":"(.{64})","run":"([\w-]*)",'
    rb'"sealed":\{(?:%b:%b(?:,%b:%b)*)?\},"seq":(%b),"time":"(%b)","type":"([\w.]*)","v":(?:%b)\}'
    % (_AFTER_DATA, _WHOLE, _WHOLE, _TEXT, _TEXT, _TEXT, _TEXT, _WHOLE, _TIME, _VERSION)
)


class Links(Struct, frozen=True):
    """Links of any number of journals, column by column: whole journals, in the order in which they were taken."""

    seqs: list[int] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)
    stamps: list[str] = field(default_factory=list)
    """Hash, time, run and type in one text, for every text that is handed to a database costs: the type has what is left
    after 64, 27 and 26 characters."""
    data: list[str] = field(default_factory=list)

    def take(self, run: str, lines: Iterable[bytes]) -> int:
        """Take the lines of a run's journal up to the first that is not its next link, and return how many those were."""
        before = len(self.data)
        for epoch, stamp, data in _links(run.encode(), lines):
            self.epochs.append(epoch)
            self.stamps.append(stamp)
            self.data.append(data)
        taken = len(self.data) - before
        self.seqs.extend(range(taken))
        return taken


def _links(run: bytes, lines: Iterable[bytes]) -> Iterator[tuple[int, str, str]]:
    """Yield epoch, stamp and data of every line that is the next link after those before it, as `chain.follows` says it."""
    last_epoch, last_time, last_hash = 0, b"", GENESIS.encode()
    for seq, line in enumerate(lines):
        place = line.rfind(_AFTER_DATA)  # inside a text the quotes would be escaped
        end = _END.fullmatch(line, place) if line.startswith(_BEFORE_DATA) else None
        if end is None:
            return
        epoch, _, own_hash, prev, of_run, number, time, kind = end.groups()
        if prev != last_hash or of_run != run or number != b"%d" % seq:
            return
        if int(epoch) < last_epoch or time < last_time or _hash(line, *end.span(2)) != own_hash:
            return
        try:
            yield (
                int(epoch),
                (own_hash + time + run + kind).decode(),
                line[len(_BEFORE_DATA) : place].decode(),
            )
        except UnicodeDecodeError:
            return
        last_epoch, last_time, last_hash = int(epoch), time, own_hash


def _hash(line: bytes, start: int, stop: int) -> bytes:
    """Return the hash of a line without the part that holds it."""
    return hashlib.sha256(b"\x00" + line[:start] + line[stop:]).hexdigest().encode()
