"""What an eval tries: the cases, and what governs their runs; of one that goes on, only what it began with."""

from functools import cache, partial

from msgspec import Struct

from agentctl.composition.contracts.checking import refuse_unless_found_sound, refuse_unless_sound
from agentctl.composition.contracts.versions import find_version, stored_version
from agentctl.composition.evals.baselines import baseline_of
from agentctl.composition.evals.orders import EvalOrder
from agentctl.composition.evals.trials import GoverningOf, Stages
from agentctl.composition.governing import Governing, from_files, with_version
from agentctl.composition.project import Project
from agentctl.contract.baseline import Baseline
from agentctl.contract.golden import GoldenCase
from agentctl.contract.golden_files import GoldenFile, golden_file
from agentctl.evals.parts import parts_of
from agentctl.events.evals import EvalStarted
from agentctl.foundation.canonical import JsonValue, digest_bytes, digest_of
from agentctl.foundation.errors import UsageError


class Subject(Struct, frozen=True):
    """What is tried: the cases, and what governs their runs."""

    project: Project
    golden: GoldenFile
    cases: tuple[GoldenCase, ...]
    governing_of: GoverningOf
    environment: str
    baseline: Baseline | None

    @property
    def governing(self) -> Governing:
        """What governs runs where cases do not say otherwise."""
        return self.governing_of(self.environment)

    @property
    def environments(self) -> frozenset[str]:
        """The names of the environments that cases are tried in."""
        return frozenset(case.environment or self.environment for case in self.cases)

    @property
    def governings(self) -> tuple[Governing, ...]:
        """What governs runs in each of them."""
        return tuple(map(self.governing_of, self.environments))

    def refuse_unless_triable(self) -> None:
        """See that every case can be tried.

        Raises:
            InvalidInput: some cannot; names each with its place.
        """
        Stages(self.project, self.golden, self.governing_of, self.environment).check(self.cases)

    @property
    def parts(self) -> dict[str, str]:
        """What is tried, part by part."""
        governing = self.governing
        return {
            **parts_of(governing.version, governing.environment, governing.platform),
            **self._seeds(self.environment),
        }

    @property
    def surroundings(self) -> str:
        """The digest of every environment that a case is tried in, and of what fills its back office."""
        found: dict[str, JsonValue] = {
            name: [self.governing_of(name).environment.digest, dict(self._seeds(name))]
            for name in self.environments
        }
        return digest_of(found)

    def _seeds(self, environment: str) -> dict[str, str]:
        """Return the digest of every file that fills an environment's back office."""
        files = self.project.files
        seeds = files.seeds(files.environment(environment))
        return {f"`{files.shown(path)}`": digest_bytes(path.read_bytes()) for path in seeds}


def governing_as_ordered(project: Project, order: EvalOrder) -> GoverningOf:
    """Return what tells what governs in an environment: the files as they are, or the version that was named."""
    if order.contract is None:
        return cache(partial(_checked, project, order.agent))
    found = find_version(project, order.contract, order.agent)
    refuse_unless_found_sound(project, found, order.environment)
    return cache(partial(with_version, project, found.version))


def _checked(project: Project, agent: str, environment: str) -> Governing:
    """Return what stands in the files; a contract that fails its check is not tried."""
    refuse_unless_sound(project, partial(project.files.agent, agent), agent, environment)
    return from_files(project, agent, environment)


def subject_as_begun(project: Project, started: EvalStarted) -> Subject:
    """Return what an eval began with; nothing else can be gone on with."""
    golden = golden_file(project.paths.root, started.agent)
    version = stored_version(project, started.version)
    governing_of = cache(partial(with_version, project, version))
    governing = governing_of(started.environment)
    cases = tuple(case for case in golden.cases if case.id in started.cases)
    baseline = baseline_of(project, started.agent)
    subject = Subject(project, golden, cases, governing_of, started.environment, baseline)
    surroundings = None if started.surroundings is None else subject.surroundings
    changed = [
        name
        for name, then, now in (
            (f"`{started.golden_set}`", started.golden_set_digest, golden.digest),
            (
                f"environment `{started.environment}`",
                started.environment_digest,
                governing.environment.digest,
            ),
            ("what the platform enforces", started.platform_digest, governing.platform_digest),
            (
                "what cases find in the back office, or another environment",
                started.surroundings,
                surroundings,
            ),
        )
        if then != now
    ]
    if changed:
        raise UsageError(f"{' and '.join(changed)} changed since this eval began", "a new eval")
    return subject
