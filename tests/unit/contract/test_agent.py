"""Tests of the agent contract: the article's loads, defaults are safe, and what is absent or unclear means no."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from agentctl.contract.agent import (
    Agent,
    AgentContract,
    AllowedTool,
    Budgets,
    Escalation,
    ModelRouting,
    Risk,
    RiskAcceptance,
    Tools,
)
from agentctl.contract.approval_rule import ApprovalRule
from agentctl.contract.loader import load
from agentctl.contract.source import read_source
from agentctl.foundation.errors import InvalidInput

PRINTED = """\
agent:
  name: refund-assistant
  owner: finance-ops
model_routing:
  default: small-fast
  escalate_on:
    - tool_error_rate_gt: 0.05
    - amount_usd_ge: 200
budgets:
  max_steps: 12
  max_input_tokens: 12000
  max_output_tokens: 1500
  max_cost_usd_per_run: 0.75
tools:
  allowlist:
    - name: zendesk.read_ticket
    - name: stripe.lookup_charge
    - name: stripe.create_refund
      requires_approval: true
identity:
  mode: on_behalf_of
  token_ttl_seconds: 900
logging:
  trace_level: full
  pii_redaction: strict
"""
SMALLEST = "agent: {name: a, owner: b}\nmodel_routing: {default: c}\n"


def loaded(tmp_path: Path, text: str) -> AgentContract:
    """Return the contract that stands in a file."""
    path = tmp_path / "contract.yaml"
    path.write_text(text)
    return load(AgentContract, read_source(path, "contract.yaml"))


def with_tools(*entries: AllowedTool) -> AgentContract:
    """Return a contract with an allowlist."""
    return AgentContract(
        agent=Agent(name="a", owner="b"),
        model_routing=ModelRouting(default="c"),
        tools=Tools(allowlist=entries),
    )


def accepted(
    until: str | None = None, date: str = "2026-03-01", risk: Risk = "static_key", by: str = "alice"
) -> RiskAcceptance:
    """Return an acceptance."""
    return RiskAcceptance(risk=risk, by=by, reason="tried", date=date, until=until)


def test_the_articles_contract_loads_as_printed(tmp_path: Path) -> None:
    """Every key, with its type: money exact, the allowlist in its order."""
    contract = loaded(tmp_path, PRINTED)
    assert contract.agent == Agent(name="refund-assistant", owner="finance-ops")
    assert contract.model_routing == ModelRouting(
        default="small-fast",
        escalate_on=(Escalation(tool_error_rate_gt=Decimal("0.05")), Escalation(amount_usd_ge=Decimal(200))),
    )
    assert contract.budgets == Budgets(
        max_steps=12, max_input_tokens=12_000, max_output_tokens=1_500, max_cost_usd_per_run=Decimal("0.75")
    )
    assert [(entry.name, entry.requires_approval) for entry in contract.tools.allowlist] == [
        ("zendesk.read_ticket", False),
        ("stripe.lookup_charge", False),
        ("stripe.create_refund", True),
    ]
    assert (contract.identity.mode, contract.identity.token_ttl_seconds) == ("on_behalf_of", 900)
    assert (contract.logging.trace_level, contract.logging.pii_redaction) == ("full", "strict")


def test_what_is_left_out_is_safe(tmp_path: Path) -> None:
    """No tools, strict redaction, finite budgets, no more than two minutes for a token."""
    contract = loaded(tmp_path, SMALLEST)
    assert contract.tools.allowlist == ()
    assert contract.logging.pii_redaction == "strict"
    assert contract.identity.token_ttl_seconds == 120
    assert contract.budgets == Budgets(
        max_steps=8,
        max_input_tokens=8_000,
        max_output_tokens=1_000,
        max_cost_usd_per_run=Decimal("0.25"),
        max_tool_calls=32,
        max_refusals=10,
    )


@pytest.mark.parametrize(
    "more",
    [
        "budgets: {max_steps: 0}",
        "budgets: {max_steps: -1}",
        'budgets: {max_steps: "12"}',
        "budgets: {max_steps: 12.0}",
        "budgets: {max_steps: true}",
        "budgets: {max_steps: 1001}",
        "budgets: {max_cost_usd_per_run: -0.01}",
        'budgets: {max_cost_usd_per_run: "0.75"}',
        "budgets: {max_cost_usd_per_run: true}",
        "budgets: {max_cost_usd_per_run: .inf}",
        "budgets: {max_cost_usd_per_run: .nan}",
        "budgets: {max_cost_usd_per_run: 1000000000001}",
        "budgets: {max_refusals: 0}",
        "identity: {token_ttl_seconds: 0}",
        "identity: {mode: as_itself}",
        "logging: {pii_redaction: none}",
        "tools: {allowlist: [stripe.create_refund]}",
        "tools: {allowlist: [{name: refund}]}",
        "tools: {allowlist: [{name: Stripe.refund}]}",
        'tools: {allowlist: [{name: "stripe.*"}]}',
        "tools: {allowlist: [{name: stripe.refund, requires_approval: 1}]}",
        'tools: {allowlist: [{name: stripe.refund, requires_approval: "true"}]}',
        "tools: {denylist: []}",
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, more: str) -> None:
    """No conversion, no wildcard, no unknown key, no limit that is none."""
    with pytest.raises(InvalidInput):
        loaded(tmp_path, f"{SMALLEST}{more}\n")


@pytest.mark.parametrize(
    "condition", ["{}", "{tool_error_rate_gt: 0.05, amount_usd_ge: 200}", "{tool_error_rate_gt: 1.5}"]
)
def test_an_escalation_is_exactly_one_condition(tmp_path: Path, condition: str) -> None:
    """Two in one, or none, would mean two things; a rate is a share."""
    with pytest.raises(InvalidInput):
        loaded(
            tmp_path,
            f"agent: {{name: a, owner: b}}\nmodel_routing: {{default: c, escalate_on: [{condition}]}}\n",
        )


@pytest.mark.parametrize(
    "name", ["", "A", "a b", "-a", "_a", "a" * 65, "a\n", "../a", "\u0430gent", "agent:x", "system:x"]
)
def test_names_are_plain(name: str) -> None:
    """Lower-case ASCII; nothing that could be a path, another script, or somebody else's prefix."""
    with pytest.raises(ValidationError):
        Agent(name=name, owner="b")


