"""Whole runs in one process: real journal, vault, stages and loop; only the model and the tools are fakes."""

from pathlib import Path

import pytest

from agentctl.events.approval import ApprovalAnswered, ApprovalRequested
from agentctl.events.budget import BudgetOverrun, BudgetStopped
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed, ModelRefused
from agentctl.events.run import RunFinished, RunSuspended
from agentctl.events.tool import DecisionMade, ToolInDoubt, ToolIntent, ToolRefused, ToolResult, ToolUnknown
from agentctl.foundation.errors import ExitCode
from agentctl.foundation.ids import new_secret_id
from agentctl.gateway.corridor import ModelDesk
from agentctl.models.client import ModelFailure, Usage
from agentctl.runtime.outcome import exit_code
from agentctl.runtime.state import RunState
from agentctl.tools.executors.executor import Answered, Execution, Failed, Outcome, Unknown
from agentctl.trace.message import AnswerMessage, HaltMessage, ResolveMessage
from tests.fakes.executor import FakeExecutor, accepts_everything
from tests.fakes.models import FakeModel, asks, says
from tests.fakes.runs import PRICE, RUN, Stage, changed, default_limits, repository_tools

READ = ("zendesk.read_ticket", {"ticket_id": "4201"})
LOOK_UP = ("stripe.lookup_charge", {"charge": "ch_small"})


def refund(amount: int = 4900, charge: str = "ch_small", currency: str = "usd") -> tuple[str, object]:
    """Return a refund as a model asks for it."""
    return ("stripe.create_refund", {"charge": charge, "amount": amount, "currency": currency})


def a_refund_run(folder: Path, amount: int = 4900) -> Stage:
    """Return a run that reads, looks up, refunds and answers."""
    return Stage(folder, FakeModel([asks(READ), asks(LOOK_UP), asks(refund(amount)), says("refunded")]))


async def test_a_small_refund_runs_to_its_answer(tmp_path: Path) -> None:
    """The reviewer that is a rule approves within its limits, the refund happens once, the run ends 0."""
    stage = a_refund_run(tmp_path)
    state = await stage.start()
    assert exit_code(state) == ExitCode.OK
    assert state.finished == RunFinished(status="answered", answer="refunded")
    assert len(stage.executor.named("stripe.create_refund")) == 1
    answers = stage.events(ApprovalAnswered)
    assert [(item.reviewer.id, item.answer) for item in answers] == [("system:sandbox-reviewer", "approve")]


async def test_state_is_the_fold_of_the_journal(tmp_path: Path) -> None:
    """What the loop ended with is what anybody folds from the file."""
    stage = a_refund_run(tmp_path)
    assert await stage.start() == stage.state()


async def test_everything_observed_is_in_the_journal(tmp_path: Path) -> None:
    """Observers see the journal's records, in order, and nothing else."""
    stage = a_refund_run(tmp_path)
    await stage.start()
    assert tuple(stage.observed) == stage.records()


async def test_the_reviewer_reads_with_a_token_of_its_own(tmp_path: Path) -> None:
    """A reviewer's look-up is a call through the same door, under the reviewer's name."""
    stage = a_refund_run(tmp_path)
    await stage.start()
    review = next(item for item in stage.events(ToolIntent) if item.purpose == "review")
    assert (review.principal.id, review.actor) == ("system:sandbox-reviewer", "system:sandbox-reviewer")
    agents = [item for item in stage.events(ToolIntent) if item.purpose == "agent"]
    assert {(item.principal.id, item.actor) for item in agents} == {("casey", "agent:refund-assistant")}
    assert len({item.credential.jti for item in stage.events(ToolIntent)}) == len(agents) + 1


async def test_a_large_refund_waits_for_a_person(tmp_path: Path) -> None:
    """Above the rule's limit it leaves the answer to people: the run is suspended and nothing was refunded."""
    stage = a_refund_run(tmp_path, 25_000)
    state = await stage.start()
    assert exit_code(state) == ExitCode.WAITING
    assert state.suspended is not None
    assert state.suspended.waiting_for == (f"{RUN}-2-0-1",)
    assert stage.executor.named("stripe.create_refund") == []


