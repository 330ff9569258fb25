"""The corners of the gateway: races between a check and its act, a crash in between, and what cannot be recorded."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.approval.reviewer import Case as ReviewCase
from agentctl.approval.reviewer import Evidence, LookUpFunction, Opinion
from agentctl.approval.view import MAX_VIEW_BYTES
from agentctl.contract.tool import PythonExecutor
from agentctl.events.approval import ApprovalRequested, MessageRefused, ReviewerRecord
from agentctl.events.budget import BudgetStopped
from agentctl.events.model import ModelAsked, ModelRefused, RouteChosen
from agentctl.events.tool import PolicyAnswer, ToolInDoubt, ToolIntent, ToolRefused, ToolUnknown
from agentctl.foundation.errors import ExitCode, InternalError
from agentctl.foundation.ids import new_secret_id
from agentctl.gateway.corridor import Corridor, Parts
from agentctl.gateway.model_calls import ModelWork, call_model
from agentctl.gateway.session import open_session
from agentctl.gateway.tool_calls import ToolRequest, call_tool
from agentctl.models.client import Message
from agentctl.policy.engine import PolicyEngine, PolicyRequest
from agentctl.routing.route import choose
from agentctl.runtime.outcome import exit_code
from agentctl.runtime.state import RunState
from agentctl.tools.executors.executor import Answered, Execution, Failed, Outcome, Unknown
from agentctl.trace.message import ResolveMessage
from tests.fakes.executor import FakeExecutor, accepts_everything
from tests.fakes.models import FakeModel, asks, says
from tests.fakes.runs import RUN, Stage, changed, default_limits, repository_tools

REFUND = '{"charge":"ch_small","amount":100,"currency":"usd"}'
READ = ("zendesk.read_ticket", {"ticket_id": "4201"})


def request(arguments: str = REFUND, name: str = "stripe.create_refund", index: int = 0) -> ToolRequest:
    """Return a request for a call."""
    return ToolRequest(f"{RUN}/0/{index}", 0, name, arguments)


@asynccontextmanager
async def opened(stage: Stage) -> AsyncIterator[Corridor]:
    """Open a session on a new run and give its corridor."""
    async with open_session(stage.parts(stage.journals.create(stage.run))) as session:
        await session.note(stage.started())
        yield session._corridor


def without_approval(stage: Stage) -> Stage:
    """Let the contract's refunds pass without approval, at a platform that does not gate them."""
    allowlist = tuple(
        item.model_copy(update={"requires_approval": False}) for item in stage.contract.tools.allowlist
    )
    tools = stage.contract.tools.model_copy(update={"allowlist": allowlist})
    stage.contract = stage.contract.model_copy(update={"tools": tools})
    stage.tools = changed(stage.tools, "stripe.create_refund", effect="write")
    return stage


async def test_two_calls_cannot_do_the_same_at_once(tmp_path: Path) -> None:
    """Both passed the check, one commits first; the other is refused in the same uninterrupted section."""
    stage = without_approval(Stage(tmp_path))
    async with opened(stage) as corridor:
        await asyncio.gather(*(call_tool(corridor, request(index=index)) for index in range(8)))
    assert len(stage.executor.named("stripe.create_refund")) == 1
    assert len(stage.events(ToolRefused)) == 7


async def test_parallel_calls_cannot_overshoot_a_ceiling(tmp_path: Path) -> None:
    """Forty concurrent calls against a ceiling of ten: exactly ten."""
    stage = Stage(tmp_path, limits=default_limits(max_tool_calls=10))
    async with opened(stage) as corridor:
        reads = [request('{"ticket_id":"4201"}', "zendesk.read_ticket", index) for index in range(40)]
        await asyncio.gather(*(call_tool(corridor, item) for item in reads))
    assert len(stage.executor.executions) == 10


class Approver:
    """Approves without looking."""

    async def review(self, case: ReviewCase, look_up: LookUpFunction) -> Opinion | None:
        """Say yes."""
        del case, look_up
        return Opinion("approve", "fine", ReviewerRecord(id="alice", kind="person", assurance="asserted"))