def test_a_tool_is_allowed_under_exactly_its_name() -> None:
    """Absent is None, and None means no."""
    entry = AllowedTool(name="stripe.create_refund")
    contract = with_tools(AllowedTool(name="zendesk.read_ticket"), entry)
    assert contract.allowed("stripe.create_refund") is entry
    for name in (
        "stripe.create",
        "stripe.create_refund ",
        "Stripe.create_refund",
        "",
        "stripe.create_refund\0",
    ):
        assert contract.allowed(name) is None


def test_a_tool_that_stands_there_twice_is_not_allowed() -> None:
    """Nobody can say which of the two was meant."""
    entry = AllowedTool(name="stripe.create_refund")
    assert with_tools(entry, entry.model_copy(update={"requires_approval": True})).allowed(entry.name) is None


@pytest.mark.parametrize(
    ("date", "until", "today", "holds"),
    [
        ("2026-03-01", None, "2026-03-14", True),
        ("2026-03-14", None, "2026-03-14", True),
        ("2026-03-15", None, "2026-03-14", False),
        ("2026-03-01", "2026-03-14", "2026-03-14", True),
        ("2026-03-01", "2026-03-13", "2026-03-14", False),
        ("2026-03-01", "2026-03-14", "2026-03-15", False),
        ("2026-03-14", "2026-03-01", "2026-03-14", False),
        ("2026-03-01", "9999-99-99", "2026-03-14", False),
        ("2026-02-30", None, "2026-03-14", False),
        ("2026-03-01", "\u0662\u0660\u0662\u0666-\u0661\u0662-\u0663\u0661", "2026-03-14", False),
        ("2026-03-01", None, "today", False),
        ("2026-03-01", None, "", False),
    ],
)
def test_an_acceptance_holds_from_its_date_to_its_end(
    date: str,
    until: str | None,
    today: str,
    holds: bool,  # noqa: FBT001 - the table's last column
) -> None:
    """Both days included; a day that is none makes it void."""
    assert accepted(until, date).holds(today) == holds


@pytest.mark.parametrize("date", ["2026-3-1", "20260301", "2026-03-01T00:00:00Z", "2026-03-01\n", "soon", ""])
def test_a_date_has_one_form(date: str) -> None:
    """Compared as it is written."""
    with pytest.raises(ValidationError):
        accepted(date=date)