def post_answer(stage: Stage, answer: str = "approve", by: str = "alice", **changes: object) -> None:
    """Leave an answer in the run's inbox."""
    request = stage.events(ApprovalRequested)[-1]
    message = {
        "id": new_secret_id(),
        "run": RUN,
        "at": "2026-03-14T09:00:00.000000Z",
        "by": by,
        "answer": answer,
        "approval": request.approval,
        "binding": request.binding,
        "reason": "because",
        **changes,
    }
    stage.inbox.post(AnswerMessage.model_validate(message))


async def test_an_approval_from_another_process_lets_the_run_end(tmp_path: Path) -> None:
    """Approved by letter, the resumed run refunds once, with that approval consumed."""
    stage = a_refund_run(tmp_path, 25_000)
    await stage.start()
    post_answer(stage)
    stage.model = FakeModel([says("refunded")])
    state = await stage.resume()
    assert exit_code(state) == ExitCode.OK
    assert len(stage.executor.named("stripe.create_refund")) == 1
    intent = next(item for item in stage.events(ToolIntent) if item.tool == "stripe.create_refund")
    assert intent.approvals == (f"{RUN}-2-0-1",)


async def test_a_denial_is_shown_to_the_model_and_the_run_goes_on(tmp_path: Path) -> None:
    """A denied call is refused at `approved`, with the reviewer's reason."""
    stage = a_refund_run(tmp_path, 25_000)
    await stage.start()
    post_answer(stage, "deny")
    stage.model = FakeModel([says("not refunded")])
    assert exit_code(await stage.resume()) == ExitCode.OK
    assert '"reasons":["alice denied it: because"]' in stage.model.requests[0].messages[-1].text
    assert stage.executor.named("stripe.create_refund") == []


async def test_a_denial_may_end_the_run(tmp_path: Path) -> None:
    """A denial that ends the run refuses the run itself."""
    stage = a_refund_run(tmp_path, 25_000)
    await stage.start()
    post_answer(stage, "deny", ends_run=True)
    assert exit_code(await stage.resume()) == ExitCode.DENIED


@pytest.mark.parametrize(
    ("by", "changes"),
    [
        ("casey", {}),
        ("mallory", {}),
        ("system:sandbox-reviewer", {}),
        ("alice", {"answer": "approve_with_changes"}),
        ("alice", {"changes": {"amount": 1}}),
        ("alice", {"approval": f"{RUN}-9-9-1"}),
    ],
)
async def test_a_letter_that_does_not_count_is_refused_and_recorded(
    tmp_path: Path, by: str, changes: dict[str, object]
) -> None:
    """Requester, stranger, impersonator, an edit without changes, changes without an edit, a request that does not exist: the run goes on waiting."""
    stage = a_refund_run(tmp_path, 25_000)
    await stage.start()
    post_answer(stage, by=by, **changes)
    assert exit_code(await stage.resume()) == ExitCode.WAITING
    assert stage.executor.named("stripe.create_refund") == []
    assert [record.event.type for record in stage.records()].count("inbox.refused") == 1


async def test_a_letter_bound_to_something_else_is_refused(tmp_path: Path) -> None:
    """Any difference in what was seen makes an answer void."""
    stage = a_refund_run(tmp_path, 25_000)
    await stage.start()
    request = stage.events(ApprovalRequested)[-1]
    post_answer(stage, binding=request.binding.model_copy(update={"arguments_digest": "sha256:other"}))
    assert exit_code(await stage.resume()) == ExitCode.WAITING


async def test_a_letter_is_taken_once(tmp_path: Path) -> None:
    """The same file does not count again at the next resume."""
    stage = a_refund_run(tmp_path, 25_000)
    await stage.start()
    post_answer(stage, by="mallory")
    await stage.resume()
    await stage.resume()
    assert [record.event.type for record in stage.records()].count("inbox.refused") == 1


async def test_garbage_and_orders_in_the_inbox_change_nothing(tmp_path: Path) -> None:
    """A file that is no message, and an order this version does not take, are refused and recorded."""
    stage = a_refund_run(tmp_path, 25_000)
    await stage.start()
    stage.inbox.post(HaltMessage(id=new_secret_id(), run=RUN, at="now", by="alice"))
    (tmp_path / "inbox" / RUN / f"{'0' * 32}.json").write_text("{}")
    assert exit_code(await stage.resume()) == ExitCode.WAITING
    assert [record.event.type for record in stage.records()].count("inbox.refused") == 2


