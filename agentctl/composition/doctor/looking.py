"""The doctor: looks at everything that a run needs, changes none of it, and says what to type where something is missing.

The index alone may be brought up to date by looking: it is a copy.
"""

import platform
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from agentctl import __version__
from agentctl.composition.contracts.policies import check_policies
from agentctl.composition.doctor.evidence import evidence
from agentctl.composition.doctor.files import in_the_way, keys, traces_folder
from agentctl.composition.doctor.reaching import reach, targets_of
from agentctl.composition.people.key_book import HasKey, HasNoKey, MayNotAnswer, key_book
from agentctl.composition.project import Project, open_project
from agentctl.contract.agent import AgentContract
from agentctl.contract.environment import Environment
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import IntegrityError, InvalidInput, JournalUnavailable, UsageError
from agentctl.review.checks.reviewed import review
from agentctl.review.doctor import environment as doctor_environment
from agentctl.review.doctor import machine as doctor_machine
from agentctl.review.doctor.machine import CEDAR, DUCKDB, LITELLM, REGO, Package
from agentctl.review.doctor.observation import NOT_YOURS, Health, Observation, Section, note, ok, problem
from agentctl.settings import MARKER, working_folder

_KINDS = {"sandbox": "where nothing is real", "live": "where effects are real"}


class Diagnosis(Struct, frozen=True):
    """Everything that was looked at."""

    sections: tuple[Section, ...]

    def count(self, health: Health) -> int:
        """Return how many observations are of a kind."""
        return sum(section.count(health) for section in self.sections)


def diagnose(
    environment: str | None = None, *, reaching: bool = False, start: Path | None = None
) -> Diagnosis:
    """Look at this machine, the project that a folder lies in, and one of its environments, or all.

    Args:
        environment: the environment to look at; None: every one.
        reaching: whether a connection is tried to everything that environments name.
        start: the folder; default: the working folder.

    Raises:
        UsageError: there is no such environment, or no working folder.
    """
    folder = start or working_folder()
    try:
        project = open_project(folder)
    except UsageError as error:
        return Diagnosis((_machine(folder), Section("project", (_no_project(error),))))
    return diagnosis_of(project, environment, reaching=reaching)


def diagnosis_of(project: Project, environment: str | None, *, reaching: bool = False) -> Diagnosis:
    """Look at a project on this machine, and one of its environments, or all; see `diagnose`."""
    if environment is not None:
        _refuse_unknown(project, environment)
    names = project.files.environments() if environment is None else (environment,)
    environments = {name: partial(_environment, project, name, reaching=reaching) for name in names}
    return Diagnosis(
        (
            _machine(project.paths.root),
            _unless_closed("project", partial(_project, project, names)),
            *(_unless_closed(f"environment {name}", look) for name, look in environments.items()),
            _unless_closed("evidence", partial(_of_evidence, project)),
        )
    )


def _unless_closed(title: str, look: Callable[[], Section]) -> Section:
    """Return what is seen, or that somebody else's files keep us from looking."""
    try:
        return look()
    except PermissionError as error:
        return Section(title, (_closed(error),))


def _closed(error: PermissionError) -> Observation:
    return problem(f"{error.filename} cannot be looked at: permission denied", NOT_YOURS)


def _of_evidence(project: Project) -> Section:
    folders = in_the_way(project) or (*traces_folder(project), *_evidence(project))
    return Section("evidence", folders)


def _refuse_unknown(project: Project, environment: str) -> None:
    """Refuse a name that is no environment's; a file that is broken is an observation, no refusal."""
    if environment not in project.files.environments():
        project.files.environment(environment)


def _machine(folder: Path) -> Section:
    installed = {package: _version(package) for package in (DUCKDB, CEDAR)}
    packages = doctor_machine.packages(platform.python_version(), __version__, installed)
    return Section("this machine", (*packages, doctor_machine.disk(shutil.disk_usage(folder).free)))


def _project(project: Project, environments: tuple[str, ...]) -> Section:
    there = (
        ok(f"project {project.paths.root}"),
        *(() if project.files.agents() else (_no_contract(),)),
        *(() if environments else (_no_environment(),)),
        *(
            ()
            if any(_may_be_live(project, name) for name in project.files.environments())
            else (_not_live(),)
        ),
    )
    return Section("project", (*there, *keys(project)))


def _no_project(error: UsageError) -> Observation:
    (why,) = error.problems
    remedy = ("agentctl init my-project", "cd my-project") if MARKER in why.found else (why.accepted,)
    return problem(why.found, *remedy)


