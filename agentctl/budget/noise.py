"""Which arguments of a call say what is wanted, and which only make it look like another call: pure.

An argument counts as noise by its name alone. That its change makes no difference, the results must show.
"""

from typing import Final

from agentctl.contract.tool import Effect
from agentctl.foundation.canonical import JsonObject, JsonValue, canonical_bytes

_BOOKKEEPING: Final = frozenset(
    word
    for words in (
        ("requestid", "reqid", "clientrequestid", "correlationid", "idempotencykey"),
        ("traceid", "traceparent", "spanid"),
        ("nonce", "salt", "noise", "seed", "random", "rand", "cachebust", "cachebuster"),
        ("timestamp", "ts", "now", "currenttime", "requestedat", "sentat"),
        ("attempt", "attempts", "attemptnumber", "retry", "retries", "retrycount", "tries"),
    )
    for word in words
)
"""Names, without case and signs, that nobody gives to what is wanted."""

_WORDS: Final = frozenset(("reason", "rationale", "thought", "thoughts", "explanation", "comment", "note"))
"""Names of what is said beside a question; in what is written they are what is written."""

_PLACES: Final = frozenset(("page", "pagenumber", "pagetoken", "offset", "skip", "cursor", "nexttoken"))
"""Names of places in a long answer: progress as long as the answer is another one."""

_MUCH_TEXT: Final = 200


def essence(arguments: JsonObject, effect: Effect) -> bytes:
    """Return what of some arguments says what is wanted, in canonical form."""
    noise = _BOOKKEEPING | _WORDS | _PLACES if effect == "read" else _BOOKKEEPING
    return canonical_bytes(_without(arguments, noise))


def without(arguments: JsonObject, name: str) -> bytes:
    """Return some arguments but one, in canonical form."""
    return canonical_bytes({key: value for key, value in arguments.items() if key != name})


def differing(all_arguments: tuple[JsonObject, ...]) -> tuple[str, ...]:
    """Return the names of the arguments that are not the same everywhere, sorted."""
    names = sorted({name for arguments in all_arguments for name in arguments})
    return tuple(
        name
        for name in names
        if len({canonical_bytes([item[name]] if name in item else []) for item in all_arguments}) > 1
    )


def tells_much(result: JsonValue) -> bool:
    """Whether a result holds so much text that two different questions do not have it by chance."""
    return _text_in(result) >= _MUCH_TEXT


def _without(value: JsonValue, noise: frozenset[str]) -> JsonValue:
    if isinstance(value, dict):
        return {key: _without(item, noise) for key, item in value.items() if _bare(key) not in noise}
    return [_without(item, noise) for item in value] if isinstance(value, list) else value


def _bare(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _text_in(value: JsonValue) -> int:
    if isinstance(value, dict):
        return sum(_text_in(item) for item in value.values())
    if isinstance(value, list):
        return sum(_text_in(item) for item in value)
    return len(value) if isinstance(value, str) else 0
