"""The stories that tests of gateway and runtime tell, each replayed: letters, webhooks, sweeps, ceilings, second models."""

from decimal import Decimal
from pathlib import Path

import pytest

from agentctl.approval.announcement import NotTaken
from agentctl.approval.reviewer import Case, LookUpFunction, Opinion
from agentctl.events.approval import ApprovalAnswered, ReviewerRecord
from agentctl.events.tool import PolicyAnswer, ToolRefused
from agentctl.foundation.ids import new_secret_id
from agentctl.models.client import ModelFailure
from agentctl.policy.engine import PolicyRequest
from agentctl.replay.recorded.court import TapedEngine
from agentctl.tools.executors.executor import Execution, Outcome, Unknown
from agentctl.trace.message import ResolveMessage
from tests.fakes.executor import FakeExecutor, accepts_everything
from tests.fakes.models import FakeModel, TurnModel, asks, says
from tests.fakes.replays import replayed
from tests.fakes.runs import Stage
from tests.unit.gateway import test_announcements as announcements
from tests.unit.gateway import test_edges as edges
from tests.unit.gateway import test_grants as grants
from tests.unit.gateway import test_review_models as review_models
from tests.unit.gateway import test_sweep as sweeps
from tests.unit.runtime import test_budgets as budgets
from tests.unit.runtime import test_runs as runs

REFUND = ("stripe.create_refund", {"charge": "ch_small", "amount": 4_900, "currency": "usd"})


async def exact(stage: Stage) -> None:
    """See that a stage's run replays event by event."""
    said = await replayed(stage)
    assert said.fidelity == "exact", f"{said.detail}: {said.differences[:3]}"


async def test_webhooks_hear_what_they_heard(tmp_path: Path) -> None:
    """One takes it at the third attempt, one never."""
    down = NotTaken("status 503", again=True)
    stage = announcements.a_waiting_run(
        tmp_path,
        chat=announcements.FakeWebhook([down, down]),
        tickets=announcements.FakeWebhook([NotTaken("status 400")]),
    )
    await stage.start()
    assert [item[2] for item in announcements.outcomes(stage)] == [3, 1]
    await exact(stage)


async def test_sweeps_are_swept_again(tmp_path: Path) -> None:
    """A clock that went back, an escalation that is announced, and in the end nobody answered."""
    stage = sweeps.a_waiting_run(tmp_path)
    await stage.start()
    sweeps.moved(stage, sweeps.HOUR)
    await sweeps.swept(stage, chat=sweeps.Chat())
    sweeps.moved(stage, 30 * sweeps.HOUR)
    await sweeps.swept(stage)
    await stage.resume()
    await exact(stage)


async def test_what_sweeps_void_is_void(tmp_path: Path) -> None:
    """The clock went back between the request and the sweep."""
    stage = sweeps.a_waiting_run(tmp_path)
    await stage.start()
    sweeps.moved(stage, -sweeps.HOUR)
    await sweeps.swept(stage)
    await stage.resume()
    await exact(stage)


async def test_grants_and_refused_ones(tmp_path: Path) -> None:
    """A grant by letter, one by somebody who may give none, and calls within the first."""
    stage = grants.a_run(tmp_path, grants.refund(1_500), grants.refund(2_500))
    grants.grant(stage, by="mallory")
    grants.grant(stage)
    await stage.start()
    await exact(stage)


@pytest.mark.parametrize(("limits", "meter"), budgets.STOPS, ids=[meter for _, meter in budgets.STOPS])
async def test_ceilings_and_raises(tmp_path: Path, limits: dict[str, object], meter: str) -> None:
    """Stopped at each ceiling, raised by letter, and on to the end."""
    stage = budgets.a_run(tmp_path, **limits)
    await stage.start()
    plenty = {"max_wall_clock_seconds": 3_600, "max_bytes": 10**8, "max_cost_usd": Decimal(1)}
    for_all = {"max_steps": 9, "max_tool_calls": 9, "max_input_tokens": 9_999, "max_output_tokens": 9_999}
    (name,) = limits
    budgets.raise_to(stage, **{name: {**plenty, **for_all}[name]})
    await stage.resume()
    assert stage.state().finished is not None, meter
    await exact(stage)


@pytest.mark.parametrize(
    "outcomes",
    [
        (review_models.verdict("deny", "it is not hers"),),
        (ModelFailure("rate_limited", "later"), review_models.verdict("escalate")),
        (ModelFailure("refused", "no"),),
        (says("I would approve"),),
    ],
    ids=["denies", "fails once", "refuses", "has no form"],
)
async def test_second_models_are_asked_on_tape(tmp_path: Path, outcomes: tuple[object, ...]) -> None:
    """The reviewer that is a model really judges; what the model said is on the tape."""
    stage, second = review_models.a_reviewed_run(tmp_path, *outcomes)  # type: ignore[arg-type]
    await stage.start()
    asked = len(second.requests)
    await exact(stage)
    assert len(second.requests) == asked