async def test_an_approval_that_lapses_while_the_call_is_prepared_does_not_hold(tmp_path: Path) -> None:
    """Between the stages and the intent the approval is looked at once more."""
    stage = Stage(tmp_path)
    parts = stage.parts(stage.journals.create(RUN))

    class SlowBroker:
        """A broker that takes twenty minutes."""

        def mint(self, wanted: object) -> object:
            stage.clock.move(20 * 60)  # type: ignore[attr-defined]
            return parts.broker.mint(wanted)  # type: ignore[arg-type]

    slow = replace(parts, broker=SlowBroker(), reviewers=(Approver(),))  # type: ignore[arg-type]
    async with open_session(slow) as session:
        await session.note(stage.started())
        await call_tool(session._corridor, request())
        await session.review(stage.events(ApprovalRequested)[0].approval)
        await call_tool(session._corridor, request())
    assert stage.executor.executions == []
    assert [item.stage for item in stage.events(ToolRefused)] == ["approved"]


async def test_a_call_that_is_settled_is_not_made_again(tmp_path: Path) -> None:
    """Asking twice for the same call changes nothing."""
    stage = Stage(tmp_path)
    async with opened(stage) as corridor:
        for _ in range(2):
            await call_tool(corridor, request('{"ticket_id":"4201"}', "zendesk.read_ticket"))
    assert len(stage.executor.executions) == 1


async def test_a_call_that_is_cancelled_is_written_down_as_unknown(tmp_path: Path) -> None:
    """Told twice to stop, nothing is dropped: the outcome of the call under way is unknown, and a resume takes it up."""
    stage = without_approval(Stage(tmp_path, executor=FakeExecutor(hang=True)))
    async with opened(stage) as corridor:
        task = asyncio.create_task(call_tool(corridor, request()))
        while not stage.executor.executions:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [item.reason for item in stage.events(ToolUnknown)] == ["interrupted while it was under way"]


async def interrupted(stage: Stage) -> None:
    """Leave a write in flight, as a crash does."""
    stage.executor = FakeExecutor(hang=True)
    task = asyncio.create_task(stage.start())
    while not stage.executor.named("stripe.create_refund"):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    stage.executor = FakeExecutor()


def one_refund(folder: Path) -> Stage:
    """Return a run whose only call is a refund that needs nobody's approval."""
    return without_approval(Stage(folder, FakeModel([asks(("stripe.create_refund", REFUND)), says("done")])))


async def test_a_write_in_flight_that_may_not_be_repeated_now_stops_in_doubt(tmp_path: Path) -> None:
    """A rule that got stricter meanwhile refuses the repetition; nobody is told that it did not happen."""
    stage = one_refund(tmp_path)
    await interrupted(stage)
    tools = stage.contract.tools.model_copy(update={"allowlist": stage.contract.tools.allowlist[:2]})
    stage.contract = stage.contract.model_copy(update={"tools": tools})
    assert exit_code(await stage.resume()) == ExitCode.IN_DOUBT
    assert stage.executor.executions == []
    assert "does not let it be repeated" in stage.events(ToolInDoubt)[0].reason


async def test_a_write_in_flight_whose_tool_is_gone_stops_in_doubt(tmp_path: Path) -> None:
    """Without a descriptor nobody knows whether it may be repeated."""
    stage = one_refund(tmp_path)
    await interrupted(stage)
    stage.tools = {name: tool for name, tool in stage.tools.items() if name != "stripe.create_refund"}
    assert exit_code(await stage.resume()) == ExitCode.IN_DOUBT
    assert "not in the registry" in stage.events(ToolInDoubt)[0].reason


async def test_a_write_in_flight_beyond_its_key_window_stops_in_doubt(tmp_path: Path) -> None:
    """A server that has forgotten the key would do it again."""
    stage = one_refund(tmp_path)
    await interrupted(stage)
    stage.clock.move(25 * 3600)  # type: ignore[attr-defined]
    assert exit_code(await stage.resume()) == ExitCode.IN_DOUBT
    assert stage.executor.executions == []


