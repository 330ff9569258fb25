"""Tool names on the wire: registry names have a dot, the OpenAI protocol allows only letters, digits, `_` and `-`."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

_WIRE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_NOT_WIRE = re.compile(r"[^a-zA-Z0-9-]+")
_DIGEST_LENGTH = 24
_STEM_LENGTH = 64 - 1 - _DIGEST_LENGTH


@lru_cache(maxsize=1_024)
def wire_name(name: str) -> str:
    """Return the name of a tool as the wire allows it; no two registry names share one.

    `zendesk.read_ticket` is `zendesk__read_ticket`. A name for which that is too long or could be read back in two
    ways gets a digest in place of the double underscore. A name without a dot is one that a model made up; it stays.
    """
    if _WIRE_NAME.fullmatch(name):
        return name
    plain = name.replace(".", "__")
    if name.count(".") == 1 and _WIRE_NAME.fullmatch(plain) and plain.find("__") == plain.rfind("__"):
        return plain
    return _digested(name)


def names_by_wire_name(names: Iterable[str]) -> Mapping[str, str]:
    """Return the way back, for the tools that were offered."""
    return {wire_name(name): name for name in names}


def _digested(name: str) -> str:
    # Without `__`, so it can never equal a plain one; 96 bits of digest keep two of these apart.
    stem = _NOT_WIRE.sub("-", name)[:_STEM_LENGTH]
    return f"{stem}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:_DIGEST_LENGTH]}"
