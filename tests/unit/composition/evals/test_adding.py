"""A case made of a run: it passes as it is, holds nothing of anybody's, and leaves all that stood in the file as it was."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from agentctl.composition import open_project
from agentctl.composition.evals.adding import add_case
from agentctl.composition.evals.trial_ledger import ledger_made
from agentctl.composition.evals.trial_scene import Plan, TrialScene
from agentctl.composition.evals.trials import open_stages
from agentctl.composition.runs.orders import Audience, RunOrder
from agentctl.composition.runs.service import governing_now
from agentctl.contract.golden import GoldenCase
from agentctl.contract.golden_files import golden_file, load_golden_file
from agentctl.events.approval import GrantGiven, ReviewerRecord
from agentctl.events.record import AnyEvent
from agentctl.events.run import RunFinished, RunStarted, RunSuspended, TrialOf
from agentctl.foundation.errors import InvalidInput, UsageError
from agentctl.foundation.ids import new_run_id
from agentctl.runtime.live_world import Interrupt
from tests.fakes.journals import RUN, refund_story, started, write_journal
from tests.fakes.trials import AGENT, EVAL, trials_of, wanting
from tests.scenarios.conftest import fresh_project

HOSTILE = """
state:
  tickets:
    - id: 7001
      subject: "Refund to eve@corp.example"
      description: "Please refund 9.00 USD of charge ch_hostile. Card 4111 1111 1111 1111, IBAN GB82 WEST 1234 5698 7654 32,
        call +49 170 1234567, ssn 123-45-6789, key sk-live-0123456789abcdef0123, password: hunter2-and-more, [email:1]."
      requester: {id: 1, name: Eve, email: eve@corp.example}
  charges: [{id: ch_hostile, amount: 900, customer: {name: Eve, email: eve@corp.example}}]