async def test_a_write_in_flight_at_its_ceiling_stops_in_doubt(tmp_path: Path) -> None:
    """A ceiling that forbids the repetition leaves the outcome unknown."""
    stage = one_refund(tmp_path)
    await interrupted(stage)
    stage.limits = default_limits(max_tool_calls=1)
    assert exit_code(await stage.resume()) == ExitCode.IN_DOUBT


async def test_a_call_too_large_to_be_read_is_refused(tmp_path: Path) -> None:
    """Nobody approves what nobody can read."""
    stage = Stage(tmp_path)
    schema = dict(stage.tools["stripe.create_refund"].descriptor.arguments)
    schema = {**schema, "properties": {**schema["properties"], "note": {"type": "string"}}}  # type: ignore[dict-item]
    stage.tools = changed(stage.tools, "stripe.create_refund", arguments=schema)
    async with opened(stage) as corridor:
        note = "x" * (MAX_VIEW_BYTES + 1)
        await call_tool(corridor, request(REFUND[:-1] + f',"note":"{note}"}}'))
    assert [item.stage for item in stage.events(ToolRefused)] == ["approved"]


async def test_values_that_were_lost_are_not_replaced_by_their_placeholders(tmp_path: Path) -> None:
    """A placeholder whose value is gone never reaches a backend."""
    stage = without_approval(Stage(tmp_path))
    arguments = REFUND[:-1] + ',"instructions_email":"dana@example.com"}'
    stage.executor = FakeExecutor(hang=True)
    async with opened(stage) as corridor:
        task = asyncio.create_task(call_tool(corridor, request(arguments)))
        while not stage.executor.executions:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    (tmp_path / "sealed" / RUN).unlink()
    stage.executor = FakeExecutor()
    acquired = stage.journals.acquire(RUN)
    async with open_session(stage.parts(acquired.journal), acquired.records) as session:
        await call_tool(session._corridor, request(arguments))
    assert stage.executor.executions == []
    assert "are lost" in stage.events(ToolInDoubt)[0].reason


@pytest.mark.parametrize(
    "looked_up", [Failed("gone", 404), Unknown("lost"), Answered({"strange": True})], ids=str
)
async def test_a_look_up_that_fails_is_a_denial(tmp_path: Path, looked_up: Outcome) -> None:
    """A reviewer that cannot look denies; it never approves on trust."""
    tools = changed(repository_tools(), "stripe.lookup_charge", effect="read", retry="safe")

    def answer(execution: Execution) -> Outcome:
        return (
            looked_up
            if execution.descriptor.name == "stripe.lookup_charge"
            else accepts_everything(execution)
        )

    stage = Stage(
        tmp_path,
        FakeModel([asks(("stripe.create_refund", REFUND)), says("done")]),
        FakeExecutor(answer),
        tools=tools,
    )
    state = await stage.start()
    assert exit_code(state) == ExitCode.OK
    assert stage.executor.named("stripe.create_refund") == []
    assert stage.events(ToolRefused)[0].reasons[0].startswith("system:sandbox-reviewer denied it")


class Prober:
    """A reviewer that tries to look with what it must not use."""

    def __init__(self, tool: str) -> None:
        self.tool, self.found = tool, list[Evidence]()

    async def review(self, case: ReviewCase, look_up: LookUpFunction) -> Opinion | None:
        """Look, and say nothing."""
        self.found.append(await look_up("system:prober", self.tool, case.arguments))
        return None


@pytest.mark.parametrize("tool", ["stripe.create_refund", "admin.delete_all"])
async def test_a_reviewer_may_only_read(tmp_path: Path, tool: str) -> None:
    """A look-up that would change something, or that does not exist, is refused."""
    prober = Prober(tool)
    stage = Stage(tmp_path, FakeModel([asks(("stripe.create_refund", REFUND))]), reviewers=(prober,))
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert stage.executor.executions == []
    assert prober.found[0].failure


