"""Undoes the encodings that text travels in (percent, backslash, HTML, base64), remembering where each piece stood."""

import binascii
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from operator import sub

from msgspec import Struct

_NEIGHBOURHOOD = 512
_ESCAPE = re.compile(
    r"""(?x) (
      %[0-9A-Fa-f]{2}
    | \\u[0-9A-Fa-f]{4} | \\u\{[0-9A-Fa-f]{1,6}\} | \\U[0-9A-Fa-f]{8} | \\x[0-9A-Fa-f]{2} | \\["'/bfnrt] | (?:\\\\)++
    | &\#[0-9]{1,7}; | &\#[xX][0-9A-Fa-f]{1,6};
    | (?<=\w)\+(?=[\w%])                                   # a space in the query of a URL
    | [\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufeff]++     # seen by nobody, yet it parts a number
    )"""
)
_SHORT_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LAST_POINT = 0x10FFFF

_BASE64 = re.compile(
    r"[A-Za-z0-9+/_-]{8,}+(?:\r?\n[A-Za-z0-9+/_-]{8,}+)*+"
    r"(?:\r?\n[A-Za-z0-9+/_-]{1,7}(?==))?={0,2}"  # a short last line belongs to it when it is padded
)
# Whatever holds an `@` or a digit has, encoded, a capital letter after its first one; most words have none.
_CAPITAL = re.compile(r".[^A-Z]*[A-Z]", re.DOTALL)
_STANDARD_ALPHABET = str.maketrans("-_", "+/", "\r\n=")
_PRINTABLE = re.compile(rb"[\t\n\r\x20-\x7e]{6,}")
_GROUP, _SHORTEST = 4, 8


class Unescaped(Struct, frozen=True):
    """Text without its escapes; `ends` are the places after each undone one, `shifts` how far the original is ahead."""

    text: str
    ends: list[int]
    shifts: list[int]

    def source(self, place: int) -> int:
        """Return the place in the original of a place in the text."""
        return place + self.shifts[bisect_right(self.ends, place)]

    def windows(self) -> Iterator[tuple[int, int]]:
        """Return stretches around what changed; what is farther away reads as in the original."""
        start = past = 0
        for end in self.ends:
            if end - _NEIGHBOURHOOD > past:
                if past:
                    yield start, past
                start = end - _NEIGHBOURHOOD
            past = end + _NEIGHBOURHOOD
        if past:
            yield start, past


class Token(Struct, frozen=True):
    """A stretch of text in the alphabet of base64, and what can be read when it is decoded."""

    start: int
    end: int
    parts: tuple[str, ...]


def without_escapes(text: str) -> Unescaped:
    """Undo one layer of escapes, each to one character; characters that nobody sees are left out."""
    parts = _ESCAPE.split(text)  # plain text and escapes take turns
    written = list(accumulate(map(len, parts)))
    parts[1::2] = map(_character, parts[1::2])
    read = list(accumulate(map(len, parts)))
    return Unescaped("".join(parts), read[1::2], [0, *map(sub, written[1::2], read[1::2])])


def from_base64(text: str) -> Iterator[Token]:
    """Return the tokens that decode to something readable, of either alphabet, broken into lines or not."""
    for found in _BASE64.finditer(text):
        parts = tuple(_readable(found.group())) if _CAPITAL.match(found.group()) else ()
        if parts:
            yield Token(*found.span(), parts)


@lru_cache(maxsize=1024)
def _character(escape: str) -> str:
    mark, body = escape[0], escape[1:]
    if mark == "+":
        return " "
    if mark == "\\" and (len(body) == 1 or body[0] == "\\"):
        return _SHORT_ESCAPES.get(body, escape[1::2])
    return _of_point(body, 10 if mark == "&" and body[1] not in "xX" else 16) if mark in "%\\&" else ""


def _of_point(body: str, base: int) -> str:
    point = int(body.strip("#;uUxX{}"), base)
    return chr(point) if point <= _LAST_POINT else ""


def _readable(token: str) -> Iterator[str]:
    """Decode from each place where the groups of four may begin: what stands before may be glued to the token."""
    body = token.translate(_STANDARD_ALPHABET)
    for offset in range(min(_GROUP, len(body) - _SHORTEST + 1)):
        groups = body[offset:]
        usable = groups[:-1] if len(groups) % _GROUP == 1 else groups  # one character alone holds no byte
        data = binascii.a2b_base64(usable + "=" * (-len(usable) % _GROUP))
        readable = b"\0".join(_PRINTABLE.findall(data))
        if readable:
            yield readable.decode("ascii")
