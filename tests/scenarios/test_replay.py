"""Replaying runs: the same event by event, or where and why not; nothing is reached, nothing waits."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from agentctl.composition import open_project
from agentctl.composition.project import Project
from agentctl.composition.replays.parts import Archive
from agentctl.composition.replays.replaying import ReplayOrder, ReplayOutcome, replay_run, tape_of
from agentctl.events.approval import ApprovalAnswered
from agentctl.events.record import Record
from agentctl.events.replay import Cause, Fidelity, ReplayJudged
from agentctl.events.run import ReplayMode, RunStarted, RunSuspended
from agentctl.events.tool import DecisionMade, ToolProposed, ToolRefused
from agentctl.foundation.errors import IntegrityError, InternalError, InvalidInput, UsageError
from tests.fakes.tampering import Leaf, leaves, tampered, written
from tests.replaying import PARTED, TALLY, TIMES, by_hand
from tests.scenarios.conftest import REPOSITORY, Shell, fresh_project

CONTRACT = "contracts/refund-assistant.yaml"
INSTRUCTIONS = "contracts/refund-assistant.md"
LOOKUP = "contracts/tools/stripe.lookup_charge.yaml"
REFUND = "contracts/tools/stripe.create_refund.yaml"
CEDAR = "contracts/policies/refund-assistant.cedar"
SANDBOX = "contracts/environments/sandbox.yaml"
SUITES = {"tests/scenarios": 300, "tests/unit tests/loops": 400, "tests/crash tests/crowd tests/soak": 500}
"""Which tests are replayed together, and how many runs they leave behind at the least."""
RECORDED = sorted(path for path in (REPOSITORY / "tests" / "recorded").glob("v*/*") if path.is_dir())

INPUTS = {
    "run.started": (
        "/envelope/run",
        "/envelope/kind",
        "/envelope/parent_run",
        "/envelope/conversation",
        "/envelope/version_tag",
        "/envelope/principal/",
        "/envelope/ledger",
        "/envelope/traceparent",
        "/envelope/not_enforced",
        "/agentctl",
    ),
    "run.resumed": ("/by/",),
    "model.answered": ("/finish_reason", "/response_", "/latency_ms"),
    "decision.made": ("/answers/0/lat", "/answers/1/lat", "/answers/2/lat", "/answers/3/lat"),
    "tool.intent": ("/credential/jti", "/credential/expires_at"),
    "tool.result": ("/status", "/latency_ms", "/settlement/bytes"),
}
"""What came from outside and nothing else follows from, and what cannot be counted again: that is the chain's to hold."""


LETTER = (
    "/ends_run",
    "/message",
    "/reason",
    "/signature",
    "/reviewer/assurance",
    "/reviewer/boundary",
    "/reviewer/key",
)
"""The same of a letter."""


@dataclass
class Past:
    """A project in which things were run, and its runs."""

    shell: Shell
    small: str
    large: str

    @property
    def project(self) -> Project:
        """The project."""
        return open_project(self.shell.folder)

    def replay(self, run: str, contract: Path | None = None, mode: ReplayMode = "verify") -> ReplayOutcome:
        """Replay a run in this process."""
        named = None if contract is None else str(contract / CONTRACT)
        return replay_run(self.project, ReplayOrder(run, mode, named))


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """A small refund, and a large one that alice approved; a second alias is bound to the same model."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("past") / "project"
        patch.setenv("XDG_STATE_HOME", str(folder.parent / "state"))
        shell = Shell(fresh_project(folder))
        models = (folder / SANDBOX).read_text().split("models:\n")[1].split("backends:")[0]
        edit(
            folder,
            SANDBOX,
            models,
            models + models.replace("small-fast", "other").replace("scripted-small", "twin"),
        )
        small = str(shell("run", "refund-assistant", "--input", "4201", "--json").document["run"])
        waiting = shell("run", "refund-assistant", "--input", "4202", "--json").document
        (approval,) = waiting["suspended"]["waiting_for"]  # type: ignore[index]
        assert shell("approvals", "approve", str(approval), "--as", "alice", "--resume").code == 0
        yield Past(shell, small, str(waiting["run"]))


@pytest.fixture
def other(past: Past, tmp_path: Path) -> Path:
    """The same contracts in a project of their own, to be changed."""
    folder = tmp_path / "other"
    shutil.copytree(past.shell.folder / "contracts", folder / "contracts")
    shutil.copy(past.shell.folder / "agentctl.toml", folder)
    return folder


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Change one thing in a file."""
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def records_of(past: Past, run: str) -> tuple[Record, ...]:
    """Return a run's records."""
    return past.project.journals.read(run)


