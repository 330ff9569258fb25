"""Tests of a second model inside a run: asked through the same door, paid from the same budget, and never in the way."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.approval.model_reviewer import ModelReviewer
from agentctl.contract.approval_rule import ApprovalRule
from agentctl.contract.environment import Deployment
from agentctl.contract.environment import ModelReviewer as ModelReviewerSettings
from agentctl.events.approval import ApprovalAnswered, ApprovalRequested
from agentctl.events.budget import BudgetStopped
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed, ModelRefused
from agentctl.foundation.errors import ExitCode
from agentctl.gateway.corridor import ModelDesk
from agentctl.models.client import ModelAnswer, ModelFailure, ModelRequest, Usage
from agentctl.runtime.outcome import exit_code
from tests.fakes.models import FakeModel, asks, says
from tests.fakes.runs import PRICE, Stage

NAME = "system:second-look"
REFUND = ("stripe.create_refund", {"charge": "ch_small", "amount": 25_000, "currency": "usd"})
READ = ("zendesk.read_ticket", {"ticket_id": "4201"})
DEPLOYMENT = Deployment(
    name="second",
    provider="openai_compatible",
    model="other/model",
    base_url="http://127.0.0.1:1/v1",
    max_output_tokens=200,
    max_attempts=2,
)


def verdict(word: str, reason: str = "by a second look") -> ModelAnswer:
    """Return an answer in the form that is asked for."""
    return says(json.dumps({"verdict": word, "reason": reason}), Usage(300, 20))


def a_reviewed_run(
    folder: Path, *outcomes: ModelAnswer | ModelFailure, may_approve: bool = False, **changes: object
) -> tuple[Stage, FakeModel]:
    """Return a run that asks for a refund which a second model and two people may answer."""
    second = FakeModel(outcomes, worst=400)
    stage = Stage(
        folder,
        FakeModel([asks(READ), asks(REFUND), says("refunded")]),
        reviewers=(ModelReviewer(NAME, ModelReviewerSettings(alias="second")),),
        reviewer_names=(NAME, "alice", "bob"),
        review_models={"second": (ModelDesk(DEPLOYMENT, second, PRICE),)},
        **changes,  # type: ignore[arg-type]
    )
    rule = ApprovalRule(model_may_approve=may_approve)
    allowed = [
        item.model_copy(update={"requires_approval": rule}) if item.name == REFUND[0] else item
        for item in stage.contract.tools.allowlist
    ]
    tools = stage.contract.tools.model_copy(update={"allowlist": tuple(allowed)})
    stage.contract = stage.contract.model_copy(update={"tools": tools})
    return stage, second


def answers(stage: Stage) -> list[tuple[str, str]]:
    """Return who answered what."""
    return [(item.reviewer.id, item.answer) for item in stage.events(ApprovalAnswered)]


async def test_a_denial_of_the_second_model_refuses_the_call(tmp_path: Path) -> None:
    """Nothing is refunded, and the agent's model is told why."""
    stage, _ = a_reviewed_run(tmp_path, verdict("deny", "the ticket names another charge"))
    assert exit_code(await stage.start()) == ExitCode.OK
    assert stage.executor.named("stripe.create_refund") == []
    assert f"{NAME} denied it: the ticket names another charge" in stage.model.requests[-1].messages[-1].text


async def test_an_escalation_leaves_it_to_people(tmp_path: Path) -> None:
    """The run waits, and says for what."""
    stage, _ = a_reviewed_run(tmp_path, verdict("escalate"))
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert answers(stage) == [(NAME, "escalate")]


async def test_an_approval_counts_only_where_the_contract_says_so(tmp_path: Path) -> None:
    """With `model_may_approve` the refund is made once; without, the yes is recorded as leaving it to others."""
    stage, _ = a_reviewed_run(tmp_path / "may", verdict("approve"), may_approve=True)
    assert exit_code(await stage.start()) == ExitCode.OK
    assert len(stage.executor.named("stripe.create_refund")) == 1
    stage, _ = a_reviewed_run(tmp_path / "may not", verdict("approve"))
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert answers(stage) == [(NAME, "escalate")]


