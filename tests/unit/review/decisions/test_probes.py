"""Probes are made from descriptors and requests: what a policy forgot to bound, they find."""

from collections.abc import Mapping

from agentctl.contract.policy_cases import PolicyCase
from agentctl.contract.project import ProjectFiles
from agentctl.events.tool import DecisionMade
from agentctl.review.decisions.case_runs import Stand, question_of
from agentctl.review.decisions.court import Question
from agentctl.review.decisions.needs import needs_of
from agentctl.review.decisions.past import PastDecision
from agentctl.review.decisions.probes import Probe, ProbeMaker
from agentctl.tools.registry import Registry
from tests.fakes.runs import REPOSITORY, repository_tools

READ, LOOK_UP, REFUND = "zendesk.read_ticket", "stripe.lookup_charge", "stripe.create_refund"
REGISTRY = Registry.of(repository_tools().values())


def question(**said: object) -> Question:
    """Return a refund of 49 dollars after its charge was looked up."""
    files = ProjectFiles(REPOSITORY)
    contract, environment = files.agent("refund-assistant"), files.environment("sandbox")
    stand = Stand(contract.document, environment.document, REGISTRY, (), "2026-03-14")
    usual: Mapping[str, object] = {
        "id": "one",
        "tool": REFUND,
        "arguments": {"charge": "ch_1", "amount": 4900, "currency": "usd"},
        "history": [
            {"tool": READ, "arguments": {"ticket_id": "4201"}},
            {"tool": LOOK_UP, "arguments": {"charge": "ch_1"}},
        ],
        "expect": "allow",
    }
    return question_of(stand, PolicyCase.model_validate({**usual, **said}))


def probes(*seen: Question) -> list[Probe]:
    """Return the probes of the first of some calls that were seen."""
    made = DecisionMade(
        call="c", attempt=1, decision="allow", answers=(), facts={}, facts_missing={}, inputs_digest=""
    )
    needs = needs_of(PastDecision(made, 0, one, agrees=True, executed=True) for one in seen)
    others = {"notes.find": repository_tools()[READ].descriptor.model_copy(update={"name": "notes.find"})}
    maker = ProbeMaker(needs, others, _fits)
    return list(maker.probes(seen[0]))


def _fits(tool: str, arguments: Mapping[str, object]) -> bool:
    found = REGISTRY.get(tool)
    return found is not None and not found.arguments_validator.problems(arguments)  # type: ignore[arg-type]


def of(what: str, found: list[Probe]) -> list[Probe]:
    """Return the probes of one thing."""
    return [probe for probe in found if probe.what == what]


def test_everything_that_a_call_consists_of_is_tried() -> None:
    """Another tool, another person, another place, other labels, another past, each argument."""
    assert {probe.what for probe in probes(question())} == {
        "the tool `notes.find`",
        "the principal",
        "the environment",
        "the label `private`",
        "one more call of `stripe.create_refund`",
        "no call of `zendesk.read_ticket` before",
        "no call of `stripe.lookup_charge` before",
        "another thing than `stripe.lookup_charge` spoke of",
        "the argument `charge` of `stripe.create_refund`",
        "the argument `amount` of `stripe.create_refund`",
        "the argument `currency` of `stripe.create_refund`",
        "the argument `reason` of `stripe.create_refund`",
        "the argument `instructions_email` of `stripe.create_refund`",
    }


def test_each_probe_differs_from_the_call_that_was_seen() -> None:
    """A probe that is the call itself would be allowed, and rightly so."""
    seen = question().request
    assert all(probe.request != seen for probe in probes(question()))


def test_an_amount_is_tried_a_cent_above_everything_that_was_seen() -> None:
    """Also where another call was larger than the one that is probed."""
    larger = question(arguments={"charge": "ch_1", "amount": 12_345, "currency": "usd"})
    tried = of("the argument `amount` of `stripe.create_refund`", probes(question(), larger))
    assert min(probe.request.arguments["amount"] for probe in tried) == 12_346  # type: ignore[type-var]


def test_words_that_were_seen_are_not_tried() -> None:
    """They are permitted, and rightly so."""
    swiss = question(arguments={"charge": "ch_1", "amount": 1, "currency": "chf"})
    tried = of("the argument `currency` of `stripe.create_refund`", probes(question(), swiss))
    assert tried
    assert "chf" not in {probe.request.arguments["currency"] for probe in tried}


def test_what_stays_open_is_tried_and_not_expected_to_be_refused() -> None:
    """So that it is counted, and named."""
    read = question(tool=READ, arguments={"ticket_id": "4201"}, history=[])
    tried = of("the argument `ticket_id` of `zendesk.read_ticket`", probes(read))
    assert tried
    assert not any(probe.bounded for probe in tried)
