"""`agentctl contract check | show | schema`, as a person sees them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agentctl.cli.contract.commands import app
from agentctl.cli.failure import exit_code_of
from agentctl.review.schema_files import KINDS, schema_of_kind
from tests.fakes.pace import quickly
from tests.fakes.project_copy import AGENT, CONTRACT, PLATFORM, REFUND, SANDBOX, ProjectCopy

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectCopy:
    """Return a copy of our own project, and go there."""
    monkeypatch.chdir(tmp_path)
    return ProjectCopy(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command and gives its exit code, its answer and its remarks."""

    def command(*arguments: str) -> tuple[int, str, str]:
        code = exit_code_of(app, arguments)
        answer, remarks = capsys.readouterr()
        return code, answer, remarks

    return command


def article() -> str:
    """Return the contract as the article prints it, indentation restored."""
    return """\
agent:
  name: refund-assistant
  owner: finance-ops
model_routing:
  default: small-fast
  escalate_on:
    - tool_error_rate_gt: 0.05
    - amount_usd_ge: 200
budgets:
  max_steps: 12
  max_input_tokens: 12000
  max_output_tokens: 1500
  max_cost_usd_per_run: 0.75
tools:
  allowlist:
    - name: zendesk.read_ticket
    - name: stripe.lookup_charge
    - name: stripe.create_refund
      requires_approval: true
identity:
  mode: on_behalf_of
  token_ttl_seconds: 900
logging:
  trace_level: full
  pii_redaction: strict
"""


def test_the_articles_contract_passes_with_notes_only(project: ProjectCopy, run: Run) -> None:
    """As printed, in our sandbox: no error, no warning, and an honest last line."""
    (project.root / CONTRACT).write_text(article())
    code, answer, remarks = run("check")
    *notes, last = answer.splitlines()
    assert (code, remarks) == (0, "")
    instead = "`model_routing.default` answers every step"
    assert notes == [
        f"{CONTRACT}:6:3: note: model_routing.escalate_on: accepted, but not enforced yet: {instead}"
    ]
    version = project.files.agent_version(project.files.agent(AGENT)).digest
    assert last == f"refund-assistant in sandbox: 0 errors, 0 warnings, 1 note; version {version}"


def test_each_finding_is_one_line_with_its_place(project: ProjectCopy, run: Run) -> None:
    """File, line, column, severity, path, what was found, what is accepted, and what was probably meant."""
    (project.root / CONTRACT).write_text(article().replace("zendesk.read_ticket", "zendesk.read_tiket"))
    code, answer, _ = run("check", AGENT)
    assert code == 2
    assert answer.splitlines()[0] == (
        f"{CONTRACT}:16:13: error: tools.allowlist[0].name: there is no tool `zendesk.read_tiket` in contracts/tools; "
        "accepted: a tool of the registry; did you mean `zendesk.read_ticket`?"
    )
    assert answer.splitlines()[-1].endswith("no version as long as it does not load")


def test_all_agents_are_checked_by_default(project: ProjectCopy, run: Run) -> None:
    """One that fails makes the command fail; the others are told too."""
    (project.root / "contracts/second.yaml").write_text("agent: {name: second, owner: ops}\n")
    code, answer, _ = run("check")
    assert code == 2
    assert "contracts/second.yaml:1:1: error: model_routing: the key `model_routing` is missing" in answer
    assert "second in sandbox: 1 error, 0 warnings, 0 notes; no version" in answer
    assert "refund-assistant in sandbox: 0 errors" in answer


def test_a_file_is_checked_wherever_it_lies(project: ProjectCopy, run: Run) -> None:
    """A draft beside the project's contracts is checked against the project."""
    (project.root / "draft.yaml").write_text(article())
    code, answer, _ = run("check", "draft.yaml")
    assert code == 0
    assert "draft.yaml:6:3: note: model_routing.escalate_on: " in answer
    assert "draft.yaml:1:1: note: agent: the agent has no instructions" in answer


def test_the_environment_can_be_chosen(project: ProjectCopy, run: Run) -> None:
    """The same contract is checked where it will run."""
    project.set("contracts/environments/live.yaml", ("backends", "stripe", "url"), "http://edge.example.com")
    code, answer, _ = run("check", AGENT, "--env", "live")
    assert code == 2
    assert "backends.stripe.url: `http://edge.example.com` is not encrypted" in answer
    assert "refund-assistant in live: " in answer


