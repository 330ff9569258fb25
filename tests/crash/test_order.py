"""The order of writes, syncs and sends: what `kill -9` cannot see, because it loses nothing that was only written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentctl.events.model import ModelAsked
from agentctl.events.record import AnyEvent, Record
from agentctl.events.tool import ToolIntent, ToolResult
from agentctl.gateway.corridor import Corridor
from agentctl.models.client import ModelAnswer, ModelFailure, ModelRequest
from agentctl.tools.executors.executor import Execution
from agentctl.trace.journals.chain import scan
from tests.fakes.disk import FakeDisk
from tests.fakes.executor import FakeExecutor
from tests.fakes.models import TurnModel, asks, says
from tests.fakes.runs import RUN, Stage

TURNS = [
    asks(("zendesk.read_ticket", {"ticket_id": "4201"}), ("stripe.lookup_charge", {"charge": "ch_small"})),
    asks(("stripe.create_refund", {"charge": "ch_small", "amount": 4900, "currency": "usd"})),
    says("refunded"),
]


@dataclass
class Watch:
    """Looks at the durable part of the journal whenever something leaves the process, and notes what is missing."""

    stage: Stage
    disk: FakeDisk
    violations: list[str] = field(default_factory=list)
    sends: int = 0

    def durable(self) -> list[AnyEvent]:
        """Return the events that a power cut now would leave."""
        path = self.stage.journals.path_of(RUN)
        return [record.event for record in scan(path.read_bytes()[: self.disk.durable_bytes], RUN).records]

    def sent(self, execution: Execution) -> None:
        """A call is sent: an intent with this key must be durable that has no result yet."""
        self.sends += 1
        events = self.durable()
        intents = [event for event in events if isinstance(event, ToolIntent)]
        done = {(event.call, event.attempt) for event in events if isinstance(event, ToolResult)}
        open_keys = {event.idempotency_key for event in intents if (event.call, event.attempt) not in done}
        if execution.idempotency_key not in open_keys:
            self.violations.append(f"{execution.descriptor.name} was sent before its intent was durable")

    def asked(self, request: ModelRequest) -> None:
        """A model is asked: its intent and every result it is shown must be durable."""
        events = self.durable()
        if not events or not isinstance(events[-1], ModelAsked):
            self.violations.append("a model was asked before that was durable")
        shown = sum(message.role == "tool" for message in request.messages)
        if sum(isinstance(event, ToolResult) and event.purpose == "agent" for event in events) < shown:
            self.violations.append("a model was shown a result before it was durable")

    def observed(self, records: Sequence[Record]) -> None:
        """Something is shown on the screen: it must be durable."""
        if any(record.event not in self.durable() for record in records):
            self.violations.append("something was shown before it was durable")


@dataclass
class WatchedModel(TurnModel):
    """A model that tells the watch when it is asked."""

    watch: Watch | None = None

    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Tell the watch, then answer."""
        if self.watch is not None:
            self.watch.asked(request)
        return await super().complete(request)


async def watched_run(folder: Path) -> Watch:
    """Run the small refund under a watch."""
    disk = FakeDisk()
    model = WatchedModel(TURNS)
    stage = Stage(folder, model, disk=disk)
    watch = Watch(stage, disk)
    stage.executor = FakeExecutor(before=watch.sent)
    stage.observe = watch.observed
    model.watch = watch
    await stage.start()
    return watch


async def test_nothing_leaves_before_it_is_durable(tmp_path: Path) -> None:
    """No call is sent before its intent is durable; no result is shown to model or screen before it is."""
    watch = await watched_run(tmp_path)
    assert watch.violations == []
    assert watch.sends == 4


@pytest.mark.parametrize("without", [ToolIntent, ToolResult, ModelAsked])
async def test_the_watch_sees_a_missing_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: type[AnyEvent]
) -> None:
    """The same check turns red when the sync after an intent, or after a result, is taken out."""
    usual = Corridor.durable

    async def durable(self: Corridor) -> None:
        last = self._fresh[-1].event if self._fresh else None
        if not isinstance(last, without):
            await usual(self)

    monkeypatch.setattr(Corridor, "durable", durable)
    assert (await watched_run(tmp_path)).violations != []
