"""Many runs of one agent in one process: what they share outlives each of them, and what is a run's own does not."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.composition.project import Project, open_project
from agentctl.composition.runs.lent_client import LentClient
from agentctl.composition.runs.orders import Audience, RunOrder
from agentctl.composition.runs.service import governing_now, open_service
from agentctl.foundation.errors import UsageError
from agentctl.foundation.ids import new_run_id
from agentctl.models.client import Message, ModelRequest
from agentctl.runtime.live_world import Interrupt
from benchmarks.loopback import ANSWER, served
from benchmarks.ours import copied
from tests.fakes.models import FakeModel, says

ORDER = RunOrder("refunds", "Please handle ticket T-1001.", None, "loopback", None)
QUIET = Audience(lambda _: None, (), lambda _: None)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Give a project whose model is a real server on loopback."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with served() as url:
        copied(tmp_path / "desk", f"{url}/v1", "openai_compatible", "none")
        yield open_project(tmp_path / "desk")


def new_run(project: Project) -> str:
    """Return the id of a new run."""
    return new_run_id(project.clock.now())


async def test_runs_at_once_and_one_after_another_share_a_service(project: Project) -> None:
    """Each has a journal, a vault and an id of its own; the end of one closes nothing of another's."""
    async with open_service(project, governing_now(project, ORDER)) as service:
        first = await asyncio.gather(
            *(service.begin(new_run(project), ORDER, QUIET, Interrupt()) for _ in range(4))
        )
        later = await service.begin(new_run(project), ORDER, QUIET, Interrupt())
    outcomes = [*first, later]
    assert {outcome.state.finished.answer for outcome in outcomes if outcome.state.finished} == {ANSWER}
    assert len({outcome.run for outcome in outcomes}) == 5
    headers = [outcome.state.session.header for outcome in outcomes]
    assert len({header.traceparent for header in headers}) == 5
    assert len({header.version for header in headers}) == 1
    assert set(project.journals.runs()) == {outcome.run for outcome in outcomes}


async def test_each_order_is_its_own(project: Project) -> None:
    """Who a run acts for is not what the run before it said."""
    async with open_service(project, governing_now(project, ORDER)) as service:
        for name in ("alice", "bob"):
            outcome = await service.begin(
                new_run(project), replace(ORDER, principal=name), QUIET, Interrupt()
            )
            assert outcome.state.session.header.principal.id == name
        with pytest.raises(UsageError, match="no input"):
            await service.begin(new_run(project), replace(ORDER, input=" "), QUIET, Interrupt())
    assert len(project.journals.runs()) == 2


async def test_a_service_keeps_its_version(project: Project) -> None:
    """What changes in the files meanwhile governs the next service, not the runs of this one."""
    async with open_service(project, governing_now(project, ORDER)) as service:
        before = await service.begin(new_run(project), ORDER, QUIET, Interrupt())
        instructions = project.files.contracts / "refunds.md"
        instructions.write_text("Be brief.")
        after = await service.begin(new_run(project), ORDER, QUIET, Interrupt())
    async with open_service(project, governing_now(project, ORDER)) as another:
        changed = await another.begin(new_run(project), ORDER, QUIET, Interrupt())
    versions = [outcome.state.session.header.version for outcome in (before, after, changed)]
    assert versions[0] == versions[1] != versions[2]


async def test_a_run_that_is_told_to_stop_stops_alone(project: Project) -> None:
    """An interrupt is one run's, and the others go on."""
    stopped = Interrupt(wanted=True)
    async with open_service(project, governing_now(project, ORDER)) as service:
        one, other = await asyncio.gather(
            *(service.begin(new_run(project), ORDER, QUIET, told) for told in (stopped, Interrupt()))
        )
    assert one.state.suspended is not None
    assert one.state.suspended.reason == "interrupted"
    assert other.state.finished is not None


async def test_a_lent_client_is_not_its_borrowers_to_close() -> None:
    """It asks and prices through the one that lent it, and leaves it open."""
    owned = FakeModel((says("hello"),), worst=7)
    lent = LentClient(owned)
    request = ModelRequest("m", (Message("user", "hi"),), (), 5, 1.0)
    assert await lent.complete(request) == says("hello")
    assert lent.worst_case_input_tokens(request) == 7
    await lent.close()
    assert owned.requests == [request]
    assert not owned.closed