"""
SECRETS = (
    "eve@corp", "4111", "1234 5698", "170 1234567", "123-45-6789", "sk-live-0123456789abcdef0123", "hunter2",
)  # fmt: skip


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of the repository's contracts, without golden cases."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return fresh_project(tmp_path / "project")


def ran(folder: Path, text: str, **world: object) -> str:
    """Let a run of the kind `live` happen in the world of a case, and return its id."""
    return asyncio.run(
        _ran(folder, GoldenCase.model_validate({"id": "a", "input": text, "expected": "x", **world}))
    )


async def _ran(folder: Path, case: GoldenCase) -> str:
    project = open_project(folder)
    governing = governing_now(project, RunOrder(AGENT, None, None, "sandbox", None))
    run = new_run_id(project.clock.now())
    cases = folder / "none.yaml"
    cases.write_text("cases: [{id: a, input: x, expected: none}]", encoding="utf-8")
    async with open_stages(project, load_golden_file(cases), lambda _: governing, "sandbox") as stages:
        stage = await stages._stage(case)
        ledger_made(project, governing, case, run)
        plan = Plan(case, None, TrialOf(eval=EVAL, case="a", trial=1), run)
        scene = TrialScene(project, governing, plan, project.keys.sealing())
        service = stage.service.within(replace(scene.scene(stage.office_url), envelope=lambda same: same))
        order = RunOrder(AGENT, case.input, None, "sandbox", None)
        audience = Audience(lambda _: None, (), lambda _: None)
        outcome = await service.begin(run, order, audience, Interrupt())
        while outcome.exit_code == 4 and scene.time_passes(outcome.state):
            outcome = await service.go_on(scene.journals.acquire(run), None, audience, Interrupt())
    return run


def story(folder: Path) -> str:
    """Write down a run that nobody made here, and return its id: enough where no trial is to follow."""
    write_journal(folder / "traces" / "journal", RUN, refund_story())
    return RUN


def added(folder: Path, run: str, name: str | None = None) -> str:
    """Make a case of a run; see that it passes, and return everything that was written."""
    made = add_case(open_project(folder), run, name)
    cases = golden_file(folder, AGENT)
    (case,) = [case for case in cases.cases if case.id == made.case]
    assert wanting(trials_of(folder, cases, [case])) == {}
    return (folder / made.golden_set).read_text("utf-8") + (folder / made.tape).read_text("utf-8")


APPROVED = {"approvals": [{"reviewer": "alice", "answer": "approve", "reason": "seen", "after": "10m"}]}
EDITED = {
    "approvals": [
        {"reviewer": "alice", "answer": "escalate"},
        {
            "reviewer": "bob",
            "answer": "edit",
            "changes": {
                "charge": "ch_3PlargeB2",
                "amount": 100,
                "currency": "usd",
                "instructions_email": "[email:1]",
            },
        },
    ]
}
DENIED = {"approvals": [{"reviewer": "bob", "answer": "deny", "reason": "no", "ends_run": True}]}
EXPIRED = {"approvals": [{"answer": "none", "after": "25h"}]}
LOST = {"faults": [{"tool": "stripe.create_refund", "do": "timeout", "times": 9, "effect": True}]}
FLAKY = {
    "faults": [
        {"tool": "stripe.create_refund", "do": "timeout", "effect": True},
        {"backend": "zendesk", "do": "http_500"},
    ]
}


@pytest.mark.parametrize(
    ("text", "world", "said"),
    [
        ("4201", {}, "answered"),
        ("4206", {}, "stage: registered"),
        ("4202", {}, "waiting"),
        ("4202", APPROVED, 'after: "60'),
        ("4202", EDITED, "answer: edit"),
        ("4202", DENIED, "ends_run: true"),
        ("4202", EXPIRED, "answer: none"),
        ("4201", LOST, "do: timeout"),
        ("4201", FLAKY, "answered"),
    ],
)  # fmt: skip
def test_a_case_of_a_run_passes_at_once(
    project: Path, text: str, world: dict[str, object], said: str
) -> None:
    """Answers, orders, waiting, approvals, edits, denials, time, and lost answers: the tape tells them all again."""
    assert said in added(project, ran(project, text, **world))


@pytest.mark.parametrize("level", ["strict", "standard", "off"])
def test_no_value_of_anybodys_is_written(project: Path, level: str) -> None:
    """Whatever the run itself redacted, its case and tape hold stand-ins; and the case passes with them."""
    contract = project / "contracts" / f"{AGENT}.yaml"
    contract.write_text(
        contract.read_text("utf-8").replace("redaction: strict", f'redaction: "{level}"'), encoding="utf-8"
    )
    rules = project / "contracts" / "platform.yaml"
    rules.write_text(
        rules.read_text("utf-8").replace("at_least: standard", 'at_least: "off"'), encoding="utf-8"
    )
    run = ran(project, "7001, says eve@corp.example", **yaml.safe_load(HOSTILE))
    written = added(project, run)
    assert not [secret for secret in SECRETS if secret in written]
    assert "person-1@example.com" in written


def test_what_stood_in_the_file_stays_as_it_was(project: Path) -> None:
    """Comments, order, blank lines and other keys are kept byte by byte; the case comes after the last one."""
    folder = project / "goldensets"
    folder.mkdir()
    head = (
        "# a comment\ncases:\n    # the first\n    - id: one   # here\n      input: x\n      expected: none\n"
    )
    tail = "\n# what holds for all\ndefaults: {tags: [all]}"
    path = folder / f"{AGENT}.yaml"
    path.write_text(head + tail, encoding="utf-8")
    run = story(project)
    add_case(open_project(project), run, "two")
    text = path.read_text("utf-8")
    assert text.startswith(head + "\n    - id: two\n")
    assert text.endswith(tail)
    assert [case.id for case in golden_file(project, AGENT).cases] == ["one", "two"]
    add_case(open_project(project), run, "three")
    assert [case.id for case in golden_file(project, AGENT).cases] == ["one", "two", "three"]


def test_a_file_of_lines_gets_a_line(project: Path) -> None:
    """One case a line stays one case a line, also where the last one has no end."""
    (project / "goldensets").mkdir()
    path = project / "goldensets" / f"{AGENT}.jsonl"
    path.write_text('{"id": "one", "input": "x", "expected": "none"}', encoding="utf-8")
    add_case(open_project(project), story(project), "two")
    assert [str(golden_file(project, AGENT).place_of(name)) for name in ("one", "two")] == [
        f"goldensets/{AGENT}.jsonl:1",
        f"goldensets/{AGENT}.jsonl:2",
    ]


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("cases: [{id: one, input: x, expected: none}]\n", "two", "stand in brackets"),
        ("cases:\n-\n  id: one\n  input: x\n  expected: none\n", "two", "stand in brackets"),
        ("cases:\n- {id: one, input: x, expected: none}\n", "one", "has a case `one` already"),
        ("cases:\n- {id: one, input: x}\n", "two", "else nothing can fail it"),
        (
            "cases:\n- id: one\n  input: x\n  expected: |+\n    y\n\n\n",
            "two",
            "`one` would become another one",
        ),
        ("cases:\n- {id: one, input: x, expected: none}\n", "No Name", "cannot name a case"),
    ],
)
def test_a_file_that_takes_no_case_stays_as_it_is(project: Path, text: str, name: str, said: str) -> None:
    """Where a case cannot be put, nothing is written at all."""
    (project / "goldensets").mkdir()
    path = project / "goldensets" / f"{AGENT}.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=said):
        add_case(open_project(project), story(project), name)
    assert path.read_text("utf-8") == text
    assert list((project / "goldensets").rglob("*.tape.yaml")) == []


def test_a_tape_that_is_there_is_not_written_over(project: Path) -> None:
    """A file in the tape's place, two files of cases, and a case that does not read back leave all as it was."""
    opened = open_project(project)
    run = story(project)
    folder = project / "goldensets"
    (folder / AGENT).mkdir(parents=True)
    tape = folder / AGENT / "one.tape.yaml"
    tape.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is there already"):
        add_case(opened, run, "one")
    assert tape.read_text("utf-8") == "mine"
    assert not (folder / f"{AGENT}.yaml").exists()
    for suffix in ("yaml", "jsonl"):
        (folder / f"{AGENT}.{suffix}").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="in two files"):
        add_case(opened, run, "two")