def test_findings_as_json(project: ProjectCopy, run: Run) -> None:
    """One document with everything that the lines say."""
    project.set(REFUND, ("effect_key",), "refund:{chrage}")
    code, answer, _ = run("check", "--json")
    [reviewed] = json.loads(answer)
    assert code == 2
    assert (reviewed["agent"], reviewed["environment"], reviewed["passed"]) == (AGENT, "sandbox", False)
    [error] = reviewed["errors"]
    assert (error["file"], error["path"], error["nearest"]) == (REFUND, "effect_key", "charge")
    assert error["line"] > 0
    assert [note["path"] for note in reviewed["notes"]] == ["model_routing.escalate_on"]
    assert reviewed["version"].startswith("sha256:")


def test_a_project_without_contracts_says_how_to_get_one(project: ProjectCopy, run: Run) -> None:
    """Nothing to check is not the same as nothing wrong."""
    (project.root / CONTRACT).unlink()
    code, answer, remarks = run("check")
    assert (code, answer) == (2, "")
    assert "there is no contract to check" in remarks


def test_outside_of_a_project_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """The marker of a project is named."""
    monkeypatch.chdir(tmp_path)
    code, _, remarks = run("check")
    assert code == 2
    assert "agentctl.toml" in remarks


def test_show_tells_every_value_with_its_origin_and_the_digests(project: ProjectCopy, run: Run) -> None:
    """What holds, by which line."""
    project.set(PLATFORM, ("token_ttl_seconds_at_most",), 60)
    code, answer, remarks = run("show", AGENT)
    lines = {tuple(line.split()) for line in answer.splitlines()}
    platform = next(line for line in lines if line[:2] == ("identity.token_ttl_seconds", "60"))
    assert (code, remarks) == (0, "")
    assert ("budgets.max_tool_calls", "32", "default") in lines
    assert platform[2].startswith(f"{PLATFORM}:")
    version = project.files.agent_version(project.files.agent(AGENT)).digest
    assert (version, "version") in lines
    assert sum(line[-2:-1] == ("tool",) for line in lines) == 3
    assert "not enforced yet: model_routing.escalate_on" in answer


@pytest.mark.usefixtures("project")
def test_show_breaks_no_line_at_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a row is wider than it is, what follows the name stands below it."""
    monkeypatch.setattr("agentctl.cli.screen.terminal.Terminal.room", 80)
    lines = run("show", AGENT)[1].splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[lines.index("budgets.max_steps") + 1] == f"  12  {CONTRACT}:12:14"
    assert (lines[-2][:7], lines[-1][:7]) == ("sha256:", "  tool ")


@pytest.mark.usefixtures("project")
def test_show_as_json(run: Run) -> None:
    """Values, origins, digests, and what is not enforced."""
    code, answer, _ = run("show", AGENT, "--json", "--env", "live")
    shown = json.loads(answer)
    assert code == 0
    assert (shown["agent"], shown["environment"]) == (AGENT, "live")
    assert {"path": "budgets.max_tool_calls", "value": "32", "origin": "default"} in shown["values"]
    assert shown["digests"]["tools"].keys() >= {"stripe.create_refund"}
    assert shown["not_enforced"] == ["model_routing.escalate_on"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_printed(kind: str, run: Run) -> None:
    """One kind, one schema; no project is needed."""
    code, answer, _ = run("schema", kind)
    assert code == 0
    assert json.loads(answer) == schema_of_kind(kind)


def test_all_schemas_are_printed_by_kind(run: Run) -> None:
    """Without a kind, all of them."""
    code, answer, _ = run("schema")
    assert code == 0
    assert tuple(json.loads(answer)) == KINDS


def test_schemas_are_written_to_files(tmp_path: Path, run: Run) -> None:
    """The files hold exactly what is printed, and are named."""
    code, answer, _ = run("schema", "--out", str(tmp_path / "deep" / "schemas"))
    files = sorted((tmp_path / "deep" / "schemas").iterdir())
    assert code == 0
    assert [path.name for path in files] == sorted(f"{kind}.schema.json" for kind in KINDS)
    assert sorted(answer.split()) == [str(path) for path in files]
    assert files[0].read_text() == run("schema", "agent")[1]


def test_the_files_that_were_written_as_json(tmp_path: Path, run: Run) -> None:
    """A list of paths."""
    code, answer, _ = run("schema", "tool", "--out", str(tmp_path), "--json")
    assert (code, json.loads(answer)) == (0, [str(tmp_path / "tool.schema.json")])


def test_a_folder_that_cannot_be_written_is_a_usage_error(tmp_path: Path, run: Run) -> None:
    """A file is no folder."""
    (tmp_path / "file").write_text("")
    code, answer, remarks = run("schema", "--out", str(tmp_path / "file"))
    assert (code, answer) == (2, "")
    assert "cannot be written" in remarks


def test_an_unknown_kind_is_a_usage_error(run: Run) -> None:
    """The kinds are named."""
    code, _, remarks = run("schema", "policy")
    assert code == 2
    assert "platform" in remarks


# -- bad inputs ------------------------------------------------------------------------------------------------

DEEP = "a: " + "[" * 20_000 + "]" * 20_000
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nagent: {<<: *c}\n"


def changed(old: str, new: str) -> bytes:
    """Return the article's contract with one thing changed."""
    assert old in article()
    return article().replace(old, new).encode()


