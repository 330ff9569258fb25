"""What a policy engine is shown, for tests: a request about one call."""

from decimal import Decimal

from agentctl.contract.agent import AllowedTool
from agentctl.contract.tool import Effect, PythonExecutor, ToolDescriptor
from agentctl.events.base import Principal
from agentctl.policy.engine import PolicyRequest, RunSoFar


def policy_request(
    name: str = "stripe.create_refund",
    *,
    effect: Effect = "irreversible",
    entry: AllowedTool | None = None,
    today: str = "2026-03-14",
) -> PolicyRequest:
    """Return a request for one call of a tool."""
    return PolicyRequest(
        principal=Principal(id="casey", kind="user", assurance="asserted"),
        teams=("support",),
        actor="agent:refund-assistant",
        owner="finance-ops",
        environment="sandbox",
        environment_kind="sandbox",
        descriptor=ToolDescriptor(
            name=name,
            description="Refund a charge.",
            effect=effect,
            arguments={"type": "object"},
            result={},
            executor=PythonExecutor(type="python", file="tool.py", function="run"),
        ),
        descriptor_digest="sha256:80",
        entry=entry,
        arguments={"charge": "ch_1"},
        arguments_digest="sha256:d0",
        facts={"amount_usd": "49"},
        facts_missing={"currency": "nothing there"},
        sources={"/charge": ("input",)},
        labels={"input": ("untrusted",)},
        step=2,
        run=RunSoFar("01KKNC2R00REFVND0000000001", "live", Decimal("0.01"), 2, 900, 40),
        history={},
        labels_seen=("private", "untrusted"),
        now=f"{today}T09:00:00.000000Z",
    )
