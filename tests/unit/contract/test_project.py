"""The files of a project are found and loaded, or refused with the place of the line that names them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agentctl.contract.platform import PlatformRules
from agentctl.contract.policy_version import PlatformVersion
from agentctl.contract.project import ProjectFiles, nearest
from agentctl.contract.tool import PythonExecutor
from agentctl.contract.version import AgentVersion
from agentctl.foundation.errors import InvalidInput, Problem, UsageError
from tests.fakes.project_copy import (
    AGENT,
    CONTRACT,
    LIVE,
    LOOKUP,
    PLATFORM,
    READ_TICKET,
    REFUND,
    SANDBOX,
    SCRIPT,
    ProjectCopy,
)

INSTRUCTIONS = "contracts/refund-assistant.md"
ADD, ADD_FILE, CODE = "math.add", "contracts/tools/math.add.yaml", "contracts/tools/add.py"
READ, LOOK_UP = "zendesk.read_ticket", "stripe.lookup_charge"
LARGEST = 256 << 10


@pytest.fixture
def project(tmp_path: Path) -> ProjectCopy:
    """Return a copy of our own project, in a folder that has an outside."""
    return ProjectCopy(tmp_path / "project")


def refused(act: Callable[[], object]) -> list[str]:
    """Return the problems of something that is refused, as lines."""
    return [str(problem) for problem in problems(act)]


def problems(act: Callable[[], object]) -> tuple[Problem, ...]:
    """Return the problems of something that is refused."""
    with pytest.raises(InvalidInput) as caught:
        act()
    return caught.value.problems


def line_of(project: ProjectCopy, file: str, text: str) -> str:
    """Return the place of the only line of a file that holds a text: `file:line:column`."""
    [(number, line)] = [
        (number, line)
        for number, line in enumerate((project.root / file).read_text().splitlines(), 1)
        if text in line
    ]
    return f"{file}:{number}:{len(line) - len(line.lstrip(' -')) + 1}"


def outside_of(folder: Path) -> Path:
    """Return the folder that the project of a folder lies in."""
    return next(above.parent for above in (folder, *folder.parents) if above.name == "project")


def outside(place: str, reference: str) -> list[str]:
    """Return the refusal of a path that leaves the project."""
    return [f"{place}: `{reference}` lies outside the project; accepted: a path inside the project"]


def unknown_tool(place: str, name: str) -> str:
    """Return the beginning of the refusal of a tool that is not in the registry."""
    return f"{place}: there is no tool `{name}` in contracts/tools; accepted: a tool of the registry"


def with_python_tool(project: ProjectCopy, file: str = "add.py") -> None:
    """Put a tool into the registry, and into the allowlist, whose code is a file."""
    executor = {"type": "python", "file": file, "function": "add"}
    project.add_tool(ADD, REFUND, executor=executor, retry="never")
    project.allow(ADD)


def version_of(project: ProjectCopy) -> AgentVersion:
    """Return the version of our agent."""
    return project.files.agent_version(project.files.agent(AGENT))


# -- what there is --------------------------------------------------------------------------------


def test_agents_and_environments_are_known_by_their_files(project: ProjectCopy) -> None:
    """In the order of the alphabet; the platform's rules are no agent, and what is no YAML is nothing."""
    (project.root / "contracts/another.yaml").touch()
    assert project.files.agents() == ("another", AGENT)
    assert project.files.environments() == ("live", "sandbox")


def test_an_empty_folder_has_nothing(tmp_path: Path) -> None:
    """Absent means none, and none is no error where none is needed."""
    files = ProjectFiles(tmp_path)
    assert (files.agents(), files.environments(), files.tools(), files.platform()) == ((), (), {}, None)


def test_an_agent_is_loaded_with_its_file(project: ProjectCopy) -> None:
    """By its name, and the same by its path; the file is shown as it lies in the project."""
    loaded = project.files.agent(AGENT)
    assert loaded.document.agent.name == AGENT
    assert loaded.path == project.root / CONTRACT
    assert loaded.source.file == CONTRACT
    assert project.files.contract_at(project.root / CONTRACT) == loaded


