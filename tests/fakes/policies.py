"""One policy in four languages, and the engines that judge by it.

What it says: reads are fine; a refund of up to 50 USD is fine; a larger one needs two approvals, of alice and bob, within
two hours, good for ten minutes; a refund of `ch_stolen` is never fine; what is not known is no.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any, Literal, get_args

from agentctl.contract.policy_source import (
    AuthzenPolicies,
    CedarPolicies,
    DecisionPoint,
    OpaPolicies,
    RegoPolicies,
)
from agentctl.contract.policy_version import PolicyVersion
from agentctl.policy.catalog import Around, closing_of, engines_for
from agentctl.policy.engine import PolicyEngine
from tests.fakes.decision_points import TOKEN, AuthzenServer, DecisionPointServer, OpaServer, Rule
from tests.fakes.policy import sample_tools

EngineName = Literal["cedar", "rego", "opa", "authzen"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)

CEDAR = """
@id("reads") permit (principal, action, resource) when { resource.effect == "read" };

@id("small")
permit (principal, action == Action::"stripe.create_refund", resource)
when { context.facts has amount_usd && context.facts.amount_usd.lessThanOrEqual(decimal("50.0")) };

@id("large") @quorum("2") @reviewers("alice,bob") @expires_in("2h") @valid_for("10m")
permit (principal, action == Action::"stripe.create_refund", resource)
when { context.facts has amount_usd && context.facts.amount_usd.greaterThan(decimal("50.0")) }
when { context.approval.granted };

@id("stolen")
forbid (principal, action == Action::"stripe.create_refund", resource)
when { context.facts has charge && context.facts.charge == "ch_stolen" };
"""

REGO = """
package agentctl

default decision := {"allow": false}

decision := {"allow": false, "reasons": ["stolen"]} if stolen
decision := {"allow": true, "reasons": ["reads"]} if input.effect == "read"
decision := {"allow": true, "reasons": ["small"]} if { refund; not stolen; amount <= 50 }
decision := {"decision": "needs_approval", "reasons": ["large"], "quorum": 2, "reviewers": ["alice", "bob"],
    "expires_in": "2h", "valid_for": "10m"} if { refund; not stolen; amount > 50 }

refund if input.tool == "stripe.create_refund"
stolen if { refund; input.facts.charge == "ch_stolen" }
amount := to_number(input.facts.amount_usd)
"""


def refund_rule(evaluation: Mapping[str, Any]) -> Mapping[str, Any]:
    """The policy as a decision point of somebody else would have it, in Python."""
    resource, action = evaluation["resource"], evaluation["action"]["properties"]
    if resource["properties"]["effect"] == "read":
        return {"decision": True, "context": {"reason_user": {"en": "reads"}}}
    facts, approved = action["facts"], evaluation["context"]["approval"]["granted"]
    if resource["id"] != "stripe.create_refund" or "amount_usd" not in facts:
        return {"decision": False}
    if facts.get("charge") == "ch_stolen":
        return {"decision": False, "context": {"reasons": [{"id": "7", "reason_user": {"en": "stolen"}}]}}
    if Decimal(facts["amount_usd"]) <= 50:
        return {"decision": True, "context": {"reason_user": {"en": "small"}, "reason_admin": {"en": "x"}}}
    demanded = {"quorum": 2, "reviewers": ["alice", "bob"], "expires_in": "2h", "valid_for": "10m"}
    return {"decision": approved, "context": {"reasons": ["large"], "approval": demanded}}


POLICIES: dict[EngineName, PolicyVersion] = {
    "cedar": PolicyVersion(CedarPolicies(engine="cedar", files=("refunds.cedar",)), {"refunds.cedar": CEDAR}),
    "rego": PolicyVersion(RegoPolicies(engine="rego", files=("refunds.rego",)), {"refunds.rego": REGO}),
    "opa": PolicyVersion(OpaPolicies(engine="opa", point="central")),
    "authzen": PolicyVersion(AuthzenPolicies(engine="authzen", point="central")),
}


def allow_all_rule(evaluation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say yes to everything."""
    del evaluation
    return {"decision": True}


ALLOW_ALL: dict[EngineName, PolicyVersion] = {
    **POLICIES,
    "cedar": PolicyVersion(
        CedarPolicies(engine="cedar", files=("all.cedar",)),
        {"all.cedar": "permit (principal, action, resource);"},
    ),
    "rego": PolicyVersion(
        RegoPolicies(engine="rego", files=("all.rego",)), {"all.rego": "package agentctl\ndecision := true"}
    ),
}


def server_for(name: EngineName, modules: str = REGO, rule: Rule = refund_rule) -> DecisionPointServer | None:
    """Return the decision point that an engine asks, not started; None for what judges in process."""
    match name:
        case "opa":
            return OpaServer({"refunds.rego": modules})
        case "authzen":
            return AuthzenServer(rule)
        case "cedar" | "rego":
            return None


def around(url: str = "http://127.0.0.1:1", **changes: Any) -> Around:
    """Return what engines need, with a decision point named `central`."""
    said = {"url": url, "token_env": "CENTRAL_TOKEN", "timeout_ms": 5_000, "allow_private_network": True}
    point = DecisionPoint.model_validate(said | changes)
    secret: Callable[[str], str | None] = {"CENTRAL_TOKEN": TOKEN}.get
    return Around(sample_tools(), {"central": point}, secret)


@asynccontextmanager
async def engine_of(
    name: EngineName, policy: PolicyVersion | None = None, *, permissive: bool = False, **changes: Any
) -> AsyncIterator[tuple[PolicyEngine, DecisionPointServer | None]]:
    """Give an engine, made by the catalog, and the server it asks; both end with this section."""
    async with AsyncExitStack() as stack:
        server = (
            server_for(name, "package agentctl\ndecision := true", allow_all_rule)
            if permissive
            else server_for(name)
        )
        if server is not None:
            await stack.enter_async_context(server)
        place = around(**changes) if server is None else around(**{"url": server.url, **changes})
        asked = policy or (ALLOW_ALL if permissive else POLICIES)[name]
        engines = engines_for([asked], "policy", place)
        for close in closing_of(engines):
            stack.push_async_callback(close)
        yield engines[0], server