async def test_an_approval_request_expires_into_a_denial(tmp_path: Path) -> None:
    """Nobody answers in time: the call is refused, and clock tricks do not revive it."""
    stage = a_refund_run(tmp_path, 25_000)
    await stage.start()
    stage.clock.move(25 * 3600)  # type: ignore[attr-defined]
    stage.model = FakeModel([says("nobody answered")])
    assert exit_code(await stage.resume()) == ExitCode.OK
    assert [item.stage for item in stage.events(ToolRefused)] == ["approved"]


async def test_an_approval_that_lies_too_long_is_asked_again(tmp_path: Path) -> None:
    """Between the answer and the execution there is a second clock."""
    stage = a_refund_run(tmp_path, 25_000)
    await stage.start()
    post_answer(stage)
    stage.interrupt.wanted = True
    assert exit_code(await stage.resume()) == ExitCode.INTERRUPTED
    stage.interrupt.wanted = False
    stage.clock.move(16 * 60)  # type: ignore[attr-defined]
    assert exit_code(await stage.resume()) == ExitCode.WAITING
    assert len(stage.events(ApprovalRequested)) == 2
    assert stage.executor.named("stripe.create_refund") == []


async def test_an_interrupt_is_honoured_between_intents(tmp_path: Path) -> None:
    """A run that is told to stop is suspended with nothing dropped, and goes on when resumed."""
    stage = a_refund_run(tmp_path)
    stage.interrupt.wanted = True
    assert exit_code(await stage.start()) == ExitCode.INTERRUPTED
    stage.interrupt.wanted = False
    assert exit_code(await stage.resume()) == ExitCode.OK


async def test_an_interrupt_is_honoured_between_calls(tmp_path: Path) -> None:
    """Of two writes of one step the second is not begun once a stop was wanted."""
    stage = Stage(tmp_path, FakeModel([asks(refund(100), refund(200)), says("done")]))

    def stop(_: Execution) -> None:
        stage.interrupt.wanted = True

    stage.executor = FakeExecutor(before=stop)
    assert exit_code(await stage.start()) == ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("call", "stage_name"),
    [
        (("admin.delete_all", {}), "registered"),
        (("Stripe.create_refund", {}), "registered"),
        (("stripe.create_refund", {"charge": "ch_small"}), "well_formed"),
        (("stripe.create_refund", "not json"), "well_formed"),
        (("stripe.create_refund", "[1]"), "well_formed"),
        (("stripe.create_refund", '{"amount":1,"amount":2}'), "well_formed"),
        (("stripe.create_refund", '{"amount":NaN}'), "well_formed"),
    ],
)
async def test_a_bad_call_is_refused_and_the_model_may_repair_it(
    tmp_path: Path, call: tuple[str, object], stage_name: str
) -> None:
    """The refusal names its stage, the model sees it, and the run goes on."""
    stage = Stage(tmp_path, FakeModel([asks(call), says("sorry")]))
    assert exit_code(await stage.start()) == ExitCode.OK
    assert [item.stage for item in stage.events(ToolRefused)] == [stage_name]
    assert f'"refused":"{stage_name}"' in stage.model.requests[1].messages[-1].text
    assert stage.executor.executions == []


async def test_a_tool_outside_the_allowlist_does_not_exist_for_the_agent(tmp_path: Path) -> None:
    """What the contract does not list the model never sees and cannot call, though the registry has it."""
    stage = Stage(tmp_path, FakeModel([asks(LOOK_UP), says("done")]))
    tools = stage.contract.tools.model_copy(update={"allowlist": stage.contract.tools.allowlist[:1]})
    stage.contract = stage.contract.model_copy(update={"tools": tools})
    await stage.start()
    assert [tool.name for tool in stage.model.requests[0].tools] == ["zendesk.read_ticket"]
    assert [item.stage for item in stage.events(ToolRefused)] == ["registered"]


async def test_too_many_refusals_refuse_the_run(tmp_path: Path) -> None:
    """At the cap the run itself is refused."""
    bad = asks(("admin.one", {}), ("admin.two", {}), ("admin.three", {}))
    stage = Stage(tmp_path, FakeModel([bad]), limits=default_limits(max_refusals=2))
    assert exit_code(await stage.start()) == ExitCode.DENIED
    assert len(stage.events(ToolRefused)) == 2


