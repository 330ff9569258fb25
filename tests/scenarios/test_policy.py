"""`agentctl policy`, typed as a user types it: check, test, explain, synthesize."""

import json
import shutil

import pytest

from tests.scenarios.conftest import REPOSITORY, Shell

CEDAR, CASES = "contracts/policies/refund-assistant.cedar", "contracts/policies/refund-assistant.cases.yaml"


def add(shell: Shell, file: str, text: str) -> None:
    """Write something at the end of a file."""
    with (shell.folder / file).open("a") as stream:
        stream.write(text)


def run(shell: Shell, ticket: str) -> str:
    """Run the refund assistant on a ticket and return the run's id."""
    shell("run", "refund-assistant", "--input", ticket)
    return max(path.stem for path in (shell.folder / "traces").glob("journal/*/*.jsonl"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, dict[str, str]]:
    """A project with a run for each of three tickets, for tests that only read: the shell, and the runs by ticket."""
    folder = tmp_path_factory.mktemp("ran") / "project"
    shutil.copytree(REPOSITORY / "contracts", folder / "contracts")
    shutil.copy(REPOSITORY / "agentctl.toml", folder / "agentctl.toml")
    shell = Shell(folder)
    return shell, {ticket: run(shell, ticket) for ticket in ("4201", "4202", "4206")}


def test_our_own_policies_are_clean(shell: Shell) -> None:
    """Nothing to say ends with 0."""
    answer = shell("policy", "check")
    assert answer.code == 0
    assert answer.out.startswith("refund-assistant in sandbox: 0 errors, 0 warnings; cedar:policies/")


def test_a_faulty_policy_is_told_with_its_place_and_does_not_run(shell: Shell) -> None:
    """The check, the contract's check and the run itself say the same."""
    add(shell, CEDAR, '\npermit (principal, action == Action::"stripe.create_refnd", resource);\n')
    checked, contract, begun = (
        shell("policy", "check"),
        shell("contract", "check"),
        shell("run", "refund-assistant"),
    )
    line = (shell.folder / CEDAR).read_text().count("\n")
    for answer in (checked, contract, begun):
        assert answer.code == 2
        said = f"{answer.out}{answer.err}"
        assert f"{CEDAR}:{line}:1: " in said
        assert "did you mean `stripe.create_refund`?" in said
    assert not list((shell.folder / "traces").glob("journal/**/*.jsonl"))


def test_warnings_alone_pass(shell: Shell) -> None:
    """They are for a reviewer's eyes."""
    add(shell, CEDAR, '\n@id("again") permit (principal, action in Action::"read", resource);\n')
    answer = shell("policy", "check", "refund-assistant", "--json")
    (checked,) = json.loads(answer.out)
    assert (answer.code, checked["passed"], len(checked["warnings"])) == (0, True, 1)
    assert checked["warnings"][0]["file"] == CEDAR


def test_an_agent_that_does_not_exist_is_told(shell: Shell) -> None:
    """With the nearest name."""
    answer = shell("policy", "check", "refund-asistant")
    assert answer.code == 2
    assert "did you mean `refund-assistant`?" in answer.err


def test_the_cases_pass(shell: Shell) -> None:
    """All of them, of one agent and of its platform."""
    answer = shell("policy", "test")
    assert answer.code == 0
    assert answer.out.count("cases as expected") == 2


def test_a_case_that_fails_says_what_was_expected_and_what_was_found(shell: Shell) -> None:
    """With the reasons of everybody who was asked."""
    add(
        shell,
        CASES,
        "  - id: wrong\n    tool: zendesk.read_ticket\n    arguments: {ticket_id: '1'}\n    expect: deny\n",
    )
    answer = shell("policy", "test", "refund-assistant")
    assert answer.code == 1
    assert "wrong: not as expected" in answer.out
    assert "expected deny" in answer.out
    assert "found allow: reads-are-permitted" in answer.out
    document = json.loads(shell("policy", "test", "--json").out)
    assert [item["passed"] for item in document] == [True, False]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("  - id: wrong\n", "the key `tool` is missing"),
        (
            "  - id: wrong\n    tool: zendesk.read_tickets\n    expect: deny\n",
            "there is no tool `zendesk.read_tickets`",
        ),
        (
            "  - id: wrong\n    tool: zendesk.read_ticket\n    expect: deny\n",
            "`zendesk.read_ticket` does not take them",
        ),
    ],
)
def test_a_case_that_is_none_is_told_with_its_place(shell: Shell, text: str, found: str) -> None:
    """A bad file is another thing than a failed case."""
    add(shell, CASES, text)
    answer = shell("policy", "test")
    assert answer.code == 2
    assert found in answer.out
    assert f"{CASES}:" in answer.out


def test_a_rego_policy_has_cases_too(shell: Shell) -> None:
    """What judges plays no part."""
    pytest.importorskip("regorus")
    policies = shell.folder / "contracts" / "policies"
    (policies / "reads.rego").write_text(
        'package agentctl\n\ndecision := {"allow": true} if input.effect == "read"\n'
    )
    add(
        shell,
        "contracts/refund-assistant.yaml",
        "policies:\n  - engine: rego\n    files: [policies/reads.rego]\n",
    )
    shutil.copy(policies / "refund-assistant.cases.yaml", policies / "other.cases.yaml")
    (policies / "refund-assistant.cases.yaml").write_text(
        "ask: policy\ncases:\n"
        "  - {id: read, tool: zendesk.read_ticket, arguments: {ticket_id: '1'}, expect: allow}\n"
        "  - {id: write, tool: stripe.create_refund, expect: deny,\n"
        "     arguments: {charge: ch_1, amount: 1, currency: usd}}\n"
    )
    (policies / "other.cases.yaml").unlink()
    assert shell("policy", "test", "refund-assistant").out.count("2 of 2 cases as expected") == 1


