"""Makes text that strangers wrote safe to look at: what would hide, move or imitate becomes a readable escape."""

import re
import unicodedata
from collections.abc import Iterator

# Not controls, yet nothing is seen where they stand: fillers, blanks, joiners and selectors that count as letters, marks or symbols.
_UNSEEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u2d7f\u303f\u3164\uffa0\ufffc"
    "\U0001107f\U00013441\U00013442\U00016fe4\U0001d159"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
_SEEN_CLASSES = frozenset("LNPS")
_STACKING = frozenset({"Mn", "Mc"})
_MAX_STACK = 3
_OVERLAY = 1
_LAST_X, _LAST_U = 0xFF, 0xFFFF

# While the text is rewritten an escape begins with a private character: those never survive, so it cannot be confused.
_MARKER = "\ue000"
_AMBIGUOUS_BACKSLASH = re.compile(rf"\\(?=[\\xuU{_MARKER}])")
_UNIT = re.compile(r"\\(?:\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})|.")
_WORD = re.compile(r"\w+")
_LOOKALIKE_SCRIPTS = frozenset(
    {"ARMENIAN", "CHEROKEE", "COPTIC", "CYRILLIC", "FULLWIDTH", "GREEK", "LISU", "MATHEMATICAL"}
)

_MIN_WIDTH = 24
_PREFIX = "│ "
_CONTINUED = "┊ "


def visible(text: str, *, keep_newlines: bool = False) -> str:
    r"""Return the text with everything that a terminal would obey or hide written as `\x1b`, `\u202e` or `\U000e0041`.

    Letters, digits, punctuation and symbols of any script stay; marks stay where they sit on a letter. A backslash
    is doubled where it could be taken for the beginning of an escape, so two texts never look the same.
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    marked = "".join(_units(text, "\n" if keep_newlines else ""))
    return _AMBIGUOUS_BACKSLASH.sub(r"\\\\", marked).replace(_MARKER, "\\")


def suspicious_scripts(text: str) -> tuple[str, ...]:
    """Return the scripts, sorted, of words that mix Latin with letters that look like Latin ones; empty if there are none."""
    found: set[str] = set()
    for word in _WORD.findall("" if text.isascii() else text):
        scripts = {unicodedata.name(char, "").split(" ")[0] for char in word}
        others = scripts & _LOOKALIKE_SCRIPTS
        if others and "LATIN" in scripts:
            found |= others | {"LATIN"}
    return tuple(sorted(found))


def boxed(text: str, *, title: str, cap: int, width: int = 76) -> str:
    """Return untrusted text in a box whose form depends on nothing but its arguments.

    Every line of the text is prefixed, one that was broken for its length by another sign than one the text itself
    ends, so no line of it can pass for a prompt or for the box. What is cut is counted in the lower edge.

    Args:
        text: what somebody wrote; made visible here.
        title: the name of the box; made visible and cut to one line.
        cap: how many characters of the text are shown.
        width: columns of the widest line.

    Raises:
        ValueError: `cap` is negative or `width` below 24.
    """
    if cap < 0 or width < _MIN_WIDTH:
        raise ValueError(
            f"a box needs a cap of at least 0 and a width of at least {_MIN_WIDTH}, not {cap} and {width}"
        )
    room = width - len(_PREFIX)
    body = [
        line
        for paragraph in visible(text[:cap], keep_newlines=True).split("\n")
        for line in _lines(paragraph, room)
    ]
    return "\n".join([_edge("┌", title, width), *body, _edge("└", _rest(len(text) - cap), width)])


def _units(text: str, kept: str) -> Iterator[str]:
    stack = _MAX_STACK
    for char in text:
        category = unicodedata.category(char)
        stack = stack + 1 if category in _STACKING else 0 if category[0] == "L" else _MAX_STACK
        yield char if char in kept or _is_seen(char, category, stack) else _escape(char)


def _is_seen(char: str, category: str, stack: int) -> bool:
    if char in _UNSEEN:
        return False
    if category in _STACKING:
        return stack <= _MAX_STACK and unicodedata.combining(char) != _OVERLAY
    return char == " " or category[0] in _SEEN_CLASSES


def _escape(char: str) -> str:
    point = ord(char)
    if point <= _LAST_X:
        return f"{_MARKER}x{point:02x}"
    return f"{_MARKER}u{point:04x}" if point <= _LAST_U else f"{_MARKER}U{point:08x}"


def _lines(paragraph: str, room: int) -> list[str]:
    first, *others = _wrapped(paragraph, room)
    return [_PREFIX + first, *(_CONTINUED + line for line in others)]


def _wrapped(paragraph: str, room: int) -> Iterator[str]:
    """Break a visible line so that no part is wider than `room` columns; escapes stay whole."""
    line, used = "", 0
    for unit in _UNIT.findall(paragraph):
        columns = _columns(unit)
        if used + columns > room:
            yield line
            line, used = "", 0
        line += unit
        used += columns
    yield line


def _columns(text: str) -> int:
    return sum(_columns_of(char) for char in text)


def _columns_of(char: str) -> int:
    if unicodedata.category(char) == "Mn":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _edge(corner: str, label: str, width: int) -> str:
    head = f"{corner}─"
    if label:
        parts = list(_wrapped(visible(label), width - 6))
        head += f" {parts[0]}{'…' if len(parts) > 1 else ''} "
    return head + "─" * (width - _columns(head))


def _rest(hidden: int) -> str:
    if hidden <= 0:
        return ""
    return f"… {hidden} more character{'' if hidden == 1 else 's'}"