async def test_the_same_effect_happens_once(tmp_path: Path) -> None:
    """A second refund of the same amount of the same charge is refused within the run."""
    stage = Stage(tmp_path, FakeModel([asks(READ), asks(refund(100)), asks(refund(100)), says("done")]))
    assert exit_code(await stage.start()) == ExitCode.OK
    assert len(stage.executor.named("stripe.create_refund")) == 1
    assert [item.stage for item in stage.events(ToolRefused)] == ["permitted"]


async def test_the_same_effect_happens_once_across_runs(tmp_path: Path) -> None:
    """The ledger refuses what another run already did."""
    first = Stage(tmp_path, FakeModel([asks(READ), asks(refund(100)), says("done")]))
    await first.start()
    second = Stage(tmp_path, FakeModel([asks(READ), asks(refund(100)), says("done")]), run=RUN[:-1] + "1")
    assert exit_code(await second.start()) == ExitCode.OK
    assert second.executor.named("stripe.create_refund") == []
    assert [item.stage for item in second.events(ToolRefused)] == ["permitted"]


async def test_a_split_refund_is_summed(tmp_path: Path) -> None:
    """Five refunds of 49 are 245: from the sum on that is above the rule's limit a person is asked."""
    calls = [asks(refund(4_900 + n)) for n in range(5)]
    stage = Stage(tmp_path, FakeModel([asks(READ), *calls, says("done")]))
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert len(stage.executor.named("stripe.create_refund")) == 4


async def test_a_definite_failure_is_an_error_the_model_sees(tmp_path: Path) -> None:
    """The server said no: no effect, no doubt, and the effect may be tried again."""
    answers = iter([Failed("card error", 402), None])

    def answer(execution: Execution) -> Outcome:
        if execution.descriptor.name == "stripe.create_refund":
            return next(answers) or accepts_everything(execution)
        return accepts_everything(execution)

    model = FakeModel([asks(READ), asks(refund(100)), asks(refund(100)), says("done")])
    stage = Stage(tmp_path, model, FakeExecutor(answer))
    assert exit_code(await stage.start()) == ExitCode.OK
    assert '{"error":"card error"}' in stage.model.requests[2].messages[-1].text
    assert len(stage.executor.named("stripe.create_refund")) == 2


async def test_a_busy_backend_is_asked_again_with_the_same_key(tmp_path: Path) -> None:
    """A repeatable failure is another attempt: a new intent and credential, the same idempotency key."""
    answers = iter([Failed("busy", 429, repeatable=True, retry_after=0.0)])

    def answer(execution: Execution) -> Outcome:
        if execution.descriptor.name == "stripe.create_refund":
            return next(answers, None) or accepts_everything(execution)
        return accepts_everything(execution)

    stage = Stage(tmp_path, a_refund_run(tmp_path).model, FakeExecutor(answer))
    assert exit_code(await stage.start()) == ExitCode.OK
    attempts = [item for item in stage.events(ToolIntent) if item.tool == "stripe.create_refund"]
    assert [item.attempt for item in attempts] == [1, 2]
    assert len({item.idempotency_key for item in attempts}) == 1
    assert len({item.credential.jti for item in attempts}) == 2


def unknown_refunds(execution: Execution) -> Outcome:
    """Answer everything but refunds, of which nobody can say what became of them."""
    if execution.descriptor.name == "stripe.create_refund":
        return Unknown("connection lost")
    return accepts_everything(execution)


async def test_a_write_of_unknown_outcome_stops_the_run_in_doubt(tmp_path: Path) -> None:
    """After its permitted attempts it is not shown to the model as an error; the run stops."""
    stage = a_refund_run(tmp_path)
    stage.executor = FakeExecutor(unknown_refunds)
    state = await stage.start()
    assert exit_code(state) == ExitCode.IN_DOUBT
    assert len(stage.events(ToolUnknown)) == 3
    assert len(stage.events(ToolInDoubt)) == 1
    assert len(stage.model.requests) == 3


async def resolved(stage: Stage, verdict: str, by: str = "olga") -> RunState:
    """Say what became of the call in doubt and resume."""
    message = ResolveMessage.model_validate(
        {"id": new_secret_id(), "run": RUN, "at": "now", "by": by, "call": f"{RUN}/2/0", "verdict": verdict}
    )
    stage.inbox.post(message)
    stage.model = FakeModel([says("done")])
    return await stage.resume()