def _evidence(project: Project) -> Iterator[Observation]:
    if _version(DUCKDB) is None:
        yield note("journals cannot be looked at without `duckdb`")
        return
    try:
        yield from evidence(project)
    except JournalUnavailable as error:
        yield problem(str(error), NOT_YOURS)
    except PermissionError as error:  # what can be told of the folders stands above it
        yield _closed(error)


def _no_contract() -> Observation:
    return problem("there is no contract", "write contracts/<agent>.yaml; `agentctl init FOLDER` shows one")


def _no_environment() -> Observation:
    return problem(
        "there is no environment",
        "write contracts/environments/sandbox.yaml; `agentctl init FOLDER` shows one",
    )


def _not_live() -> Observation:
    return note(
        "there is no live environment yet",
        "write contracts/environments/live.yaml in the form of sandbox.yaml beside it: `kind: live`, and under each model "
        "alias a deployment with `provider: openai_compatible` or `litellm`; then",
        "agentctl doctor --env live",
    )


def _may_be_live(project: Project, environment: str) -> bool:
    try:
        return project.files.environment(environment).document.kind == "live"
    except InvalidInput:  # nobody knows what it will be; what is wrong with it is told where it is looked at
        return True


def _environment(project: Project, name: str, *, reaching: bool) -> Section:
    try:
        environment = project.files.environment(name).document
    except InvalidInput as refusal:
        told = (problem(str(item), "correct the file") for item in refusal.problems)
        return Section(f"environment {name}", tuple(told))
    return Section(
        f"environment {name}, {_KINDS[environment.kind]}",
        (
            *_checks(project, name),
            *_engines(project, environment),
            *doctor_environment.variables(
                doctor_environment.named_variables(environment, _is_set_in(project))
            ),
            *_people(project, environment),
            *_network(environment, reaching=reaching),
        ),
    )


def _checks(project: Project, environment: str) -> Iterator[Observation]:
    agents, today = project.files.agents(), to_rfc3339(project.clock.now())[:10]
    if not agents:
        return
    if _version(CEDAR) is None:
        yield note("contracts and policies cannot be checked without `cedarpy`")
        return
    reviewed = (
        review(project.files, partial(project.files.agent, name), environment, called=name, today=today)
        for name in agents
    )
    reports = [item.report for item in reviewed]
    yield doctor_environment.checked("contracts", reports, f"agentctl contract check --env {environment}")
    policies = [item.report for item in check_policies(project, agents, environment)]
    yield doctor_environment.checked("policies", policies, f"agentctl policy check --env {environment}")


def _engines(project: Project, environment: Environment) -> Iterator[Observation]:
    yield from doctor_machine.needed(LITELLM, _version(LITELLM), doctor_environment.asks_litellm(environment))
    of_contracts = (
        owner
        for contract in _readable_contracts(project)
        for owner in doctor_environment.needs_rego(f"`{contract.agent.name}`", contract.policies or ())
    )
    of_all = doctor_environment.needs_rego("every agent here", environment.policies)
    yield from doctor_machine.needed(REGO, _version(REGO), (*of_contracts, *of_all))


def _readable_contracts(project: Project) -> Iterator[AgentContract]:
    for name in project.files.agents():
        try:
            yield project.files.agent(name).document
        except InvalidInput:  # the check of contracts tells it
            continue


def _is_set_in(project: Project) -> Callable[[str], bool]:
    return lambda name: bool(project.settings.secret(name))


def _people(project: Project, environment: Environment) -> tuple[Observation, ...]:
    try:
        project.control.read()
    except (IntegrityError, JournalUnavailable):  # what is wrong with it is told once, of the evidence
        return (
            problem(
                "nobody's key can be known, so no person may answer", "mend the control journal, see below"
            ),
        )
    book = key_book(project, environment)
    found = (_person(item.name, book.standing(item.name)) for item in environment.reviewers if item.is_person)
    return doctor_environment.people(
        found, environment=environment.name, signatures_required=environment.signatures_required
    )


def _person(name: str, standing: HasKey | HasNoKey | MayNotAnswer) -> doctor_environment.Person:
    refused = standing.reason if isinstance(standing, MayNotAnswer) else ""
    return doctor_environment.Person(name, isinstance(standing, HasKey), refused)


def _network(environment: Environment, *, reaching: bool) -> tuple[Observation, ...]:
    targets = targets_of(environment)
    if not targets:
        return ()
    if reaching:
        return reach(targets)
    names = ", ".join(target.name for target in targets)
    return (note(f"not tried whether they can be reached: {names}", "agentctl doctor --reach"),)


def _version(package: Package) -> str | None:
    """Return the version of a package that could be imported; it is not imported."""
    if find_spec(package.module) is None:
        return None
    try:
        return metadata.version(package.distribution)
    except metadata.PackageNotFoundError:
        return "of unknown version"
