"""Tests of comparing two versions of an agent in what they do."""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from agentctl.contract.agent import AgentContract
from agentctl.contract.platform import PlatformRules
from agentctl.contract.policy_source import CedarPolicies, OpaPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.contract.project import ProjectFiles
from agentctl.contract.version import AgentVersion, ToolVersion
from agentctl.review.differences.change import Change, opposite, said
from agentctl.review.differences.contracts import VersionDiff, version_diff
from agentctl.review.differences.policies import PolicyFlip, Said, differ_in_effect
from tests.fakes.project_copy import AGENT
from tests.fakes.runs import REPOSITORY

READ, LOOKUP, REFUND = "zendesk.read_ticket", "stripe.lookup_charge", "stripe.create_refund"
FREE = PlatformRules(token_ttl_seconds_at_most=None, pii_redaction_at_least="off")
CEDAR = 'permit (principal, action in Action::"read", resource);'


@cache
def ours() -> AgentVersion:
    """Return the repository's own version."""
    files = ProjectFiles(REPOSITORY)
    return files.agent_version(files.agent(AGENT))


def contract_with(change: Callable[[dict[str, Any]], object]) -> AgentVersion:
    """Return our version with another contract."""
    data = ours().contract.model_dump(mode="json")
    change(data)
    return replace(ours(), contract=AgentContract.model_validate_json(json.dumps(data)))


def approval(**rule: object) -> AgentVersion:
    """Return our version with another rule of approval for refunds."""
    value: object = rule or True
    return contract_with(lambda data: data["tools"]["allowlist"][2].update(requires_approval=value))


def tool_with(tool: str = REFUND, **changes: object) -> AgentVersion:
    """Return our version with another descriptor."""
    version = ours().tools[tool]
    changed = replace(version, descriptor=version.descriptor.model_copy(update=changes))
    return replace(ours(), tools={**ours().tools, tool: changed})


def policies(*texts: str, **names: str) -> AgentVersion:
    """Return our version with Cedar policy sets of these texts."""
    named = {**{f"p{number}.cedar": text for number, text in enumerate(texts)}, **names}
    sets = (
        PolicyVersion(CedarPolicies(engine="cedar", files=(file,)), {file: text})
        for file, text in named.items()
    )
    return replace(ours(), policies=tuple(sets))


def diff(before: AgentVersion, after: AgentVersion, rules: PlatformRules = FREE) -> VersionDiff:
    """Compare two versions."""
    return version_diff(before, after, rules)


def only(before: AgentVersion, after: AgentVersion) -> tuple[str, str, str, str, str]:
    """Return the only difference between two versions, and see that it goes the other way back."""
    (change,) = diff(before, after).changes
    (back,) = diff(after, before).changes
    assert back.direction == opposite(change.direction)
    assert (back.before, back.after) == (change.after, change.before)
    return (change.direction, change.weight, change.path, change.before, change.after)


def test_a_version_does_what_it_does() -> None:
    """Nothing differs, and it is the same bytes."""
    found = diff(ours(), ours())
    assert (found.same, found.same_bytes, found.changes, found.instructions) == (True, True, (), ())


def test_order_and_form_are_no_difference() -> None:
    """Tools listed otherwise, a policy's comments, the order of its rules, the name of its file."""
    turned = contract_with(lambda data: data["tools"]["allowlist"].reverse())
    assert diff(ours(), turned).same
    assert not diff(ours(), turned).same_bytes
    forbid = 'forbid (principal, action == Action::"stripe.create_refund", resource);'
    one = policies(f"{CEDAR}\n{forbid}")
    other = policies(**{"other.cedar": f"// why\n{forbid}\n\n  // what\n{CEDAR}"})
    assert diff(one, other).same
    assert not differ_in_effect(one.policies, other.policies)


@pytest.mark.parametrize(
    ("field", "more", "weight"),
    [
        ("max_steps", 20, "medium"),
        ("max_cost_usd_per_run", Decimal(2), "medium"),
        ("max_bytes", 10**9, "low"),
    ],
)
def test_a_ceiling_that_is_raised_is_wider(field: str, more: int | Decimal, weight: str) -> None:
    """And one that is lowered narrower."""
    after = contract_with(
        lambda data: data["budgets"].update({field: said(more)} if field[4] == "c" else {field: more})
    )
    before = said(getattr(ours().contract.budgets, field))
    assert only(ours(), after) == ("wider", weight, f"budgets.{field}", before, said(more))


