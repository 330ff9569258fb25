"""Lines as a tree: what belongs to what is drawn before them; pure."""

from collections.abc import Iterator, Sequence
from typing import Final

_PASSING, _NOTHING = "│  ", "   "
_BRANCH, _LAST = "├─ ", "└─ "

DRAWN: Final = {code: f"\\u{code:04x}" for code in range(0x2500, 0x2580)}
"""How the characters that trees are drawn with are written where they stand in a text: no text draws branches of its own."""


def branches(depths: Sequence[int]) -> list[tuple[str, str]]:
    """Return what stands before each line of a tree, and before what goes on below its beginning.

    Args:
        depths: how deep each line lies, from 0, in the order in which they are printed.
    """
    return list(reversed([*_from_the_last(depths)]))


def _from_the_last(depths: Sequence[int]) -> Iterator[tuple[str, str]]:
    followed: set[int] = set()
    for depth in reversed(depths):
        has_children = depth + 1 in followed
        passing = "".join(_PASSING if level in followed else _NOTHING for level in range(1, depth))
        own = ("", "") if depth == 0 else (_BRANCH, _PASSING) if depth in followed else (_LAST, _NOTHING)
        yield passing + own[0], passing + own[1] + (_PASSING if has_children else _NOTHING)
        followed = {level for level in followed if level < depth} | {depth}