BAD_CONTRACTS = {
    "empty": (b"", "1:1: error: an empty file"),
    "only a comment": (b"# nothing\n", "error: an empty file"),
    "two documents": (article().encode() + b"---\n" + article().encode(), "26:1: error: a second document"),
    "byte order mark": (b"\xef\xbb\xbf" + article().encode(), "error: begins with a byte order mark"),
    "UTF-16": (article().encode("utf-16"), "error: begins with a byte order mark"),
    "not UTF-8": (
        changed("finance-ops", "fin\xe4nce").decode().encode("latin-1"),
        "3:13: error: the byte `0xe4`",
    ),
    "duplicate key": (
        changed("  max_steps: 12\n", "  max_steps: 12\n  max_steps: 99\n"),
        "11:3: error: the key `max_steps` a second time",
    ),
    "a tag": (
        changed("owner: finance-ops", "owner: !!python/object/apply:os.system ['id']"),
        "3:10: error: a tag",
    ),
    "merge-key bomb": (BOMB.encode(), "error: an anchor"),
    "very deep": (DEEP.encode(), "error: nested deeper than 64 levels"),
    "very large": (b"a: " + b"x" * 300_000, "error: more than 256 KiB"),
    "keys that collapse": (b"1: a\ntrue: b\n1.0: c\nnull: d\n", "1:1: error: the key `1`, which is not text"),
    "infinity": (changed("max_steps: 12", "max_steps: .inf"), "10:14: error: `.inf`, not a finite number"),
    "not a number": (
        changed("max_steps: 12", "max_steps: .nan"),
        "10:14: error: `.nan`, not a finite number",
    ),
    "negative": (
        changed("max_steps: 12", "max_steps: -1"),
        "10:14: error: budgets.max_steps: the number `-1`",
    ),
    "text for a number": (
        changed("max_steps: 12", 'max_steps: "10"'),
        "10:14: error: budgets.max_steps: the text `10`",
    ),
    "overflow": (
        changed("max_steps: 12", "max_steps: 1e999"),
        "10:14: error: `1e999`, a number with an exponent",
    ),
    "zero": (changed("max_steps: 12", "max_steps: 0"), "10:14: error: budgets.max_steps: the number `0`"),
    "negative money": (
        changed("0.75", "-0.75"),
        "13:25: error: budgets.max_cost_usd_per_run: the number `-0.75`",
    ),
    "boolean for a number": (
        changed("max_steps: 12", "max_steps: true"),
        "10:14: error: budgets.max_steps: `true`",
    ),
    "unknown key": (
        changed("requires_approval", "requires_aproval"),
        "19:7: error: tools.allowlist[2].requires_aproval: an unknown key",
    ),
    "old boolean": (
        changed("requires_approval: true", "requires_approval: yes"),
        "19:26: error: `yes`, a word that some readers take for a boolean",
    ),
    "unclosed": (b"agent: [1, 2\n", "error: not YAML"),
    "a list": (b"- 1\n- 2\n", "1:1: error: a list of 2 items"),
    "a text": (b"refund-assistant\n", "1:1: error: the text `refund-assistant`"),
    "null byte": (changed("finance-ops", "fin\x00ance"), "3:13: error: the character"),
    "hidden direction": (changed("finance-ops", "fin\u202eance"), "3:13: error: the character"),
}

BAD_NAMES = {
    "Cyrillic": "stripe.d\u0435lete_file",
    "fullwidth": "stripe.\uff44elete",
    "capitals": "stripe.Delete_File",
    "parent folder": "../../x",
    "inner parent": "a/../b",
    "drive": "C:\\x",
    "device": "con",
    "long": "a." + "b" * 300,
    "empty": '""',
    "dot": ".",
    "shell": "$(id).x",
    "zero width": "stripe.create\u200b_refund",
}