def test_what_the_platform_holds_has_no_effect() -> None:
    """It is told, and is no difference."""
    after = contract_with(lambda data: data["budgets"].update(max_steps=20))
    rules = FREE.model_copy(
        update={"budget_ceilings": FREE.budget_ceilings.model_copy(update={"max_steps": 5})}
    )
    found = diff(ours(), after, rules)
    assert found.same
    (held,) = found.without_effect
    assert (held.path, held.what) == ("budgets.max_steps", "the platform's rules hold it at 5")


def test_a_tool_that_comes_or_goes() -> None:
    """One more is wider, the more so the more it does; one less is narrower."""
    without = contract_with(lambda data: data["tools"]["allowlist"].pop())
    (came,) = diff(without, ours()).changes
    assert (came.direction, came.weight, came.path) == ("wider", "high", f"tools.{REFUND}")
    assert came.what == "it may be called (irreversible, with an approval)"
    (went,) = diff(ours(), without).changes
    assert (went.direction, went.weight, went.before, went.after) == ("narrower", "medium", "allowed", "")
    reads = contract_with(lambda data: data["tools"]["allowlist"].pop(0))
    assert diff(reads, ours()).changes[0].weight == "medium"
    twice = contract_with(lambda data: data["tools"]["allowlist"].append({"name": READ}))
    assert [change.path for change in diff(ours(), twice).changes] == [f"tools.{READ}"]
    above = approval(when={"amount_usd_ge": 5})
    assert "above a threshold with an approval" in diff(without, above).changes[0].what


@pytest.mark.parametrize(
    ("before", "after", "direction", "weight", "path", "texts"),
    [
        ({}, {"when": {"amount_usd_ge": 100}}, "wider", "high", ".when", ("always", "amount_usd from 100")),
        (
            {"when": {"amount_usd_ge": 100}},
            {"when": {"amount_usd_ge": 200}},
            "wider",
            "high",
            ".when.amount_usd",
            ("amount_usd from 100", "amount_usd from 200"),
        ),
        (
            {"when": {"amount_usd_ge": 100}},
            {"when": {"amount_usd_gt": 100}},
            "wider",
            "high",
            ".when.amount_usd",
            ("amount_usd from 100", "amount_usd above 100"),
        ),
        (
            {"when": {"amount_usd_ge": 100}},
            {"when": {"amount_usd_ge": 100, "count_ge": 2}},
            "narrower",
            "high",
            ".when.count",
            ("", "count from 2"),
        ),
        ({"quorum": 1}, {"quorum": 2}, "narrower", "high", ".quorum", ("1", "2")),
        ({"expires_in": "24h"}, {"expires_in": "2d"}, "wider", "low", ".expires_in", ("24h", "2d")),
        ({"valid_for": "15m"}, {"valid_for": "1h"}, "wider", "medium", ".valid_for", ("15m", "1h")),
        (
            {"model_may_approve": False},
            {"model_may_approve": True},
            "wider",
            "high",
            ".model_may_approve",
            ("false", "true"),
        ),
        (
            {"reviewers": ["alice"]},
            {"reviewers": ["alice", "bob"]},
            "wider",
            "medium",
            ".reviewers",
            ("alice", "alice, bob"),
        ),
        (
            {"reviewers": ["alice"]},
            {"reviewers": []},
            "wider",
            "medium",
            ".reviewers",
            ("alice", "everybody the environment names"),
        ),
        ({"reviewers": ["alice"]}, {"reviewers": ["bob"]}, "other", "medium", ".reviewers", ("alice", "bob")),
        (
            {},
            {"escalation": [{"after": "1h", "to": ["bob", "alice"]}]},
            "other",
            "medium",
            ".escalation",
            ("", "after 1h: alice, bob"),
        ),
    ],
)
def test_a_rule_of_approval_that_says_otherwise(
    before: dict[str, object],
    after: dict[str, object],
    direction: str,
    weight: str,
    path: str,
    texts: tuple[str, str],
) -> None:
    """When somebody is asked, who, how many, for how long."""
    found = only(approval(**{"quorum": 1, **before}), approval(**{"quorum": 1, **after}))
    assert found == (direction, weight, f"tools.{REFUND}.requires_approval{path}", *texts)


def test_the_same_words_for_always_are_no_difference() -> None:
    """`true` is the rule with all its defaults; durations of one length are one."""
    assert diff(approval(), approval(quorum=1, expires_in="1d")).same


