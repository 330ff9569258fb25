"""Tags of versions: `contracts/versions.toml` gives digests names that people can say. It is a file in git, so people edit it too."""

import json
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

from msgspec import Struct
from pydantic import Field, StringConstraints

from agentctl.contract.base import Document, IsoDate, Name
from agentctl.contract.loader import load
from agentctl.contract.source import DataPath, JsonLike, Source
from agentctl.foundation.errors import InvalidInput, Place, Problem
from agentctl.foundation.visible import visible

VERSIONS_FILE: Final = "versions.toml"
"""Its name under `contracts/`."""

_TAG_NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$"

TagName = Annotated[str, StringConstraints(pattern=_TAG_NAME)]
"""A tag: lower-case ASCII letters, digits, `.`, `_`, `-`."""

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
"""What a version is named by."""

_MAX_BYTES: Final = 1 << 20
_HEAD: Final = "# Tags of versions; `agentctl contract tag` writes here. A tag names what an agent was, and does not move by itself.\n"
_TABLE: Final = re.compile(
    r"""[ \t]*\[[ \t]*tags[ \t]*\.[ \t]*(?:"(?P<quoted>[^"\\]*)"|(?P<bare>[A-Za-z0-9_-]+))[ \t]*\]"""
)
_ANY_TABLE: Final = re.compile(r"[ \t]*\[")
_ENTRY: Final = re.compile(
    r"""(?P<before>[ \t]*(?P<key>[A-Za-z0-9_-]+)[ \t]*=[ \t]*)(?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|[^\s#]+)?(?P<after>.*)"""
)
_PLACE_IN_WORDS: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


class VersionTag(Document):
    """One tag: which version it names, and who said so."""

    agent: Name
    """The agent."""
    digest: Digest
    """The version: the digest of the contract and all it refers to."""
    date: IsoDate
    """The day on which it was tagged."""
    by: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    """Who tagged it."""
    note: Annotated[str, StringConstraints(max_length=2_000)] = ""
    """Why, or what is new in it."""


class VersionTags(Document):
    """All tags of a project, in the order of the file."""

    tags: dict[TagName, VersionTag] = Field(default_factory=dict)
    """Every tag by its name. A name is taken once in a project, whichever agent it is of."""

    def of(self, agent: str, digest: str) -> tuple[str, ...]:
        """Return the tags of an agent's version, the newest last."""
        named = [
            (tag.date, index, name)
            for index, (name, tag) in enumerate(self.tags.items())
            if (tag.agent, tag.digest) == (agent, digest)
        ]
        return tuple(name for _, _, name in sorted(named))

    def newest(self, agent: str, digest: str) -> str | None:
        """Return the tag by which a version is called; None where nobody gave it one."""
        return next(reversed(self.of(agent, digest)), None)


class VersionsFile(Struct, frozen=True):
    """The file of tags as it was read."""

    document: VersionTags
    source: Source
    text: str


def is_tag_name(text: str) -> bool:
    """Return whether a text can be a tag."""
    return re.fullmatch(_TAG_NAME, text) is not None and not text.endswith("\n")


def load_versions(path: Path, shown_as: str) -> VersionsFile:
    """Return the tags of a file; one that is not there holds none.

    Raises:
        InvalidInput: the file cannot be read, is no TOML, or does not fit; names every problem with its place.
    """
    return parse_versions(_text_of(path, visible(shown_as)), visible(shown_as))


def parse_versions(text: str, file: str) -> VersionsFile:
    """Return the tags that stand in a text; messages call it `file`.

    Raises:
        InvalidInput: it is no TOML, or does not fit.
    """
    places, values = _places(text, file)
    source = Source(file, _data_of(text, file), places, values)
    return VersionsFile(load(VersionTags, source), source, text)


def with_tag(file: VersionsFile, name: str, tag: VersionTag) -> str:
    """Return the file's text with a tag added at its end or moved where it stands; comments and order stay.

    Raises:
        InvalidInput: the tag stands there in a form that only its author can change.
    """
    lines = file.text.splitlines(keepends=True)
    at = next((number for number, line in enumerate(lines) if _name_in(line) == name), None)
    text = _added(file.text, name, tag) if at is None else "".join(_moved(lines, at, tag))
    wanted = {**file.document.tags, name: tag}
    if _tags_in(text, file.source.file) != wanted:
        place = file.source.place_of(("tags", name))
        accepted = f"a table `[tags.{_key(name)}]` with each key on one line; or change it by hand"
        raise InvalidInput(
            [Problem(place, f"the tag `{name}` is not written so that it can be changed", accepted)]
        )
    return text