@pytest.mark.parametrize(
    ("verdict", "shown"), [("executed", '{"result":"executed'), ("not_executed", '{"error":"not exec')]
)
async def test_an_operator_resolves_a_call_in_doubt(tmp_path: Path, verdict: str, shown: str) -> None:
    """The operator's word is journaled and becomes what the model sees."""
    stage = a_refund_run(tmp_path)
    stage.executor = FakeExecutor(unknown_refunds)
    await stage.start()
    assert exit_code(await resolved(stage, verdict)) == ExitCode.OK
    assert shown in stage.model.requests[0].messages[-1].text


async def test_an_operator_orders_a_retry(tmp_path: Path) -> None:
    """A retry is the same call with the same key."""
    stage = a_refund_run(tmp_path)
    stage.executor = FakeExecutor(unknown_refunds)
    await stage.start()
    stage.executor = FakeExecutor()
    assert exit_code(await resolved(stage, "retry")) == ExitCode.OK
    keys = {item.idempotency_key for item in stage.events(ToolIntent) if item.tool == "stripe.create_refund"}
    assert len(keys) == 1


async def test_a_resolution_of_something_else_is_refused(tmp_path: Path) -> None:
    """Nobody resolves a call that is not in doubt, and nobody speaks for the platform."""
    stage = a_refund_run(tmp_path)
    stage.executor = FakeExecutor(unknown_refunds)
    await stage.start()
    assert exit_code(await resolved(stage, "executed", by="system:x")) == ExitCode.IN_DOUBT


async def test_a_call_in_doubt_without_a_word_stays_in_doubt(tmp_path: Path) -> None:
    """A resume alone changes nothing."""
    stage = a_refund_run(tmp_path)
    stage.executor = FakeExecutor(unknown_refunds)
    await stage.start()
    assert exit_code(await stage.resume()) == ExitCode.IN_DOUBT


async def test_a_tool_that_is_never_retried_stops_at_once(tmp_path: Path) -> None:
    """`retry: never` means one attempt."""
    tools = changed(repository_tools(), "stripe.create_refund", retry="never")
    stage = Stage(tmp_path, a_refund_run(tmp_path).model, FakeExecutor(unknown_refunds), tools=tools)
    assert exit_code(await stage.start()) == ExitCode.IN_DOUBT
    assert len(stage.events(ToolUnknown)) == 1


async def test_an_answer_of_another_form_is_an_error_for_a_read(tmp_path: Path) -> None:
    """A read whose answer is not what its descriptor declares failed."""
    stage = Stage(tmp_path, FakeModel([asks(READ), says("done")]), FakeExecutor(lambda _: Answered({"x": 1})))
    assert exit_code(await stage.start()) == ExitCode.OK
    assert [item.outcome for item in stage.events(ToolResult)] == ["error"]


async def test_an_answer_of_another_form_is_no_error_for_a_write(tmp_path: Path) -> None:
    """A write that answered happened, whatever its answer looks like."""

    def answer(execution: Execution) -> Outcome:
        usual = accepts_everything(execution)
        return Answered({"x": float("nan")}) if execution.descriptor.name == "stripe.create_refund" else usual

    stage = a_refund_run(tmp_path)
    stage.executor = FakeExecutor(answer)
    assert exit_code(await stage.start()) == ExitCode.OK
    assert '"executed":true' in stage.model.requests[3].messages[-1].text


async def test_a_call_without_a_credential_is_refused(tmp_path: Path) -> None:
    """No backend in the environment: no credential, no call."""
    tools = changed(
        repository_tools(),
        "zendesk.read_ticket",
        executor=repository_tools()["zendesk.read_ticket"].descriptor.executor.model_copy(
            update={"backend": "nowhere"}
        ),
    )
    stage = Stage(tmp_path, FakeModel([asks(READ), says("done")]), tools=tools)
    await stage.start()
    assert [item.stage for item in stage.events(ToolRefused)] == ["credentialed"]
    assert stage.executor.executions == []


async def test_reads_of_one_step_run_together_and_writes_are_barriers(tmp_path: Path) -> None:
    """Results are shown in index order."""
    stage = Stage(tmp_path, FakeModel([asks(READ, LOOK_UP, refund(100), LOOK_UP), says("done")]))
    assert exit_code(await stage.start()) == ExitCode.OK
    tools = [item.descriptor.name for item in stage.executor.executions]
    assert tools.index("stripe.create_refund") == 3
    assert len(stage.model.requests[1].messages) == 2 + 1 + 4