def replayed_with(past: Past, folder: Path, records: Sequence[Record]) -> ReplayJudged:
    """Replay other records in the place of a run's own."""
    if not (folder / "traces").exists():
        (folder / "traces" / "journal" / "day").mkdir(parents=True)
        shutil.copy(past.shell.folder / "agentctl.toml", folder)
        shutil.copytree(past.shell.folder / "traces" / "objects", folder / "traces" / "objects")
        by_hand(folder)
    (folder / "traces" / "journal" / "day" / f"{records[0].run}.jsonl").write_bytes(written(records))
    return replay_run(open_project(folder), ReplayOrder(records[0].run)).judged


def test_a_run_replays_event_by_event(past: Past) -> None:
    """Exit 0 and `exact` first; what was not compared is said; the replay is a run of its own, and `latest` is never one."""
    for _ in range(2):
        answer = past.shell("replay", "latest")
        assert answer.code == 0
        assert answer.out.startswith("exact: the replay is the run, event by event")
        assert f"of run {past.large} (verify)" in answer.out
        assert "the bytes of" in answer.out


def test_what_a_program_reads_of_a_replay(past: Past) -> None:
    """One document: fidelity, counts, differences, both runs."""
    document = past.shell("replay", past.small[:20], "--json").document
    assert (document["fidelity"], document["exit_code"], document["differences"]) == ("exact", 0, [])
    assert (document["run"], document["mode"]) == (past.small, "verify")
    assert document["missed"] == document["drift"] == 0
    assert document["exact"] == 8  # four of the model, three of tools, one look-up of the reviewer


def test_a_replay_is_on_record_as_one(past: Past) -> None:
    """Its journal has the run's events and times, says what it replays, and ends with how far it was the same."""
    outcome = past.replay(past.large)
    source, own = records_of(past, past.large), records_of(past, outcome.run)
    assert [record.time for record in own[:-1]] == [record.time for record in source]
    assert [record.epoch for record in own[:-1]] == [record.epoch for record in source]
    assert [record.event for record in own[1:-1]] == [record.event for record in source[1:]]
    begun, judged = own[0].event, own[-1].event
    assert isinstance(begun, RunStarted)
    assert (begun.envelope.run, begun.envelope.kind) == (outcome.run, "replay")
    assert begun.envelope.replay is not None
    assert (begun.envelope.replay.run, begun.envelope.replay.head) == (past.large, source[-1].hash)
    assert judged == outcome.judged


def test_nothing_in_a_replay_waits_for_anybody(shell: Shell) -> None:
    """A replay of a run that waits is listed nowhere as waiting, is not swept, not resumed, and takes no letters."""
    run = str(shell("run", "refund-assistant", "--input", "4202", "--json").document["run"])
    replay = str(shell("replay", run, "--json").document["replay"])
    waiting = json.loads(shell("approvals", "list", "--json").out)
    assert [item["binding"]["run"] for item in waiting] == [run]
    refused = shell("resume", replay)
    assert (refused.code, "is a replay" in refused.err) == (2, True)
    raised = shell("approvals", "raise", replay, "--max-steps", "14", "--as", "alice")
    assert (raised.code, "takes no letters" in raised.err) == (2, True)
    assert shell("runs", "tail", replay).code == 0
    assert shell("approvals", "sweep").code == 0


def test_what_cannot_be_replayed_is_said(past: Past) -> None:
    """No such run, a replay, no such version: exit 2; a journal that was changed: exit 7."""
    assert past.shell("replay", "01ZZZ").code == 2
    replay = past.replay(past.small).run
    answer = past.shell("replay", replay)
    assert (answer.code, "is itself a replay" in answer.err) == (2, True)
    assert past.shell("replay", past.small, "--contract", "no-such").code == 2