async def test_a_look_up_without_a_credential_fails(tmp_path: Path) -> None:
    """No backend, no token, no look."""
    lookup = repository_tools()["stripe.lookup_charge"].descriptor.executor
    tools = changed(
        repository_tools(), "stripe.lookup_charge", executor=lookup.model_copy(update={"backend": "nowhere"})
    )
    stage = Stage(tmp_path, FakeModel([asks(("stripe.create_refund", REFUND)), says("done")]), tools=tools)
    await stage.start()
    assert stage.executor.named("stripe.create_refund") == []


class Latecomer:
    """A reviewer who answers although nobody asked."""

    async def review(self, case: ReviewCase, look_up: LookUpFunction) -> Opinion | None:
        """Approve under a name that may not."""
        del case, look_up
        return Opinion("approve", "sure", ReviewerRecord(id="casey", kind="person", assurance="asserted"))


async def test_an_opinion_that_does_not_count_changes_nothing(tmp_path: Path) -> None:
    """The requester's own approval leaves the request open."""
    stage = Stage(tmp_path, FakeModel([asks(("stripe.create_refund", REFUND))]), reviewers=(Latecomer(),))
    assert exit_code(await stage.start()) == ExitCode.WAITING


async def test_malformed_arguments_go_back_to_the_model_as_they_were(tmp_path: Path) -> None:
    """Under `standard` the model sees its own words again, JSON or not."""
    for level in ("standard", "strict"):
        model = FakeModel(
            [asks(("zendesk.read_ticket", "not json, dana@example.com")), asks(READ), says("done")]
        )
        stage = Stage(tmp_path / level, model, redaction=level)
        assert exit_code(await stage.start()) == ExitCode.OK
        shown = stage.model.requests[1].messages[2].calls[0].arguments
        assert ("dana@example.com" in shown) == (level == "standard")


async def test_a_look_alike_written_by_a_ticket_does_not_become_a_value(tmp_path: Path) -> None:
    """Under `standard` the model may repeat `[email:1]` from a ticket; the backend gets just these characters."""

    def answer(execution: Execution) -> Outcome:
        if execution.descriptor.name == "zendesk.read_ticket":
            text = {
                "ticket_id": 1,
                "subject": "s",
                "description": "write to [email:1]",
                "status": "open",
                "requester_email": "dana@example.com",
            }
            return Answered(text)
        return accepts_everything(execution)

    ask = ("stripe.lookup_charge", {"charge": "[email:1]"})
    schema = {"type": "object", "required": ["charge"], "properties": {"charge": {"type": "string"}}}
    tools = changed(repository_tools(), "stripe.lookup_charge", arguments=schema)
    stage = Stage(
        tmp_path,
        FakeModel([asks(READ), asks(ask), says("done")]),
        FakeExecutor(answer),
        tools=tools,
        redaction="standard",
    )
    await stage.start()
    assert stage.executor.named("stripe.lookup_charge")[0].arguments["charge"] == "[email:1]"


async def test_a_session_redacts_on_request(tmp_path: Path) -> None:
    """What a caller writes itself goes through the same vault."""
    stage = Stage(tmp_path)
    async with open_session(stage.parts(stage.journals.create(RUN))) as session:
        assert session.redact("dana@example.com") == "[email:1]"


async def test_closing_a_session_gives_everything_back(tmp_path: Path) -> None:
    """Executors, clients and the journal's lock are released, also after an error."""
    stage = Stage(tmp_path)
    with pytest.raises(InternalError):
        async with open_session(stage.parts(stage.journals.create(RUN))) as session:
            await session.note(stage.started())
            raise InternalError("on purpose")
    assert stage.executor.closed
    assert stage.model.closed
    stage.journals.acquire(RUN).journal.close()


def test_a_run_that_is_going_has_no_exit_code() -> None:
    """Only a run that stopped means something to the shell."""
    with pytest.raises(InternalError):
        exit_code(RunState())