async def test_it_is_journaled_and_paid_like_any_model_call(tmp_path: Path) -> None:
    """Asked and answered name the request; tokens and money count in the run's budget, no step does."""
    stage, _ = a_reviewed_run(tmp_path, verdict("escalate"))
    state = await stage.start()
    request = stage.events(ApprovalRequested)[0]
    asked = [item for item in stage.events(ModelAsked) if item.review]
    answered = [item for item in stage.events(ModelAnswered) if item.review]
    assert [(item.review, item.attempt, item.step) for item in asked] == [(request.approval, 1, 1)]
    assert [item.review for item in answered] == [request.approval]
    assert answered[0].settlement.cost_usd == PRICE.cost(300, 20)
    own = [item.settlement.input_tokens for item in stage.events(ModelAnswered) if not item.review]
    assert state.session.spend.committed.input_tokens == sum(own) + 300
    assert state.session.spend.open == {}
    assert state.session.spend.steps == 2
    assert state.session.model_attempts == {0: 1, 1: 1}


async def test_it_sees_placeholders_whatever_the_agents_model_sees(tmp_path: Path) -> None:
    """Of the customer's address the second model gets the placeholder only, also where redaction is not strict."""
    email = ("stripe.create_refund", {**REFUND[1], "instructions_email": "dana@example.com"})
    stage, second = a_reviewed_run(tmp_path, verdict("escalate"), redaction="standard")
    stage.model = FakeModel([asks(READ), asks(email)])
    await stage.start()
    shown = " ".join(message.text for message in second.requests[0].messages)
    assert "[email:1]" in shown
    assert "dana@example.com" not in shown
    assert second.requests[0].tools == ()


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (ModelFailure("refused", "no such model"), "refused: no such model"),
        (ModelFailure("not_usable", "no key"), "not_usable: no key"),
        (says("I think it is fine"), "does not have the form"),
        (asks(("stripe.create_refund", {})), "does not have the form"),
    ],
    ids=["refused", "not usable", "prose", "a call"],
)
async def test_whatever_goes_wrong_people_decide(
    tmp_path: Path, outcome: ModelAnswer | ModelFailure, why: str
) -> None:
    """No answer in the right form: recorded with why, even where a model's approval would count."""
    stage, _ = a_reviewed_run(tmp_path, outcome, may_approve=True)
    assert exit_code(await stage.start()) == ExitCode.WAITING
    answer = stage.events(ApprovalAnswered)[0]
    assert (answer.answer, why in answer.reason) == ("escalate", True)
    assert stage.executor.named("stripe.create_refund") == []


async def test_calls_a_second_model_writes_are_nobodys(tmp_path: Path) -> None:
    """It was offered no tools; what it asks for is neither recorded as a call nor made."""
    stage, _ = a_reviewed_run(tmp_path, asks(("stripe.create_refund", {"charge": "ch_other"})))
    state = await stage.start()
    assert [item.calls for item in stage.events(ModelAnswered) if item.review] == [()]
    assert len(state.session.calls) == 2
    assert len(state.turns) == 2


async def test_a_failure_worth_repeating_is_repeated(tmp_path: Path) -> None:
    """A second attempt has a number and a reservation of its own; what may have been charged is settled in full."""
    stage, second = a_reviewed_run(tmp_path, ModelFailure("unknown_outcome", "cut"), verdict("deny"))
    await stage.start()
    assert len(second.requests) == 2
    asked = [item for item in stage.events(ModelAsked) if item.review]
    assert [item.attempt for item in asked] == [1, 2]
    assert [item.settlement for item in stage.events(ModelFailed)] == [asked[0].reservation]
    assert answers(stage) == [(NAME, "deny")]


async def test_a_model_without_a_price_is_not_asked(tmp_path: Path) -> None:
    """Unknown price: refused before it is asked, the run goes on waiting for people."""
    stage, second = a_reviewed_run(tmp_path, verdict("approve"), may_approve=True)
    stage.review_models = {"second": (ModelDesk(DEPLOYMENT, second, None),)}
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert second.requests == []
    assert [item.stage for item in stage.events(ModelRefused)] == ["priced"]
    assert "is not known" in stage.events(ApprovalAnswered)[0].reason


