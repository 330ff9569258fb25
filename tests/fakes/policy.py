"""What a policy engine is shown, for tests: requests about one call, the sample project's tools and policies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from msgspec.structs import replace

from agentctl.contract.agent import AllowedTool
from agentctl.contract.tool import Effect, PythonExecutor, ToolDescriptor
from agentctl.events.base import Principal
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.money import plain
from agentctl.policy.authority import Authority
from agentctl.policy.cedar.judge import CedarJudge
from agentctl.policy.engine import PolicyRequest, RunSoFar, ToolHistory
from agentctl.policy.guarded import Guarded
from agentctl.policy.judge import Judge, Judgement
from tests.fakes.clock import StandingClock

CONTRACTS = Path(__file__).parents[2] / "contracts"
REFUND = "stripe.create_refund"
LOOK_UP = "stripe.lookup_charge"
READ = "zendesk.read_ticket"


def policy_request(
    name: str = REFUND,
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
        descriptor=described(name, {"type": "object"}, effect=effect),
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


def described(
    name: str, arguments: JsonObject, *, effect: Effect = "irreversible", facts: dict[str, Any] | None = None
) -> ToolDescriptor:
    """Return a tool that takes such arguments."""
    return ToolDescriptor(
        name=name,
        description="Refund a charge.",
        effect=effect,
        facts=facts or {},
        arguments=arguments,
        result={},
        executor=PythonExecutor(type="python", file="tool.py", function="run"),
    )


@cache
def sample_tools() -> dict[str, ToolDescriptor]:
    """Return the sample project's tools by name."""
    files = sorted((CONTRACTS / "tools").glob("*.yaml"))
    tools = (ToolDescriptor.model_validate(yaml.safe_load(file.read_text())) for file in files)
    return {tool.name: tool for tool in tools}


def sample_policy(name: str) -> dict[str, str]:
    """Return the texts of one of the sample project's Cedar policies: `refund-assistant`, `platform`."""
    file = f"policies/{name}.cedar"
    return {file: (CONTRACTS / file).read_text(encoding="utf-8")}


def refund_request(amount: int = 4_900, charge: str = "ch_1", **changes: Any) -> PolicyRequest:
    """Return the request of a refund after its ticket and charge were read, as the gateway makes it."""
    usd = plain(Decimal(amount) / 100)
    facts = {"charge": charge, "currency": "usd", "amount_usd": usd, "amount_usd_total": usd}
    arguments = {"charge": charge, "amount": amount, "currency": "usd"}
    request = replace(
        policy_request(),
        descriptor=sample_tools()[REFUND],
        arguments=arguments,
        facts=facts,
        facts_missing={},
        sources={f"/{name}": ("input", "RUN/0/0") for name in arguments},
        labels={"input": (), "RUN/0/0": ("untrusted", "private"), "RUN/1/0": ("private",)},
        history={
            READ: ToolHistory(ok=1, facts={"ticket_id": ("4201",)}),
            LOOK_UP: ToolHistory(ok=1, facts={"charge": ("ch_1",)}),
            REFUND: ToolHistory(),
        },
    )
    return replace(request, **changes)


def cedar(
    texts: str | Mapping[str, str],
    tools: Mapping[str, ToolDescriptor] | None = None,
    authority: Authority = "policy",
) -> Guarded:
    """Return a guarded Cedar engine over some tools; without a word, those of the sample project."""
    files = {"test.cedar": texts} if isinstance(texts, str) else texts
    judge = CedarJudge(files, sample_tools() if tools is None else tools, authority)
    return guarded(judge, authority)


def guarded(judge: Judge, authority: Authority = "policy", *, timeout_seconds: float = 5) -> Guarded:
    """Return a guard round a judge, with a clock that stands still."""
    return Guarded(judge, authority, "test:policy", "sha256:01", StandingClock(), timeout_seconds)


@dataclass
class ScriptedJudge:
    """A judge that does what a test says: without and with an assumed approval. It remembers what it was asked."""

    as_it_is: Judgement | Callable[[], Any]
    approved: Judgement | Callable[[], Any] = field(default_factory=lambda: Judgement(allowed=False))
    asked: list[bool] = field(default_factory=list)

    async def judge(self, request: PolicyRequest) -> Judgement:
        """Answer as scripted; a function is called, and what it returns is awaited where it can be."""
        self.asked.append(request.approval_granted)
        said = self.approved if request.approval_granted else self.as_it_is
        if isinstance(said, Judgement):
            return said
        found = said()
        answer: Judgement = await found if hasattr(found, "__await__") else found
        return answer