def _tags_in(text: str, file: str) -> Mapping[str, VersionTag] | None:
    try:
        return parse_versions(text, file).document.tags
    except InvalidInput:
        return None


def _added(text: str, name: str, tag: VersionTag) -> str:
    before = text if text.strip() else _HEAD
    gap = "\n" if before.endswith("\n") else "\n\n"
    entries = (f"{key} = {_written(value)}\n" for key, value in _entries(tag) if value)
    return f"{before}{gap}[tags.{_key(name)}]\n{''.join(entries)}"


def _moved(lines: list[str], at: int, tag: VersionTag) -> Iterator[str]:
    """Yield the lines with the entries of one table replaced; those that it did not have come behind its head."""
    end = next((n for n in range(at + 1, len(lines)) if _ANY_TABLE.match(lines[n])), len(lines))
    wanted = dict(_entries(tag))
    yield from lines[:at]
    table = [_replaced(line, wanted) for line in lines[at + 1 : end]]
    yield lines[at] if lines[at].endswith("\n") else f"{lines[at]}\n"
    yield from (f"{key} = {_written(value)}\n" for key, value in wanted.items() if value)
    yield from table
    yield from lines[end:]


def _replaced(line: str, wanted: dict[str, str]) -> str:
    """Return a line with its value replaced, where it is one of those; takes it out of them."""
    entry = _ENTRY.match(line)
    if entry is None or entry["key"] not in wanted:
        return line
    value = _written(wanted.pop(entry["key"]))
    return f"{entry['before']}{value}{entry['after']}{line[entry.end() :]}"


def _entries(tag: VersionTag) -> Iterator[tuple[str, str]]:
    yield from (
        ("agent", tag.agent),
        ("digest", tag.digest),
        ("date", tag.date),
        ("by", tag.by),
        ("note", tag.note),
    )


def _written(value: str) -> str:
    """Return a text as TOML; JSON's escapes are TOML's too, but for the one control that JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _written(name)


def _text_of(path: Path, file: str) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _refusal(file, "is not a regular file", "a TOML file")
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return ""
    except OSError as error:
        reason = (error.strerror or "unknown trouble").lower()
        raise _refusal(file, f"cannot be read: {reason}", "a readable file") from error
    if len(data) > _MAX_BYTES:
        raise _refusal(file, f"more than {_MAX_BYTES >> 10} KiB", f"at most {_MAX_BYTES >> 10} KiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refusal(file, f"the byte `0x{data[error.start]:02x}`, which is not UTF-8", "UTF-8") from error


def _refusal(file: str, found: str, accepted: str) -> InvalidInput:
    return InvalidInput([Problem(Place(file), found, accepted)])


def _data_of(text: str, file: str) -> JsonLike:
    try:
        return _plain(tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        found = _PLACE_IN_WORDS.search(str(error))
        line, column = (int(part or 0) for part in found.groups()) if found else (0, 0)
        sentence = _PLACE_IN_WORDS.sub("", str(error))
        place = Place(file, line, column)
        raise InvalidInput([Problem(place, f"no TOML: {visible(sentence)}", "TOML 1.0")]) from error
    except RecursionError as error:
        raise _refusal(file, "nested too deep", "tables of tags") from error


def _plain(value: Any) -> JsonLike:  # whatever tomllib reads
    """Return a TOML value as our models take it: days and times, which YAML and JSON do not have, as text."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case date() | time():
            return value.isoformat()
        case _:
            plain: JsonLike = value
            return plain


def _places(text: str, file: str) -> tuple[dict[DataPath, Place], dict[DataPath, Place]]:
    """Return where keys and values stand, as far as they are written one a line."""
    keys: dict[DataPath, Place] = {}
    values: dict[DataPath, Place] = {}
    table: DataPath | None = None
    for number, line in enumerate(text.split("\n"), 1):
        name, entry = _name_in(line), _ENTRY.match(line)
        if name is not None:
            table = ("tags", name)
            keys.setdefault(table, Place(file, number, line.index("[") + 1))
        elif _ANY_TABLE.match(line):
            table = None
        elif table is not None and entry is not None:
            keys.setdefault((*table, entry["key"]), Place(file, number, entry.start("key") + 1))
            values.setdefault((*table, entry["key"]), Place(file, number, entry.end("before") + 1))
    return keys, values


def _name_in(line: str) -> str | None:
    """Return the tag whose table begins on a line."""
    table = _TABLE.match(line)
    return None if table is None else (table["quoted"] or table["bare"])
