"""Putting the parts of a replay together: every port of a session, answered from a tape."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from agentctl.composition.at_hand import registry_of, reviewers_of
from agentctl.composition.authorities import own_rules
from agentctl.composition.governing import Governing
from agentctl.composition.review_models import review_aliases
from agentctl.contract.environment import Deployment
from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.events.run import ReplayMode
from agentctl.foundation.clock import Clock
from agentctl.gateway.corridor import ModelDesk, Parts
from agentctl.gateway.state import SessionState, fold
from agentctl.models.client import TokenPrice
from agentctl.policy.authority import Authority
from agentctl.policy.catalog import Around, engines_for
from agentctl.policy.engine import PolicyEngine
from agentctl.replay.answers import Answers
from agentctl.replay.clock import TapedClock
from agentctl.replay.comparison import Comparer
from agentctl.replay.court import Court, TapedEngine
from agentctl.replay.findings import Findings
from agentctl.replay.journal import OwnJournal, TapedJournal
from agentctl.replay.letters import Now, TapedInbox, TapedVerifier
from agentctl.replay.models import TapedModel, taped_price
from agentctl.replay.people import TapedAnnouncer, TapedPerson
from agentctl.replay.registry import taped_registry
from agentctl.replay.sittings import Sitting
from agentctl.replay.tape import Tape
from agentctl.replay.tools import TapedBroker, TapedExecutor, TapedLedger, unmeasured_calls
from agentctl.replay.vault import TapedVault


@dataclass(frozen=True)
class TapedWorld:
    """What all sittings of a replay share.

    `live` are the desks of models that are asked anew; empty where the tape answers for them.
    """

    tape: Tape
    mode: ReplayMode
    version: str
    own: OwnJournal
    vault: TapedVault
    live: Mapping[str, tuple[ModelDesk, ...]] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    court: Court = field(default_factory=Court)

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
            same_inputs=self.court.is_same,
            remade=self.court.shows_the_same,
            unmeasured=unmeasured_calls(self.tape.records),
            same_version=self.version == self.tape.started.envelope.version,
            is_asked_anew=self.mode == "tools-taped",
        )

    def parts(self, sitting: Sitting, governing: Governing) -> Parts:
        """Return the parts of a session for one sitting."""
        tape, environment = self.tape, governing.environment.environment
        registry = taped_registry(registry_of(governing))
        inbox = TapedInbox(tape, self._now())
        return Parts(
            journal=self._journal(sitting),
            vault=self.vault,
            inbox=inbox,
            ledger=TapedLedger(tape),
            ledger_scope="replay",
            clock=self.clock,
            contract=governing.contract,
            ceilings=governing.ceilings,
            allowed=registry.only(governing.version.tools),
            registry=registry,
            engines=self.court.listen(authorities_of(governing, self.clock, self._as_taped)),
            broker=TapedBroker(tape),
            executors=TapedExecutor(self.answers, self.vault),
            models=self.live or self._desks(governing, (governing.contract.model_routing.default,)),
            reviewers=(*reviewers_of(governing), TapedPerson(tape)),
            reviewer_names=tuple(reviewer.name for reviewer in environment.reviewers),
            verifier=TapedVerifier(inbox),
            fingerprint=str,
            pause=tape.pause,
            review_models=self._desks(governing, sorted(review_aliases(environment))),
            announcers={
                item.name: TapedAnnouncer(tape, item.name) for item in environment.approvals.webhooks
            },
        )

    def _as_taped(self, policy: PolicyVersion) -> PolicyEngine:
        return TapedEngine(policy.name, policy.digest, self.tape)

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
        def state() -> SessionState:
            return fold(self.findings.records)

        return Now(
            version=self.version,
            limits=lambda: state().header.limits,
            binding=lambda name: (
                state().approvals[name].request.binding if name in state().approvals else None
            ),
        )

    def _desks(self, governing: Governing, aliases: Iterable[str]) -> dict[str, tuple[ModelDesk, ...]]:
        return {alias: tuple(map(self._desk, governing.deployments(alias))) for alias in aliases}

    def _desk(self, deployment: Deployment) -> ModelDesk:
        client = TapedModel(deployment.name, self.tape, self.answers, self.vault)
        return ModelDesk(deployment, client, self._price(deployment))

    def _price(self, deployment: Deployment) -> TokenPrice | None:
        if deployment.price is not None:
            price = deployment.price
            return TokenPrice(price.input_usd_per_million, price.output_usd_per_million)
        return taped_price(self.tape, deployment.name) if deployment.provider == "litellm" else None


def authorities_of(
    governing: Governing, clock: Clock, elsewhere: Callable[[PolicyVersion], PolicyEngine]
) -> Iterator[PolicyEngine]:
    """Yield the authorities in their order: what judges in this process as it is, the others as `elsewhere` gives them."""
    around = Around(governing.version.descriptors, {}, lambda _: None, clock)
    yield from own_rules(governing)
    for policy, authority in _sets(governing):
        if is_at_hand(policy):
            yield from engines_for((policy,), authority, around)
        else:
            yield elsewhere(policy)


def is_at_hand(policy: PolicyVersion) -> bool:
    """Return whether a policy set judges in this process, without a service or a process of its own."""
    return isinstance(policy.source, CedarPolicies)


def _sets(governing: Governing) -> Iterator[tuple[PolicyVersion, Authority]]:
    for policy in (*governing.version.policies, *governing.environment.policies):
        yield policy, "policy"
    for platform in governing.platforms:
        for policy in platform.policies:
            yield policy, "platform"