async def test_a_model_that_cannot_be_paid_for_stops_no_run(tmp_path: Path) -> None:
    """What it could use breaks a ceiling: it is not asked, and the run waits for people instead of stopping."""
    stage, second = a_reviewed_run(tmp_path, verdict("approve"), may_approve=True)
    second.worst = 100_000
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert second.requests == []
    assert [item.stage for item in stage.events(ModelRefused)] == ["affordable"]
    assert stage.events(BudgetStopped) == []
    assert "could be broken" in stage.events(ApprovalAnswered)[0].reason


async def test_an_alias_that_nobody_bound_approves_nothing(tmp_path: Path) -> None:
    """No model behind the alias: people decide."""
    stage, _ = a_reviewed_run(tmp_path, may_approve=True)
    stage.review_models = {}
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert answers(stage) == [(NAME, "escalate")]


async def test_who_has_answered_is_not_asked_again(tmp_path: Path) -> None:
    """Each resume asks people, not the model that has spoken: nobody pays twice for one answer."""
    stage, second = a_reviewed_run(tmp_path, verdict("escalate"), verdict("approve"), may_approve=True)
    await stage.start()
    assert exit_code(await stage.resume()) == ExitCode.WAITING
    assert len(second.requests) == 1
    assert answers(stage) == [(NAME, "escalate")]


class _Crash(Exception):
    """The process dies."""


class _DyingModel(FakeModel):
    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        self.requests.append(request)
        raise _Crash


async def test_a_crash_while_it_is_asked_keeps_what_it_may_have_cost(tmp_path: Path) -> None:
    """The next process asks again under the next number; the first attempt's reservation is not given back."""
    stage, second = a_reviewed_run(tmp_path, verdict("escalate"))
    stage.review_models = {"second": (ModelDesk(DEPLOYMENT, _DyingModel(), PRICE),)}
    with pytest.raises(_Crash):
        await stage.start()
    stage.review_models = {"second": (ModelDesk(DEPLOYMENT, second, PRICE),)}
    state = await stage.resume()
    asked = [item for item in stage.events(ModelAsked) if item.review]
    assert [item.attempt for item in asked] == [1, 2]
    assert list(state.session.spend.open.values()) == [asked[0].reservation]


async def test_a_second_reviewer_never_speaks_with_the_first_ones_answer(tmp_path: Path) -> None:
    """Two models about one request: one that fails after one that answered is recorded as having no answer."""
    stage, _ = a_reviewed_run(tmp_path, verdict("approve"), may_approve=True)
    failing = FakeModel([ModelFailure("refused", "no such model")])
    stage.reviewers = (
        *(stage.reviewers or ()),
        ModelReviewer("system:third", ModelReviewerSettings(alias="third")),
    )
    stage.reviewer_names = (*stage.reviewer_names, "system:third")
    third = replace(stage.review_models["second"][0], client=failing)
    stage.review_models = {**stage.review_models, "third": (third,)}
    rule = ApprovalRule(model_may_approve=True, quorum=2)
    allowed = tuple(
        item.model_copy(update={"requires_approval": rule}) if item.name == REFUND[0] else item
        for item in stage.contract.tools.allowlist
    )
    tools = stage.contract.tools.model_copy(update={"allowlist": allowed})
    stage.contract = stage.contract.model_copy(update={"tools": tools})
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert answers(stage) == [(NAME, "approve"), ("system:third", "escalate")]


async def test_a_review_gives_no_doubtful_spend_of_the_agent_back(tmp_path: Path) -> None:
    """The agent's first attempt of a step died and may have been charged; a review's first attempt does not settle it."""
    stage, _ = a_reviewed_run(tmp_path, verdict("escalate"))
    agents, stage.model = stage.model, FakeModel([asks(READ)])
    stage.model.complete = _read_then_die  # type: ignore[method-assign]  # the second request kills the process
    with pytest.raises(_Crash):
        await stage.start()
    stage.model = FakeModel(agents.outcomes[1:])
    state = await stage.resume()
    asked = [(item.step, item.attempt, bool(item.review)) for item in stage.events(ModelAsked)]
    assert asked == [(0, 1, False), (1, 1, False), (1, 2, False), (1, 1, True)]
    assert list(state.session.spend.open.values()) == [stage.events(ModelAsked)[1].reservation]


async def _read_then_die(request: ModelRequest) -> ModelAnswer | ModelFailure:
    if len(request.messages) > 2:
        raise _Crash
    return asks(READ)
