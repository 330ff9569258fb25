"""The six stories of the sandbox, as a user types them."""

import pytest

from tests.scenarios.conftest import Shell


def run(shell: Shell, ticket: str) -> tuple[int, dict[str, object], list[dict[str, object]]]:
    """Run the refund assistant on a ticket; return exit code, answer and the ledger's refunds."""
    answer = shell("run", "refund-assistant", "--input", ticket, "--json")
    document = answer.document
    return answer.code, document, shell.refunds(str(document["run"]))


def test_small_refund(shell: Shell) -> None:
    """A small refund of the customer's own charge: the reviewer that is a rule approves, exit 0, one refund."""
    code, document, refunds = run(shell, "4201")
    assert code == 0
    assert [(item["amount"], item["currency"]) for item in refunds] == [(4900, "usd")]
    assert [answer["tool"] for answer in document["three_questions"]] == ["stripe.create_refund"]


def test_large_refund_waits_and_ends_after_approval(shell: Shell) -> None:
    """A large refund suspends with exit 4 and a complete line to type; typed, it ends 0 with one refund."""
    first = shell("run", "refund-assistant", "--input", "4202")
    assert first.code == 4
    line = next(line.strip() for line in first.out.splitlines() if "approvals approve" in line)
    assert line.startswith("agentctl approvals approve ")
    assert line.endswith(" --as alice --resume")
    second = shell(*line.split()[1:])
    assert second.code == 0
    assert [item["amount"] for item in shell.refunds(line.split()[3][:26])] == [25_000]


@pytest.mark.parametrize(
    ("ticket", "refused"),
    [("4203", 0), ("4204", 0), ("4205", 1), ("4206", 2)],
    ids=["already refunded", "no such charge", "another customer's charge", "injection"],
)
def test_stories_without_an_effect(shell: Shell, ticket: str, refused: int) -> None:
    """Exit 0, and nothing was refunded; another customer's charge and the orders in a ticket are refused."""
    code, document, refunds = run(shell, ticket)
    assert code == 0
    assert refunds == []
    assert document["refused_calls"] == refused


def test_a_sentence_works_as_well(shell: Shell) -> None:
    """`--input` takes a sentence that names a ticket."""
    code, _, refunds = run(shell, "please handle ticket 4201 for me")
    assert (code, len(refunds)) == (0, 1)


def test_without_input_it_takes_the_oldest_open_ticket_and_says_so(shell: Shell) -> None:
    """A sandbox run without input is not idle."""
    answer = shell("run", "refund-assistant")
    assert answer.code == 0
    assert "taking the oldest open ticket of the sandbox, 4201" in answer.err


def test_it_ends_the_same_every_time(shell: Shell) -> None:
    """Two runs have ledgers of their own and the same answer."""
    first, second = run(shell, "4201"), run(shell, "4201")
    assert first[1]["answer"] == second[1]["answer"]
    assert len(first[2]) == len(second[2]) == 1


def test_a_shared_ledger_keeps_its_refunds(shell: Shell) -> None:
    """With `--ledger` a second run meets what the first did: the charge is refunded, nothing happens twice."""
    for _ in range(2):
        assert shell("run", "refund-assistant", "--ledger", "shared").code == 0
    assert len(shell.refunds("shared")) == 1


def test_the_end_answers_the_three_questions_and_says_what_to_try(shell: Shell) -> None:
    """Who authorized it, which policy permitted it, what proves it; then two lines to type."""
    answer = shell("run", "refund-assistant")
    assert "casey" in answer.out
    assert "system:sandbox-reviewer" in answer.out
    assert "contract:refund-assistant/tools.allowlist" in answer.out
    assert "agentctl run refund-assistant --input 4202" in answer.out
    assert "agentctl run refund-assistant --input 4206" in answer.out