def test_a_contract_outside_the_project_is_shown_by_its_whole_path(
    project: ProjectCopy, tmp_path: Path
) -> None:
    """One may be checked that lies elsewhere, and nobody is left to guess which it was."""
    elsewhere = (project.root / CONTRACT).rename(tmp_path / "elsewhere.yaml")
    assert project.files.contract_at(elsewhere).source.file == str(elsewhere)
    assert project.files.shown(project.root / CONTRACT) == CONTRACT


def test_the_platforms_rules_are_loaded_where_there_are_some(project: ProjectCopy) -> None:
    """A project without the file has no rules; a file that does not fit is refused."""
    loaded = project.files.platform()
    assert loaded is not None
    assert loaded.document.budget_ceilings.max_steps == 40
    project.set(PLATFORM, ("budget_ceilings", "max_steps"), 0)
    [told] = refused(project.files.platform)
    assert told.startswith(f"{PLATFORM}:2:14: budget_ceilings.max_steps: the number `0`; accepted: ")
    (project.root / PLATFORM).unlink()
    assert project.files.platform() is None


def test_an_environment_is_loaded_by_its_name(project: ProjectCopy) -> None:
    """With its file."""
    loaded = project.files.environment("live")
    assert (loaded.document.kind, loaded.path, loaded.source.file) == ("live", project.root / LIVE, LIVE)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("refund-asistant", "; did you mean `refund-assistant`?"),
        ("platform", ""),
        ("../contracts/refund-assistant", "; did you mean `refund-assistant`?"),
        ("", ""),
    ],
)
def test_an_unknown_agent_is_refused_with_the_nearest(project: ProjectCopy, name: str, hint: str) -> None:
    """The platform's file is no agent, and a path is no name."""
    with pytest.raises(UsageError) as caught:
        project.files.agent(name)
    assert str(caught.value) == (
        f"command line: there is no agent `{name}`; accepted: `refund-assistant`{hint}"
    )


def test_an_unknown_environment_is_refused_with_the_nearest(project: ProjectCopy) -> None:
    """And with those there are."""
    with pytest.raises(UsageError) as caught:
        project.files.environment("sandbx")
    assert str(caught.value) == (
        "command line: there is no environment `sandbx`; accepted: `live`, `sandbox`; did you mean `sandbox`?"
    )


def test_a_file_whose_name_is_no_name_cannot_be_asked_for(project: ProjectCopy) -> None:
    """It is listed, so that it is seen, and never loaded."""
    (project.root / CONTRACT).rename(project.root / "contracts/Refund.yaml")
    assert project.files.agents() == ("Refund",)
    with pytest.raises(
        UsageError, match=r"`Refund\.yaml` cannot be an agent's.*: give the file another name"
    ):
        project.files.agent("Refund")
    with pytest.raises(UsageError, match="there is no agent `refund`; accepted: none is defined"):
        project.files.agent("refund")


def test_where_nothing_is_defined_it_is_said(tmp_path: Path) -> None:
    """And a name of any length is told in a line."""
    [told] = refused(lambda: ProjectFiles(tmp_path).environment("x" * 5_000))
    assert told == f"command line: there is no environment `{'x' * 80}`; accepted: none is defined"


def test_an_environment_that_names_itself_differently_is_refused(project: ProjectCopy) -> None:
    """At its name: a copied file must not pass for the one it was copied from."""
    project.set(LIVE, ("name",), "sandbox")
    assert refused(lambda: project.files.environment("live")) == [
        f"{LIVE}:1:1: name: the file is `live.yaml` and names itself `sandbox`; accepted: `live`"
    ]


@pytest.mark.parametrize(
    ("known", "found"), [(["sandbox", "live"], "sandbox"), (["live"], ""), ([], "")], ids=repr
)
def test_the_nearest_name_is_a_near_one(known: list[str], found: str) -> None:
    """None is better than a wrong one."""
    assert nearest("sandbix", known) == found


# -- the registry ---------------------------------------------------------------------------------


