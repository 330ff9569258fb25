"""The reversible half of redaction: one vault per run, which swaps secrets for placeholders and back.

Within a run the same value has the same placeholder (`[email:1]`), so a run, its resume and its replay fold the same
state. The values lie encrypted in one append-only file that does not outlive the run.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import assert_never

from msgspec import Struct

from agentctl.foundation.canonical import JsonObject, JsonValue, NotJson, digest_of
from agentctl.foundation.errors import IntegrityError, InternalError
from agentctl.trace.disk import Disk, SystemDisk
from agentctl.trace.sealing.redaction import (
    Match,
    RedactionLevel,
    SecretKind,
    find_secrets,
    is_card_number,
    is_named_secret,
    united,
)
from agentctl.trace.sealing.sealed_file import Seal, SealedFile, written

PLACEHOLDER = re.compile(r"\[(card|iban|email|phone|key|ssn|text):[0-9]+\]")
_SHORTEST = 6  # characters of `a@b.co`; nothing that is found is shorter


class Vault:
    """The sealed values of one run.

    `redact` takes values out, `flush` makes them durable before a record names them, `restore` puts them back at the
    edges, `destroy` ends it. At the level `off` nothing is taken out and nothing is put back, keys and tokens
    included: off means off.
    """

    def __init__(
        self, path: Path | None, key: bytes, run_id: str, level: RedactionLevel, *, disk: Disk | None = None
    ) -> None:
        """Open the vault of a run, with what a former process of the run sealed.

        Args:
            path: the file (`traces/sealed/<run>`); None keeps the values in memory only, as for a replay.
            key: 32 bytes from outside the project.
            run_id: the run; a file of another run does not open.
            level: what the contract says.
            disk: how bytes are written and synced.

        Raises:
            IntegrityError: the file was changed, or the key does not fit.
            ValueError: the key is not 32 bytes long.
        """
        self._level = level
        self._seal = Seal(key, run_id)
        self._file = SealedFile(path, disk or SystemDisk()) if path else None
        self._values: dict[str, JsonValue] = {}
        self._placeholders: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()
        self._fresh: list[str] = []
        self._destroyed = False
        for place, line in self._file.lines() if self._file else ():
            self._load(place, line)
        self._found = tuple(self._values)

    def redact(self, value: JsonValue, *, trusted_placeholders: bool = False) -> JsonValue:
        """Return the value with every secret in its strings, object keys and numbers replaced by a placeholder.

        Text that looks like a placeholder is sealed too, as kind `text`, so nobody can write `[email:1]` into a ticket
        and get somebody's address.

        What this vault redacted stays as it is with `trusted_placeholders`.

        Args:
            value: any JSON, within the limits of `foundation.canonical`.
            trusted_placeholders: for what a model wrote that is shown placeholders: those that this vault has given
                out stay.

        Raises:
            NotJson: two keys of one object are the same once their secrets are replaced.
        """
        if self._level == "off":
            return value
        if self._destroyed:  # numbering would begin again and one placeholder mean two values
            raise InternalError("a destroyed vault was asked to redact")
        known = self._values.keys() if trusted_placeholders else ()
        return _Redaction(self._sealed, frozenset(known)).of(value)

    def adopt(self, values: Mapping[str, JsonValue]) -> None:
        """Take in placeholders that were given out elsewhere, with what is to stand for each; they are written nowhere."""
        for placeholder, value in values.items():
            self._remember(placeholder, value)

    def restore(self, value: JsonValue) -> JsonValue:
        """Return the value with every placeholder of this vault replaced by what it stands for.

        A string that is one placeholder gives back the JSON value it was made from; inside longer text and in object
        keys it gives the text. Placeholders that the vault does not know stay; see `missing`.
        """
        return _mapped(value, self._whole, self._text) if self._values else value

    def restore_text(self, text: str) -> str:
        """Return text with every placeholder of this vault replaced by the text of its value."""
        return self._text(text) if self._values else text

    def flush(self) -> Mapping[str, str]:
        """Make new values durable and return the keyed digest of each, by placeholder.

        The first time, those that a former process sealed are among them: it may have been gone before any record named them.

        Raises:
            JournalUnavailable: the disk refused; from then on the vault refuses too.
            IntegrityError: another process wrote to the file.
        """
        if not self._fresh and not self._found:  # so it is with most records
            return {}
        fresh = {placeholder: self._values[placeholder] for placeholder in self._fresh}
        if fresh and self._file:
            self._file.append(b"".join(self._seal.line(*entry) for entry in fresh.items()))
        self._fresh.clear()
        found, self._found = self._found, ()
        return {name: self._seal.digest(self._values[name]) for name in (*found, *fresh)}

    def digests(self, value: JsonValue) -> Mapping[str, str]:
        """Return the keyed digest of each placeholder of this vault that occurs in a value, in order of the names."""
        named = placeholders_in(value) & self._values.keys() if self._values else ()
        return {name: self._seal.digest(self._values[name]) for name in sorted(named)}

    def bound_digest(self, value: JsonValue) -> str:
        """Return the digest of a redacted value: of its placeholder form and the keyed digest of each sealed value."""
        return digest_of({"value": value, "sealed": dict(self.digests(value))})

    def missing(self, value: JsonValue) -> frozenset[str]:
        """Return the placeholders in a value that this vault cannot put back; never execute with one of them."""
        return (
            frozenset() if self._level == "off" else frozenset(placeholders_in(value) - self._values.keys())
        )

    def destroy(self) -> None:
        """Forget all values and delete the file, durably; what names them stays as it is. May be repeated.

        Raises:
            JournalUnavailable: the disk refused.
        """
        self._destroyed, self._found = True, ()
        for memory in (self._values, self._placeholders, self._numbers, self._fresh):
            memory.clear()
        if self._file:
            self._file.delete()

    def _sealed(self, kind: SecretKind, value: JsonValue) -> str:
        key = written(value)
        if key not in self._placeholders:
            self._remember(f"[{kind}:{self._numbers[kind] + 1}]", value)
            self._fresh.append(self._placeholders[key])
        return self._placeholders[key]

    def _remember(self, placeholder: str, value: JsonValue) -> None:
        self._numbers[_kind_of(placeholder)] += 1
        self._values[placeholder] = value
        self._placeholders[written(value)] = placeholder

    def _load(self, place: str, line: bytes) -> None:
        placeholder, value = self._seal.opened(place, line)
        kind = _kind_of(placeholder)
        if placeholder != f"[{kind}:{self._numbers[kind] + 1}]" or written(value) in self._placeholders:
            raise IntegrityError(
                f"{place}: `{placeholder}` is out of order; a line was removed, moved or repeated"
            )
        self._remember(placeholder, value)

    def _whole(self, text: str) -> JsonValue:
        return self._values[text] if text in self._values else self._text(text)

    def _text(self, text: str) -> str:
        return PLACEHOLDER.sub(lambda found: self._as_text(found.group()), text)

    def _as_text(self, placeholder: str) -> str:
        value = self._values.get(placeholder, placeholder)
        return value if isinstance(value, str) else written(value)


class _Redaction(Struct, frozen=True):
    """One pass over a value; `known` are the placeholders that may stay."""

    seal: Callable[[SecretKind, JsonValue], str]
    known: frozenset[str]

    def of(self, value: JsonValue) -> JsonValue:
        match value:
            case str():
                return self._text(value)
            case bool() | None:
                return value
            case int() | float():
                return self.seal("card", value) if is_card_number(value) else value
            case Mapping():
                return self._object(value)
            case Sequence():
                return [self.of(item) for item in value]
            case never:
                assert_never(never)

    def _object(self, value: JsonObject) -> JsonObject:
        redacted = {self._text(name): self._entry(name, item) for name, item in value.items()}
        if len(redacted) < len(value):
            raise NotJson("an object has the same key twice, once as a placeholder and once in full")
        return redacted

    def _entry(self, name: str, item: JsonValue) -> JsonValue:
        if isinstance(item, str) and is_named_secret(name, item) and not self._stays(item):
            return self.seal("key", item)
        return self.of(item)

    def _stays(self, text: str) -> bool:
        return any(found.group() in self.known for found in PLACEHOLDER.finditer(text))

    def _text(self, text: str) -> str:
        """Redact text in which placeholders that are known stay."""
        if not self.known:
            return self._plain(text)
        done, pieces = 0, list[str]()
        for found in PLACEHOLDER.finditer(text):
            if found.group() in self.known:
                pieces += (self._plain(text[done : found.start()]), found.group())
                done = found.end()
        return "".join([*pieces, self._plain(text[done:])])

    def _plain(self, text: str) -> str:
        """Redact text in which nothing may stay; what lies between two matches is looked at again, on its own."""
        matches = (*find_secrets(text), *_lookalikes(text)) if len(text) >= _SHORTEST else ()
        if not matches:
            return text
        done, pieces = 0, list[str]()
        for match in united(matches):
            pieces += (
                self._plain(text[done : match.start]),
                self.seal(match.kind, text[match.start : match.end]),
            )
            done = match.end
        return "".join([*pieces, self._plain(text[done:])])


def _mapped(value: JsonValue, whole: Callable[[str], JsonValue], name: Callable[[str], str]) -> JsonValue:
    """Return the value with every string and every object key replaced by what the functions say."""
    match value:
        case str():
            return whole(value)
        case bool() | int() | float() | None:
            return value
        case Mapping():
            return {name(key): _mapped(item, whole, name) for key, item in value.items()}
        case Sequence():
            return [_mapped(item, whole, name) for item in value]
        case never:
            assert_never(never)


def placeholders_in(value: JsonValue) -> frozenset[str]:
    """Return everything in the strings and keys of a value that has the form of a placeholder."""
    return frozenset(found.group() for text in _texts(value) for found in PLACEHOLDER.finditer(text))


def _texts(value: JsonValue) -> Iterator[str]:
    match value:
        case str():
            yield value
        case bool() | int() | float() | None:
            pass
        case Mapping():
            yield from value
            for item in value.values():
                yield from _texts(item)
        case Sequence():
            for item in value:
                yield from _texts(item)
        case never:
            assert_never(never)


def _lookalikes(text: str) -> Iterator[Match]:
    return (Match("text", *found.span()) for found in PLACEHOLDER.finditer(text))


def _kind_of(placeholder: str) -> str:
    return placeholder[1:].partition(":")[0]