def test_an_approval_that_is_not_needed_any_more() -> None:
    """Is wider, and weighs much; whatever the threshold was."""
    without = contract_with(lambda data: data["tools"]["allowlist"][2].update(requires_approval=False))
    assert only(ours(), without) == ("wider", "high", f"tools.{REFUND}.requires_approval", "always", "nobody")
    assert only(without, approval(when={"amount_usd_ge": 5}))[3:] == ("nobody", "amount_usd from 5")


def test_risks_that_are_accepted() -> None:
    """One more is wider; another date or reason is neither."""

    def accepts(*items: dict[str, str]) -> AgentVersion:
        return contract_with(lambda data: data["tools"]["allowlist"][0].update(accepts=list(items)))

    item = {"risk": "static_key", "by": "dana", "reason": "until the broker is there", "date": "2026-01-01"}
    found = only(ours(), accepts(item))
    assert found[:3] == ("wider", "high", f"tools.{READ}.accepts: static_key")
    assert found[4] == "by dana from 2026-01-01 until it is withdrawn: until the broker is there"
    assert only(accepts(item), accepts({**item, "until": "2027-01-01"}))[0] == "other"


@pytest.mark.parametrize(
    ("changes", "direction", "weight", "path"),
    [
        ({"effect": "write"}, "wider", "high", ".effect"),
        ({"retry": "never", "max_attempts": 1}, "narrower", "medium", ".retry"),
        ({"max_attempts": 5}, "wider", "low", ".attempts"),
        ({"key_window_seconds": 5}, "narrower", "low", ".key_window_seconds"),
        ({"timeout_seconds": 31}, "wider", "low", ".timeout_seconds"),
        ({"max_result_bytes": 2_000}, "narrower", "low", ".max_result_bytes"),
        ({"polling": True}, "wider", "low", ".polling"),
        ({"effect_key": None}, "wider", "high", ".effect_key"),
        ({"effect_key": "refund:{charge}"}, "other", "high", ".effect_key"),
        ({"description": "Other words."}, "other", "low", ".description"),
        ({"facts": {}}, "other", "medium", ".facts"),
        ({"arguments": {"type": "object"}}, "other", "medium", ".arguments"),
        ({"result": {"type": "object"}}, "other", "low", ".result"),
    ],
)
def test_a_descriptor_that_says_otherwise(
    changes: dict[str, object], direction: str, weight: str, path: str
) -> None:
    """What a tool does to the world, what happens after a crash, what it takes and answers."""
    found = diff(ours(), tool_with(**changes)).changes
    wanted = [change for change in found if change.path.startswith(f"tools.{REFUND}{path}")]
    assert wanted
    if direction != "other" or len(wanted) == 1:
        assert (wanted[0].direction, wanted[0].weight) == (direction, weight)


def test_a_description_in_other_lines_is_the_same() -> None:
    """The model reads the same words."""
    words = ours().tools[REFUND].descriptor.description
    assert diff(ours(), tool_with(description="\n".join(words.split(" ")))).same


def test_a_tool_that_is_less_at_stake_or_less_trusted() -> None:
    """Its tier and its labels; what is said of a tool to be harmless is wider."""
    assert only(ours(), tool_with(risk_tier="low")) == (
        "wider",
        "medium",
        f"tools.{REFUND}.risk_tier",
        "high",
        "low",
    )
    trust = ours().tools[REFUND].descriptor.trust.model_copy(update={"external_effect": False})
    assert only(ours(), tool_with(trust=trust))[:3] == (
        "wider",
        "high",
        f"tools.{REFUND}.trust.external_effect",
    )


def test_a_tool_that_reaches_something_else() -> None:
    """Another path, another code; where an error's words stand weighs little."""
    executor = ours().tools[REFUND].descriptor.executor
    moved = tool_with(executor=executor.model_copy(update={"path": "/v2/refunds"}))
    assert only(ours(), moved)[:3] == ("other", "high", f"tools.{REFUND}.executor.path")
    words = tool_with(executor=executor.model_copy(update={"error_message": "/message"}))
    assert only(ours(), words)[1] == "low"

    def coded(code: bytes) -> AgentVersion:
        tool = ToolVersion(ours().tools[REFUND].descriptor, code)
        return replace(ours(), tools={**ours().tools, REFUND: tool})

    assert only(coded(b"1"), coded(b"2"))[:3] == ("other", "high", f"tools.{REFUND}.executor.file")


