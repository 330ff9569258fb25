"""The parts of a replay's session: what governs it as it is, and every port of it answered from the tape."""

from collections.abc import Callable, Mapping
from functools import cached_property

from msgspec import Struct, field

from agentctl.approval.reviewer import Reviewer
from agentctl.budget.limits import Ceilings
from agentctl.contract.agent import AgentContract
from agentctl.contract.environment import Backend, Deployment
from agentctl.events.approval import Binding
from agentctl.foundation.clock import Clock
from agentctl.gateway.corridor import ModelDesk, Parts
from agentctl.gateway.state import SessionState, fold
from agentctl.models.client import TokenPrice
from agentctl.policy.engine import PolicyEngine
from agentctl.replay.recorded.answers import Answers
from agentctl.replay.recorded.clock import TapedClock
from agentctl.replay.recorded.comparison import Comparer
from agentctl.replay.recorded.court import Court
from agentctl.replay.recorded.findings import Findings
from agentctl.replay.recorded.journal import OwnJournal, TapedJournal
from agentctl.replay.recorded.letters import Now, TapedInbox, TapedVerifier
from agentctl.replay.recorded.models import TapedModel, taped_price
from agentctl.replay.recorded.people import TapedAnnouncer, TapedPerson
from agentctl.replay.recorded.registry import taped_registry
from agentctl.replay.recorded.sittings import Sitting
from agentctl.replay.recorded.tape import Tape
from agentctl.replay.recorded.tools import TapedBroker, TapedExecutor, TapedLedger, unmeasured_calls
from agentctl.replay.recorded.vault import TapedVault
from agentctl.tools.registry import Registry


class Governed(Struct, frozen=True):
    """What a session is governed by, and nothing that reaches anybody.

    `engines` are given the clock of the tape; `reviewers` are rules and models, `webhooks` the names of those that are told.
    """

    contract: AgentContract
    ceilings: Ceilings
    allowed: Registry
    registry: Registry
    engines: Callable[[Clock], tuple[PolicyEngine, ...]]
    deployments: Mapping[str, tuple[Deployment, ...]]
    review_deployments: Mapping[str, tuple[Deployment, ...]]
    reviewers: tuple[Reviewer, ...]
    reviewer_names: tuple[str, ...]
    backends: Mapping[str, Backend]
    webhooks: tuple[str, ...] = ()


class TapedPorts(Struct, frozen=True, dict=True):
    """What all sittings of one replay share.

    `live` are the desks of models that are asked anew; empty where the tape answers for them. `version` is that of the replay.
    """

    tape: Tape
    version: str
    own: OwnJournal
    vault: TapedVault
    live: Mapping[str, tuple[ModelDesk, ...]] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)

    @cached_property
    def court(self) -> Court:
        """What the authorities are shown."""
        return Court(self.tape)

    @cached_property
    def answers(self) -> Answers:
        """What the tape answers."""
        return Answers(self.tape)

    @cached_property
    def clock(self) -> TapedClock:
        """The time of then."""
        return TapedClock(self.tape)

    @cached_property
    def comparer(self) -> Comparer:
        """What compares with the tape."""
        return Comparer(
            remade=self.court.shows_the_same,
            same_inputs=self.court.is_same,
            unmeasured=unmeasured_calls(self.tape.records),
            same_version=self._is_same_version,
            is_asked_anew=bool(self.live),
        )

    def parts(self, sitting: Sitting, governed: Governed) -> Parts:
        """Return the parts of a session for one sitting."""
        tape, inbox = self.tape, TapedInbox(self.tape, self._now())
        return Parts(
            journal=self._journal(sitting),
            vault=self.vault,
            inbox=inbox,
            ledger=TapedLedger(tape),
            ledger_scope="replay",
            clock=self.clock,
            contract=governed.contract,
            ceilings=governed.ceilings,
            allowed=taped_registry(governed.allowed),
            registry=taped_registry(governed.registry),
            engines=self.court.listen(governed.engines(self.clock)),
            broker=TapedBroker(tape, governed.backends),
            executors=TapedExecutor(self.answers, self.vault),
            models=self.live or self._desks(governed.deployments),
            reviewers=(*governed.reviewers, TapedPerson(tape)),
            reviewer_names=governed.reviewer_names,
            verifier=TapedVerifier(inbox),
            fingerprint=str,
            pause=tape.pause,
            review_models=self._desks(governed.review_deployments),
            announcers={name: TapedAnnouncer(tape, name) for name in governed.webhooks},
        )

    def _journal(self, sitting: Sitting) -> TapedJournal:
        return TapedJournal(
            tape=self.tape,
            sitting=sitting,
            answers=self.answers,
            clock=self.clock,
            comparer=self.comparer,
            findings=self.findings,
            own=self.own,
            is_durable=bool(self.live),
        )

    def _now(self) -> Now:
        is_remade = bool(self.live) or not self._is_same_version
        return Now(self.version, is_remade, lambda: self._state().header.limits, self._binding)

    @property
    def _is_same_version(self) -> bool:
        return self.version == self.tape.started.envelope.version

    def _state(self) -> SessionState:
        return fold(self.findings.records)

    def _binding(self, approval: str) -> Binding | None:
        known = self._state().approvals.get(approval)
        return None if known is None else known.request.binding

    def _desks(self, chains: Mapping[str, tuple[Deployment, ...]]) -> dict[str, tuple[ModelDesk, ...]]:
        return {alias: tuple(map(self._desk, chain)) for alias, chain in chains.items()}

    def _desk(self, deployment: Deployment) -> ModelDesk:
        client = TapedModel(deployment, self.tape, self.answers, self.vault)
        return ModelDesk(deployment, client, self._price(deployment))

    def _price(self, deployment: Deployment) -> TokenPrice | None:
        """Return what a deployment charges: as it is declared, else as the tape knows it where a library knew it then."""
        if deployment.price is not None:
            price = deployment.price
            return TokenPrice(price.input_usd_per_million, price.output_usd_per_million)
        return taped_price(self.tape, deployment.name) if deployment.provider == "litellm" else None