def test_the_registry_holds_every_tool_by_its_name(project: ProjectCopy) -> None:
    """Whatever its file is called."""
    (project.root / REFUND).rename(project.root / "contracts/tools/a.yaml")
    registry = project.files.tools()
    assert list(registry) == ["stripe.create_refund", LOOK_UP, READ]
    assert [loaded.document.name for loaded in registry.values()] == list(registry)
    assert registry["stripe.create_refund"].source.file == "contracts/tools/a.yaml"


def test_two_descriptors_of_one_name_are_refused(project: ProjectCopy) -> None:
    """Told at the name of every later one, with the first: which of them was meant nobody can say."""
    for copy in ("zendesk.write_ticket", "zendesk.write_tickets"):
        project.add_tool(copy)
        project.set(f"contracts/tools/{copy}.yaml", ("name",), READ)
    assert refused(project.files.tools) == [
        f"contracts/tools/{copy}.yaml:1:1: name: `{READ}` is defined in {READ_TICKET} too"
        for copy in ("zendesk.write_ticket", "zendesk.write_tickets")
    ]


def test_all_bad_tool_files_are_told_together(project: ProjectCopy) -> None:
    """File by file: what does not load, and what loads a second time."""
    project.drop(LOOKUP, ("description",))
    project.set(REFUND, ("effect",), "wirte")
    project.set(project.add_tool("zendesk.twin"), ("name",), READ)
    (project.root / "contracts/tools/broken.yaml").write_text("name: [\n")
    (project.root / "contracts/tools/folder.yaml").mkdir()
    told = refused(project.files.tools)
    assert [line.split(":")[0].removeprefix("contracts/tools/") for line in told] == [
        "broken.yaml",
        "folder.yaml",
        "stripe.create_refund.yaml",
        "stripe.lookup_charge.yaml",
        "zendesk.twin.yaml",
    ]
    assert told[1] == "contracts/tools/folder.yaml: is a directory; accepted: a YAML file"
    assert told[2].endswith("did you mean `write`?")


# -- the version of an agent ----------------------------------------------------------------------


def test_a_version_has_all_a_contract_refers_to(project: ProjectCopy) -> None:
    """Contract, instructions, and the tools in the allowlist's order; no other tool of the registry."""
    project.add_tool("zendesk.unused")
    version = version_of(project)
    assert version.contract == project.files.agent(AGENT).document
    assert version.instructions == (project.root / INSTRUCTIONS).read_text()
    assert list(version.tools) == [READ, LOOK_UP, "stripe.create_refund"]
    assert {tool.code for tool in version.tools.values()} == {None}


def test_a_version_has_the_code_of_its_python_tools(project: ProjectCopy) -> None:
    """The bytes as they are, up to the largest size there may be."""
    with_python_tool(project)
    code = b"\xff" * LARGEST
    (project.root / CODE).write_bytes(code)
    tool = version_of(project).tools[ADD]
    assert isinstance(tool.descriptor.executor, PythonExecutor)
    assert tool.code == code


def test_tools_of_the_allowlist_that_do_not_exist_are_refused(project: ProjectCopy) -> None:
    """Each at its entry, with the nearest of the registry where one is near."""
    project.allow("stripe.creat_refund")
    project.allow("other.thing")
    near, far = (line_of(project, CONTRACT, name) for name in ("stripe.creat_refund", "other.thing"))
    assert refused(lambda: version_of(project)) == [
        unknown_tool(f"{near}: tools.allowlist[3].name", "stripe.creat_refund")
        + "; did you mean `stripe.create_refund`?",
        unknown_tool(f"{far}: tools.allowlist[4].name", "other.thing"),
    ]


# -- instructions ---------------------------------------------------------------------------------


def test_instructions_lie_beside_the_contract_or_nowhere(project: ProjectCopy) -> None:
    """Where the contract names none: the file of the agent's name, or no instructions at all."""
    (project.root / INSTRUCTIONS).write_text("Bæ kind.\n", encoding="utf-8")
    assert project.files.instructions(project.files.agent(AGENT)) == "Bæ kind.\n"
    (project.root / INSTRUCTIONS).unlink()
    assert project.files.instructions(project.files.agent(AGENT)) == ""