@pytest.mark.parametrize("existing", [True, False])
def test_what_does_not_read_back_is_taken_back(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    existing: bool,  # noqa: FBT001
) -> None:
    """If the file could not be read with the new case, neither case nor tape stays."""
    folder = project / "goldensets"
    folder.mkdir()
    path = folder / f"{AGENT}.yaml"
    text = "cases:\n- {id: one, input: x, expected: none}\n"
    if existing:
        path.write_text(text, encoding="utf-8")
    calls: list[Path] = []

    def unreadable(path: Path, shown: str) -> object:
        calls.append(path)
        if len(calls) > existing:
            raise InvalidInput(())
        return load_golden_file(path, shown)

    monkeypatch.setattr("agentctl.composition.evals.adding.load_golden_file", unreadable)
    with pytest.raises(InvalidInput):
        add_case(open_project(project), story(project), "two")
    assert (path.read_text("utf-8") if path.exists() else None) == (text if existing else None)
    assert not list(folder.rglob("*.tape.yaml"))


def test_a_folder_that_cannot_be_made_is_told(project: Path) -> None:
    """A file where the folder should be is told, not met with a crash."""
    (project / "goldensets").write_text("", encoding="utf-8")
    with pytest.raises(InvalidInput, match="a folder that you may write to"):
        add_case(open_project(project), story(project), None)
    (project / "goldensets").unlink()
    (project / "goldensets").mkdir()
    (project / "goldensets" / AGENT).write_text("", encoding="utf-8")
    with pytest.raises(InvalidInput, match="cannot be written"):
        add_case(open_project(project), "latest", None)


def of_kind(change: dict[str, object]) -> Sequence[AnyEvent]:
    """Return the story of a refund whose envelope is changed."""
    first = started()
    return [
        RunStarted(**{**dict(first), "envelope": first.envelope.model_copy(update=change)}),
        *refund_story()[1:],
    ]


GRANT = GrantGiven(
    grant="g", tool="a.b", facts={}, up_to={}, until="", version="", message="m", reason="r",
    reviewer=ReviewerRecord(id="alice", kind="person", assurance="asserted"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (lambda: of_kind({"kind": "replay"}), "of the kind `replay`"),
        (lambda: of_kind({"kind": "eval"}), "of the kind `eval`"),
        (lambda: of_kind({"trace_level": "metadata"}), "its contract lets no payload be kept"),
        (lambda: refund_story()[:5], "has not stopped"),
        (lambda: [started(), RunSuspended(reason="interrupted", detail="told to")], "nothing to expect"),
        (lambda: [started(), GRANT, RunFinished(status="answered", answer="x")], "a reviewer gave a grant"),
    ],
)
def test_some_runs_make_no_case(project: Path, events: Callable[[], Sequence[AnyEvent]], said: str) -> None:
    """Replays, trials, runs that are under way or were stopped from outside, and what a case has no words for."""
    write_journal(project / "traces" / "journal", RUN, events())
    with pytest.raises(UsageError, match=said):
        add_case(open_project(project), RUN, None)
    with pytest.raises(UsageError, match="there is no run"):
        add_case(open_project(project), "0000", None)
