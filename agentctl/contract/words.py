"""How messages speak of what stands in a document: short, visible, and in the words of YAML."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from agentctl.foundation.visible import visible

_CAP: Final = 80
_KEYS_NAMED: Final = 5
_WORDS_NAMED: Final = 16


def shown(text: str) -> str:
    """Return a stranger's text for a message: on one line, visible, at most 80 characters."""
    cut = visible(text[:_CAP])
    return cut if len(text) <= _CAP and len(cut) <= _CAP else f"{cut[: _CAP - 1]}…"


def found(value: object) -> str:
    """Return what stands somewhere, as a phrase: ``the text `12` ``, `a list of 3 items`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case "":
            return "an empty text"
        case str():
            return f"the text `{shown(value)}`"
        case list():
            return f"a list of {_counted(len(value), 'item')}" if value else "an empty list"
        case Mapping():
            return f"a mapping with {_keys(list(value))}" if value else "an empty mapping"
        case _:
            return f"the number `{shown(str(value))}`"


def listed(names: Iterable[object]) -> str:
    """Return names for a sentence, each in backticks."""
    return ", ".join(f"`{name}`" for name in names)


def one_of(names: Sequence[str], said: object = None) -> str:
    """Return what is accepted where it is one of many words; of very many only those that are like what was said."""
    if len(names) <= _WORDS_NAMED:
        return f"one of {listed(names)}"
    word = _plain_form(str(said)[:_CAP])
    like = difflib.get_close_matches(word, names, n=_KEYS_NAMED, cutoff=0)
    return f"one of {listed(like)} and {len(names) - len(like)} others, which the file's JSON Schema lists"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known name that was probably meant, whatever its case and dashes; empty if none is near."""
    by_plain_form = {_plain_form(name): name for name in known}
    close = difflib.get_close_matches(_plain_form(word[:_CAP]), by_plain_form, n=1)
    return by_plain_form[close[0]] if close else ""


def dotted(path: Iterable[str | int]) -> str:
    """Return a path as people write it: `models.small-fast[0].price`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{shown(part)}" for part in path)
    return text.removeprefix(".")


def _plain_form(name: str) -> str:
    return name.casefold().replace("-", "_")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _keys(names: list[str]) -> str:
    known = listed(shown(name) for name in names[:_KEYS_NAMED])
    more = len(names) - _KEYS_NAMED
    return f"{'the key' if len(names) == 1 else 'the keys'} {known}" + (
        f" and {more} more" if more > 0 else ""
    )