def test_a_decision_is_explained(ran: tuple[Shell, dict[str, str]]) -> None:
    """Asked again exactly as then: who said what, which rules matched, and the smallest change with another answer."""
    shell, runs = ran
    answer = shell("policy", "explain", runs["4202"], "2/0")
    assert answer.code == 0
    for said in (
        "stripe.create_refund: needs_approval",
        "asked again exactly as then",
        "amount_usd = 250",
        "refund-what-was-looked-up: permit, matches once it is approved",
        "does not hold: context.approval.granted (it is false)",
        "the approval that it needs: not given -> given, then allow",
        "the argument `amount`: 25000 -> 100001, then deny",
    ):
        assert said in answer.out
    document = shell("policy", "explain", runs["4202"], "2/0", "--json").document
    assert (document["decision"], document["asked_as_then"]) == ("needs_approval", True)


def test_a_denial_is_explained(ran: tuple[Shell, dict[str, str]]) -> None:
    """A stranger's text asked for too much of a charge that nobody had looked up: no single change would have helped."""
    shell, _ = ran
    answer = shell("policy", "explain", "latest", "1/0")
    assert "two-approve-what-is-large: forbid, matches as long as there is no approval" in answer.out
    assert "no single change was found" in answer.out
    assert "the nearest permit is refund-what-was-looked-up: 3 conditions not met" in answer.out


def test_a_run_of_the_first_version_is_explained_as_far_as_it_was_recorded(shell: Shell) -> None:
    """It does not say when anybody was asked."""
    shutil.copytree(REPOSITORY / "tests" / "recorded" / "v1" / "answered", shell.folder / "traces")
    answer = shell("policy", "explain", "latest", "2/0")
    assert answer.code == 0
    assert "what was recorded is all that can be shown" in answer.out
    assert "not asked again" in answer.out


def test_a_replays_decision_is_explained_as_the_runs(shell: Shell) -> None:
    """It was shown the run that it replays; one that only judges anew does not record what it rested on."""
    ran = run(shell, "4202")
    replay = shell("replay", ran, "--json").document["replay"]
    assert "asked again exactly as then" in shell("policy", "explain", replay, "2/0").out
    judged = shell("replay", ran, "--mode", "policy", "--json").document["replay"]
    answer = shell("policy", "explain", judged, "2/0")
    assert answer.code == 0
    assert "what was recorded is all that can be shown" in answer.out


@pytest.mark.parametrize(
    ("run_name", "call", "found"),
    [("latest", "7/0", "there is no call `7/0`"), ("01ZZZ", "0/0", "there is no run `01ZZZ`")],
)
def test_what_does_not_exist_cannot_be_explained(
    ran: tuple[Shell, dict[str, str]], run_name: str, call: str, found: str
) -> None:
    """The calls that there are, are named."""
    answer = ran[0]("policy", "explain", run_name, call)
    assert answer.code == 2
    assert found in answer.err


def test_values_that_were_redacted_stay_redacted(ran: tuple[Shell, dict[str, str]]) -> None:
    """An explanation is made of what was recorded."""
    shell, runs = ran
    answer = shell("policy", "explain", runs["4201"], "2/0", "--json")
    assert "[email:" in answer.out
    assert "@example" not in answer.out


def test_the_least_that_a_run_needed_is_enough_for_it_and_for_little_else(shell: Shell) -> None:
    """The derived contract and policy pass their checks, the same ticket runs again, a larger refund does not."""
    first = run(shell, "4201")
    answer = shell("policy", "synthesize", "--runs", first, "--out", "least")
    assert answer.code == 0
    assert "3 of 3 executed calls get the answer they got" in answer.out
    assert "should be refused and is not" not in answer.out
    shutil.copytree(shell.folder / "least", shell.folder / "contracts", dirs_exist_ok=True)
    assert shell("contract", "check").code == 0
    assert len(shell.refunds(run(shell, "4201"))) == 1
    assert len(shell.refunds(run(shell, "4202"))) == 0


def test_the_proof_can_be_read_by_machines(ran: tuple[Shell, dict[str, str]]) -> None:
    """Every count of it."""
    shell, runs = ran
    document = shell("policy", "synthesize", "--runs", f"{runs['4201']},{runs['4206']}", "--json").document
    proof = document["proof"]
    assert isinstance(proof, dict)
    assert (proof["holds"], proof["executed"], proof["leaks"]) == (True, 5, [])
    assert proof["refused"] > 10
    assert str(document["policy"]).startswith("// The least that 2 runs of refund-assistant needed.")


def test_where_nothing_was_executed_nothing_is_derived(shell: Shell) -> None:
    """That is no proof of anything."""
    shutil.copytree(REPOSITORY / "tests" / "recorded" / "v1" / "answered", shell.folder / "traces")
    answer = shell("policy", "synthesize", "--agent", "refund-assistant")
    assert answer.code == 9
    assert "nothing could be observed" in answer.err
    assert shell("policy", "synthesize", "--agent", "refund-assistant", "--since", "2999-01-01").code == 9


@pytest.mark.parametrize(
    "arguments", [[], ["--runs", "01A", "--agent", "refund-assistant"], ["--agent", "x", "--since", "soon"]]
)
def test_which_runs_must_be_said(shell: Shell, arguments: list[str]) -> None:
    """One way or the other."""
    assert shell("policy", "synthesize", *arguments).code == 2
