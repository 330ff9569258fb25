"""The world of one trial: what of a run's surroundings is the case's own, and what is left of them at the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace
from typing_extensions import override

from agentctl.audit.cells import Cells
from agentctl.composition.evals.trial_doors import Faults, Mocks, TrialExecutor, at_desks
from agentctl.composition.evals.trial_journals import TrialJournals
from agentctl.composition.evals.trial_people import TrialClock, TrialPeople, TrialVerifier
from agentctl.composition.governing import Governing
from agentctl.composition.project import Project
from agentctl.composition.runs.service import Scene
from agentctl.contract.durations import seconds_of
from agentctl.contract.golden import GoldenCase
from agentctl.contract.golden_world import Mock, Tape
from agentctl.evals.evidence import Find
from agentctl.events.run import Envelope, TrialOf
from agentctl.gateway.corridor import Parts
from agentctl.identity.backend_broker import NO_CREDENTIAL
from agentctl.identity.broker import Broker, CredentialRequest, Minted
from agentctl.runtime.state import RunState
from agentctl.trace.disk import SystemDisk
from agentctl.trace.journals.journal import FileJournals
from agentctl.trace.ports import Journals, Ledger
from agentctl.trace.sealing.vault import Vault


@dataclass(frozen=True, slots=True)
class MemoryLedger(Ledger):
    """The effects of one trial: it never learns of another run's, and no other run of its."""

    held: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    @override
    def is_waited_for(self) -> bool:
        """Nobody ever waits for it."""
        return True

    @override
    def claim(self, scope: str, effect_key: str, call: str) -> str | None:
        """Claim an effect for a call."""
        holder = self.held.setdefault((scope, effect_key), call)
        return None if holder == call else holder

    @override
    def release(self, scope: str, effect_key: str, call: str) -> None:
        """Give an effect back."""
        if self.held.get((scope, effect_key)) == call:
            del self.held[scope, effect_key]


class NoCredentials(Broker):
    """Mints nothing: where effects are real, a trial reaches no backend, and needs nothing that would let it."""

    @override
    def mint(self, request: CredentialRequest) -> Minted:
        """Return no credential."""
        del request
        return NO_CREDENTIAL


class Plan(Struct, frozen=True):
    """One trial that is to be made: of which case, with which tape, as which run.

    `every_call_durable` says whether its journal is synced at every call, as that of any run, or once when it is over.
    """

    case: GoldenCase
    tape: Tape | None
    of: TrialOf
    run: str
    every_call_durable: bool = True


class TrialScene:
    """What surrounds the run of one trial."""

    def __init__(self, project: Project, governing: Governing, plan: Plan, sealing_key: bytes) -> None:
        case, tape = plan.case, plan.tape
        self._plan = plan
        self._is_real = governing.environment.environment.kind == "sandbox" and tape is None
        clock = TrialClock(early=sum(seconds_of(said.after) for said in case.approvals if said.after))
        self._clock = clock
        self._people = TrialPeople(plan.run, case.approvals, clock)
        self._mocks = Mocks((*case.mocks, *_played(tape)))
        self._faults = Faults(case.faults)
        self._ledger = MemoryLedger()
        level = governing.contract.logging.pii_redaction
        self.vault = Vault(None, sealing_key, plan.run, level)
        files = FileJournals(
            project.paths.journal, clock, SystemDisk(), entries_durable=plan.every_call_durable
        )
        self.journals: Journals = files if plan.every_call_durable else TrialJournals(files)

    def scene(self, office_url: str | None) -> Scene:
        """Return it as a service takes it."""
        url = None if office_url is None else f"{office_url}/{self._plan.run}"
        return Scene(self.journals, self.vault, url, self._named, self._changed)

    def time_passes(self, state: RunState) -> bool:
        """Let time pass until the next thing is said to what waits; return whether anything is said at all."""
        approvals = state.session.approvals.items()
        waiting = [(name, item.request.tool) for name, item in approvals if item.open]
        moment = self._people.next_moment(waiting)
        if moment is not None:
            self._clock.wait_until(moment)
        return moment is not None

    def _named(self, envelope: Envelope) -> Envelope:
        return envelope.model_copy(update={"kind": "eval", "trial": self._plan.of})

    def _changed(self, parts: Parts) -> Parts:
        return replace(
            parts,
            inbox=self._people,
            ledger=self._ledger,
            ledger_scope=f"eval/{self._plan.run}",
            clock=self._clock,
            broker=parts.broker if self._is_real else NoCredentials(),
            executors=TrialExecutor(parts.executors if self._is_real else None, self._mocks, self._faults),
            models=at_desks(parts.models, self._faults, self._plan.of.seed, self._plan.case.script),
            review_models=at_desks(parts.review_models, self._faults, self._plan.of.seed),
            reviewers=(*parts.reviewers, self._people),
            verifier=TrialVerifier(),
            pause=self._faults.pause,
            announcers={},
        )


def why_not_tried(case: GoldenCase, tape: Tape | None, governing: Governing) -> Iterator[str]:
    """Yield why a case cannot be tried in an environment."""
    environment = governing.environment.environment
    if environment.kind == "live" and tape is None:
        always = {mock.tool for mock in case.mocks if mock.arguments is None and mock.times is None}
        reached = sorted({*governing.version.tools, *governing.environment.tools} - always)
        if reached:
            yield (
                f"effects are real in `{environment.name}`, and these tools are neither taped nor mocked for"
                f" every call: {', '.join(f'`{name}`' for name in reached)}"
            )
    if case.state is not None and not environment.needs_back_office:
        yield f"`state` fills the sandbox's back office, and `{environment.name}` has none"


def finder(project: Project, run: str, cells: Cells) -> Find:
    """Return what asks questions of one run's rows, and of nothing else."""
    return lambda sql: cells.ask(project.journals.path_of(run), sql).rows


def _played(tape: Tape | None) -> tuple[Mock, ...]:
    """Return the answers of a tape, each given once, in order."""
    answers = () if tape is None else tape.answers
    return tuple(answer.model_copy(update={"times": answer.times or 1}) for answer in answers)