@pytest.mark.parametrize("mode", ["verify", "policy"])
def test_a_replay_that_cannot_begin_leaves_nothing(past: Past, other: Path, mode: ReplayMode) -> None:
    """Policies that speak of a tool which is not allowed any more are refused, and no empty run is left behind."""
    edit(other, CONTRACT, "    - name: stripe.create_refund\n      requires_approval: true\n", "")
    before = past.project.journals.runs()
    with pytest.raises(InvalidInput, match=r"there is no action `stripe\.create_refund`"):
        past.replay(past.small, other, mode)
    assert past.project.journals.runs() == before


def test_a_damaged_journal_is_not_replayed(past: Past, tmp_path: Path) -> None:
    """What was not written as it stands there is no tape: exit 7."""
    twin = Shell(tmp_path / "twin", past.shell.variables)
    shutil.copytree(past.shell.folder, twin.folder)
    path = open_project(twin.folder).journals.path_of(past.small)
    path.write_bytes(path.read_bytes().replace(b"4900", b"4901", 1))
    assert twin("replay", past.small).code == 7


def test_what_replays_share_remembers_none_of_them(past: Past, other: Path) -> None:
    """One after the other with what was made ready once, they come out as each does by itself."""
    edit(other, CONTRACT, "max_steps: 12", "max_steps: 12\n  max_tool_calls: 2")
    orders = [
        ReplayOrder(run, mode, contract)
        for run in (past.small, past.large)
        for contract in (None, str(other / CONTRACT))
        for mode in ("verify", "policy")
    ]
    alone = [replay_run(past.project, order).judged for order in orders]
    archive = Archive(past.project)
    for _ in range(2):
        assert [replay_run(past.project, order, archive).judged for order in orders] == alone
    assert {said.fidelity for said in alone} == {"exact", "diverged", "bounded"}


def test_the_latest_run_is_found_behind_its_replays(past: Past, tmp_path: Path) -> None:
    """Of a journal that begins as a replay's no more is read; one that begins otherwise is read whole, and must be whole."""
    folder = tmp_path / "twin"
    shutil.copytree(past.shell.folder, folder)
    project = open_project(folder)
    replay = project.journals.path_of(replay_run(project, ReplayOrder("latest")).run)
    replay.write_bytes(replay.read_bytes().replace(b"2/0", b"2/1"))
    assert tape_of(project, "latest").run == past.large
    replay.write_bytes(b"{}\n")
    with pytest.raises(IntegrityError, match="record 0"):
        tape_of(project, "latest")


# -- causes ---------------------------------------------------------------------------------------


def look(outcome: ReplayOutcome) -> tuple[Fidelity, int | None, Cause | None]:
    """Return how far a replay was the same, where it parts, and why."""
    return outcome.judged.fidelity, outcome.judged.step, outcome.judged.cause


def test_an_equal_version_is_exact(past: Past, other: Path) -> None:
    """Nothing was changed, so nothing differs."""
    assert look(past.replay(past.large, other)) == ("exact", None, None)


def test_the_prompt_is_named(past: Past, other: Path) -> None:
    """Other instructions: every request differs, the same was done; the words that differ stand side by side."""
    (other / INSTRUCTIONS).write_text((other / INSTRUCTIONS).read_text() + "\nBe brief.\n")
    outcome = past.replay(past.small, other)
    assert look(outcome) == ("drift", 0, "prompt")
    assert (outcome.judged.exact, outcome.judged.drift, outcome.judged.missed) == (4, 4, 0)
    first = outcome.judged.differences[0]
    assert (first.event, first.field) == ("model.asked", "/instructions")
    assert "Be brief." in first.after
    assert "Be brief." not in first.before


def test_the_tool_schema_is_named(past: Past, other: Path) -> None:
    """A tool that is described otherwise is drift; one whose arguments do not fit any more is a divergence."""
    edit(other, LOOKUP, "description: ", "description: Carefully. ")
    assert look(past.replay(past.small, other)) == ("drift", 0, "tool_schema")
    edit(other, REFUND, "maximum: 99999999", "maximum: 10")
    outcome = past.replay(past.small, other)
    assert look(outcome) == ("diverged", 2, "tool_schema")
    assert outcome.judged.differences[0].event == "tool.refused"
    assert outcome.exit_code == 1