@pytest.mark.parametrize("row", BAD_CONTRACTS)
def test_bad_contracts_are_refused_with_a_line(project: ProjectCopy, run: Run, row: str) -> None:
    """Exit code 2, one line with file and place, within two seconds of work, no traceback, no effect."""
    content, told = BAD_CONTRACTS[row]
    (project.root / "bad.yaml").write_bytes(content)
    code, answer, remarks = quickly(lambda: run("check", "bad.yaml"), within=2)
    assert (code, remarks) == (2, "")
    assert any(line.startswith("bad.yaml") and told in line for line in answer.splitlines()), answer
    assert "Traceback" not in answer
    assert answer.splitlines()[-1].startswith("bad.yaml in sandbox: ")


@pytest.mark.parametrize("row", BAD_NAMES)
def test_bad_tool_names_are_refused_with_a_line(project: ProjectCopy, run: Run, row: str) -> None:
    """Only lower-case ASCII names of a tool with its namespace are taken."""
    (project.root / "bad.yaml").write_bytes(changed("zendesk.read_ticket", BAD_NAMES[row]))
    code, answer, _ = run("check", "bad.yaml")
    assert code == 2
    assert answer.startswith("bad.yaml:16:13: error: ")


@pytest.mark.parametrize("row", sorted(BAD_NAMES.keys() - {"device"}))
def test_bad_agent_names_are_refused_with_a_line(project: ProjectCopy, run: Run, row: str) -> None:
    """An agent's name becomes a file's name, so it is plain."""
    (project.root / "bad.yaml").write_bytes(changed("name: refund-assistant", f"name: {BAD_NAMES[row]}"))
    code, answer, _ = run("check", "bad.yaml")
    assert code == 2
    assert answer.startswith("bad.yaml:2:9: error: ")


@pytest.mark.parametrize(
    "reference", ["../../etc/passwd", "/etc/passwd", "C:\\x", ".", "\u0435.md", "x" * 300]
)
def test_instructions_outside_of_the_project_are_refused(
    project: ProjectCopy, run: Run, reference: str
) -> None:
    """A contract names files of its own project, or nothing."""
    project.set(CONTRACT, ("agent", "instructions"), reference)
    code, answer, _ = run("check", AGENT)
    assert code == 2
    assert answer.startswith(f"{CONTRACT}:")
    assert "Traceback" not in answer


@pytest.mark.parametrize(
    "argument",
    [
        ";rm -rf",
        "$(id)",
        "",
        ".",
        "con",
        "x" * 300,
        "r\u0435fund-assistant",
        "Refund-Assistant",
        "refund_assistant",
        "\x1b[2J",
    ],
)
@pytest.mark.usefixtures("project")
def test_arguments_that_are_no_agent_are_refused(run: Run, argument: str) -> None:
    """What is typed never becomes a path, a command or a control sequence."""
    code, answer, remarks = run("check", argument)
    assert (code, answer) == (2, "")
    assert remarks.startswith("error: command line: there is no agent `")
    assert "\x1b" not in remarks


@pytest.mark.parametrize(
    "argument",
    ["../../x", "a/../b", "/dev/null/x.yaml", "nonesuch.yaml", "x" * 300 + ".yaml", "/", "contracts/"],
)
@pytest.mark.usefixtures("project")
def test_files_that_are_not_there_are_refused(run: Run, argument: str) -> None:
    """A path is only ever read."""
    code, answer, _ = run("check", argument)
    assert code == 2
    assert "Traceback" not in answer
    assert ": error: " in answer.splitlines()[0]


def test_options_that_are_none_are_refused(project: ProjectCopy, run: Run) -> None:
    """`-rf` is no option, and behind `--` it is no agent."""
    assert run("check", "-rf")[0] == 2
    assert run("check", "--", "-rf")[0] == 2
    assert run("check", "--", "--help")[0] == 2
    assert project.report().errors == ()


@pytest.mark.usefixtures("project")
def test_an_unknown_environment_is_refused_with_the_nearest_name(run: Run) -> None:
    """So is one that is a path."""
    code, _, remarks = run("check", "--env", "sandbx")
    assert code == 2
    assert "did you mean `sandbox`?" in remarks
    assert run("check", "--env", "../environments/sandbox")[0] == 2


def test_a_broken_environment_is_told_with_its_line(project: ProjectCopy, run: Run) -> None:
    """Whatever file is wrong, it has a place."""
    project.set(SANDBOX, ("kind",), "production")
    code, answer, _ = run("check")
    assert code == 2
    assert answer.startswith(f"{SANDBOX}:")
