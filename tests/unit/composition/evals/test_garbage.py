"""Garbage is looked for rarely for a while, and as ever afterwards, whatever happened."""

import gc
from collections.abc import Iterator

import pytest

from agentctl.composition.evals.garbage import collected_rarely


@pytest.fixture(autouse=True)
def as_found() -> Iterator[None]:
    """Leave the collector as it was."""
    usual = gc.get_threshold()
    gc.unfreeze()
    yield
    gc.set_threshold(*usual)


def test_afterwards_all_is_as_before() -> None:
    """In the block the objects that were there are left alone; an error restores what was too."""
    usual = (700, 10, 10)
    gc.set_threshold(*usual)
    with pytest.raises(ValueError, match="x"), collected_rarely():
        assert gc.get_threshold()[0] > usual[0]
        assert gc.get_freeze_count() > 1_000
        raise ValueError("x")
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0


def test_whoever_looks_more_rarely_still_keeps_to_that() -> None:
    """Where garbage is looked for more rarely already, it stays so."""
    gc.set_threshold(50_000, 10, 10)
    with collected_rarely():
        assert gc.get_threshold() == (50_000, 20, 50)
