"""Garbage is looked for rarely for a while, and as ever afterwards, whatever happened."""

import gc

import pytest

from agentctl.composition.garbage import collected_rarely


def test_afterwards_all_is_as_before() -> None:
    """In the block the objects that were there are left alone; an error restores what was too."""
    usual = gc.get_threshold()
    gc.unfreeze()
    with pytest.raises(ValueError, match="x"), collected_rarely():
        assert gc.get_threshold()[0] > usual[0]
        assert gc.get_freeze_count() > 1_000
        raise ValueError("x")
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0
