"""The sealed values of a replay: what they were is gone, what is on record of them is not."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from typing_extensions import override

from agentctl.events.record import Record
from agentctl.foundation.canonical import JsonValue, digest_of
from agentctl.replay.recorded.stand_ins import finder_of, stand_ins
from agentctl.trace.ports import SealedValues
from agentctl.trace.sealing.vault import PLACEHOLDER, Vault, placeholders_in

_MARK_LENGTH: Final = 12


class TapedVault(SealedValues):
    """Knows the placeholders of a tape with the keyed digest of each, and puts stand-ins in their places.

    Args:
        records: the tape.
        fresh: seals what was not on the tape, for words that a model says anew; None: there are none.
    """

    def __init__(self, records: Sequence[Record], fresh: Vault | None = None) -> None:
        self._digests = {name: digest for record in records for name, digest in record.sealed.items()}
        standing = stand_ins(self._digests, records[-1].hash[:_MARK_LENGTH])
        self._placeholders = {value: name for name, value in standing.items()}
        self._standing = standing
        self._finder = finder_of(standing)
        self._fresh = fresh
        if fresh is not None:
            fresh.adopt(standing)

    @override
    def redact(self, value: JsonValue, *, trusted_placeholders: bool = False) -> JsonValue:
        """Return the value with placeholders again where stand-ins were; the tape itself was redacted when it was made."""
        recorded = self.as_recorded(value)
        return recorded if self._fresh is None else self._fresh.redact(recorded, trusted_placeholders=True)

    def as_recorded(self, value: JsonValue) -> JsonValue:
        """Return the value with every stand-in replaced by its placeholder."""
        return value if self._finder is None else _replaced(value, self._finder, self._placeholders)

    @override
    def restore(self, value: JsonValue) -> JsonValue:
        """Return the value with a stand-in for every placeholder of the tape."""
        if self._fresh is not None:
            return self._fresh.restore(value)
        return _replaced(value, PLACEHOLDER, self._standing) if self._standing else value

    @override
    def restore_text(self, text: str) -> str:
        """Return text with a stand-in for every placeholder of the tape."""
        return str(self.restore(text))

    @override
    def flush(self) -> Mapping[str, str]:
        """Return the keyed digests of what was sealed anew; those of the tape stand in its records."""
        return {} if self._fresh is None else self._fresh.flush()

    @override
    def bound_digest(self, value: JsonValue) -> str:
        """Return the digest of a redacted value, bound to the values that its placeholders stood for."""
        anew = {} if self._fresh is None else self._fresh.digests(value)
        named = placeholders_in(value) & self._digests.keys()
        recorded = {name: self._digests[name] for name in named}
        return digest_of({"value": value, "sealed": {**anew, **recorded}})

    @override
    def missing(self, value: JsonValue) -> frozenset[str]:
        """Return nothing: here a stand-in is as good as its value."""
        return frozenset()

    @override
    def destroy(self) -> None:
        """There is nothing to forget: no stand-in is anybody's."""


def _replaced(value: JsonValue, finder: re.Pattern[str], instead: Mapping[str, str]) -> JsonValue:
    """Return the value with what is found in its texts and keys replaced, where something stands instead of it."""

    def of(text: str) -> str:
        return finder.sub(lambda found: instead.get(found.group(), found.group()), text)

    match value:
        case str():
            return of(value)
        case bool() | int() | float() | None:
            return value
        case Mapping():
            return {of(key): _replaced(item, finder, instead) for key, item in value.items()}
        case Sequence():
            return [_replaced(item, finder, instead) for item in value]
        case never:
            assert_never(never)
