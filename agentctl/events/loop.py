"""A loop: what was done again and again without anything new coming of it, and which calls say so."""

from typing import ClassVar, Literal

from agentctl.events.base import Event, Texts

LoopKind = Literal["same_call", "near_duplicate", "same_error", "cycle"]
LoopMeter = Literal["repeats", "near_repeats", "same_errors"]


class LoopDetected(Event):
    """A call was not made, because it would only have gone on with a loop."""

    type: ClassVar[str] = "loop.detected"
    call: str
    """The call that was not made."""
    kind: LoopKind
    """`same_call`: the same call, the same result; `near_duplicate`: only an argument differed that made no difference;
    `same_error`: the same tool failed the same way; `cycle`: the same calls in the same order, with the same results."""
    meter: LoopMeter
    """Which limit was reached."""
    tools: Texts
    """The tools of one round, in order."""
    repeats: int
    """How often it had happened before this call."""
    limit: int
    """How often it may happen."""
    calls: Texts
    """The calls that are the evidence: the last ones that reach the limit, oldest first."""
    differing: Texts = ()
    """The arguments that differed without making a difference."""
    stops: bool
    """Whether it stops the run, because the model was told in an earlier step; the call then stays open."""

    @property
    def repeated(self) -> str:
        """The call that this one would have repeated."""
        return self.calls[-len(self.tools)]