def test_rules_that_come_go_or_change() -> None:
    """One more that permits is wider, one more that forbids narrower; another text is neither, as long as nobody asked."""
    base = policies(CEDAR)
    permit = policies(f'{CEDAR}\n@id("more")\npermit (principal, action, resource);')
    forbid = policies(f'{CEDAR}\n@id("less")\nforbid (principal, action, resource);')
    assert only(base, permit)[:3] == ("wider", "medium", "policies: cedar:p0.cedar: more")
    assert only(base, forbid)[:3] == ("narrower", "medium", "policies: cedar:p0.cedar: less")
    other = policies(CEDAR.replace("read", "write"))
    assert only(base, other)[0] == "other"


def test_sets_that_come_go_or_change() -> None:
    """All sets are asked and the strictest answer holds: one more can only narrow. What cannot be read is told as text."""
    assert only(policies(CEDAR), policies(CEDAR, CEDAR))[:2] == ("narrower", "medium")
    assert diff(policies(CEDAR, CEDAR), policies(CEDAR)).changes[0].weight == "high"
    (broken,) = diff(policies(CEDAR), policies("permit (")).changes
    assert (broken.direction, broken.what) == ("other", "it says something else")
    assert differ_in_effect(policies(CEDAR).policies, policies("permit (").policies)
    running = replace(ours(), policies=(PolicyVersion(OpaPolicies(engine="opa", point="opa")),))
    assert diff(running, running).same


def test_two_rules_alike_are_two() -> None:
    """One of them gone is a difference in form that no decision shows; it is told."""
    assert diff(policies(f"{CEDAR}\n{CEDAR}"), policies(CEDAR)).changes[0].what == "a rule less: permit"


def test_answers_that_flip_are_told_once_for_each_kind() -> None:
    """With an example; what lets more through weighs most."""
    flips = [
        PolicyFlip("case `a`", REFUND, Said("deny"), Said("allow")),
        PolicyFlip("case `b`", REFUND, Said("deny"), Said("allow")),
        PolicyFlip("case `c`", REFUND, Said("needs_approval", 1), Said("needs_approval", 2)),
    ]
    wider, narrower = version_diff(ours(), ours(), FREE, flips).changes
    assert wider == Change(
        "wider", "high", f"decisions: {REFUND}", "case `a`, and 1 more like it", "deny", "allow"
    )
    assert (narrower.direction, narrower.what, narrower.after) == (
        "narrower",
        "case `c`",
        "needs_approval by 2",
    )


def test_identity_logging_routing_and_owners() -> None:
    """How long credentials live, who sees personal data, what is recorded, which model is asked, who answers for it."""
    changes = {
        ("identity", "token_ttl_seconds", 60): ("narrower", "low"),
        ("logging", "pii_redaction", "off"): ("wider", "high"),
        ("logging", "trace_level", "metadata"): ("other", "medium"),
        ("model_routing", "default", "large"): ("other", "medium"),
        ("model_routing", "escalate_on", ()): ("other", "low"),
        ("agent", "owner", "somebody"): ("other", "medium"),
        ("agent", "name", "other"): ("other", "high"),
    }
    for (group, field, value), expected in changes.items():
        after = contract_with(lambda data, g=group, f=field, v=value: data[g].update({f: v}))  # type: ignore[misc]
        assert only(ours(), after)[:3] == (*expected, f"{group}.{field}")


def test_instructions_are_told_line_by_line() -> None:
    """As one difference, and the lines beside it."""
    after = replace(ours(), instructions=f"{ours().instructions}\nNever say no.\n")
    found = diff(ours(), after)
    (change,) = found.changes
    assert (change.path, change.before, change.after) == ("instructions", "0 lines", "2 lines")
    assert [line.text for line in found.instructions if line.mark == "+"] == ["", "Never say no."]


def test_what_weighs_most_comes_first() -> None:
    """Of that, what allows more."""

    def loosened(data: dict[str, Any]) -> None:
        data["budgets"]["max_steps"] = 1
        data["budgets"]["max_cost_usd_per_run"] = "5"
        data["tools"]["allowlist"][2]["requires_approval"] = False
        data["identity"]["token_ttl_seconds"] = 10

    found = diff(ours(), contract_with(loosened)).changes
    assert [(change.weight, change.direction) for change in found] == [
        ("high", "wider"),
        ("medium", "wider"),
        ("medium", "narrower"),
        ("low", "narrower"),
    ]