async def test_nothing_behind_a_waiting_call_is_begun(tmp_path: Path) -> None:
    """A call that waits for approval is a barrier."""
    stage = Stage(tmp_path, FakeModel([asks(READ), asks(refund(25_000), refund(100)), says("done")]))
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert stage.executor.named("stripe.create_refund") == []


async def test_the_step_ceiling_stops_the_run(tmp_path: Path) -> None:
    """A step more than the contract allows is not begun; the numbers are in the journal."""
    stage = Stage(tmp_path, FakeModel([asks(READ)] * 9), limits=default_limits(max_steps=2))
    assert exit_code(await stage.start()) == ExitCode.BUDGET
    assert stage.events(BudgetStopped) == [BudgetStopped(meter="steps", limit="2", used="2", asked="1")]


async def test_the_tool_call_ceiling_stops_the_run(tmp_path: Path) -> None:
    """An attempt more than the contract allows is not made."""
    stage = Stage(tmp_path, FakeModel([asks(READ, LOOK_UP)]), limits=default_limits(max_tool_calls=1))
    assert exit_code(await stage.start()) == ExitCode.BUDGET
    assert len(stage.executor.executions) == 1
    assert [item.meter for item in stage.events(BudgetStopped)] == ["tool_calls"]


@pytest.mark.parametrize(
    ("limits", "meter"),
    [
        ({"max_input_tokens": 99}, "input_tokens"),
        ({"max_output_tokens": 0}, "output_tokens"),
        ({"max_cost_usd": PRICE.cost(100, 299)}, "cost_usd"),
    ],
)
async def test_a_model_call_that_could_break_a_ceiling_is_not_made(
    tmp_path: Path, limits: dict[str, object], meter: str
) -> None:
    """Worst case of input, the max_tokens sent, and their price are reserved before a model is asked."""
    stage = Stage(tmp_path, FakeModel([says("hello")]), limits=default_limits(**limits))
    assert exit_code(await stage.start()) == ExitCode.BUDGET
    assert [item.meter for item in stage.events(BudgetStopped)] == [meter]
    assert stage.model.requests == []


async def test_a_budget_stop_can_be_resumed_and_stops_again(tmp_path: Path) -> None:
    """Nothing is gained by resuming under the same ceiling."""
    stage = Stage(tmp_path, FakeModel([asks(READ)] * 9), limits=default_limits(max_steps=1))
    await stage.start()
    assert exit_code(await stage.resume()) == ExitCode.BUDGET


async def test_the_rest_of_the_output_budget_is_what_is_asked_for(tmp_path: Path) -> None:
    """The `max_tokens` sent never exceed what is left."""
    stage = Stage(tmp_path, FakeModel([says("hello")]), limits=default_limits(max_output_tokens=120))
    await stage.start()
    assert stage.model.requests[0].max_output_tokens == 120


async def test_a_provider_that_used_more_than_reserved_stops_the_run(tmp_path: Path) -> None:
    """An overrun is an event with its numbers, and a stop."""
    for usage, meter in ((Usage(101, 1), "input_tokens"), (Usage(1, 301), "output_tokens")):
        stage = Stage(tmp_path / meter, FakeModel([asks(READ, usage=usage)]))
        assert exit_code(await stage.start()) == ExitCode.BUDGET
        assert [item.meter for item in stage.events(BudgetOverrun)] == [meter]


async def test_usage_that_is_not_reported_counts_as_reserved(tmp_path: Path) -> None:
    """A provider that does not count is charged with the worst case."""
    stage = Stage(tmp_path, FakeModel([says("hello", Usage(None, None))]))
    await stage.start()
    answered = stage.events(ModelAnswered)[0]
    assert not answered.usage_reported
    assert answered.settlement == stage.events(ModelAsked)[0].reservation


async def test_an_unknown_price_refuses_the_run(tmp_path: Path) -> None:
    """Nobody asks a model whose cost nobody knows."""
    stage = Stage(tmp_path)
    stage.desks = (
        ModelDesk(
            stage.parts(stage.journals.create(RUN[:-1] + "9")).models["small-fast"][0].deployment,
            stage.model,
            None,
        ),
    )
    assert exit_code(await stage.start()) == ExitCode.DENIED
    assert [item.stage for item in stage.events(ModelRefused)] == ["priced"]


