"""Names that no run ever had are told from those that only this question found nothing of."""

from agentctl.audit.names import Unheard, unheard_of
from tests.fakes.journals import run_id
from tests.unit.audit.conftest import Store


def test_a_name_that_some_run_had_is_heard_of(store: Store) -> None:
    """Of any kind; and nothing is asked where nothing is named."""
    names = {"agent": "refund-assistant", "principal": "casey", "tool": "stripe.refund", "run": run_id(2)[:9]}
    assert unheard_of(store.database, store.journals, names) == ()
    assert unheard_of(store.folder / "none.duckdb", store.journals, {"agent": None}) == ()
    assert not (store.folder / "none.duckdb").exists()


def test_a_name_that_none_had_comes_with_the_nearest_of_its_kind(store: Store) -> None:
    """An agent is no tool; a name that is like none has no nearest."""
    names = {"agent": "stripe.refund", "principal": "cassey", "tool": "stripe.refunds", "run": "01ZZ"}
    agent, principal, tool, run = unheard_of(store.database, store.journals, names)
    assert agent == Unheard("agent", "stripe.refund", ("refund-assistant",), "")
    assert (principal.name, principal.nearest) == ("cassey", "casey")
    assert (tool.what, tool.nearest, len(tool.known)) == ("tool", "stripe.refund", 4)
    assert run == Unheard("run", "01ZZ", (), "")