async def test_an_injected_ticket_cannot_choose_whose_customer_is_compared(tmp_path: Path) -> None:
    """Made to read the victim's ticket, the run is still judged by the ticket it began with."""

    def answer(execution: Execution) -> Outcome:
        usual = accepts_everything(execution)
        if execution.descriptor.name == "zendesk.read_ticket" and isinstance(usual, Answered):
            owner = "eve@example.com" if execution.arguments["ticket_id"] == "666" else "dana@example.com"
            return Answered(
                {
                    "ticket_id": 1,
                    "subject": "s",
                    "description": "d",
                    "status": "open",
                    "requester_email": owner,
                }
            )
        return usual

    victim = ("zendesk.read_ticket", {"ticket_id": "4201"})
    model = FakeModel(
        [
            asks(("zendesk.read_ticket", {"ticket_id": "666"})),
            asks(victim),
            asks(("stripe.create_refund", REFUND)),
            says("done"),
        ]
    )
    stage = Stage(tmp_path, model, FakeExecutor(answer))
    assert exit_code(await stage.start()) == ExitCode.OK
    assert stage.executor.named("stripe.create_refund") == []
    assert "another customer" in stage.events(ToolRefused)[0].reasons[0]


def failing(*outcomes: Outcome) -> FakeExecutor:
    """Return an executor whose refunds end like this, one after another, and then well."""
    left = list(outcomes)

    def answer(execution: Execution) -> Outcome:
        if execution.descriptor.name == "stripe.create_refund" and left:
            return left.pop(0)
        return accepts_everything(execution)

    return FakeExecutor(answer)


async def test_a_failure_after_an_unknown_outcome_leaves_the_call_in_doubt(tmp_path: Path) -> None:
    """The first attempt may have happened; that the second certainly failed does not undo it."""
    stage = one_refund(tmp_path)
    stage.executor = failing(Unknown("lost"), Failed("no such charge", 404))
    assert exit_code(await stage.start()) == ExitCode.IN_DOUBT
    assert [item.reason for item in stage.events(ToolInDoubt)] == [
        "an earlier attempt may have happened, and this one failed"
    ]


async def test_an_effect_that_did_not_happen_may_be_caused_by_another_run(tmp_path: Path) -> None:
    """Once an operator says so, the claim on the effect is given back."""
    stage = one_refund(tmp_path)
    stage.executor = failing(*[Unknown("lost")] * 3)
    assert exit_code(await stage.start()) == ExitCode.IN_DOUBT
    word = ResolveMessage(
        id=new_secret_id(), run=RUN, at="now", by="olga", call=f"{RUN}/0/0", verdict="not_executed"
    )
    stage.inbox.post(word)
    stage.model = FakeModel([says("done")])
    assert exit_code(await stage.resume()) == ExitCode.OK
    second = one_refund(tmp_path)
    second.run = RUN[:-1] + "1"
    assert exit_code(await second.start()) == ExitCode.OK
    assert len(second.executor.named("stripe.create_refund")) == 1


async def test_an_approval_whose_call_failed_does_not_hold_for_ever(tmp_path: Path) -> None:
    """After a certain failure and a crash, an old approval is asked for again; in time it still holds."""
    for minutes, requests in ((1, 1), (16, 2)):
        stage = Stage(tmp_path / str(minutes), reviewers=(Approver(),))
        stage.executor = failing(Failed("busy", 429, repeatable=True, retry_after=0.0))

        async def die(seconds: float) -> None:
            del seconds
            raise asyncio.CancelledError

        parts = replace(stage.parts(stage.journals.create(RUN)), pause=die)
        async with open_session(parts) as session:
            await session.note(stage.started())
            await call_tool(session._corridor, request())
            await session.review(stage.events(ApprovalRequested)[0].approval)
            with pytest.raises(asyncio.CancelledError):
                await call_tool(session._corridor, request())
        stage.clock.move(minutes * 60)  # type: ignore[attr-defined]
        acquired = stage.journals.acquire(RUN)
        async with open_session(stage.parts(acquired.journal), acquired.records) as session:
            await call_tool(session._corridor, request())
        assert len(stage.events(ApprovalRequested)) == requests