def test_the_policy_is_named(past: Past, other: Path) -> None:
    """A tool that needs an approval now: the run parts at that call."""
    edit(
        other,
        CONTRACT,
        "- name: stripe.lookup_charge",
        "- name: stripe.lookup_charge\n      requires_approval: true",
    )
    outcome = past.replay(past.small, other)
    assert look(outcome) == ("diverged", 1, "policy")
    first = outcome.judged.differences[0]
    assert (first.call, first.event, first.before, first.after) == (
        "1/0",
        "decision.made",
        "allow",
        "needs_approval",
    )


def test_a_policy_of_its_own_is_named(past: Past, other: Path) -> None:
    """A Cedar policy that forbids a tool: the run parts at its first call of it."""
    path = other / CEDAR
    path.write_text(
        path.read_text() + '\nforbid (principal, action == Action::"stripe.create_refund", resource);\n'
    )
    assert look(past.replay(past.small, other)) == ("diverged", 2, "policy")


def test_the_budget_is_named(past: Past, other: Path) -> None:
    """A lower ceiling stops the run where it was not stopped; one that is not reached is drift."""
    edit(other, CONTRACT, "max_steps: 12", "max_steps: 11")
    assert look(past.replay(past.small, other)) == ("drift", 0, "budget")
    edit(other, CONTRACT, "max_steps: 11", "max_steps: 2")
    outcome = past.replay(past.small, other)
    assert look(outcome) == ("diverged", 1, "budget")
    assert outcome.judged.differences[0].event == "budget.stopped"


def test_the_routing_is_named(past: Past, other: Path) -> None:
    """Another alias: the route differs from the first step on, and what was said is taken by its place."""
    edit(other, CONTRACT, "default: small-fast", "default: other")
    assert look(past.replay(past.small, other)) == ("drift", 0, "routing")


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("owner: finance-ops", "owner: somebody-else", "policy"),
        ("pii_redaction: strict", "pii_redaction: standard", "prompt"),
        ("trace_level: full", "trace_level: metadata", "policy"),
    ],
)
def test_what_another_contract_does_is_never_codes(
    past: Past, other: Path, old: str, new: str, cause: Cause
) -> None:
    """Whatever key of a contract differs, it is not said that everything recorded is equal."""
    edit(other, CONTRACT, old, new)
    assert look(past.replay(past.small, other)) == ("drift", 0, cause)


def test_of_several_changes_the_one_that_shows_is_named(past: Past, other: Path) -> None:
    """The event in which the run parts says which: asked otherwise is only drift, and another ceiling stops nothing."""
    (other / INSTRUCTIONS).write_text((other / INSTRUCTIONS).read_text() + "\nBe brief.\n")
    edit(other, CONTRACT, "max_steps: 12", "max_steps: 11")
    edit(other, REFUND, "maximum: 99999999", "maximum: 10")
    assert look(past.replay(past.small, other)) == ("diverged", 2, "tool_schema")
    edit(
        other,
        CONTRACT,
        "- name: stripe.lookup_charge",
        "- name: stripe.lookup_charge\n      requires_approval: true",
    )
    assert look(past.replay(past.small, other)) == ("diverged", 1, "policy")
    edit(other, CONTRACT, "max_steps: 11", "max_steps: 1")
    assert look(past.replay(past.small, other)) == ("diverged", 0, "budget")


