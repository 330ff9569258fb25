"""Tests of giving a grant from the command line: every limit is checked where it is typed."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.composition.people.grants import GrantOrder, give_grant
from agentctl.composition.project import Project
from agentctl.events.run import RunFinished
from agentctl.foundation.errors import UsageError
from agentctl.trace.message import GrantMessage
from agentctl.trace.ports import Received
from tests.fakes.journals import RUN
from tests.fakes.waiting_run import TOOL, a_project, append, wait

ORDER = GrantOrder(RUN, TOOL, ("charge=ch_1",), ("amount_usd=40",), "2h", "alice", "the same customer")


def nobody(prompt: str) -> None:
    """Say that there is no terminal."""
    del prompt


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project with a run that waits; it is 09:00 UTC."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = a_project(tmp_path)
    wait(project)
    return project


def test_a_grant_lies_in_the_inbox_as_it_was_typed(project: Project) -> None:
    """One tool, its facts, its limit, its end, for the very version the run is of."""
    given = give_grant(project, ORDER, nobody)
    (item,) = project.inbox.read(RUN)
    assert isinstance(item, Received)
    message = item.message
    assert isinstance(message, GrantMessage)
    assert message == given.grant
    assert (message.tool, message.facts, message.up_to) == (TOOL, {"charge": "ch_1"}, {"amount_usd": "40"})
    assert message.until == "2026-03-14T11:00:00.000000Z"
    assert (message.by, message.reason, given.left.assurance) == ("alice", "the same customer", "asserted")


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("2h", "2026-03-14T11:00:00.000000Z"),
        ("90s", "2026-03-14T09:01:30.000000Z"),
        ("1d", "2026-03-15T09:00:00.000000Z"),
        ("18:00", "2026-03-14T18:00:00.000000Z"),
        ("08:30", "2026-03-15T08:30:00.000000Z"),
        ("09:00", "2026-03-15T09:00:00.000000Z"),
        ("2026-03-14T12:00:00Z", "2026-03-14T12:00:00.000000Z"),
        ("2026-03-14T13:00:00+01:00", "2026-03-14T12:00:00.000000Z"),
    ],
)
def test_the_end_is_understood_as_people_write_it(project: Project, until: str, end: str) -> None:
    """A length of time, the next such time of day in UTC, or a moment with its offset."""
    assert give_grant(project, replace(ORDER, until=until), nobody).grant.until == end


@pytest.mark.parametrize(
    "changes",
    [
        {"until": "25h"},
        {"until": "1441m"},
        {"until": "0h"},
        {"until": "24:00"},
        {"until": "18:60"},
        {"until": "tomorrow"},
        {"until": ""},
        {"until": "2026-03-14T12:00:00"},
        {"until": "2026-03-14T08:59:59Z"},
        {"until": "2026-03-15T09:00:01Z"},
        {"tool": "admin.delete_all"},
        {"where": ("customer=x",)},
        {"where": ("charge",)},
        {"where": ("charge=",)},
        {"where": ("=ch_1",)},
        {"where": ("charge=ch_1", "charge=ch_2")},
        {"where": ("charge=dana@example.com",)},
        {"up_to": ()},
        {"up_to": ("amount_usd=much",)},
        {"up_to": ("amount_usd=0",)},
        {"up_to": ("amount_usd=-1",)},
        {"up_to": ("amount_usd=NaN",)},
        {"up_to": ("charge=1",)},
        {"up_to": ("amount_usd_total=40",)},
        {"up_to": ("amount_usd=40", "amount_usd=50")},
        {"reviewer": "casey"},
        {"reviewer": "mallory"},
        {"reviewer": "system:sandbox-reviewer"},
        {"reason": "dana@example.com agreed"},
        {"run": "01KKNC2R00REFVND0000000009"},
    ],
    ids=str,
)
def test_what_would_not_count_is_refused_where_it_is_typed(
    project: Project, changes: dict[str, object]
) -> None:
    """No limit, no such fact, too long, no reviewer: a sentence, and nothing in the inbox."""
    with pytest.raises(UsageError):
        give_grant(project, replace(ORDER, **changes), nobody)  # type: ignore[arg-type]  # replace() checks
    assert project.inbox.read(RUN) == ()


def test_the_error_names_what_was_probably_meant(project: Project) -> None:
    """A fact that is nearly right is named."""
    with pytest.raises(UsageError, match="did you mean `amount_usd`"):
        give_grant(project, replace(ORDER, up_to=("amount_us=40",)), nobody)


def test_a_run_that_has_ended_is_granted_nothing(project: Project) -> None:
    """There is nothing left to grant."""
    append(project, RUN, RunFinished(status="denied", answer="no"))
    with pytest.raises(UsageError, match="has ended"):
        give_grant(project, ORDER, nobody)