class Yielding:
    """A policy that lets everybody else run before it answers, so that all quotes are old when they are used."""

    def __init__(self, engine: PolicyEngine) -> None:
        self._engine = engine
        self.policy, self.digest = engine.policy, engine.digest

    async def decide(self, asked: PolicyRequest) -> PolicyAnswer:
        """Yield, then answer."""
        await asyncio.sleep(0.01)
        return await self._engine.decide(asked)


class EverybodysLedger:
    """A ledger that lets everybody have everything, or says that a stranger holds it; it remembers who asked."""

    def __init__(self, holder: str | None = None, *, is_waited_for: bool = False) -> None:
        self.holder = holder
        self.is_waited_for = is_waited_for
        self.threads: list[int] = []

    def claim(self, scope: str, effect_key: str, call: str) -> str | None:
        """Answer what the test said."""
        del scope, effect_key, call
        self.threads.append(threading.get_ident())
        return self.holder

    def release(self, scope: str, effect_key: str, call: str) -> None:
        """Do nothing."""


def yielding(stage: Stage) -> Parts:
    """Return parts whose policies yield and whose ledger holds nobody back."""
    parts = stage.parts(stage.journals.create(RUN))
    return replace(parts, engines=tuple(map(Yielding, parts.engines)), ledger=EverybodysLedger())


async def test_old_quotes_do_not_overshoot_a_ceiling(tmp_path: Path) -> None:
    """Forty calls were all told that they can be paid; the intent compares again, and ten are made."""
    stage = Stage(tmp_path, limits=default_limits(max_tool_calls=10))
    async with open_session(yielding(stage)) as session:
        await session.note(stage.started())
        reads = [request('{"ticket_id":"4201"}', "zendesk.read_ticket", index) for index in range(40)]
        await asyncio.gather(*(call_tool(session._corridor, item) for item in reads))
    assert len(stage.executor.executions) == 10
    assert len(stage.events(BudgetStopped)) == 30


async def test_an_effect_that_was_free_when_asked_is_not_caused_twice(tmp_path: Path) -> None:
    """Eight calls were all told that nobody does the same; the intent compares again, and one is made."""
    stage = without_approval(Stage(tmp_path))
    async with open_session(yielding(stage)) as session:
        await session.note(stage.started())
        await asyncio.gather(*(call_tool(session._corridor, request(index=index)) for index in range(8)))
    assert len(stage.executor.executions) == 1


@pytest.mark.parametrize("is_waited_for", [True, False])
async def test_a_ledger_says_whether_a_thread_waits_for_it(tmp_path: Path, *, is_waited_for: bool) -> None:
    """One that is quick, with nobody else to go on, is asked where the call is; else the event loop goes on meanwhile."""
    stage, ledger = without_approval(Stage(tmp_path)), EverybodysLedger(is_waited_for=is_waited_for)
    parts = replace(stage.parts(stage.journals.create(RUN)), ledger=ledger)
    async with open_session(parts) as session:
        await session.note(stage.started())
        await call_tool(session._corridor, request())
    assert [thread == threading.get_ident() for thread in ledger.threads] == [is_waited_for]
    assert len(stage.executor.executions) == 1


async def test_a_write_in_flight_whose_effect_another_run_holds_stops_in_doubt(tmp_path: Path) -> None:
    """Refused between the stages and the intent, a repetition leaves the call in doubt."""
    stage = one_refund(tmp_path)
    await interrupted(stage)
    acquired = stage.journals.acquire(RUN)
    parts = replace(stage.parts(acquired.journal), ledger=EverybodysLedger("another/0/0"))
    async with open_session(parts, acquired.records) as session:
        await call_tool(session._corridor, request())
    assert stage.executor.executions == []
    assert "another/0/0" in stage.events(ToolInDoubt)[0].reason