def test_the_code_is_named(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug that was planted in this code shows in the event it changes, with its step and both sides."""
    monkeypatch.setattr("agentctl.gateway.attempts._idempotency_key", lambda *_: "agentctl-planted")
    outcome = past.replay(past.small)
    assert look(outcome) == ("diverged", 0, "code")
    first = outcome.judged.differences[0]
    assert (first.call, first.event, first.field) == ("0/0", "tool.intent", "/idempotency_key")
    assert first.after == "agentctl-planted"


def test_the_first_parting_stands_side_by_side(past: Past, other: Path) -> None:
    """On the screen: how far first, then what was there and what is there now."""
    edit(
        other,
        CONTRACT,
        "- name: stripe.lookup_charge",
        "- name: stripe.lookup_charge\n      requires_approval: true",
    )
    answer = past.shell("replay", past.small, "--contract", str(other / CONTRACT))
    lines = answer.out.splitlines()
    assert answer.code == 1
    assert lines[0].startswith("diverged@1: call 1/0: `decision` of `decision.made` differs;")
    place = lines.index("  call 1/0  decision.made  decision")
    assert lines[place + 1].split() == ["in", "the", "run", "allow"]
    assert lines[place + 2].split() == ["in", "the", "replay", "needs_approval"]


# -- policy and tools-taped -----------------------------------------------------------------------


def test_calls_are_judged_again_as_they_were(past: Past) -> None:
    """Under the run's own version every answer is the same."""
    outcome = past.replay(past.large, mode="policy")
    assert look(outcome) == ("exact", None, None)
    assert outcome.judged.exact == 4  # three calls; the last one twice: before and after its approval


def test_what_would_be_asked_is_named_with_its_step(past: Past, other: Path) -> None:
    """A contract that asks for an approval: everything after that call is a guess."""
    edit(
        other,
        CONTRACT,
        "- name: stripe.lookup_charge",
        "- name: stripe.lookup_charge\n      requires_approval: true",
    )
    outcome = past.replay(past.small, other, "policy")
    assert look(outcome) == ("bounded", 1, "policy")
    (changed,) = outcome.judged.differences
    assert (changed.call, changed.before) == ("1/0", "allowed")
    assert changed.after.startswith("needs an approval: ")
    assert outcome.exit_code == 1


def test_what_would_be_denied_is_named(past: Past, other: Path) -> None:
    """A tool whose arguments do not fit any more is denied before any policy is asked."""
    edit(other, REFUND, "maximum: 99999999", "maximum: 10")
    outcome = past.replay(past.small, other, "policy")
    assert look(outcome) == ("bounded", 2, "tool_schema")
    assert outcome.judged.differences[0].after.startswith("denied at `well_formed`")


def test_a_ceiling_is_judged_again(past: Past, other: Path) -> None:
    """With fewer tool calls the last one would not have been made."""
    edit(other, CONTRACT, "max_steps: 12", "max_steps: 12\n  max_tool_calls: 2")
    outcome = past.replay(past.small, other, "policy")
    assert look(outcome) == ("bounded", 2, "budget")
    assert "denied at `affordable`" in outcome.judged.differences[0].after
    assert any("`--mode verify` drives the steps under them too" in note for note in outcome.notes)
    assert not any("ceilings" in note for note in past.replay(past.small, mode="policy").notes)


def test_new_decisions_are_on_record(past: Past, other: Path) -> None:
    """The journal has every call and what is decided of it now, and no model call."""
    edit(other, CONTRACT, "max_steps: 12", "max_steps: 12\n  max_tool_calls: 2")
    own = [record.event for record in records_of(past, past.replay(past.small, other, "policy").run)]
    assert [type(event) for event in own] == [
        RunStarted,
        *(ToolProposed, DecisionMade) * 3,
        *(ToolRefused, DecisionMade, ToolRefused),  # before its approval and after
        ReplayJudged,
    ]


def test_a_model_that_is_asked_anew_and_says_the_same(past: Past, other: Path) -> None:
    """The scripted model is asked for real, tools answer from the journal: the same, and other instructions are drift."""
    assert look(past.replay(past.large, mode="tools-taped")) == ("exact", None, None)
    (other / INSTRUCTIONS).write_text((other / INSTRUCTIONS).read_text() + "\nBe brief.\n")
    outcome = past.replay(past.small, other, "tools-taped")
    assert look(outcome) == ("drift", 0, "prompt")
    assert (outcome.judged.exact, outcome.judged.missed) == (4, 0)  # tools only
    assert past.shell.refunds(past.small) == past.shell.refunds(past.small)


def test_a_model_that_is_told_otherwise_answers_otherwise(past: Past, other: Path) -> None:
    """Where its request differs that is the cause, though it is asked anew: it calls another tool, and nothing is done."""
    edit(other, INSTRUCTIONS, "look the charge up", "be quick")
    outcome = past.replay(past.small, other, "tools-taped")
    assert look(outcome) == ("diverged", 1, "prompt")
    assert outcome.judged.differences[0].field == "/calls/0/name"
    assert outcome.judged.exact == 1  # the ticket was read; the refund that comes now is refused


def test_a_model_that_is_asked_anew_may_use_more(shell: Shell) -> None:
    """What people approved is approved again, though what is left of the budget is another sum in what they saw.

    Here the model sees values, and stand-ins of another length in the replay.
    """
    edit(shell.folder, CONTRACT, "pii_redaction: strict", "pii_redaction: standard")
    waiting = shell("run", "refund-assistant", "--input", "4202", "--json").document
    (approval,) = waiting["suspended"]["waiting_for"]  # type: ignore[index]
    assert shell("approvals", "approve", str(approval), "--as", "alice", "--resume").code == 0
    edit(shell.folder, CONTRACT, "max_input_tokens: 12000", "max_input_tokens: 2000")
    stopped = shell("run", "refund-assistant", "--input", "4201", "--json").document
    for run in (waiting["run"], stopped["run"]):
        outcome = replay_run(open_project(shell.folder), ReplayOrder(str(run), "tools-taped"))
        assert look(outcome) == ("drift", 1, "model"), outcome.judged.detail
        assert outcome.judged.differences[0].field == "/reservation/input_tokens"
        assert outcome.judged.missed == 0


def test_a_policy_in_another_process_is_not_asked_again(shell: Shell) -> None:
    """Rego's answers are on the tape, and that is said; a policy that it never judged by cannot be replayed under."""
    pytest.importorskip("regorus")
    policies = shell.folder / "contracts" / "policies"
    (policies / "all.rego").write_text('package agentctl\ndecision := {"allow": true, "reasons": ["all"]}\n')
    path = shell.folder / CONTRACT
    path.write_text(
        path.read_text()
        + "policies:\n  - {engine: cedar, files: [policies/refund-assistant.cedar]}\n"
        + "  - {engine: rego, files: [policies/all.rego]}\n"
    )
    assert shell("run", "refund-assistant", "--input", "4201").code == 0
    project = open_project(shell.folder)
    outcome = replay_run(project, ReplayOrder("latest"))
    assert look(outcome) == ("exact", None, None)
    assert outcome.judged.from_tape == ("rego:policies/all.rego",)
    again = replay_run(project, ReplayOrder("latest", "policy"))
    assert (look(again), again.judged.from_tape) == (("exact", None, None), ("rego:policies/all.rego",))
    (policies / "all.rego").write_text(
        'package agentctl\ndecision := {"allow": false, "reasons": ["none"]}\n'
    )
    with pytest.raises(UsageError, match="judges in another process"):
        replay_run(project, ReplayOrder("latest", "policy", "refund-assistant"))


# -- the property ---------------------------------------------------------------------------------


def test_wherever_the_process_was_gone_what_there_is_replays(past: Past, tmp_path: Path) -> None:
    """A journal that ends after any of its records is replayed up to there."""
    records = records_of(past, past.large)
    for count in range(1, len(records) + 1):
        judged = replayed_with(past, tmp_path, records[:count])
        assert judged.fidelity == "exact", (count, judged.detail)


def follows(leaf: Leaf, record: Record) -> bool:
    """Whether a value follows from others, so that a replay makes it anew."""
    inputs = INPUTS.get(leaf.kind, ())
    if isinstance(record.event, ApprovalAnswered) and record.event.message is not None:
        inputs = LETTER
    return not leaf.pointer.startswith(inputs) and leaf.value is not None


def check_that_a_change_is_found(past: Past, folder: Path, records: Sequence[Record], leaf: Leaf) -> None:
    """Change one value, make the chain anew, replay: it must not come out as it is there."""
    changed = tampered(records, leaf)
    if changed is None or leaf.pointer.endswith(
        ("/bytes", "version", "environment_digest", "platform_digest")
    ):
        return  # bytes of calls with sealed values; digests of objects that there are not
    try:
        judged = replayed_with(past, folder, changed)
    except IntegrityError:
        return  # nobody could have written that
    assert judged.fidelity == "diverged", (leaf, judged.fidelity)
    assert judged.cause == "code"


@pytest.mark.parametrize("seed", range(3))
def test_a_change_of_meaning_is_found(past: Past, tmp_path: Path, seed: int) -> None:
    """Whoever can write and hash anew cannot change what follows from the rest without being found."""
    records = records_of(past, past.small)
    candidates = [leaf for leaf in leaves(records) if follows(leaf, records[leaf.index])]
    for leaf in Random(seed).sample(candidates, 8):
        check_that_a_change_is_found(past, tmp_path, records, leaf)


@pytest.mark.campaign
@pytest.mark.parametrize("which", ["small", "large"])
def test_every_change_of_meaning_is_found(past: Past, tmp_path: Path, which: str) -> None:
    """The same for every value there is."""
    records = records_of(past, getattr(past, which))
    for leaf in (one for one in leaves(records) if follows(one, records[one.index])):
        check_that_a_change_is_found(past, tmp_path, records, leaf)


def test_a_replay_that_reaches_out_is_stopped(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a tape that asks the network. The guard says so, and nothing was reached."""

    async def reach(*_: object) -> None:
        socket.create_connection(("127.0.0.1", 9), timeout=1)

    monkeypatch.setattr("agentctl.replay.recorded.tools.TapedExecutor.execute", reach)
    with pytest.raises(InternalError, match="reached for the world outside: socket"):
        past.replay(past.small)


# -- journals of released forms -------------------------------------------------------------------


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_recorded_journal_replays(tmp_path: Path, recorded: Path) -> None:
    """Every released form, for ever: with the objects it names it is replayed event by event."""
    shutil.copytree(recorded, tmp_path / "traces")
    shutil.copy(REPOSITORY / "agentctl.toml", tmp_path)
    project = open_project(tmp_path)
    (run,) = project.journals.runs()
    outcome = replay_run(project, ReplayOrder(run))
    assert outcome.judged.fidelity == "exact", outcome.judged.detail
    assert any("earlier version" in note for note in outcome.notes) == (recorded.parent.name == "v1")


def test_an_interrupted_run_is_interrupted_again_in_the_same_place(shell: Shell) -> None:
    """Where somebody stopped it, its replay stops; what went on afterwards goes on."""
    process = shell.start("run", "refund-assistant", "--input", "4201", "--json")
    assert process.stderr is not None
    next(line for line in process.stderr if "model answered" in line)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    project = open_project(shell.folder)
    (run,) = project.journals.runs()
    suspensions = [
        record.event.reason for record in project.journals.read(run) if isinstance(record.event, RunSuspended)
    ]
    if suspensions == ["interrupted"]:  # else it was quicker than the signal
        assert shell("resume", run).code == 0
    assert replay_run(project, ReplayOrder(run)).judged.fidelity == "exact"


@pytest.mark.campaign
@pytest.mark.timeout(12 * 3600)
@pytest.mark.parametrize(("suite", "least"), SUITES.items(), ids=SUITES)
def test_every_run_of_the_tests_replays_a_hundred_times(suite: str, least: int) -> None:
    """Whatever the tests run, and however often it is replayed: the same events, and nothing is reached.

    `AGENTCTL_TESTS_REPLAY` says how often, where a hundred times is too long.
    """
    with TemporaryDirectory(prefix="agentctl-") as name:  # short: sockets lie below it
        check_that_a_suite_replays(suite, least, Path(name))


def check_that_a_suite_replays(suite: str, least: int, folder: Path) -> None:
    """Run tests in a folder, and see that enough was replayed after them, all of it exactly."""
    repeats, tally = os.environ.get(TIMES, "100"), folder / "tally"
    words = f"-q -n 0 --timeout=7200 -p no:cacheprovider --basetemp={folder / 'runs'}".split()
    words += ["-o", "tmp_path_retention_policy=failed", "-m"]  # else a hundred journals of each run lie there
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "not campaign", *suite.split()],
        cwd=REPOSITORY,
        env={**os.environ, TIMES: repeats, TALLY: str(tally)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.split(maxsplit=1) for line in tally.read_text(encoding="utf-8").splitlines()]
    assert not (parted := [test for count, test in lines if count == PARTED]), (parted, done.stdout[-4_000:])
    replays = sum(int(count) for count, _ in lines)
    print(f"{suite}: {replays} replays of {replays // int(repeats)} runs")  # noqa: T201 - for whoever asks with -s
    assert replays >= least * int(repeats)
    assert done.returncode == 0, done.stdout[-4_000:]  # every replay was exact, and something else is wrong
