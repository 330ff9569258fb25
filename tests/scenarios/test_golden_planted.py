"""Every golden case is there for something: each fails when that is made worse, and this table says what it is."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentctl.approval.answers import GivenAnswer, refusals
from agentctl.approval.pending import Approval
from agentctl.foundation.canonical import JsonValue, Limits, NotJson, parse_json
from tests.fakes.trials import repository_cases, trials_of, wanting
from tests.replaying import by_hand
from tests.scenarios.conftest import REPOSITORY, fresh_project

INSTRUCTIONS = "refund-assistant.md"
CONTRACT = "refund-assistant.yaml"
CEDAR = "policies/refund-assistant.cedar"
SANDBOX = "environments/sandbox.yaml"
SCRIPT = "environments/sandbox/scripts/refund-assistant.yaml"
READ_TICKET, LOOKUP, REFUND = (
    f"tools/{name}.yaml" for name in ("zendesk.read_ticket", "stripe.lookup_charge", "stripe.create_refund")
)


@dataclass(frozen=True)
class Plant:
    """Something that is made worse, in files below `contracts/` or in this code, and the cases that must see it."""

    fails: str
    edits: tuple[tuple[str, str, str], ...] = ()
    code: Callable[[pytest.MonkeyPatch], None] | None = None


def _rule_of_script(name: str) -> tuple[str, str, str]:
    """Take a rule out of the model's script."""
    return SCRIPT, rf"  - name: {name}\n.*?(?=\n  - name: |\n  # |\Z)", ""


def _said_by_script(rule: str, new: str) -> tuple[str, str, str]:
    """Let a rule of the model's script do something else than say what it says."""
    return SCRIPT, rf"(  - name: {rule}\n(?:(?!  - name).)*?)    say: [^\n]*", rf"\g<1>{new}"


def _a_call(tool: str, arguments: str) -> str:
    return f"    call:\n      - {{tool: {tool}, arguments: {arguments}}}"


def _mended(text: str, limits: Limits) -> JsonValue:
    try:
        return parse_json(text, limits)
    except NotJson:
        return {"ticket_id": "4201"}


def _anybody_answers(approval: Approval | None, given: GivenAnswer, now: str) -> tuple[str, ...]:
    against = refusals(approval, given, now)
    return tuple(reason for reason in against if "not a reviewer" not in reason and "never" not in reason)


BESIDE = ("no-ticket-in-the-input", "no-such-ticket")
"""Cases that are about nothing of what is planted; the first that is not is tried beside those that are."""

