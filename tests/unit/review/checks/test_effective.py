"""The effective contract: every value with where it came from, and the digests."""

from agentctl.review.checks.effective import digests, rows
from tests.fakes.project_copy import AGENT, CONTRACT, PLATFORM, ProjectCopy


def shown(project: ProjectCopy) -> dict[str, tuple[str, str]]:
    """Return value and origin of every path."""
    found = rows(project.files.agent(AGENT), project.files.platform())
    return {row.path: (row.value, row.origin) for row in found}


def test_every_value_says_where_it_came_from(project: ProjectCopy) -> None:
    """From the contract's line, from the platform's line, or by default."""
    project.set(PLATFORM, ("token_ttl_seconds_at_most",), 60)
    project.set(CONTRACT, ("budgets", "max_cost_usd_per_run"), 0.5)
    values = shown(project)
    assert values["budgets.max_cost_usd_per_run"][0] == "0.5"
    assert values["budgets.max_cost_usd_per_run"][1].startswith(f"{CONTRACT}:")
    assert values["budgets.max_tool_calls"] == ("32", "default")
    assert values["identity.token_ttl_seconds"][0] == "60"
    assert values["identity.token_ttl_seconds"][1].startswith(f"{PLATFORM}:")
    assert values["tools.allowlist[2].requires_approval"][0] == "true"
    assert values["tools.allowlist[0].accepts"] == ("none", "default")
    assert "agent.instructions" not in values


def test_every_value_of_a_written_out_rule_is_shown(project: ProjectCopy) -> None:
    """Thresholds from their lines, and the defaults beside them."""
    rule = {"when": {"amount_usd_ge": 50}, "escalation": [{"after": "1h", "to": ["bob"]}]}
    project.set(CONTRACT, ("tools", "allowlist", 2, "requires_approval"), rule)
    values = shown(project)
    at = "tools.allowlist[2].requires_approval"
    assert values[f"{at}.when.amount_usd_ge"][0] == "50"
    assert values[f"{at}.when.amount_usd_ge"][1].startswith(f"{CONTRACT}:")
    assert values[f"{at}.escalation[0].to[0]"][0] == "bob"
    assert values[f"{at}.valid_for"] == ("15m", "default")
    assert values["budgets.max_open_approvals"] == ("5", "default")


def test_without_platform_rules_their_defaults_hold(project: ProjectCopy) -> None:
    """The origin says so."""
    (project.root / PLATFORM).unlink()
    project.set(CONTRACT, ("logging", "pii_redaction"), "off")
    assert shown(project)["logging.pii_redaction"] == ("standard", "the platform's default")


def test_the_digests_are_those_of_a_run(project: ProjectCopy) -> None:
    """Version, environment, platform and each tool have one; without a platform file, its defaults have one too."""
    contract, environment = project.files.agent(AGENT), project.files.environment("sandbox")
    found = digests(project.files, contract, environment)
    assert found.version == project.files.agent_version(contract).digest
    assert found.environment == project.files.environment_version(environment, AGENT).digest
    assert found.platform == project.files.platform_version().digest
    assert list(found.tools) == ["zendesk.read_ticket", "stripe.lookup_charge", "stripe.create_refund"]
    (project.root / PLATFORM).unlink()
    assert digests(project.files, contract, environment).platform != found.platform