def test_instructions_may_lie_anywhere_in_the_project(project: ProjectCopy) -> None:
    """The path is relative to the contract, and links inside the project are followed."""
    (project.root / "texts").mkdir()
    (project.root / "texts/kind.md").write_text("Be kind.")
    (project.root / "contracts/link.md").symlink_to("../texts/kind.md")
    for reference in ("../texts/kind.md", "link.md", str(project.root / "texts/kind.md")):
        project.set(CONTRACT, ("agent", "instructions"), reference)
        assert version_of(project).instructions == "Be kind."


def test_a_project_that_is_reached_through_a_link_is_its_own_inside(
    project: ProjectCopy, tmp_path: Path
) -> None:
    """Both sides of the comparison have their links followed."""
    (tmp_path / "link").symlink_to(project.root)
    project.set(CONTRACT, ("agent", "instructions"), "refund-assistant.md")
    files = ProjectFiles(tmp_path / "link")
    assert files.instructions(files.agent(AGENT)) == (project.root / INSTRUCTIONS).read_text()


def through_parents(folder: Path) -> str:
    """Return a way out of a folder that goes up."""
    return os.path.relpath(outside_of(folder) / "secret", folder)


def by_its_whole_path(folder: Path) -> str:
    """Return a way out that begins at the root."""
    return str(outside_of(folder) / "secret")


def through_a_link(folder: Path) -> str:
    """Return a way out that looks like a file of the folder."""
    (folder / "link").symlink_to(outside_of(folder) / "secret")
    return "link"


def through_a_linked_folder(folder: Path) -> str:
    """Return a way out that looks like a folder in the folder."""
    (folder / "linked").symlink_to(outside_of(folder))
    return "linked/secret"


WAYS_OUT = [through_parents, by_its_whole_path, through_a_link, through_a_linked_folder]


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_instructions_outside_the_project_are_refused(
    project: ProjectCopy, way_out: Callable[[Path], str]
) -> None:
    """Also where the file is there and could be read; what it says is in no message."""
    (project.root.parent / "secret").write_text("hidden words")
    reference = way_out(project.root / "contracts")
    project.set(CONTRACT, ("agent", "instructions"), reference)
    place = line_of(project, CONTRACT, "instructions:")
    assert refused(lambda: version_of(project)) == outside(place, reference)


def test_a_folder_whose_name_begins_like_the_projects_is_outside(project: ProjectCopy) -> None:
    """Paths are compared part by part, not letter by letter."""
    (project.root.parent / "project-2").mkdir()
    (project.root.parent / "project-2/x.md").write_text("hidden words")
    project.set(CONTRACT, ("agent", "instructions"), "../../project-2/x.md")
    [told] = refused(lambda: version_of(project))
    assert "lies outside the project" in told


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("gone.md", "gone.md: No such file or directory; accepted: a readable file"),
        ("environments", "environments is not a regular file; accepted: a file"),
        ("large.md", f"large.md has more than {LARGEST} bytes; accepted: at most {LARGEST} bytes"),
    ],
)
def test_instructions_that_cannot_be_read_are_refused(
    project: ProjectCopy, reference: str, told: str
) -> None:
    """At the line that names them."""
    (project.root / "contracts/large.md").write_bytes(b"x" * (LARGEST + 1))
    project.set(CONTRACT, ("agent", "instructions"), reference)
    place = line_of(project, CONTRACT, "instructions:")
    assert refused(lambda: version_of(project)) == [f"{place}: {told}"]


@pytest.mark.parametrize("named", [False, True], ids=["beside the contract", "named"])
def test_instructions_that_are_not_utf_8_are_refused(project: ProjectCopy, *, named: bool) -> None:
    """The file itself is what is wrong, not the line that names it."""
    (project.root / INSTRUCTIONS).write_bytes(b"caf\xe9")
    if named:
        project.set(CONTRACT, ("agent", "instructions"), "refund-assistant.md")
    assert refused(lambda: version_of(project)) == [
        f"{CONTRACT}:4:3: refund-assistant.md is not UTF-8; accepted: UTF-8 text"
    ]


