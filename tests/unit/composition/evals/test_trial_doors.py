"""The doors of a trial: mocks, tapes and faults stand where tools and models stood."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.composition.evals.trial_doors import Faults, Mocks, TrialExecutor, TrialModel, at_desks
from agentctl.contract.environment import Deployment, Price
from agentctl.contract.golden_world import Fault, FaultKind, Mock
from agentctl.contract.project import ProjectFiles
from agentctl.contract.script import Rule
from agentctl.contract.tool import ToolDescriptor
from agentctl.gateway.corridor import ModelDesk
from agentctl.models.client import Message, ModelAnswer, ModelFailure, ModelRequest
from agentctl.tools.executors.executor import Answered, Execution, Failed, Outcome, Unknown
from tests.fakes.executor import FakeExecutor
from tests.fakes.models import FakeModel

REPOSITORY = Path(__file__).parents[4]
TOOLS = {name: loaded.document for name, loaded in ProjectFiles(REPOSITORY).tools().items()}
READ, WRITE = TOOLS["zendesk.read_ticket"], TOOLS["stripe.create_refund"]
REQUEST = ModelRequest("m", (Message("user", "hello"),), (), 100, 1.0)


def execution(descriptor: ToolDescriptor = READ, **arguments: object) -> Execution:
    """Return an attempt."""
    return Execution(descriptor, arguments, "key")  # type: ignore[arg-type]  # JSON, as the tests write it


def outcomes(executor: TrialExecutor, *executions: Execution) -> list[Outcome]:
    """Return what each attempt comes to, one after another."""

    async def all_of_them() -> list[Outcome]:
        return [await executor.execute(one) for one in executions]

    return asyncio.run(all_of_them())


def test_the_first_mock_that_fits_and_is_not_used_up_answers() -> None:
    """Mocks are looked through in order, by tool and arguments; where none is left, the tool itself answers."""
    inner = FakeExecutor(lambda _: Answered("real"))
    mocks = Mocks(
        (
            Mock(tool=READ.name, arguments={"ticket_id": "1"}, result=1, times=1),
            Mock(tool=READ.name, arguments={"ticket_id": "1", "x": 2}, match="exact", error="gone"),
            Mock(tool=READ.name, arguments={"ticket_id": "1"}, result=3, times=1),
        )
    )
    found = outcomes(
        TrialExecutor(inner, mocks, Faults(())),
        execution(ticket_id="2"),
        execution(ticket_id="1"),
        execution(ticket_id="1", x=2),
        execution(ticket_id="1"),
        execution(ticket_id="1"),
    )
    assert found == [Answered("real"), Answered(1, 200), Failed("gone"), Answered(3, 200), Answered("real")]


def test_without_tools_only_mocks_answer() -> None:
    """Where no tool may be reached, a call that no mock answers fails; nothing goes past."""
    (found,) = outcomes(TrialExecutor(None, Mocks(()), Faults(())), execution())
    assert isinstance(found, Failed)
    assert "no tool is reached in this trial" in found.message
    asyncio.run(TrialExecutor(None, Mocks(()), Faults(())).close())


@pytest.mark.parametrize("kind", ["timeout", "http_500", "malformed", "connection_reset", "rate_limit"])
def test_a_fault_is_what_the_executor_would_say(kind: FaultKind) -> None:
    """A read that breaks may be asked again or fails; of a write that breaks nobody knows, unless it was told to wait."""
    inner = FakeExecutor(lambda _: Answered("real"))
    executor = TrialExecutor(
        inner, Mocks(()), Faults((Fault(tool=READ.name, do=kind), Fault(tool=WRITE.name, do=kind)))
    )
    read, write, again = outcomes(executor, execution(READ), execution(WRITE), execution(WRITE))
    assert isinstance(read, Failed)
    assert read.repeatable == (kind != "malformed")
    assert isinstance(write, Failed if kind == "rate_limit" else Unknown)
    assert again == Answered("real")
    assert len(inner.executions) == 1


def test_faults_count_the_calls_they_are_meant_for() -> None:
    """From the nth on, so many times; of one tool or of a backend's; with the effect or without it."""
    inner = FakeExecutor(lambda _: Answered("real"))
    faults = Faults(
        (
            Fault(tool=WRITE.name, do="timeout", nth=2, times=2, effect=True),
            Fault(backend="zendesk", do="http_500"),
        )
    )
    executor = TrialExecutor(inner, Mocks(()), faults)
    found = outcomes(
        executor, *[execution(WRITE)] * 4, execution(READ), execution(TOOLS["stripe.lookup_charge"])
    )
    assert [isinstance(one, Answered) for one in found] == [True, False, False, True, False, True]
    assert len(inner.executions) == 5  # the two whose answer was lost were carried out
    asyncio.run(executor.close())
    assert inner.closed


async def test_nobody_waits_after_a_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause before the next attempt is only taken where somebody else is to be waited for."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("agentctl.composition.evals.trial_doors.asyncio.sleep", sleep)
    faults = Faults((Fault(model="any", do="rate_limit"),))
    faults.strike(lambda _: True)
    await faults.pause(1.0)
    await faults.pause(2.0)
    assert waited == [2.0]


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("timeout", "unknown_outcome"),
        ("http_500", "unavailable"),
        ("malformed", "unknown_outcome"),
        ("connection_reset", "unknown_outcome"),
        ("rate_limit", "rate_limited"),
    ],
)
async def test_a_model_breaks_in_its_own_words(kind: FaultKind, failure: str) -> None:
    """A fault of the alias, or of any, stands in the place of the answer; other aliases go on."""
    desk = ModelDesk(Deployment(name="d", provider="scripted", scripts="s"), FakeModel(), None)
    faults = Faults((Fault(model="small", do=kind),))
    other, mine = (at_desks({alias: (desk,)}, faults)[alias][0].client for alias in ("other", "small"))
    assert isinstance(await other.complete(REQUEST), ModelAnswer)
    broken, answered = await mine.complete(REQUEST), await mine.complete(REQUEST)
    assert isinstance(broken, ModelFailure)
    assert broken.kind == failure
    assert isinstance(answered, ModelAnswer)
    assert isinstance(mine, TrialModel)
    assert mine.worst_case_input_tokens(REQUEST) == desk.client.worst_case_input_tokens(REQUEST)
    await mine.close()


async def test_a_script_sits_in_the_place_of_every_model() -> None:
    """A case's own script answers at each desk; the price of the deployment stays."""
    price = Price(input_usd_per_million=1, output_usd_per_million=1)  # type: ignore[arg-type]  # whole numbers are amounts
    deployment = Deployment(name="d", provider="litellm", price=price)
    desk = ModelDesk(deployment, FakeModel(), None)
    (scripted,) = at_desks({"a": (desk,)}, Faults(()), script=(Rule(name="r", say="as told"),))["a"]
    answer = await scripted.client.complete(REQUEST)
    assert isinstance(answer, ModelAnswer)
    assert answer.text == "as told"
    assert replace(scripted, client=desk.client) == desk
