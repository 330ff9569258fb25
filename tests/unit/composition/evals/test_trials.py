"""Trials: the world of each case is its own, and whatever goes wrong is the trial's outcome."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.composition import open_project
from agentctl.composition.evals.trial_scene import MemoryLedger, NoCredentials
from agentctl.composition.evals.trials import Trial, forget_trial, open_stages
from agentctl.composition.runs.orders import RunOrder
from agentctl.composition.runs.service import governing_now
from agentctl.contract.golden_files import load_golden_file
from agentctl.events.run import RunStarted, TrialOf
from agentctl.foundation.errors import ExitCode, InvalidInput
from agentctl.foundation.ids import new_run_id
from agentctl.identity.broker import CredentialRequest
from agentctl.runtime.live_world import Interrupt
from tests.fakes.trials import AGENT, EVAL, trial_of, trials_of, wanting
from tests.scenarios.conftest import fresh_project

ANSWERED = "expected: an answer"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of the repository's contracts."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return fresh_project(tmp_path / "project")


def test_a_trial_is_a_run_of_its_own_kind(project: Path) -> None:
    """Its journal names eval, case and trial; the sealed values are nowhere, and no effect of another run concerns it."""
    text = f'cases: [{{id: a, input: "4201", principal: robin, {ANSWERED}}}]'
    trial = trial_of(project, text)
    assert (trial.outcome, trial.exit_code, trial.detail) == ("passed", ExitCode.OK, "")
    assert trial.cost_usd > Decimal(0)
    assert trial.duration_ms > 0
    opened = open_project(project)
    event = opened.journals.read(trial.run)[0].event
    assert isinstance(event, RunStarted)
    assert (event.envelope.kind, event.envelope.principal.id) == ("eval", "robin")
    assert event.envelope.trial == TrialOf(eval=EVAL, case="a", trial=1)
    assert not opened.paths.sealed.exists()
    assert not opened.paths.effects.exists()
    judged = trial.judged
    assert (judged.case, judged.run, judged.outcome, judged.exit_code) == ("a", trial.run, "passed", 0)
    ledger = opened.paths.sandbox / trial.run
    assert ledger.exists()
    forget_trial(opened, governing_now(opened, RunOrder(AGENT, None, None, "sandbox", None)), trial.run)
    assert not ledger.exists()


def test_a_mock_of_nothing_is_refused(project: Path) -> None:
    """A mock, a fault or an answer that can never come is told with what was probably meant; what is expected may name anything."""
    text = f"""\
cases:
  - id: a
    input: "4201"
    {ANSWERED}
    mocks: [{{tool: zendesk.readticket, result: 1}}]
    faults:
      - {{tool: stripe.lookup, do: timeout}}
      - {{backend: zendisk, do: timeout}}
      - {{model: smallfast, do: http_500}}
      - {{model: any, do: http_500, nth: 99}}
    approvals: [{{reviewer: nobody, tool: mail.send, answer: approve}}]
    assert: [{{type: "not-trajectory:tool-used", value: admin.delete_all}}]
"""
    with pytest.raises(InvalidInput) as refused:
        trial_of(project, text)
    assert [problem.found for problem in refused.value.problems] == [
        "`mocks` has the tool `zendesk.readticket`, which there is not; did you mean `zendesk.read_ticket`?",
        "`faults` has the tool `stripe.lookup`, which there is not; did you mean `stripe.lookup_charge`?",
        "`faults` has the backend `zendisk`, which there is not; did you mean `zendesk`?",
        "`faults` has the model `smallfast`, which there is not; did you mean `small-fast`?",
        "`approvals` has the tool `mail.send`, which there is not",
    ]
    assert {str(problem.place) for problem in refused.value.problems} == {
        "goldensets/refund-assistant.yaml:2:5"
    }


def test_the_same_refund_twice_is_no_matter_between_trials(project: Path) -> None:
    """Two cases that refund the same charge do not hinder each other; each has a back office's ledger of its own."""
    refunded = "assert: [{type: 'state:equals', value: {refunds: [{charge: ch_3PsmallA1}]}}]"
    text = f'cases: [{{id: a, input: "4201", {refunded}}}, {{id: b, input: "4201", {refunded}}}]'
    (project / "goldensets").mkdir()
    path = project / "goldensets" / f"{AGENT}.yaml"
    path.write_text(text, encoding="utf-8")
    assert wanting(trials_of(project, load_golden_file(path))) == {}