async def test_asking_again_while_a_call_waits_asks_nobody_twice(tmp_path: Path) -> None:
    """A call that waits goes on waiting; there is one request."""
    stage = Stage(tmp_path, reviewers=())
    async with opened(stage) as corridor:
        for _ in range(3):
            await call_tool(corridor, request())
    assert len(stage.events(ApprovalRequested)) == 1


async def test_a_tool_that_changed_after_its_approval_is_not_called(tmp_path: Path) -> None:
    """An approval holds for the descriptor that was shown."""
    stage = Stage(tmp_path, reviewers=(Approver(),))
    async with opened(stage) as corridor:
        await call_tool(corridor, request())
    acquired = stage.journals.acquire(RUN)
    stage.tools = changed(stage.tools, "stripe.create_refund", description="Something else.")
    async with open_session(stage.parts(acquired.journal), acquired.records) as session:
        await session.review(stage.events(ApprovalRequested)[0].approval)
        await call_tool(session._corridor, request())
    assert stage.executor.executions == []
    assert stage.events(ToolRefused)[0].reasons == (
        "what was approved is not what is asked: the tool differs",
    )


async def test_a_tool_that_runs_here_needs_no_credential(tmp_path: Path) -> None:
    """A python tool reaches no backend; its record says `none`."""
    python = PythonExecutor(type="python", file="tool.py", function="read")
    tools = changed(repository_tools(), "zendesk.read_ticket", executor=python)
    tools["zendesk.read_ticket"] = replace(
        tools["zendesk.read_ticket"], code=b"def read(ticket_id): return {}"
    )
    stage = Stage(tmp_path, FakeModel([asks(READ), says("done")]), tools=tools)
    await stage.start()
    assert [item.credential.kind for item in stage.events(ToolIntent)] == ["none"]
    assert stage.executor.executions[0].secret_headers == {}


async def test_a_word_about_a_call_that_is_not_in_doubt_is_refused(tmp_path: Path) -> None:
    """Nobody resolves what is settled."""
    stage = Stage(tmp_path, FakeModel([asks(READ), says("done")]))
    stage.interrupt.wanted = True
    await stage.start()
    stage.interrupt.wanted = False
    word = ResolveMessage(
        id=new_secret_id(), run=RUN, at="now", by="olga", call=f"{RUN}/0/0", verdict="executed"
    )
    stage.inbox.post(word)
    assert exit_code(await stage.resume()) == ExitCode.OK
    assert stage.events(MessageRefused)[0].reasons == (f"call `{RUN}/0/0` is not in doubt",)


async def test_arguments_that_name_one_value_twice_are_no_arguments(tmp_path: Path) -> None:
    """A placeholder and its value as two keys: which one counts nobody can say, so nothing is executed."""
    twice = '{"[email:1]":1,"dana@example.com":2}'
    model = FakeModel([asks(READ), asks(("stripe.lookup_charge", twice)), says("done")])
    stage = Stage(tmp_path, model)
    assert exit_code(await stage.start()) == ExitCode.OK
    assert [item.stage for item in stage.events(ToolRefused)] == ["well_formed"]


async def test_a_route_whose_deployments_may_not_be_asked_any_more_is_refused(tmp_path: Path) -> None:
    """A crash between route and question, and stricter rules since: the step ends on record, it does not spin."""
    stage = Stage(tmp_path)
    work = ModelWork(0, (Message("user", "4201"),), ())
    parts = stage.parts(stage.journals.create(stage.run))
    route = choose(stage.contract.model_routing, {"small-fast": (stage.model_desks()[0].deployment,)}, 0, {})
    assert isinstance(route, RouteChosen)
    async with open_session(replace(parts, models={"small-fast": ()})) as session:
        await session.note(stage.started())
        await session.note(route)
        await call_model(session._corridor, work)
    [refused] = stage.events(ModelRefused)
    assert isinstance(refused, ModelRefused)
    assert (refused.stage, stage.events(ModelAsked)) == ("routed", [])
