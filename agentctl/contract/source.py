"""Turns the bytes of a YAML file into plain data and the place of every part; whatever is ambiguous is refused.

Limits hold on the stream of parser events, before any data is built: a bomb is refused while it is still small.
"""

import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final, NoReturn, Protocol

import yaml
from msgspec import Struct
from typing_extensions import TypeAliasType

from agentctl.contract.scalars import Doubt, PlainValue, resolve, resolve_key
from agentctl.contract.words import nearest, shown
from agentctl.foundation.errors import InvalidInput, Place, Problem
from agentctl.foundation.visible import visible

JsonLike = TypeAliasType(
    "JsonLike", "bool | int | Decimal | str | list[JsonLike] | dict[str, JsonLike] | None"
)
"""JSON as YAML has it: numbers with a decimal point are exact."""
DataPath = tuple[str | int, ...]
"""The way from the root of a document to a part of it: keys and indices."""

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 64
MAX_NODES: Final = 50_000
MAX_PROBLEMS: Final = 100

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# A reviewer must see what a machine reads: no controls, no line ends that only some readers know, nothing that
# turns the direction of text or hides in it. In double quotes, `"\u202e"` is possible and seen.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
    "|\r(?!\n)"
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SYNTAX_HINTS: Final = {
    "mapping values are not allowed": "text with a colon in quotes; keys of one mapping in one column",
    "cannot start any token": "spaces for indentation, and text that begins with a sign in quotes",
    "did not find expected key": "keys of one mapping in one column",
    "could not find expected ':'": "`key: value`",
}


class Source(Struct, frozen=True):
    """The data of one YAML file, and where each part of it stands.

    `places` has the place of each entry (in a mapping: of its key), `value_places` that of each value; paths lead
    from the root, whose path is empty.
    """

    file: str
    data: JsonLike
    places: Mapping[DataPath, Place]
    value_places: Mapping[DataPath, Place]

    def place_of(self, path: DataPath) -> Place:
        """Return the place of an entry (in a mapping: of its key), or of the nearest part above it that exists."""
        return self._nearest(self.places, path)

    def value_place_of(self, path: DataPath) -> Place:
        """Return the place of a value, or of the nearest part above it that exists."""
        return self._nearest(self.value_places, path)

    def at(self, path: DataPath) -> JsonLike:
        """Return the part of the data that a path leads to; None where it leads nowhere."""
        part = self.data
        for step in path:
            if isinstance(part, dict) and isinstance(step, str):
                part = part.get(step)
            elif isinstance(part, list) and isinstance(step, int) and step < len(part):
                part = part[step]
            else:
                return None
        return part

    def _nearest(self, places: Mapping[DataPath, Place], path: DataPath) -> Place:
        above = (path[:length] for length in range(len(path), -1, -1))
        return next((places[part] for part in above if part in places), Place(self.file))


class RefusedSource(InvalidInput):
    """Raised when text is refused. Where it could be read to its end, `readable` is what stands in it.

    Nothing may be made of that but more problems, so that all of them are named in one go.
    """

    def __init__(self, problems: Iterable[Problem], readable: Source | None) -> None:
        super().__init__(sorted(problems, key=lambda problem: (problem.place.line, problem.place.column)))
        self.readable = readable


def read_source(path: Path, shown_as: str | None = None) -> Source:
    """Return the data and places of a YAML file; messages call it `shown_as`, by default its path.

    Raises:
        InvalidInput: the file cannot be read or is refused; names every problem found.
    """
    name = shown_as or str(path)
    return parse_source(read_bytes(path, name), name)


def parse_source(data: bytes, file: str) -> Source:
    """Return the data and places of YAML text; messages call it `file`.

    Refused: more than 256 KiB, 64 levels or 50,000 values; what is not UTF-8 or not seen by a reader; more or less
    than one document; anchors, aliases, merge keys, tags, directives; keys that are given twice or are not text; words
    and numbers that readers of YAML take differently.

    Raises:
        InvalidInput: the text is refused; names every problem found, at most 100.
    """
    reader = _Reader(visible(file))
    root = reader.read(_text_of(data, reader.file))
    source = Source(reader.file, root, reader.places, reader.value_places)
    if reader.problems:
        raise RefusedSource(reader.problems, None if root is None else source)
    return source


