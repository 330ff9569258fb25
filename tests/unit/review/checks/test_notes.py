"""What holds beside the letter of the contract is told."""

from pathlib import Path

from tests.fakes.project_copy import CONTRACT, LIVE, REFUND, SANDBOX, ProjectCopy


def test_our_own_contract_passes_with_notes_only(tmp_path: Path) -> None:
    """The contract as printed, with its policies, has no error and no warning in the sandbox; what is not enforced is named."""
    report = ProjectCopy(tmp_path).report()
    assert report.errors == ()
    assert report.warnings == ()
    [problem] = report.notes
    assert problem.path == "model_routing.escalate_on"
    assert problem.found.startswith("accepted, but not enforced yet")


def test_our_own_contract_passes_in_live_with_a_warning(tmp_path: Path) -> None:
    """Its refunds would be denied there: nobody is more than asserted in this version, and that is said before the first run."""
    project = ProjectCopy(tmp_path)
    project.set(
        LIVE, ("models", "small-fast"), [{"name": "m", "provider": "litellm", "model": "openai/gpt-4o-mini"}]
    )
    [told] = project.warnings("live")
    assert told.startswith("tools.allowlist[2].name: `stripe.create_refund` changes something real")


def test_a_reduced_trace_is_named_as_not_enforced(project: ProjectCopy) -> None:
    """Somebody who asks for less than a full trace learns that it is full."""
    project.set(CONTRACT, ("logging", "trace_level"), "metadata")
    assert project.notes() == ["logging.trace_level: accepted, but not enforced yet: traces are `full`"]


def test_a_contract_in_the_file_of_another_agent_is_an_error(project: ProjectCopy) -> None:
    """An agent is run by the name of its file."""
    project.set(CONTRACT, ("agent", "name"), "refunder")
    assert "agent.name: the file is `refund-assistant.yaml` and the agent is `refunder`" in project.errors()


def test_an_agent_without_instructions_is_a_note(project: ProjectCopy) -> None:
    """The model would be told nothing."""
    (project.root / "contracts/refund-assistant.md").write_text(" \n")
    assert project.notes() == ["agent: the agent has no instructions"]


def test_instructions_that_cannot_be_read_are_an_error_and_no_note(project: ProjectCopy) -> None:
    """A file that is named must be there."""
    project.set(CONTRACT, ("agent", "instructions"), "nowhere.md")
    [told] = project.errors()
    assert "nowhere.md" in told
    assert project.notes() == []


def test_a_script_that_is_not_there_is_the_environments_problem(project: ProjectCopy) -> None:
    """Its place is the line that names the folder."""
    (project.root / "contracts/environments/sandbox/scripts/refund-assistant.yaml").unlink()
    [problem] = project.report().errors
    assert (problem.place.file, problem.path) == (SANDBOX, "models.small-fast[0].scripts")
    assert problem.accepted == "the file contracts/environments/sandbox/scripts/refund-assistant.yaml"


def test_seeds_that_are_not_there_are_an_error(project: ProjectCopy) -> None:
    """The back office would not start."""
    project.set(SANDBOX, ("sandbox", "seeds", 0), "sandbox/nothing.yaml")
    assert project.errors() == [
        "sandbox.seeds[0]: there is no file contracts/environments/sandbox/nothing.yaml"
    ]


def test_the_code_of_a_python_tool_is_there(project: ProjectCopy) -> None:
    """It is part of the version."""
    python = {"type": "python", "file": "add.py", "function": "add"}
    project.add_tool("math.add", REFUND, executor=python, effect_key="add:{charge}", retry="never")
    project.allow("math.add", requires_approval=True)
    [problem] = project.report().errors
    assert problem.place.file == "contracts/tools/math.add.yaml"
    assert "add.py" in problem.found
    assert project.review().version is None
    (project.root / "contracts/tools/add.py").write_text("def add(**_):\n    return 0\n")
    assert project.errors() == []


def test_cases_without_their_policy_are_a_note(project: ProjectCopy) -> None:
    """Whoever deleted the policy and left its cases learns that calls are not judged by it any more; whoever named none, not."""
    cases = project.root / "contracts/policies/refund-assistant.cases.yaml"
    cases.parent.mkdir()
    cases.write_text("cases: []\n")
    [told] = [note for note in project.notes() if "policy" in note]
    assert told == (
        "agent: the contract has no policy, though there are cases of one in `contracts/policies/refund-assistant.cases.yaml`"
    )
    project.set(CONTRACT, ("policies",), [])
    assert [note for note in project.notes() if "policy" in note] == []