async def test_an_alias_that_is_not_bound_refuses_the_run(tmp_path: Path) -> None:
    """A contract whose alias the environment does not bind cannot run."""
    stage = Stage(tmp_path)
    routing = stage.contract.model_routing.model_copy(update={"default": "unbound"})
    stage.contract = stage.contract.model_copy(update={"model_routing": routing})
    assert exit_code(await stage.start()) == ExitCode.DENIED
    assert [item.stage for item in stage.events(ModelRefused)] == ["routed"]


async def test_a_failing_model_is_asked_again_then_the_next_deployment(tmp_path: Path) -> None:
    """Deployments of an alias stand in for each other, each after its own attempts."""
    limited = ModelFailure("rate_limited", "slow down", retry_after=0.0)
    first, second = FakeModel([limited, limited]), FakeModel([says("from the second")])
    stage = Stage(tmp_path, first)
    deployment = stage.parts(stage.journals.create(RUN[:-1] + "9")).models["small-fast"][0].deployment
    stage.desks = tuple(ModelDesk(deployment, client, PRICE) for client in (first, second))
    state = await stage.start()
    assert state.finished is not None
    assert state.finished.answer == "from the second"
    assert len(first.requests) == 2
    assert [item.attempt for item in stage.events(ModelAsked)] == [1, 2, 3]


async def test_when_every_model_fails_the_run_is_suspended_and_can_go_on(tmp_path: Path) -> None:
    """Exit 11; what may have been charged stays counted; a resume asks again."""
    refused = ModelFailure("refused", "bad request")
    stage = Stage(tmp_path, FakeModel([ModelFailure("unknown_outcome", "time-out"), refused]))
    state = await stage.start()
    assert exit_code(state) == ExitCode.PROVIDER
    assert state.session.spend.committed.input_tokens == 100
    assert [item.failure for item in stage.events(ModelFailed)] == ["unknown_outcome", "refused"]
    stage.model = FakeModel([says("hello")])
    assert exit_code(await stage.resume()) == ExitCode.OK


async def test_the_model_sees_placeholders_under_strict_and_values_under_standard(tmp_path: Path) -> None:
    """Strict keeps personal data from the model; the backend gets the real value either way."""
    for level, seen in (("strict", "[email:1]"), ("standard", "dana@example.com")):
        ask = (
            "stripe.create_refund",
            {"charge": "ch_small", "amount": 1, "currency": "usd", "instructions_email": seen},
        )
        stage = Stage(tmp_path / level, FakeModel([asks(READ), asks(ask), says("done")]), redaction=level)
        assert exit_code(await stage.start()) == ExitCode.OK
        assert seen in stage.model.requests[1].messages[-1].text
        refunded = stage.executor.named("stripe.create_refund")[0]
        assert refunded.arguments["instructions_email"] == "dana@example.com"
        assert (
            "dana@example.com"
            not in (tmp_path / level / "journal").joinpath("2026-03-14", f"{RUN}.jsonl").read_text()
        )


async def test_every_decision_names_who_said_what(tmp_path: Path) -> None:
    """Contract and platform are asked one by one, with policy ids and digests."""
    stage = a_refund_run(tmp_path)
    await stage.start()
    decision = stage.events(DecisionMade)[-1]
    assert {answer.authority for answer in decision.answers} == {"contract", "platform"}
    assert all(answer.digest.startswith("sha256:") for answer in decision.answers)
    assert decision.facts["amount_usd"] == "49"
    assert decision.facts["amount_usd_total"] == "49"


async def test_no_reviewer_means_no(tmp_path: Path) -> None:
    """Where nobody may answer, what needs approval is refused."""
    stage = a_refund_run(tmp_path)
    stage.reviewer_names = ()
    await stage.start()
    assert [item.stage for item in stage.events(ToolRefused)] == ["approved"]


async def test_a_suspended_run_names_what_it_waits_for(tmp_path: Path) -> None:
    """The suspension is an event like any other."""
    stage = a_refund_run(tmp_path, 25_000)
    await stage.start()
    assert [item.reason for item in stage.events(RunSuspended)] == ["approval"]
