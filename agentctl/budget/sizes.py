"""How many bytes a tool call moves."""

from agentctl.foundation.canonical import JsonValue, NotCanonical, canonical_bytes


def bytes_of(value: JsonValue) -> int:
    """Return the bytes of a value's canonical form; of what has none, those of the text that is recorded in its place."""
    try:
        return len(canonical_bytes(value))
    except NotCanonical:
        return len(repr(value).encode("utf-8", "backslashreplace"))