def read_bytes(path: Path, shown_as: str, most: int = MAX_BYTES) -> bytes:
    """Return what a YAML file holds, as far as anybody reads it: `most` bytes and one more.

    Raises:
        InvalidInput: it is not there, is no regular file, or cannot be read.
    """
    file = visible(shown_as)
    try:
        return _regular_bytes(path, file, most)
    except FileNotFoundError as error:
        raise _refusal(file, "there is no such file", "a YAML file", _nearest_sibling(path)) from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        reason = getattr(error, "strerror", None) or "not a path"
        raise _refusal(file, f"cannot be read: {reason.lower()}", "a readable YAML file") from error


def _regular_bytes(path: Path, file: str, most: int) -> bytes:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise _refusal(file, "is a directory", "a YAML file")
    if not stat.S_ISREG(mode):
        raise _refusal(file, "is not a regular file", "a YAML file")
    with path.open("rb") as stream:
        return stream.read(most + 1)


def _nearest_sibling(path: Path) -> str:
    try:
        names = sorted(item.name for item in path.parent.iterdir())
    except OSError:
        return ""
    return visible(nearest(path.name, names))


def _refusal(file: str, found: str, accepted: str, near: str = "") -> InvalidInput:
    return InvalidInput([Problem(Place(file), found, accepted, nearest=near)])


