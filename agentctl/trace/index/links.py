"""Lines of journals as an index takes them: whether each is the next link of its chain, and what stands round its data.

This is the check of `chain` without making events of the data, for an index takes in millions, and keeps types that are not
known here too. It leaves two things to whoever reads on: whether the data are JSON, and whether the time is one.
"""

import hashlib
import re

from msgspec import Struct, field

from agentctl.events.form import GENESIS, READABLE_VERSIONS

_WHOLE = rb"(?:0|[1-9]\d{0,15})"
_TEXT = rb'"(?:[^"\\\x00-\x1f]|\\.)*"'
_TIME = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
_VERSION = b"|".join(b"%d" % version for version in READABLE_VERSIONS)
# Keys are sorted, so this is how every line is written; what the hash is made of stands before and after it. Inside a text the
# quotes of `"epoch"` would be escaped, and of more than one the last counts. Nobody looks at what hashes are made of: they are
# compared.
_LINE = re.compile(
    rb'(\{"data":.*,"epoch":(%b),)"h":"(.{64})",'
    rb'("mono_us":%b,"prev":"(.{64})","run":"([\w-]*)",'
    rb'"sealed":\{(?:%b:%b(?:,%b:%b)*)?\},"seq":(%b),"time":"(%b)","type":"([\w.]*)","v":(?:%b)\})\n'
    % (_WHOLE, _WHOLE, _TEXT, _TEXT, _TEXT, _TEXT, _WHOLE, _TIME, _VERSION)
)
_BEGUN = hashlib.sha256(b"\x00")  # a copy is quicker than another, and lines need not be put together for it
_BEFORE_DATA = len('{"data":')
_AFTER_DATA = len(',"epoch":,')


class Links(Struct, frozen=True):
    """Links of any number of journals, column by column: whole journals, in the order in which they were taken."""

    stamps: list[str] = field(default_factory=list)
    """Run, seq, epoch, time, type and hash in one text, with spaces between them: every text that is handed to a database costs."""
    data: list[str] = field(default_factory=list)

    @property
    def columns(self) -> dict[str, list[str]]:
        """Both, as queries take them."""
        return {"stamps": self.stamps, "data": self.data}

    def take(self, run: str, content: bytes) -> int:
        """Take the lines of a run's journal up to the first that is not its next link, as `chain.follows` says it.

        Returns how many those were.
        """
        own_run, last_epoch, last_time, last_hash = run.encode(), b"0", b"", GENESIS.encode()
        seq = place = 0
        while line := _LINE.match(content, place):
            before, epoch, own_hash, after, prev, of_run, number, time, kind = line.groups()
            if prev != last_hash or of_run != own_run or number != b"%d" % seq or time < last_time:
                break
            if (epoch != last_epoch and int(epoch) < int(last_epoch)) or _hash(before, after) != own_hash:
                break
            try:
                self.data.append(before[_BEFORE_DATA : -_AFTER_DATA - len(epoch)].decode())
            except UnicodeDecodeError:
                break
            self.stamps.append(b" ".join((of_run, number, epoch, time, kind, own_hash)).decode())
            last_epoch, last_time, last_hash = epoch, time, own_hash
            seq, place = seq + 1, line.end()
        return seq


def _hash(before: bytes, after: bytes) -> bytes:
    """Return the hash of a line by what stands before and after it."""
    made = _BEGUN.copy()
    made.update(before)
    made.update(after)
    return made.hexdigest().encode()
