"""Keys that are accepted and not enforced are named."""

from agentctl.contract.agent import Agent, AgentContract, Escalation, Logging, ModelRouting
from agentctl.contract.enforcement import NOT_ENFORCED, not_enforced, unenforced_parts

PLAIN = AgentContract(agent=Agent(name="a", owner="b"), model_routing=ModelRouting(default="m"))


def test_a_contract_that_uses_none_of_them_has_none() -> None:
    """The header of its runs is empty there."""
    assert not_enforced(PLAIN) == ()


def test_each_one_that_is_used_is_named() -> None:
    """In the order of the table, with what happens instead."""
    routing = ModelRouting(default="m", escalate_on=(Escalation(amount_usd_ge=200),))
    contract = PLAIN.model_copy(update={"model_routing": routing, "logging": Logging(trace_level="metadata")})
    assert not_enforced(contract) == ("model_routing.escalate_on", "logging.trace_level: metadata")
    assert unenforced_parts(contract) == NOT_ENFORCED


def test_every_path_of_the_table_exists() -> None:
    """A key that is renamed takes its entry along."""
    document = PLAIN.model_dump()
    assert all(part.path[1] in document[part.path[0]] for part in NOT_ENFORCED)
