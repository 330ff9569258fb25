"""The ledger: filled once, all or nothing, readable from outside while it is in use."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agentctl.foundation.clock import SystemClock
from agentctl.sandbox.exchange import Answer, Call, Caller
from agentctl.sandbox.ledger import FILE_NAME, Refund, SavedAnswer, open_ledger, read_refunds, read_requests
from tests.fakes.back_office import SEED, with_changes

CALL = Call("POST", "/stripe/v1/refunds", Caller("casey", "agent", "jti"), idempotency_key="key")
REFUND = Refund("ch_1", 100, "usd", None, {})


def test_a_ledger_is_filled_once(tmp_path: Path) -> None:
    """What a second seed says is not heard; the first one stays for a resume."""
    for seed in (SEED, with_changes(accept_everything=True, charges=())):
        ledger = open_ledger(tmp_path, SystemClock())
        ledger.fill(seed)
        assert ledger.is_seeded
        assert not ledger.accepts_everything
        assert ledger.charge("ch_1") is not None
        ledger.close()


def test_many_may_open_and_fill_a_new_ledger_at_once(tmp_path: Path) -> None:
    """One of them fills it."""

    def open_and_fill(_: int) -> int:
        ledger = open_ledger(tmp_path, SystemClock())
        ledger.fill(SEED)
        count = len(ledger.tickets(None))
        ledger.close()
        return count

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(open_and_fill, range(16))) == {3}


def test_a_refund_and_its_saved_answer_are_one_thing(tmp_path: Path) -> None:
    """When saving the answer fails there is no refund either, and the charge is as it was."""
    ledger = open_ledger(tmp_path, SystemClock())
    ledger.fill(SEED)

    def fail_half_way() -> None:
        with ledger.transaction():
            ledger.add_refund(REFUND, CALL)
            ledger.save_answer("key", SavedAnswer("digest", Answer(200, {"amount": 1 // 0})))

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    charge = ledger.charge("ch_1")
    assert charge is not None
    assert charge.amount_refunded == 0
    assert ledger.saved_answer("key") is None
    assert read_refunds(tmp_path) == []
    ledger.close()


def test_reading_needs_no_server_and_makes_no_file(tmp_path: Path) -> None:
    """An absent ledger has no refunds; one in use shows what was committed."""
    assert read_refunds(tmp_path / "absent") == read_requests(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
    ledger = open_ledger(tmp_path, SystemClock())
    ledger.fill(SEED)
    with ledger.transaction():
        ledger.add_refund(REFUND, CALL)
        assert read_refunds(tmp_path) == []
    assert [row["charge"] for row in read_refunds(tmp_path)] == ["ch_1"]
    ledger.close()
    assert [row["charge"] for row in read_refunds(tmp_path)] == ["ch_1"]
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
