"""A whole run in one process: real journal, vault, registry, stages and loop; only the model and the tools are fakes."""

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from agentctl.approval.announcement import Announcer
from agentctl.approval.reviewer import Reviewer
from agentctl.approval.roll import Roll
from agentctl.approval.rule_reviewer import RuleReviewer
from agentctl.approval.verification import Verifier
from agentctl.budget.limits import Ceilings
from agentctl.composition.people.key_book import KeyBook
from agentctl.contract.agent import AgentContract
from agentctl.contract.environment import Deployment, Environment
from agentctl.contract.platform import PlatformRules
from agentctl.contract.project import ProjectFiles
from agentctl.contract.version import ToolVersion
from agentctl.events.base import Principal, Source
from agentctl.events.record import Record
from agentctl.events.run import Envelope, Limits, RunResumed, RunStarted
from agentctl.foundation.clock import Clock
from agentctl.gateway.corridor import ModelDesk, Parts
from agentctl.gateway.session import Session, open_session
from agentctl.identity.backend_broker import BackendBroker
from agentctl.identity.issuer import TokenIssuer
from agentctl.models.client import TokenPrice, ToolDefinition
from agentctl.policy.allowlist import AllowlistPolicy
from agentctl.policy.engine import PolicyEngine
from agentctl.policy.platform import PlatformPolicy
from agentctl.runtime.live_world import Interrupt, LiveWorld, Observer
from agentctl.runtime.runs import resume, start
from agentctl.runtime.state import RunState, fold
from agentctl.tools.registry import Registry
from agentctl.trace.disk import Disk, SystemDisk
from agentctl.trace.inbox import FileInbox
from agentctl.trace.journals.journal import FileJournals
from agentctl.trace.ledger import SqliteLedger
from agentctl.trace.ports import Journal
from agentctl.trace.sealing.vault import Vault
from tests.fakes.clock import StandingClock
from tests.fakes.executor import FakeExecutor
from tests.fakes.models import FakeModel

RUN = "01KAPPR0VE0000000000000000"
STAGES: list["Stage"] = []
"""Every stage that the test of the moment has set up."""
REPOSITORY = Path(__file__).parents[2]
SEALING_KEY = bytes(range(32))
PRICE = TokenPrice(Decimal("0.15"), Decimal("0.60"))


async def no_pause(seconds: float) -> None:
    """Do not wait."""
    del seconds


def default_limits(**changes: object) -> Limits:
    """Return ceilings that no ordinary test reaches."""
    limits = Limits(
        max_steps=12,
        max_input_tokens=12_000,
        max_output_tokens=3_000,
        max_cost_usd=Decimal(1),
        max_tool_calls=20,
        max_refusals=10,
    )
    return limits.model_copy(update=changes)


@cache
def _files() -> tuple[AgentContract, dict[str, ToolVersion], Environment]:
    """Read the repository's own contract, registry and sandbox once; they are frozen."""
    files = ProjectFiles(REPOSITORY)
    tools = {name: files.tool_version(loaded) for name, loaded in files.tools().items()}
    return files.agent("refund-assistant").document, tools, files.environment("sandbox").document


def repository_tools() -> dict[str, ToolVersion]:
    """Return the repository's registry."""
    return dict(_files()[1])


_REGISTRIES: dict[tuple[int, ...], tuple[list[ToolVersion], Registry]] = {}


def registry_of(tools: dict[str, ToolVersion]) -> Registry:
    """Return the registry of some tools; of the very same ones it is made once, for it never changes."""
    versions = list(tools.values())
    key = tuple(map(id, versions))  # as long as they are kept here, no others have these
    if key not in _REGISTRIES:
        _REGISTRIES[key] = versions, Registry.of(versions)
    return _REGISTRIES[key][1]


