"""What is told of a run that is watched: a line for what is over, none for what goes on."""

from collections.abc import Sequence

from agentctl.cli.run.live_state import Watched, watched_after
from agentctl.cli.run.story import story_of
from agentctl.cli.screen.terminal import Line
from agentctl.events.base import Reservation
from agentctl.events.model import ModelFailed
from agentctl.events.record import AnyEvent
from tests.fakes.journals import (
    RUN,
    chained,
    decided,
    intended,
    model_call,
    proposed,
    refund_story,
    result,
    resumed,
    started,
)

CALL = f"{RUN}/0/0"


def story(events: Sequence[AnyEvent]) -> list[Line]:
    """Return what is told of a run."""
    lines, watched = list[Line](), Watched()
    for record in chained(RUN, events):
        lines.extend(story_of(watched, record))
        watched = watched_after(watched, record)
    return lines


def read(events: Sequence[AnyEvent]) -> list[str]:
    """Return it as it is read."""
    return [f"{line.label}{line.text}" for line in story(events)]


def test_the_story_of_a_refund() -> None:
    """Which model, which tool, what was decided, how long it took."""
    assert read(refund_story()) == [
        f"run {RUN}",
        "refund-assistant (support-platform) for casey (asserted, not proved)",
        "sandbox (sandbox), isolation process, redaction strict",
        "version v1, sha256:c0c0c0c0c0c0",
        "not enforced yet: logging.retention_days",
        "step 0    scripted-small: 412 tokens in, 38 out, 0.0012 USD, 3 ms",
        "call 0/0  zendesk.read_ticket (read): allowed, ok, 4 ms",
        "step 1    scripted-small: 412 tokens in, 38 out, 0.0008 USD, 3 ms",
        "call 1/0  stripe.refund needs approval: the contract requires approval",
        "          casey looks for itself: stripe.read_charge",
        "call 1/0  system:sandbox-reviewer: approve: 49 is at most 200",
        "call 1/0  stripe.refund (irreversible): allowed, ok, 4 ms",
        "call 1/1  stripe.payout refused at `registered`: there is no tool `stripe.payout`",
        "step 2    scripted-small: 412 tokens in, 38 out, 0.0012 USD, 3 ms",
    ]


def test_failures_stand_out_and_say_where_the_rest_is() -> None:
    """A long message is cut, and what is cut is counted."""
    failed = ModelFailed(
        step=0,
        attempt=1,
        failure="rate_limited",
        message="z" * 300,
        settlement=Reservation(),
        latency_ms=1.0,
    )
    error = result(CALL, {"m": "y" * 300}, outcome="error", attempt=2)
    beginning = started()
    envelope = beginning.envelope.model_copy(update={"version_tag": None, "not_enforced": ()})
    lines = story(
        [
            beginning.model_copy(update={"envelope": envelope}),
            model_call(0, "")[1],
            failed,
            proposed(CALL, "t", {}),
            decided(CALL),
            intended(CALL, "t", {}, attempt=2),
            error,
        ]
    )
    assert lines[3].text == "version sha256:c0c0c0c0c0c0"
    model, tool = lines[4:]
    rest = "more characters (`agentctl runs show --full`)"
    assert model.text == f"scripted-small failed: rate_limited: {'z' * 200} … 100 {rest}; 0 USD counted"
    assert tool.text.startswith(
        't (irreversible): allowed, failed without effect, 4 ms, attempt 2: {"m": "yyy'
    )
    assert tool.text.endswith(f"… 109 {rest}")
    assert [model.tone, tool.tone] == ["bad", "bad"]


def test_whoever_goes_on_with_a_run_is_told_which_one() -> None:
    """As at its beginning."""
    told = read([started(), resumed()])
    assert told[:5] == told[5:10]
    assert told[10:] == ["resumed by casey"]


def test_a_call_that_no_policy_judged_has_no_decision() -> None:
    """As in a journal from which a line was lost."""
    assert read([started(), proposed(CALL, "t", {}), result(CALL, {})])[-1] == "call 0/0  t: ok, 4 ms"
