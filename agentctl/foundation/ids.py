"""The only source of randomness, and the form of our ids."""

import os
import re
from datetime import datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RUN_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PRINCIPAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")


def random_bytes(count: int) -> bytes:
    """Return bytes from the operating system's generator."""
    return os.urandom(count)


def new_run_id(moment: datetime) -> str:
    """Return a new id: 26 characters of Crockford base 32, sorted by time (the ULID form)."""
    value = (int(moment.timestamp() * 1000) << 80) | int.from_bytes(random_bytes(10), "big")
    return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))


def is_run_id(text: str) -> bool:
    """Return whether the text has the form of a run id; anything else never becomes a path."""
    return _RUN_ID.fullmatch(text) is not None


def is_plain_name(text: str) -> bool:
    """Return whether the text may name an agent, environment or reviewer: lower-case ASCII, digits, `_`, `-`."""
    return _NAME.fullmatch(text) is not None


def is_principal(text: str) -> bool:
    """Return whether the text may name a person: ASCII letters, digits and `. _ @ + -`; never a rule of the platform."""
    return _PRINCIPAL.fullmatch(text) is not None


def call_id(run_id: str, step: int, index: int) -> str:
    """Return the id of a tool call, known before it is executed."""
    return f"{run_id}/{step}/{index}"


def approval_id(call: str, attempt: int) -> str:
    """Return the id of an approval request; it names its run, so no search is needed."""
    return f"{call.replace('/', '-')}-{attempt}"


def run_of(identifier: str) -> str:
    """Return the run id at the head of a call id or an approval id."""
    return re.split(r"[/-]", identifier, maxsplit=1)[0]


def new_secret_id() -> str:
    """Return 128 random bits as text, for token ids and inbox files."""
    return random_bytes(16).hex()