def test_state_may_stand_in_place_of_the_environments(project: Path) -> None:
    """With `instead` nothing of the environment's own is there; a charge of the same id is replaced otherwise."""
    gone = trial_of(
        project,
        'cases: [{id: a, input: "4201", state: {instead: true}, assert: [{type: contains, value: not read}]}]',
    )
    assert wanting({"a": gone}) == {}
    poorer = trial_of(
        project,
        'cases: [{id: a, input: "4201", state: {charges: [{id: ch_3PsmallA1, amount: 100}]},'
        " assert: [{type: contains, value: I refunded nothing}]}]",
    )
    assert wanting({"a": poorer}) == {}


def test_a_tape_answers_alone(project: Path) -> None:
    """With a tape no tool is reached: what is not on it fails, and the ledger stays as it was filled."""
    tape = """
run: R
answers:
  - tool: zendesk.read_ticket
    arguments: {ticket_id: "4201"}
    result: {ticket_id: 4201, subject: s, description: "charge ch_3PsmallA1, 49.00 USD", status: open}
"""
    trial = trial_of(
        project,
        'cases: [{id: a, input: "4201", tape: tape.yaml, assert: [{type: contains, value: cannot be found},'
        " {type: 'call:outcome', tool: stripe.lookup_charge, outcome: error, reason: nothing recorded answers},"
        " {type: 'state:equals', value: {requests: []}}]}]",
        tape,
    )
    assert wanting({"a": trial}) == {}


def test_a_model_that_nobody_planned_to_fail_is_nobodys_failure(project: Path) -> None:
    """No rule of a script applies: the case is not judged wanting, it could not be judged."""
    trial = trial_of(
        project,
        f'cases: [{{id: a, input: "4201", {ANSWERED}, script: [{{name: rule, when: {{called: [a.b]}}, say: x}}]}}]',
    )
    assert (trial.outcome, trial.exit_code) == ("provider_failed", ExitCode.PROVIDER)
    assert "no model answered" in trial.detail


def test_a_planned_failure_of_the_model_is_judged(project: Path) -> None:
    """A case with a fault in the model fails like any other, where its assertions do not hold."""
    fault = "faults: [{model: any, do: http_500, times: 9}]"
    trial = trial_of(project, f'cases: [{{id: a, input: "4201", {ANSWERED}, {fault}}}]')
    assert trial.outcome == "failed"


async def tried(project: Path, text: str, interrupt: Interrupt | None = None) -> Trial:
    """Return the trial of the one case in a text, under an interrupt."""
    path = project / "cases.yaml"
    path.write_text(text, encoding="utf-8")
    opened, cases = open_project(project), load_golden_file(path)
    governing = governing_now(opened, RunOrder(AGENT, None, None, "sandbox", None))
    async with open_stages(opened, cases, lambda _: governing, "sandbox") as stages:
        (case,) = cases.cases
        of = TrialOf(eval=EVAL, case=case.id, trial=1)
        return await stages.try_case(case, of, new_run_id(opened.clock.now()), interrupt)


def test_an_interrupted_trial_is_no_result(project: Path) -> None:
    """A trial that was told to stop is an error with the exit code of an interrupt."""
    trial = asyncio.run(
        tried(project, f'cases: [{{id: a, input: "4201", {ANSWERED}}}]', Interrupt(wanted=True))
    )
    assert (trial.outcome, trial.exit_code, trial.detail) == (
        "error",
        ExitCode.INTERRUPTED,
        "it was interrupted",
    )


def test_an_error_is_the_trials_own(project: Path) -> None:
    """A principal that nobody can be, or a seed that cannot be read, ends the trial and not the eval."""
    broken = project / "contracts" / "environments" / "sandbox" / "charges.yaml"
    good = broken.read_text(encoding="utf-8")
    broken.write_text("charges: [{id: 1}]", encoding="utf-8")
    trial = asyncio.run(tried(project, f'cases: [{{id: a, input: "4201", {ANSWERED}}}]'))
    broken.write_text(good, encoding="utf-8")
    assert (trial.outcome, trial.exit_code) == ("error", ExitCode.INVALID)
    assert "charges.yaml" in trial.detail


