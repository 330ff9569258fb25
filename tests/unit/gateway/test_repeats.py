"""Tests of whether a call of unknown outcome may be made again: by its descriptor, its key's age, and an order."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from agentctl.contract.tool import HttpExecutor, Retry, ToolDescriptor
from agentctl.foundation.clock import to_rfc3339
from agentctl.gateway.repeats import why_not_again
from agentctl.gateway.state import CallState
from tests.fakes.journals import BEGINNING, RUN, intended, proposed

WINDOW = 3_600
CALL = replace(
    CallState(proposed(f"{RUN}/1/0", "stripe.create_refund", {})),
    status="unknown",
    first_intent=intended(f"{RUN}/1/0", "stripe.create_refund", {}),
    first_intent_at=to_rfc3339(BEGINNING),
    attempts=1,
)


def descriptor(retry: Retry) -> ToolDescriptor:
    """Return a tool that may be retried so."""
    return ToolDescriptor(
        name="stripe.create_refund",
        description="Refund a charge.",
        effect="write",
        retry=retry,
        key_window_seconds=WINDOW,
        arguments={},
        result={},
        executor=HttpExecutor(
            type="http", backend="stripe", method="POST", path="/", idempotency_header="Idempotency-Key"
        ),
    )


def later(seconds: float) -> str:
    """Return a time, in seconds after the first intent."""
    return to_rfc3339(BEGINNING + timedelta(seconds=seconds))


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("seconds", [0, WINDOW, 10 * WINDOW])
def test_what_is_safe_may_always_be_done_again(seconds: float, ordered: bool) -> None:  # noqa: FBT001 - both
    """Whenever, ordered or not."""
    assert why_not_again(descriptor("safe"), replace(CALL, retry_ordered=ordered), later(seconds)) is None


@pytest.mark.parametrize("seconds", [0, WINDOW])
def test_never_means_never_but_by_order(seconds: float) -> None:
    """Only an operator's word lets it be tried again."""
    assert why_not_again(descriptor("never"), CALL, later(seconds)) == (
        "this tool is never retried (`retry: never`)"
    )
    assert why_not_again(descriptor("never"), replace(CALL, retry_ordered=True), later(seconds)) is None


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("attempts", [1, 3])
def test_a_key_is_good_as_long_as_the_server_honours_it(attempts: int, ordered: bool) -> None:  # noqa: FBT001 - both
    """From the first intent on, whatever came after; at the end of the window it is over, and no order makes it younger."""
    call = replace(CALL, attempts=attempts, retry_ordered=ordered)
    assert why_not_again(descriptor("keyed"), call, later(0)) is None
    assert why_not_again(descriptor("keyed"), call, later(WINDOW - 0.000001)) is None
    told = "its idempotency key is older than the 3600 s the server honours it"
    assert why_not_again(descriptor("keyed"), call, later(WINDOW)) == told
    assert why_not_again(descriptor("keyed"), call, later(WINDOW * 99)) == told


@pytest.mark.parametrize("retry", ["safe", "keyed", "never"])
def test_a_reviewers_look_up_only_reads(retry: Retry) -> None:
    """It is no call of the agent, and nothing is lost by asking again."""
    assert why_not_again(descriptor(retry), None, later(0)) is None
