"""The inner port of an engine: one question, one judgement. `guarded` makes an authority's answer of it."""

from typing import Protocol, runtime_checkable

from msgspec import Struct

from agentctl.events.approval import ApprovalTerms
from agentctl.policy.engine import PolicyRequest


class Judgement(Struct, frozen=True):
    """What an engine says of one request, taken as it is.

    `reasons` are the ids of the policies that led to it, or sentences. `errors` are what went wrong; with any of them
    the call is denied, whatever `allowed` says. `terms` is what the policies demand of an approval.
    """

    allowed: bool
    reasons: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    terms: ApprovalTerms | None = None


class Judge(Protocol):
    """One engine with one policy set. It may raise and it may be late: whoever asks it is on guard."""

    async def judge(self, request: PolicyRequest) -> Judgement:
        """Return what it says of the request; `request.approval_granted` is to be believed."""
        ...


@runtime_checkable
class Closing(Protocol):
    """What holds connections or a process, and gives them back at the end of a session."""

    async def close(self) -> None:
        """Give back what it holds."""
        ...