def test_the_first_acceptance_that_holds_is_found() -> None:
    """Expired ones and those of other risks are passed over."""
    entry = AllowedTool(
        name="stripe.create_refund",
        accepts=(
            accepted("2026-03-02"),
            accepted(risk="rule_of_two"),
            accepted(by="bob"),
            accepted(by="carol"),
        ),
    )
    assert entry.acceptance("static_key", "2026-03-14") == accepted(by="bob")
    assert entry.acceptance("static_key", "2026-03-01") == accepted("2026-03-02")
    assert entry.acceptance("irreversible_without_approval", "2026-03-14") is None
    assert AllowedTool(name="a.b").acceptance("static_key", "2026-03-14") is None


@pytest.mark.parametrize("missing", ["risk", "by", "reason", "date"])
def test_an_acceptance_names_who_what_why_and_when(missing: str) -> None:
    """Without one of them it is none; an empty text is no name and no reason."""
    whole = accepted().model_dump()
    with pytest.raises(ValidationError):
        RiskAcceptance.model_validate({key: value for key, value in whole.items() if key != missing})
    with pytest.raises(ValidationError):
        RiskAcceptance.model_validate({**whole, missing: ""})


def test_a_contract_is_frozen_all_the_way_down(tmp_path: Path) -> None:
    """Nobody loosens it after it was judged."""
    contract = loaded(tmp_path, PRINTED)
    with pytest.raises(ValidationError):
        contract.tools.allowlist[2].requires_approval = False  # type: ignore[misc]  # that is the point
    assert isinstance(contract.tools.allowlist, tuple)


def test_a_contract_comes_back_from_its_own_json(tmp_path: Path) -> None:
    """Amounts as exact text; a number in JSON's binary form is not taken for one."""
    contract = loaded(tmp_path, PRINTED)
    assert AgentContract.model_validate_json(contract.model_dump_json()) == contract
    assert '"max_cost_usd_per_run":"0.75"' in contract.model_dump_json()
    for amount in ("0.75", '"much"', '"NaN"', '"-1"', "true", "null"):
        with pytest.raises(ValidationError):
            Budgets.model_validate_json(f'{{"max_cost_usd_per_run": {amount}}}')


def test_the_short_form_of_approval_is_a_rule_with_all_defaults() -> None:
    """`true` asks always, `false` never; the long form asks always only without thresholds."""
    assert AllowedTool(name="a.b").approval is None
    assert not AllowedTool(name="a.b").always_needs_approval
    plain = AllowedTool(name="a.b", requires_approval=True)
    assert plain.approval == ApprovalRule()
    assert plain.always_needs_approval
    two = ApprovalRule(quorum=2)
    assert AllowedTool(name="a.b", requires_approval=two).approval == two
    assert AllowedTool(name="a.b", requires_approval=two).always_needs_approval
    above = AllowedTool(name="a.b", requires_approval=ApprovalRule(when={"amount_usd_ge": Decimal(50)}))
    assert above.approval is not None
    assert not above.always_needs_approval


def test_the_long_form_of_approval_loads(tmp_path: Path) -> None:
    """As the issue writes it."""
    rule = "{when: {amount_usd_ge: 50}, reviewers: [alice, bob], quorum: 2, expires_in: 24h}"
    text = SMALLEST + f"tools: {{allowlist: [{{name: a.b, requires_approval: {rule}, risk_tier: high}}]}}\n"
    [entry] = loaded(tmp_path, text).tools.allowlist
    assert entry.risk_tier == "high"
    assert entry.approval == ApprovalRule(
        when={"amount_usd_ge": Decimal(50)}, reviewers=("alice", "bob"), quorum=2
    )


def test_what_a_later_version_added_leaves_the_digest_of_others_alone(tmp_path: Path) -> None:
    """A contract that does not use it is written as before: nothing that was approved or recorded changes."""
    written = loaded(tmp_path, PRINTED).model_dump(mode="json")
    assert "policies" not in written
    assert written["budgets"].keys() == {
        "max_steps",
        "max_input_tokens",
        "max_output_tokens",
        "max_cost_usd_per_run",
        "max_tool_calls",
        "max_refusals",
    }
    assert written["tools"]["allowlist"][2].keys() == {"name", "requires_approval", "accepts"}
    said = loaded(tmp_path, SMALLEST + "policies: []\nbudgets: {max_bytes: 5}\n")
    assert said.policies == ()
    assert said.model_dump(mode="json")["policies"] == []
    assert said.model_dump(mode="json")["budgets"]["max_bytes"] == 5