def live_environment(project: Path) -> None:
    """Make an environment `real` in which effects are real, with the sandbox's model and reviewers."""
    folder = project / "contracts" / "environments"
    text, _, _ = (folder / "sandbox.yaml").read_text(encoding="utf-8").partition("sandbox:\n  seeds")
    text = text.replace("kind: sandbox", "kind: live").replace("name: sandbox", "name: real")
    for name in ("zendesk", "stripe"):
        text = text.replace(f"sandbox_path: /{name}", f"url: https://{name}.invalid")
    (folder / "real.yaml").write_text(text, encoding="utf-8")


def test_what_cannot_be_tried_is_told_before_anything_runs(project: Path) -> None:
    """Live effects without mocks, an unknown environment, and a schema that is none: all are told, with their places."""
    live_environment(project)
    (project / "goldensets").mkdir()
    path = project / "goldensets" / f"{AGENT}.yaml"
    path.write_text(
        "cases:\n"
        f"- {{id: a, input: x, environment: real, {ANSWERED}, state: {{instead: true}}}}\n"
        f"- {{id: b, input: x, environment: nowhere, {ANSWERED}}}\n"
        "- {id: c, input: x, assert: [{type: is-json, value: {type: nonsense}}]}\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidInput) as refused:
        trials_of(project, load_golden_file(path, "goldensets/cases.yaml"))
    message = str(refused.value)
    assert "goldensets/cases.yaml:2:3: cases.a: effects are real in `real`" in message
    assert "`stripe.create_refund`" in message
    assert "`state` fills the sandbox's back office, and `real` has none" in message
    assert "goldensets/cases.yaml:3:3: cases.b.environment: there is no environment `nowhere`" in message
    assert "goldensets/cases.yaml:4:3: cases.c: `is-json` has a schema" in message


MOCKED = """
cases:
- id: a
  input: "4201"
  environment: real
  mocks:
  - {tool: zendesk.read_ticket, result: {ticket_id: 4201, subject: s, description: "charge ch_1, 49.00 USD", status: open, requester_email: a@b.co}}
  - {tool: stripe.lookup_charge, result: {charge: ch_1, amount: 4900, amount_refunded: 0, currency: usd, refunded: false}}
  - {tool: stripe.create_refund, error: never}
  assert:
  - {type: contains, value: I refunded nothing}
  - {type: policy:decision, tool: stripe.create_refund, decision: deny, reason: only-live-runs-change-what-is-real}
  - {type: sql, value: "SELECT 'a credential' FROM tool_calls WHERE credential_jti IS NOT NULL"}
"""


def test_where_effects_are_real_a_trial_reaches_nothing(project: Path) -> None:
    """With every tool mocked a live environment can be tried: no credential is minted, no backend reached, no write permitted."""
    live_environment(project)
    trial = trial_of(project, MOCKED)
    assert wanting({"a": trial}) == {}


def test_an_agent_without_a_back_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where tools run here, no back office is started, and nothing can be said of its ledger."""
    from agentctl.cli.init_files import starter  # noqa: PLC0415
    from agentctl.composition.contracts.new_project import plan_project, write_project  # noqa: PLC0415

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write_project(plan_project(tmp_path / "new", "helper", starter()))
    path = tmp_path / "new" / "goldensets" / "helper.yaml"
    cases = load_golden_file(path)
    (trial,) = trials_of(tmp_path / "new", cases, agent="helper").values()
    assert (trial.outcome, trial.tools) == ("passed", ("notes.find",))


def test_the_ledger_of_a_trial_is_only_in_memory() -> None:
    """An effect is claimed once, and given back only by its holder."""
    ledger = MemoryLedger()
    assert ledger.claim("s", "e", "one") is None
    assert ledger.claim("s", "e", "one") is None
    assert ledger.claim("s", "e", "two") == "one"
    ledger.release("s", "e", "two")
    assert ledger.claim("s", "e", "two") == "one"
    ledger.release("s", "e", "one")
    assert ledger.claim("s", "e", "two") is None


def test_nothing_is_minted_where_nothing_is_reached() -> None:
    """The broker of a trial over live backends gives no credential."""
    request = CredentialRequest("stripe", "scope", "casey", "agent:a", "run", "call", "digest", 60)
    minted = NoCredentials().mint(replace(request, backend="zendesk"))
    assert (minted.record.kind, dict(minted.headers)) == ("none", {})
