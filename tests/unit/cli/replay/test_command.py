"""`agentctl replay` as it is typed: what it prints first, what programs read, and how it ends."""

import json
import shutil
from pathlib import Path

import pytest

from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app
from agentctl.cli.replay.lines import replay_lines
from agentctl.composition.replays.replaying import ReplayOutcome
from agentctl.events.replay import Difference, ReplayJudged
from agentctl.events.run import ReplayMode, ReplayOf

REPOSITORY = Path(__file__).parents[4]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one recorded refund, that the command is typed in."""
    shutil.copytree(REPOSITORY / "tests" / "recorded" / "v2" / "answered", tmp_path / "traces")
    shutil.copytree(REPOSITORY / "contracts", tmp_path / "contracts")
    shutil.copy(REPOSITORY / "agentctl.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def replay(*words: str) -> int:
    """Type `agentctl replay`."""
    return exit_code_of(app, ["replay", *words])


@pytest.mark.usefixtures("project")
def test_fidelity_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    """Then the counts, and at the end both runs."""
    assert replay("latest") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "exact: the replay is the run, event by event"
    assert lines[1].strip().startswith("8 requests answered from the journal: 8 as they were")
    assert lines[-1].endswith("(verify)")


@pytest.mark.usefixtures("project")
def test_a_program_reads_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """One document."""
    assert replay("latest", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["fidelity"], document["exact"], document["mode"]) == ("exact", 8, "verify")


def test_another_contract_parts(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, with the step; judged again, the call that would be asked for is named."""
    path = project / "contracts" / "refund-assistant.yaml"
    asked = "- name: zendesk.read_ticket\n      requires_approval: true"
    path.write_text(path.read_text().replace("- name: zendesk.read_ticket", asked))
    assert replay("latest", "--contract", "refund-assistant") == 1
    assert capsys.readouterr().out.startswith("diverged@0: call 0/0: `decision` of `decision.made` differs; ")
    assert replay("latest", "--contract", "refund-assistant", "--mode", "policy") == 1
    out = capsys.readouterr().out
    assert out.startswith("bounded@0: call 0/0 needs an approval now: what is permitted")
    assert "4 judgements: 3 as they were, 1 otherwise" in out


def outcome(mode: ReplayMode = "verify", **judged: object) -> ReplayOutcome:
    """Return a replay that parted."""
    said = {
        "fidelity": "diverged",
        "step": 2,
        "cause": "policy",
        "detail": "call 2/0: it differs",
        "exact": 3,
        "drift": 1,
        "missed": 1,
        "differences": (),
        **judged,
    }
    of = ReplayOf(run="RUN", head="h", mode=mode, version="sha256:1")
    return ReplayOutcome(
        "REPLAY", of, "agent", ReplayJudged.model_validate(said), ("something is not compared",)
    )


def a_difference(number: int) -> Difference:
    """Return a difference."""
    return Difference(step=number, call=None, event="tool.refused", field="", before="", after="one\ntwo")


def test_differences_stand_side_by_side() -> None:
    """The first five; lines of a text below each other; nothing where there is nothing; what was not asked again is named."""
    lines = list(
        replay_lines(
            outcome(differences=tuple(map(a_difference, range(7))), from_tape=("opa:central/refunds",))
        )
    )
    texts = [line.text for line in lines]
    assert texts[0] == "diverged@2: call 2/0: it differs"
    place = texts.index("step 0  tool.refused")
    assert [text.split() for text in texts[place + 1 : place + 4]] == [
        ["in", "the", "run", "(nothing)"],
        ["in", "the", "replay", "one"],
        ["two"],
    ]
    assert "and 2 more differences; `--json` has them" in texts
    assert "not asked again, answered from the journal: opa:central/refunds" in texts
    assert "something is not compared" in texts


def test_the_first_difference_is_told_in_full() -> None:
    """It is the one that counts; of the others a line or two says enough."""
    differences = tuple(a_difference(number).model_copy(update={"after": "x" * 300}) for number in range(2))
    texts = [
        line.text.split()[-1] for line in replay_lines(outcome(differences=differences)) if "xx" in line.text
    ]
    assert texts == ["x" * 300, "x" * 160 + "…"]