def test_large_instructions_beside_the_contract_are_refused(project: ProjectCopy) -> None:
    """At the agent's name, which is what names them."""
    (project.root / INSTRUCTIONS).write_bytes(b"x" * (LARGEST + 1))
    place = line_of(project, CONTRACT, "name: refund-assistant")
    assert refused(lambda: version_of(project)) == [
        f"{place}: refund-assistant.md has more than {LARGEST} bytes; accepted: at most {LARGEST} bytes"
    ]


# -- code -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_code_outside_the_project_is_refused(project: ProjectCopy, way_out: Callable[[Path], str]) -> None:
    """At the descriptor's line; a link inside the registry leads nowhere either."""
    (project.root.parent / "secret").write_text("def add(): ...")
    reference = way_out(project.root / "contracts/tools")
    with_python_tool(project, reference)
    place = line_of(project, ADD_FILE, "file:")
    assert refused(lambda: version_of(project)) == outside(place, reference)


def test_code_that_is_not_there_or_too_large_is_refused(project: ProjectCopy) -> None:
    """At the descriptor's line."""
    with_python_tool(project)
    place = line_of(project, ADD_FILE, "file:")
    assert refused(lambda: version_of(project)) == [
        f"{place}: add.py: No such file or directory; accepted: a readable file"
    ]
    (project.root / CODE).write_bytes(b"#" * (LARGEST + 1))
    assert refused(lambda: version_of(project)) == [
        f"{place}: add.py has more than {LARGEST} bytes; accepted: at most {LARGEST} bytes"
    ]


# -- the version of an environment ----------------------------------------------------------------


def test_an_environment_has_all_it_refers_to(project: ProjectCopy) -> None:
    """The agent's script, and the tools its reviewers look things up with."""
    environment = project.files.environment("sandbox")
    version = project.files.environment_version(environment, AGENT)
    assert version.environment == environment.document
    assert version.script is not None
    assert list(version.tools) == [LOOK_UP]


def test_an_environment_without_scripts_and_rules_has_only_itself(project: ProjectCopy) -> None:
    """People look things up for themselves."""
    environment = project.files.environment("live")
    version = project.files.environment_version(environment, AGENT)
    assert (version.script, version.tools) == (None, {})


def test_a_look_up_with_an_unknown_tool_is_refused(project: ProjectCopy) -> None:
    """With the nearest of the registry."""
    project.set(SANDBOX, ("reviewers", 0, "rule", "look_up", "tool"), "stripe.lookup_charges")
    environment = project.files.environment("sandbox")
    [problem] = problems(lambda: project.files.environment_version(environment, AGENT))
    assert problem.place.file == SANDBOX
    assert problem.found == "there is no tool `stripe.lookup_charges` in contracts/tools"
    assert (problem.path, problem.nearest) == ("reviewers[0].rule.look_up.tool", LOOK_UP)


# -- scripts and seeds ----------------------------------------------------------------------------


def test_a_script_is_that_of_the_agent(project: ProjectCopy) -> None:
    """In the folder the environment names, under the agent's name."""
    script = project.files.script(project.files.environment("sandbox"), AGENT)
    assert script is not None
    assert (script.path, script.source.file) == (project.root / SCRIPT, SCRIPT)
    assert script.document.rules[0].name == "read the ticket first"


def test_a_script_that_is_missing_is_refused(project: ProjectCopy) -> None:
    """A scripted model without a script has nothing to say; a near name is told."""
    (project.root / SCRIPT).rename(project.root / SCRIPT.replace("assistant", "assistent"))
    environment = project.files.environment("sandbox")
    assert refused(lambda: project.files.script(environment, AGENT)) == [
        f"{SCRIPT}: there is no such file; accepted: a YAML file; did you mean `refund-assistent.yaml`?"
    ]