def _text_of(data: bytes, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise _refusal(file, f"more than {MAX_BYTES // 1024} KiB", f"at most {MAX_BYTES // 1024} KiB")
    if data.startswith(_BYTE_ORDER_MARKS):
        raise _refusal(file, "begins with a byte order mark", "UTF-8 without a byte order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place_in(data[: error.start].decode("utf-8"), file)
        found = f"the byte `0x{data[error.start]:02x}`, which is not UTF-8"
        raise InvalidInput([Problem(place, found, "UTF-8")]) from error
    unseen = list(unseen_in(text, file))
    if unseen:
        raise InvalidInput(unseen)
    return text


def unseen_in(text: str, file: str) -> Iterator[Problem]:
    """Yield what a reviewer of a text does not see, at most 100 times."""
    for match in islice(_UNSEEN.finditer(text), MAX_PROBLEMS):
        yield Problem(
            _place_in(text[: match.start()], file),
            f"the character `{visible(match[0])}`, which readers do not see or do not agree on",
            "visible text; in double quotes, its escape",
        )


def _place_in(before: str, file: str) -> Place:
    """Return the place that follows some text."""
    return Place(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


class _Mark(Protocol):
    """Where the parser stands; both count from 0."""

    line: int
    column: int


class _Stop(Exception):
    """Raised inside the reader when nothing after this point can be read."""


@dataclass(slots=True)
class _Reader:
    """Builds data from parser events and collects what is wrong on the way."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    places: dict[DataPath, Place] = field(default_factory=dict)
    value_places: dict[DataPath, Place] = field(default_factory=dict)
    nodes: int = 0
    events: Iterator[yaml.Event] = field(default_factory=lambda: iter(()))

    def read(self, text: str) -> JsonLike:
        """Return the only document; it counts only if there are no problems."""
        self.events = yaml.parse(text, Loader=_LOADER)
        try:
            return self._stream()
        except _Stop:
            return None
        except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: an escape beyond Unicode
            self._note_syntax(error)
            return None

    def _stream(self) -> JsonLike:
        next(self.events)  # the stream's start
        start = next(self.events)
        if not isinstance(start, yaml.DocumentStartEvent):
            self._stop(self._place(start.start_mark), "an empty file", "one YAML document")
        self._refuse_directives(start)
        first = next(self.events)
        root = self._node(first, ())
        if root is None and not self.problems:
            self._stop(self._place(first.start_mark), "an empty document", "one YAML document with content")
        next(self.events)  # the document's end
        after = next(self.events)
        if isinstance(after, yaml.DocumentStartEvent):
            self._stop(self._place(after.start_mark), "a second document", "one document in a file")
        return root

    def _node(self, event: yaml.Event, path: DataPath) -> JsonLike:
        place = self._place(event.start_mark)
        self._refuse_excess(place, path)
        self._refuse_decoration(event, place)
        self.value_places[path] = place
        self.places.setdefault(path, place)
        match event:
            case yaml.ScalarEvent():
                return self._scalar(event, place)
            case yaml.SequenceStartEvent():
                return self._sequence(path)
            case yaml.MappingStartEvent():
                return self._mapping(path)
            case _:  # an alias, which was noted
                return None

    def _sequence(self, path: DataPath) -> list[JsonLike]:
        items: list[JsonLike] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: DataPath) -> dict[str, JsonLike]:
        entries: dict[str, JsonLike] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, path, entries)
            value = self._node(next(self.events), (*path, key))
            entries.setdefault(key, value)
        return entries

    def _key(self, event: yaml.Event, path: DataPath, entries: Mapping[str, JsonLike]) -> str:
        """Return a key as text; one that is refused is noted, and a name is made up so that reading goes on."""
        place = self._place(event.start_mark)
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event, (*path, ""))
            if not isinstance(event, yaml.AliasEvent):  # which was noted
                self._note(place, "a key that is not text", "a word, or text in quotes")
            return ""
        self._refuse_excess(place, path)
        self._refuse_decoration(event, place)
        key = self._key_text(event, place)
        if key in entries:
            first = self.places[(*path, key)]
            self._note(
                place, f"the key `{shown(key)}` a second time; first in line {first.line}", "each key once"
            )
        self.places.setdefault((*path, key), place)
        return key

    def _key_text(self, event: yaml.ScalarEvent, place: Place) -> str:
        if _is_plain(event) and event.value == "<<":
            self._note(place, "a merge key `<<`", "the merged keys, written out")
        value = self._value(event, resolve_key(event.value) if _is_plain(event) else event.value, place)
        if not isinstance(value, str):
            self._note(
                place, f"the key `{shown(event.value)}`, which is not text", "a word, or text in quotes"
            )
        return str(event.value)

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> PlainValue:
        return self._value(event, resolve(event.value) if _is_plain(event) else event.value, place)

    def _value(self, event: yaml.ScalarEvent, value: PlainValue | Doubt, place: Place) -> PlainValue:
        if isinstance(value, Doubt):
            self._note(place, f"`{shown(event.value)}`, {value.found}", value.accepted)
            return str(event.value)
        if isinstance(value, str) and _SURROGATE.search(value):
            self._note(
                place, "an escape for half a character", "an escape for the whole character (`\\U...`)"
            )
        return value

    def _refuse_excess(self, place: Place, path: DataPath) -> None:
        self.nodes += 1
        if len(path) >= MAX_DEPTH:
            self._stop(place, f"nested deeper than {MAX_DEPTH} levels", f"at most {MAX_DEPTH} levels")
        if self.nodes > MAX_NODES:
            self._stop(place, f"more than {MAX_NODES} keys and values", f"at most {MAX_NODES}")

    def _refuse_decoration(self, event: yaml.Event, place: Place) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._note(place, f"an alias `*{shown(event.anchor or '')}`", "the value itself, written out")
            return
        if anchor := getattr(event, "anchor", None):
            self._note(place, f"an anchor `&{shown(anchor)}`", "the value without an anchor")
        if tag := getattr(event, "tag", None):
            self._note(place, f"a tag `{shown(tag)}`", "the value without a tag")

    def _refuse_directives(self, start: yaml.DocumentStartEvent) -> None:
        if start.version or start.tags:
            self._note(self._place(start.start_mark), "a `%` directive", "a document without directives")

    def _note_syntax(self, error: Exception) -> None:
        mark: _Mark | None = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "an escape that stands for no character"
        hints = (hint for words, hint in _SYNTAX_HINTS.items() if words in reason)
        self.problems.append(Problem(self._place(mark), f"not YAML: {visible(reason)}", next(hints, "")))

    def _note(self, place: Place, found: str, accepted: str) -> None:
        self.problems.append(Problem(place, found, accepted))
        if len(self.problems) >= MAX_PROBLEMS:
            self._stop(place, f"{MAX_PROBLEMS} problems; the rest of the file was not read", "")

    def _stop(self, place: Place, found: str, accepted: str) -> NoReturn:
        self.problems.append(Problem(place, found, accepted))
        raise _Stop

    def _place(self, mark: _Mark | None) -> Place:
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file)


def _is_plain(event: yaml.ScalarEvent) -> bool:
    return not event.style
