"""How often Python looks for garbage while much is made and little of it stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_COLLECTED_AFTER: Final = (10_000, 20, 50)
"""So many new objects are looked through at once; what survived that often is looked through again."""


@contextmanager
def collected_rarely() -> Iterator[None]:
    """Look for garbage rarely in this block, and not among what there was before: it was read once, and stays."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*map(max, usual, _COLLECTED_AFTER))
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