@dataclass
class Stage:
    """Everything a test may set before it runs something; the defaults are the repository's own refund assistant."""

    folder: Path
    model: FakeModel = field(default_factory=FakeModel)
    executor: FakeExecutor = field(default_factory=FakeExecutor)
    clock: Clock = field(default_factory=StandingClock)
    disk: Disk = field(default_factory=SystemDisk)
    contract: AgentContract = field(default_factory=lambda: _files()[0])
    platform: PlatformRules = field(default_factory=PlatformRules)
    tools: dict[str, ToolVersion] = field(default_factory=repository_tools)
    reviewers: tuple[Reviewer, ...] | None = None
    reviewer_names: tuple[str, ...] = ("system:sandbox-reviewer", "alice", "bob")
    engines: tuple[PolicyEngine, ...] | None = None
    verifier: Verifier = field(default_factory=lambda: KeyBook({}, Roll))
    limits: Limits = field(default_factory=default_limits)
    ceilings: Ceilings = field(default_factory=dict)
    redaction: str = "strict"
    desks: tuple[ModelDesk, ...] | None = None
    review_models: dict[str, tuple[ModelDesk, ...]] = field(default_factory=dict)
    announcers: dict[str, Announcer] = field(default_factory=dict)
    run: str = RUN
    instructions: str = "be careful"
    interrupt: Interrupt = field(default_factory=Interrupt)
    observed: list[Record] = field(default_factory=list)
    observe: Observer | None = None

    settings: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Be known to who replays what tests run."""
        STAGES.append(self)

    @property
    def can_be_replayed(self) -> bool:
        """Whether its run was driven by our loop alone, each time under the same settings."""
        return bool(self.settings) and all(one == self._setting() for one in self.settings)

    def by_hand(self) -> None:
        """Say that its journal was written by hand too, or that a bug was planted: it is no run of ours."""
        self.settings.append(None)

    def _setting(self) -> object:
        governs = (self.contract, self.platform, self.tools, self.engines, self.reviewers, self.ceilings)
        return (*governs, self.reviewer_names, self.redaction, self.instructions)

    @property
    def journals(self) -> FileJournals:
        """The journals of this test."""
        return FileJournals(self.folder / "journal", self.clock, self.disk)

    @property
    def inbox(self) -> FileInbox:
        """The inbox of this test."""
        return FileInbox(self.folder / "inbox")

    def records(self) -> tuple[Record, ...]:
        """Return what stands in the run's journal."""
        return self.journals.read(self.run)

    def events(self, kind: type) -> list[object]:
        """Return the run's events of one type."""
        return [record.event for record in self.records() if isinstance(record.event, kind)]

    def parts(self, journal: Journal) -> Parts:
        """Put a session's parts together; a session that is opened with them is not driven by our loop."""
        self.by_hand()
        return self._parts(journal)

    def parts_without_journal(self) -> Parts:
        """Return the parts for who only looks at what governs a session."""
        return self._parts(None)  # type: ignore[arg-type]  # nobody writes with them

    def _parts(self, journal: Journal) -> Parts:
        environment = _files()[2]
        issuer = TokenIssuer(Ed25519PrivateKey.generate(), "test", self.clock)
        registry = registry_of(self.tools)
        allowed = [item.name for item in self.contract.tools.allowlist]
        return Parts(
            journal=journal,
            vault=Vault(self.folder / "sealed" / self.run, SEALING_KEY, self.run, self.redaction),  # type: ignore[arg-type]
            inbox=self.inbox,
            ledger=SqliteLedger(self.folder / "effects.sqlite"),
            ledger_scope="test",
            clock=self.clock,
            contract=self.contract,
            allowed=registry.only(allowed),
            registry=registry,
            ceilings=self.ceilings,
            verifier=self.verifier,
            engines=self.engines or (AllowlistPolicy(self.contract), PlatformPolicy(self.platform)),
            broker=BackendBroker(environment.backends, issuer, lambda _: None),
            executors=self.executor,
            models={"small-fast": self.model_desks()},
            reviewers=rule_reviewers(environment) if self.reviewers is None else self.reviewers,
            reviewer_names=self.reviewer_names,
            fingerprint=lambda text: hashlib.sha256(text.encode()).hexdigest(),
            pause=no_pause,
            review_models=self.review_models,
            announcers=self.announcers,
        )

    def model_desks(self) -> tuple[ModelDesk, ...]:
        """Return the desks at which the run's models are asked."""
        return self.desks or (ModelDesk(_deployment(_files()[2]), self.model, PRICE),)

    def started(self, text: str = "4201") -> RunStarted:
        """Return the first event of the run."""
        return RunStarted(envelope=self.envelope(), input=text, source=Source(id="input"), agentctl="test")

    def envelope(self) -> Envelope:
        """Return the run's envelope."""
        return Envelope(
            run=self.run,
            kind="live",
            agent=self.contract.agent.name,
            owner=self.contract.agent.owner,
            version="sha256:version",
            principal=Principal(id="casey", kind="user", assurance="asserted"),
            environment="sandbox",
            environment_kind="sandbox",
            environment_digest="sha256:environment",
            platform_digest="sha256:platform",
            policies={},
            limits=self.limits,
            trace_level="full",
            pii_redaction=self.redaction,  # type: ignore[arg-type]
            isolation="process",
            traceparent="00-0-0-01",
        )

    def cut_after(self, seq: int) -> None:
        """Leave the journal as if the process had been gone right after a record."""
        path = self.journals.path_of(self.run)
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[: seq + 1]))

    async def start(self, text: str = "4201") -> RunState:
        """Begin the run and drive it until it stops."""
        self.settings.append(self._setting())
        async with open_session(self._parts(self.journals.create(self.run))) as session:
            return await start(self.world(session), self.started(text))

    async def resume(self) -> RunState:
        """Go on with the run, as another process would."""
        self.settings.append(self._setting())
        acquired = self.journals.acquire(self.run)
        resumed = RunResumed(
            by=Principal(id="casey", kind="user", assurance="asserted"),
            platform_digest="sha256:platform",
            limits=self.limits,
            pii_redaction=self.redaction,  # type: ignore[arg-type]
        )
        async with open_session(self._parts(acquired.journal), acquired.records) as session:
            return await resume(self.world(session), acquired.records, *acquired.repairs, resumed)

    def world(self, session: Session) -> LiveWorld:
        """Return the live world of a session."""
        observe = self.observe or self.observed.extend
        return LiveWorld(session, self.instructions, self.definitions(), self.interrupt, observe)

    def definitions(self) -> tuple[ToolDefinition, ...]:
        """Return what a model sees of the tools."""
        allowed = (
            self.tools[item.name].descriptor
            for item in self.contract.tools.allowlist
            if item.name in self.tools
        )
        return tuple(ToolDefinition(item.name, item.description, item.arguments) for item in allowed)

    def state(self) -> RunState:
        """Return the fold of the journal."""
        return fold(self.records())


def rule_reviewers(environment: Environment) -> tuple[RuleReviewer, ...]:
    """Return the environment's reviewers that are rules."""
    return tuple(
        RuleReviewer(item.name, item.rule) for item in environment.reviewers if item.rule is not None
    )


def changed(tools: dict[str, ToolVersion], which: str, /, **changes: object) -> dict[str, ToolVersion]:
    """Return a registry in which one descriptor differs."""
    tool = tools[which]
    return {**tools, which: replace(tool, descriptor=tool.descriptor.model_copy(update=changes))}


def _deployment(environment: Environment) -> Deployment:
    return environment.models["small-fast"][0]