async def test_a_second_model_that_could_not_be_paid_for(tmp_path: Path) -> None:
    """It was not asked then, and is not asked now; why not is the same."""
    stage, second = review_models.a_reviewed_run(tmp_path, review_models.verdict("approve"))
    second.worst = 100_000
    await stage.start()
    assert second.requests == []
    await exact(stage)


async def test_a_look_up_without_a_credential(tmp_path: Path) -> None:
    """Who looked said why nothing was to be seen."""
    lookup = runs.repository_tools()["stripe.lookup_charge"].descriptor.executor
    nowhere = lookup.model_copy(update={"backend": "nowhere"})
    tools = runs.changed(runs.repository_tools(), "stripe.lookup_charge", executor=nowhere)
    model = FakeModel([asks(("stripe.create_refund", edges.REFUND)), says("done")])
    stage = Stage(tmp_path, model, tools=tools)
    await stage.start()
    await exact(stage)


async def test_a_call_without_a_credential(tmp_path: Path) -> None:
    """The agent's own call was refused for want of one."""
    read = runs.repository_tools()["zendesk.read_ticket"].descriptor.executor
    nowhere = read.model_copy(update={"backend": "nowhere"})
    tools = runs.changed(runs.repository_tools(), "zendesk.read_ticket", executor=nowhere)
    stage = Stage(tmp_path, FakeModel([asks(runs.READ), says("done")]), tools=tools)
    await stage.start()
    (refused,) = stage.events(ToolRefused)
    assert isinstance(refused, ToolRefused)
    assert refused.stage == "credentialed"
    await exact(stage)


async def test_an_effect_that_another_run_had(tmp_path: Path) -> None:
    """The ledger of effects is not asked; who held the effect is on the tape."""
    first = runs.a_refund_run(tmp_path)
    await first.start()
    second = runs.a_refund_run(tmp_path)
    second.run = "01KAPPR0VE000000000000000B"
    await second.start()
    (refused,) = second.events(ToolRefused)
    assert isinstance(refused, ToolRefused)
    assert refused.reasons[0].endswith("already did, or may have done, the same")
    await exact(second)


@pytest.mark.parametrize("verdict", ["executed", "not_executed", "retry"])
async def test_an_operators_word_counts_again(tmp_path: Path, verdict: str) -> None:
    """A call in doubt, what an operator found out, and what came of it."""

    def lost_at_first(execution: Execution) -> Outcome:
        if execution.descriptor.name == "stripe.create_refund" and not stage.events(ApprovalAnswered)[1:]:
            return Unknown("the connection broke")
        return accepts_everything(execution)

    model = TurnModel([asks(runs.READ), asks(runs.LOOK_UP), asks(REFUND), says("refunded")])
    stage = Stage(tmp_path, model, executor=FakeExecutor(lost_at_first))
    await stage.start()
    letter = {
        "id": new_secret_id(),
        "run": stage.run,
        "at": "now",
        "by": "casey",
        "reason": "I looked",
        "call": f"{stage.run}/2/0",
        "verdict": verdict,
    }
    stage.inbox.post(ResolveMessage.model_validate(letter))
    await stage.resume()
    await exact(stage)


class Present:
    """A person at the terminal of the run's process."""

    async def review(self, case: Case, look_up: LookUpFunction) -> Opinion | None:
        """Approve."""
        del case, look_up
        return Opinion(
            "approve", "as agreed", ReviewerRecord(id="alice", kind="person", assurance="asserted")
        )


async def test_who_answered_at_the_terminal_answers_from_the_tape(tmp_path: Path) -> None:
    """The person is not there any more; the answer is."""
    stage = runs.a_refund_run(tmp_path)
    stage.reviewers = (Present(),)
    await stage.start()
    assert stage.state().finished is not None
    stage.reviewers = ()
    stage.by_hand()  # so that the fixture does not look for the person
    await exact(stage)


class Elsewhere:
    """A service that judges, and is asked once per call and never in a replay."""

    policy, digest = "opa:central/refunds", "sha256:then"

    def __init__(self) -> None:
        self.asked = 0

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Allow reads, deny the rest."""
        self.asked += 1
        allowed = request.descriptor.effect == "read"
        return PolicyAnswer(
            authority="policy",
            policy=self.policy,
            digest=self.digest,
            decision="allow" if allowed else "deny",
            reasons=("because",),
        )


async def test_a_service_is_not_asked_again(tmp_path: Path) -> None:
    """Its answers stand on the tape; of one that judges by something else nothing does, and that denies."""
    service = Elsewhere()
    stage = runs.a_refund_run(tmp_path)
    stage.engines = (service,)
    await stage.start()
    assert service.asked == 3
    stage.by_hand()
    said = await replayed(stage, tapes=lambda own: (TapedEngine(service.policy, service.digest, own),))
    assert said.fidelity == "exact"
    said = await replayed(stage, tapes=lambda own: (TapedEngine(service.policy, "sha256:now", own),))
    assert (said.fidelity, said.step) == ("diverged", 0)
    assert service.asked == 3
