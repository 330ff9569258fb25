"""Tests of single stages, where no whole call leads to them."""

from typing import cast

from agentctl.events.tool import ToolProposed
from agentctl.gateway.bench import Bench
from agentctl.gateway.stages import approved
from agentctl.gateway.verdict import Case, Refused


async def test_a_call_that_nobody_judged_is_refused() -> None:
    """Should `permitted` ever be left out, `approved` lets nothing through."""
    proposal = ToolProposed(
        call="RUN/0/0", step=0, tool="shop.buy", arguments={}, arguments_digest="sha256:0"
    )
    verdict = await approved(Case(proposal, 1), cast("Bench", None))
    assert isinstance(verdict, Refused)
    assert (verdict.stage, verdict.reasons) == ("approved", ("nobody has judged this call",))
