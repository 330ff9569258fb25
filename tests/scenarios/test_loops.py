"""A run that goes round in circles, as its people live it: the sentence, the evidence, the line to type, the end."""

import shlex
import textwrap

from tests.scenarios.conftest import Shell

SCRIPT = "contracts/environments/sandbox/scripts/refund-assistant.yaml"
AGAIN = """
    rules:
      - name: read the ticket, whatever it says
        when:
          input_matches: '(?P<ticket>[0-9]{4})'
        call:
          - tool: zendesk.read_ticket
            arguments:
              ticket_id: "{ticket}"
    """
SENTENCE = "`zendesk.read_ticket` was asked for 4 times in a row with the same arguments, and the result was the same"


def going_round(shell: Shell) -> None:
    """Give the agent a model that reads its ticket for ever."""
    (shell.folder / SCRIPT).write_text(textwrap.dedent(AGAIN))


def test_a_loop_is_told_stopped_shown_and_raised(shell: Shell) -> None:
    """Live lines, exit 6, the line to type; afterwards the evidence, call by call."""
    going_round(shell)
    answer = shell("run", "refund-assistant", "--input", "4201")
    assert answer.code == 6
    live, end = " ".join(answer.err.split()), " ".join(answer.out.split())
    assert "call 3/0 refused at `progressing`: `zendesk.read_ticket` was asked for 3 times" in live
    assert f"call 4/0 not made: {SENTENCE}" in live
    assert f"suspended (loop): {SENTENCE}; the model was told, and did not leave off" in end
    words = shlex.split(next(line for line in answer.out.splitlines() if "approvals raise" in line))
    assert words[words.index("--max-repeats") + 1] == "6"
    run = words[words.index("raise") + 1]
    shown = " ".join(shell("runs", "show", run).out.split())
    assert "suspended: loop" in shown
    assert "(exit code 6)" in shown
    evidence = ", ".join(f"{run}/{step}/0" for step in (0, 1, 2))
    assert f"and the result was the same ({evidence}); the model was told" in shown
    assert "; the run was stopped" in shown
    assert shell("resume", "latest").code == 6
    assert shell(*words[words.index("approvals") :]).code == 6
    assert "max_repeats from 3 to 6" in " ".join(shell("runs", "show", run).out.split())


def test_a_contract_says_how_often(shell: Shell) -> None:
    """Its key holds, and the document names the loop."""
    going_round(shell)
    contract = shell.folder / "contracts" / "refund-assistant.yaml"
    contract.write_text(contract.read_text().replace("budgets:\n", "budgets:\n  max_repeats: 2\n"))
    document = shell("run", "refund-assistant", "--input", "4201", "--json").document
    assert document["exit_code"] == 6
    loop = document["loop"]
    assert isinstance(loop, dict)
    assert (loop["kind"], loop["limit"], loop["stops"], len(loop["calls"])) == ("same_call", 2, True, 2)


def test_a_tool_that_polls_is_stopped_by_its_budget_only(shell: Shell) -> None:
    """Declared in its descriptor, the same answer is no loop."""
    going_round(shell)
    tool = shell.folder / "contracts" / "tools" / "zendesk.read_ticket.yaml"
    tool.write_text(f"{tool.read_text()}\npolling: true\n")
    document = shell("run", "refund-assistant", "--input", "4201", "--json").document
    assert document["exit_code"] == 6
    assert document["loop"] is None
    assert isinstance(document["budget_stop"], dict)
