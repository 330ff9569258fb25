"""Words of a closed vocabulary, as somebody typed them."""

import difflib
from collections.abc import Sequence

from agentctl.foundation.errors import UsageError


def refuse_unless_one_of(what: str, text: str | None, known: Sequence[str]) -> None:
    """Refuse a word that is not of the vocabulary, and name the nearest that is; None is no word.

    Raises:
        UsageError: the word is not known.
    """
    if text is None or text in known:
        return
    nearest = next(iter(difflib.get_close_matches(text[:80], known, n=1)), "")
    accepted = ", ".join(f"`{word}`" for word in known)
    raise UsageError(f"{what}: `{text[:80]}` is none of them", accepted, nearest)
