"""How many cores there are is known on every system."""

import os

import pytest

from agentctl.foundation.machine import cores


def test_cores_that_may_be_used_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those this process may use; all there are where the system keeps no such list; one where nobody knows."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert cores() == 4
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1
