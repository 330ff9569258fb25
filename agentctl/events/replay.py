"""Replays: how far a run that was driven again goes the same way, and where and why it parts."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from agentctl.contract.base import AsTuple
from agentctl.events.base import Event, Part, Texts

Fidelity: TypeAlias = Literal["exact", "drift", "bounded", "diverged"]
"""`exact`: the same events; `drift`: the same, though something that was asked differs; `bounded`: the same up to a step,
after which everything is a guess; `diverged`: not the same."""

Cause: TypeAlias = Literal["prompt", "model", "tool_schema", "policy", "budget", "routing", "code"]
"""What makes two runs part: `code` where everything that is recorded is equal and the events are not."""


class Difference(Part):
    """One place where two runs are not the same."""

    step: int
    """The step."""
    call: str | None
    """The tool call, without its run: `0/1`; None: the model call of the step, or the run itself."""
    event: str
    """The event in which it shows: `decision.made`."""
    field: str
    """Which part of it, or of the request whose digest it has: a JSON pointer; empty: the event as a whole."""
    before: str
    """What stands in the run that is replayed, redacted; empty: nothing."""
    after: str
    """What stands in the replay, redacted; empty: nothing."""


class ReplayJudged(Event):
    """A replay is over and compared with the run it replays. Nothing follows."""

    type: ClassVar[str] = "replay.judged"
    fidelity: Fidelity
    """How far it is the same."""
    step: int | None
    """The step at which they part, at which something was asked otherwise first, or from which on it is a guess; None: nothing
    differs."""
    cause: Cause | None
    """What makes them part, or what was asked otherwise first."""
    detail: str
    """The same in a sentence."""
    exact: int
    """Requests that the tape answered as asked; where calls are only judged again, judgements that are as they were."""
    drift: int
    """Requests that the tape answered though they differ."""
    missed: int
    """Requests that the tape could not answer; none of them went out."""
    differences: Annotated[tuple[Difference, ...], AsTuple]
    """Where they differ, the first of all first; not more than a hundred."""
    from_tape: Texts = ()
    """Authorities whose recorded answers were taken, for asking them again needs another process or the network."""
