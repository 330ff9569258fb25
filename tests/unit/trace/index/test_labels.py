"""Tests of labels: the last word counts, and none is lost."""

from agentctl.events.base import Principal
from agentctl.events.control import Label, ReviewerRevoked, RunLabelled
from agentctl.trace.index.labels import Said, labels_of
from tests.fakes.journals import chained, run_id

OLGA = Principal(id="olga", kind="user", assurance="asserted")


def labelled(number: int, label: Label) -> RunLabelled:
    """Return what olga thinks of a run."""
    return RunLabelled(run=run_id(number), label=label, by=OLGA, reason="seen")


def test_the_last_word_counts_and_earlier_ones_stay() -> None:
    """Labels of several runs, among other acts, in the order in which they were given."""
    first, other, last = labelled(1, "good"), labelled(2, "overridden"), labelled(1, "bad")
    revoked = ReviewerRevoked(reviewer="alice", fingerprint="SHA256:a", by=OLGA, reason="lost")
    records = chained("control", [first, revoked, other, last])
    labels = labels_of(records)
    assert labels == {
        run_id(1): (Said(first, records[0].time), Said(last, records[3].time)),
        run_id(2): (Said(other, records[2].time),),
    }