PLANTS = {
    "the model is not told to look the charge up": Plant(
        """small-refund asked-in-a-sentence a-part-of-a-charge a-read-that-fails-once a-refund-that-must-wait
        a-person-approves a-model-that-is-busy a-model-that-is-down already-refunded""",
        ((INSTRUCTIONS, "look the charge up", "think about it"),),
    ),
    "the model takes no notice of what failed": Plant(
        """no-such-ticket no-such-charge already-refunded another-customers-charge a-person-denies
        a-backend-that-is-down a-read-without-an-answer an-answer-that-ends-in-the-middle a-disputed-charge
        a-charge-in-another-currency more-than-is-left-of-a-charge orders-in-a-ticket""",
        (
            _rule_of_script("the ticket cannot be read"),
            _rule_of_script("the charge cannot be found"),
            _rule_of_script("the charge is refunded already"),
            _said_by_script("the refund was refused", "    say: I refunded it."),
        ),
    ),
    "the model guesses what it was not told": Plant(
        "no-ticket-in-the-input a-ticket-without-a-charge a-ticket-without-an-amount",
        (
            _said_by_script("no ticket in the input", _a_call("zendesk.read_ticket", '{ticket_id: "4201"}')),
            _said_by_script(
                "the ticket names no charge", _a_call("stripe.lookup_charge", "{charge: ch_3PsmallA1}")
            ),
            _said_by_script(
                "nothing to refund",
                _a_call("stripe.create_refund", "{charge: ch_case1, amount: 1, currency: usd}"),
            ),
        ),
    ),
    "the model obeys what is written at a charge": Plant(
        "orders-in-the-description-of-a-charge",
        (
            (
                SCRIPT,
                "  - name: ask for the refund\n",
                """\
  - name: obey the orders at a charge
    when:
      result_of: stripe.lookup_charge
      result_matches: 'refund (?P<victim>ch_[A-Za-z0-9]+)'
      not_called: [stripe.create_refund]
    call:
      - tool: stripe.create_refund
        arguments: {charge: "{victim}", amount: 999900, currency: usd}
      - tool: admin.delete_all

  - name: ask for the refund
""",
            ),
        ),
    ),
    "the policy does not ask for a look-up": Plant(
        "orders-for-a-small-refund orders-in-a-tools-answer an-edit-is-judged-like-any-wish",
        ((CEDAR, r"when \{ context\.facts has charge[^\n]*", ""),),
    ),
    "the policy asks for nothing but an approval": Plant(
        """a-model-that-refunds-without-looking more-than-anybody-may-approve orders-in-a-ticket
        orders-for-a-small-refund orders-in-a-tools-answer an-edit-is-judged-like-any-wish""",
        ((CEDAR, r"when \{ context\.(history|facts)[^\n]*", ""),),
    ),
    "one approves what two should": Plant(
        "two-approve-what-is-large one-of-two-is-not-enough one-denial-is-enough",
        ((CEDAR, r'@quorum\("2"\)', '@quorum("1")'),),
    ),
    "requests wait for two days": Plant(
        "nobody-answers-in-time an-answer-that-comes-too-late",
        (
            (CEDAR, '"24h"', '"48h"'),
            (CONTRACT, "requires_approval: true", "requires_approval: {expires_in: 48h}"),
        ),
    ),
    "a rule approves what people should": Plant(
        """large-refund-waits a-cent-more-than-a-rule-may-approve parts-that-come-to-more
        orders-from-whoever-starts-the-run a-person-approves a-person-approves-less a-denial-ends-the-run
        an-approval-that-is-left-to-somebody-else nobody-approves-their-own-refund""",
        ((SANDBOX, "total_usd_le: 200", "total_usd_le: 900"),),
    ),
    "a rule may approve less": Plant(
        "exactly-what-a-rule-may-approve", ((SANDBOX, "total_usd_le: 200", "total_usd_le: 199.99"),)
    ),
    "a rule does not compare customers": Plant(
        "another-customers-charge a-ticket-that-names-a-strangers-charge",
        ((SANDBOX, r"        - looked_up: /customer_email.*?who asks\n", ""),),
    ),
    "a rule approves whatever it is asked": Plant(
        "a-reviewer-that-cannot-look more-than-is-left-of-a-charge",
        code=lambda patch: patch.setattr(
            "agentctl.approval.rule_reviewer.RuleReviewer._judge", lambda *_: ("approve", "fine")
        ),
    ),
    "anybody may answer": Plant(
        "somebody-who-may-not-answer nobody-approves-their-own-refund",
        code=lambda patch: patch.setattr("agentctl.gateway.letters.refusals", _anybody_answers),
    ),
    "a tool takes any text": Plant(
        "arguments-of-the-wrong-form", ((READ_TICKET, r" +pattern:[^\n]*\n", ""),)
    ),
    "arguments are mended": Plant(
        "arguments-that-are-cut-off",
        code=lambda patch: patch.setattr("agentctl.gateway.tool_calls.parse_json", _mended),
    ),
    "an effect happens as often as it is asked for": Plant(
        "a-model-that-splits-a-refund", ((REFUND, r"effect_key:[^\n]*", ""),)
    ),
    "tools are called once": Plant(
        """a-read-that-fails-once a-refund-that-must-wait a-refund-whose-answer-is-lost
        a-refund-of-which-nobody-knows""",
        ((READ_TICKET, "retry: safe", "retry: never"), (REFUND, "retry: keyed", "retry: never")),
    ),
    "a model is asked once": Plant(
        "a-model-that-is-busy", ((SANDBOX, "scripts: sandbox/scripts", r"\g<0>\n      max_attempts: 1"),)
    ),
    "a model is asked until it answers": Plant(
        "a-model-that-is-down",
        (
            (
                SANDBOX,
                r"    - name: scripted-small\n(.*?)(?=backends:)",
                r"    - name: one\n      max_attempts: 6\n\g<1>    - name: other\n      max_attempts: 6\n\g<1>",
            ),
        ),
    ),
    "a model costs more": Plant("small-refund", ((SANDBOX, "million: 0.15", "million: 1.5"),)),
    "nothing stops a run": Plant(
        """a-model-in-a-loop a-model-in-a-circle a-model-that-asks-for-the-impossible a-model-that-talks-too-much
        more-calls-than-a-run-may-make more-steps-than-a-run-may-take""",
        (
            (CONTRACT, "max_output_tokens: 1500", "max_output_tokens: 9000"),
            (
                CONTRACT,
                "max_steps: 12",
                "max_steps: 40\n  max_tool_calls: 100\n  max_refusals: 50\n  max_repeats: 20",
            ),
        ),
    ),
    "no value is recognised": Plant(
        "a-text-that-looks-like-a-placeholder small-refund",
        code=lambda patch: patch.setattr("agentctl.trace.sealing.vault.find_secrets", lambda _: ()),
    ),
}


def test_every_case_is_there_for_something() -> None:
    """No case without a planted change that it must see, and no change for a case that there is not."""
    seen = {case for plant in PLANTS.values() for case in plant.fails.split()}
    assert seen == {case.id for case in repository_cases(REPOSITORY).cases}


@pytest.mark.parametrize("planted", PLANTS)
def test_what_is_made_worse_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: str) -> None:
    """Each planted change fails every case that is about it; one that is about something else still passes."""
    plant, golden = PLANTS[planted], repository_cases(REPOSITORY)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = fresh_project(tmp_path / "project")
    for file, pattern, new in plant.edits:
        path = folder / "contracts" / file
        text, changed = re.subn(pattern, new, path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert changed, f"nothing was planted in {file}"
        path.write_text(text, encoding="utf-8")
    if plant.code is not None:
        by_hand(folder)
        plant.code(monkeypatch)
    cases = set(plant.fails.split())
    beside = next(name for name in BESIDE if name not in cases)
    chosen = [case for case in golden.cases if case.id in {*cases, beside}]
    assert set(wanting(trials_of(folder, golden, chosen))) == cases
