"""Tests of the roll: the last word on each name, and keys that never count again."""

from datetime import timedelta

from agentctl.approval.roll import Roll, roll_of
from agentctl.events.control import ReviewerAdded, ReviewerRevoked
from agentctl.events.record import AnyEvent, Record
from agentctl.foundation.clock import to_rfc3339
from tests.fakes.journals import BEGINNING, CASEY, chained, started


def added(name: str, key: str) -> ReviewerAdded:
    """Return that somebody got a key."""
    return ReviewerAdded(reviewer=name, public_key=f"ssh-ed25519 {key}", fingerprint=key, by=CASEY, reason="")


def revoked(name: str, key: str) -> ReviewerRevoked:
    """Return that a key of somebody was revoked."""
    return ReviewerRevoked(reviewer=name, fingerprint=key, by=CASEY, reason="lost")


def records(*events: AnyEvent) -> list[Record]:
    """Return the events, a second apart."""
    return chained("control", events)


def key_of(name: str, *events: AnyEvent) -> str | None:
    """Return the key with which somebody answers after some events."""
    active = roll_of(records(*events)).active(name)
    return None if active is None else active.fingerprint


def test_nobody_has_a_key_at_first() -> None:
    """And nobody is revoked."""
    assert roll_of([]) == Roll()
    assert Roll().active("alice") is None
    assert not Roll().is_revoked("alice")


def test_the_last_key_counts() -> None:
    """One that was replaced does not, and others keep theirs."""
    events = (added("alice", "a"), added("bob", "b"), added("alice", "c"))
    assert key_of("alice", *events) == "c"
    assert key_of("bob", *events) == "b"


def test_a_revoked_reviewer_may_not_answer() -> None:
    """Until they get another key."""
    events = (added("alice", "a"), revoked("alice", "a"))
    roll = roll_of(records(*events))
    assert roll.active("alice") is None
    assert roll.is_revoked("alice")
    assert key_of("alice", *events, added("alice", "b")) == "b"


def test_a_revoked_key_never_counts_again() -> None:
    """Neither given to the same person again, nor to somebody else."""
    events = (added("alice", "a"), revoked("alice", "a"))
    for name in ("alice", "bob"):
        again = roll_of(records(*events, added(name, "a")))
        assert again.active(name) is None
        assert again.is_revoked(name)


def test_a_key_that_git_holds_can_be_revoked() -> None:
    """The journal need not have known it."""
    roll = roll_of(records(revoked("alice", "pinned")))
    assert roll.revoked == {"pinned"}
    assert roll.is_revoked("alice")


def test_the_roll_as_it_was_at_a_moment() -> None:
    """What came later did not hold then."""
    story = records(added("alice", "a"), revoked("alice", "a"), added("alice", "b"))
    moments = [to_rfc3339(BEGINNING + timedelta(seconds=second)) for second in (-1, 0, 1, 2)]
    found = [roll_of(story, until=moment).active("alice") for moment in moments]
    assert [item and item.fingerprint for item in found] == [None, "a", None, "b"]


def test_other_acts_change_nothing() -> None:
    """The journal may hold more than keys."""
    assert roll_of(records(started())) == Roll()