def test_of_two_folders_with_scripts_the_first_by_name_is_used(project: ProjectCopy) -> None:
    """Always the same one, whatever the order of the deployments; a review refuses the second."""
    scripted = {"provider": "scripted", "max_output_tokens": 300}
    first, second = (
        {**scripted, "name": "first", "scripts": "sandbox/more"},
        {**scripted, "name": "second", "scripts": "sandbox/scripts"},
    )
    more = project.root / "contracts/environments/sandbox/more"
    more.mkdir()
    (more / f"{AGENT}.yaml").write_text("rules: [{name: greet, say: Hello.}]\n")
    for chain in ([first, second], [second, first]):
        project.set(SANDBOX, ("models", "small-fast"), chain)
        script = project.files.script(project.files.environment("sandbox"), AGENT)
        assert script is not None
        assert script.document.rules[0].say == "Hello."


def test_scripts_outside_the_project_are_refused(project: ProjectCopy) -> None:
    """At the models."""
    project.set(SANDBOX, ("models", "small-fast", 0, "scripts"), "../../../elsewhere")
    environment = project.files.environment("sandbox")
    place = line_of(project, SANDBOX, "models:")
    assert refused(lambda: project.files.script(environment, AGENT)) == outside(place, "../../../elsewhere")


def test_seeds_are_files_of_the_project(project: ProjectCopy) -> None:
    """In the order of the environment; a live one has none."""
    seeds = project.files.seeds(project.files.environment("sandbox"))
    folder = project.root / "contracts/environments/sandbox"
    assert seeds == (folder / "tickets.yaml", folder / "charges.yaml")
    assert project.files.seeds(project.files.environment("live")) == ()


def test_seeds_outside_the_project_are_refused(project: ProjectCopy) -> None:
    """At the entry that names them."""
    project.set(SANDBOX, ("sandbox", "seeds", 1), "../../../charges.yaml")
    environment = project.files.environment("sandbox")
    place = line_of(project, SANDBOX, "../charges.yaml")
    assert refused(lambda: project.files.seeds(environment)) == outside(place, "../../../charges.yaml")


# -- links and paths that are none ------------------------------------------------------------------


def test_a_reference_that_is_no_path_is_refused(project: ProjectCopy) -> None:
    """A null byte, and a loop of links: a problem with its place, no crash."""
    (project.root / "contracts" / "loop.md").symlink_to("loop.md")
    for reference in ("a\0b", "loop.md"):
        project.set(CONTRACT, ("agent", "instructions"), reference)
        [problem] = problems(lambda: version_of(project))
        assert problem.place.file == CONTRACT


def test_instructions_beside_the_contract_stay_inside_too(project: ProjectCopy) -> None:
    """A link to a file outside is refused, named or not."""
    outside = project.root.parent / "secret"
    outside.write_text("secret")
    path = project.root / INSTRUCTIONS
    path.unlink()
    path.symlink_to(outside)
    [problem] = problems(lambda: version_of(project))
    assert "lies outside the project" in problem.found


def test_a_link_that_leads_nowhere_is_not_an_absent_file(project: ProjectCopy) -> None:
    """Platform rules and instructions that were meant to be there are missed, not forgotten."""
    for name in (PLATFORM, INSTRUCTIONS):
        path = project.root / name
        path.unlink()
        path.symlink_to("nowhere")
    assert problems(project.files.platform)
    assert problems(lambda: version_of(project))


# -- policies --------------------------------------------------------------------------------------

POLICY, OWN = "contracts/policies/platform.cedar", "contracts/policies/refund-assistant.cedar"
PERMIT = "permit(principal, action, resource);\n"


def put(project: ProjectCopy, file: str, text: str | bytes = PERMIT) -> None:
    """Put a file into the project."""
    path = project.root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def test_without_a_word_the_policies_are_those_of_the_agents_name(project: ProjectCopy) -> None:
    """Where they exist; where they do not, there are none."""
    project.without_policies()
    contract = project.files.agent(AGENT)
    assert project.files.policies_of_contract(contract) == ()
    assert project.files.agent_version(contract).policies == ()
    put(project, OWN)
    [policy] = project.files.policies_of_contract(contract)
    assert policy.name == "cedar:policies/refund-assistant.cedar"
    assert policy.texts == {"policies/refund-assistant.cedar": PERMIT}
    assert project.files.agent_version(contract).policies == (policy,)


def test_an_empty_list_is_a_word(project: ProjectCopy) -> None:
    """A contract that names no policies has none, whatever lies there."""
    put(project, OWN)
    project.set(CONTRACT, ("policies",), [])
    assert project.files.policies_of_contract(project.files.agent(AGENT)) == ()


def test_named_policies_are_read_and_services_are_not(project: ProjectCopy) -> None:
    """Each source is a set of its own, in the contract's order."""
    put(project, "contracts/policies/a.cedar", "// a\n")
    put(project, "contracts/policies/b.rego", "package b\n")
    sources = [
        {"engine": "rego", "files": ["policies/b.rego"]},
        {"engine": "cedar", "files": ["policies/a.cedar"]},
        {"engine": "authzen", "point": "central"},
    ]
    project.set(CONTRACT, ("policies",), sources)
    rego, cedar, authzen = project.files.policies_of_contract(project.files.agent(AGENT))
    assert (rego.texts, cedar.texts) == ({"policies/b.rego": "package b\n"}, {"policies/a.cedar": "// a\n"})
    assert (authzen.texts, authzen.name) == ({}, "authzen:central")


def test_an_environment_has_policies_of_its_own(project: ProjectCopy) -> None:
    """Relative to its own file."""
    put(project, "contracts/policies/office.cedar")
    project.set(SANDBOX, ("policies",), [{"engine": "cedar", "files": ["../policies/office.cedar"]}])
    environment = project.files.environment("sandbox")
    [policy] = project.files.policies_of_environment(environment)
    assert policy.texts == {"../policies/office.cedar": PERMIT}
    assert project.files.environment_version(environment, AGENT).policies == (policy,)


def test_the_platforms_policies_are_those_of_its_file(project: ProjectCopy) -> None:
    """With its rules; without either, the defaults and no policies."""
    project.without_policies()
    rules = project.files.platform()
    assert rules is not None
    assert project.files.platform_version() == PlatformVersion(rules.document)
    put(project, POLICY)
    [policy] = project.files.platform_version().policies
    assert (policy.name, policy.texts) == (
        "cedar:policies/platform.cedar",
        {"policies/platform.cedar": PERMIT},
    )
    (project.root / PLATFORM).unlink()
    assert project.files.platform_version() == PlatformVersion(PlatformRules(), (policy,))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("policies/nowhere.cedar", "nowhere.cedar: No such file or directory"),
        ("policies", "policies is not a regular file"),
        ("../../elsewhere.cedar", "`../../elsewhere.cedar` lies outside the project"),
        ("policies/latin.cedar", "latin.cedar is not UTF-8"),
        ("policies/large.cedar", f"large.cedar has more than {LARGEST} bytes"),
        ("policies/link.cedar", "`policies/link.cedar` lies outside the project"),
    ],
)
def test_policies_that_cannot_be_read_are_refused_where_they_are_named(
    project: ProjectCopy, name: str, told: str
) -> None:
    """A policy that is missing never means that there is none."""
    put(project, "contracts/policies/latin.cedar", b"\xff")
    put(project, "contracts/policies/large.cedar", b"/" * (LARGEST + 1))
    (project.root.parent / "secret.cedar").write_text(PERMIT)
    (project.root / "contracts/policies/link.cedar").symlink_to(project.root.parent / "secret.cedar")
    project.set(CONTRACT, ("policies",), [{"engine": "cedar", "files": [name]}])
    contract = project.files.agent(AGENT)
    [problem] = problems(lambda: project.files.policies_of_contract(contract))
    assert (problem.place.file, problem.found) == (CONTRACT, told)
    assert problem.place.line


@pytest.mark.parametrize("file", [OWN, POLICY])
def test_a_link_to_policies_that_leads_nowhere_is_refused(project: ProjectCopy, file: str) -> None:
    """It was meant to be a policy."""
    project.without_policies()
    path = project.root / file
    path.parent.mkdir()
    path.symlink_to("nothing.cedar")
    act = (
        project.files.platform_version
        if file == POLICY
        else lambda: project.files.policies_of_contract(project.files.agent(AGENT))
    )
    assert "No such file or directory" in "".join(refused(act))
