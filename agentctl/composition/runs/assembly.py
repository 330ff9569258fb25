"""Putting a session's parts together: every concrete class of a run is named here."""

import asyncio
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from agentctl.approval.reviewer import Reviewer
from agentctl.budget.limits import Ceilings
from agentctl.composition.announcing import announcers_of
from agentctl.composition.at_hand import registry_of, reviewers_of
from agentctl.composition.authorities import engines_of
from agentctl.composition.governing import Governing
from agentctl.composition.people.key_book import KeyBook, key_book
from agentctl.composition.project import Project
from agentctl.composition.review_models import check_review_models, review_aliases
from agentctl.composition.runs.lent_client import LentClient
from agentctl.contract.environment import Backend, Deployment
from agentctl.contract.script import Script
from agentctl.foundation.discreet import Discreet
from agentctl.foundation.errors import InternalError
from agentctl.gateway.corridor import ModelDesk, Parts
from agentctl.identity.backend_broker import BackendBroker
from agentctl.identity.issuer import TokenIssuer
from agentctl.models.catalog import client_for
from agentctl.models.prices import price_of
from agentctl.policy.catalog import closing_of
from agentctl.policy.engine import PolicyEngine
from agentctl.sandbox.process import BackOfficeProcess, BackOfficeSetup, SpareProcess
from agentctl.tools.executors.catalog import Executors
from agentctl.tools.executors.http import BackendAddress, HttpExecutor
from agentctl.tools.registry import Registry
from agentctl.trace.ports import Journal
from agentctl.trace.sealing.vault import Vault


class Surroundings(Struct, frozen=True):
    """What one run needs beside what governs it."""

    journal: Journal
    ledger: str
    reviewers: tuple[Reviewer, ...]
    back_office_url: str | None
    vault: Vault | None = None
    """What keeps the values that redaction finds; None: the project's own."""


def issuer_of(project: Project, governing: Governing) -> TokenIssuer:
    """Return the issuer of a run's tokens."""
    return TokenIssuer(
        project.keys.issuer(), governing.environment.environment.identity.issuer, project.clock
    )


@contextmanager
def back_office(
    project: Project, governing: Governing, ledger: str, spare: SpareProcess | None = None
) -> Iterator[BackOfficeProcess | None]:
    """Launch the sandbox's back office where the environment needs one; it ends with this section."""
    environment = governing.environment.environment
    if not environment.needs_back_office:
        yield None
        return
    seeds = project.files.seeds(project.files.environment(environment.name))
    jwks = issuer_of(project, governing).jwks()
    setup = BackOfficeSetup(project.paths.sandbox / ledger, seeds, jwks, environment.identity.issuer)
    with BackOfficeProcess(setup, spare=spare) as process:
        yield process


def vault_of(project: Project, run: str, governing: Governing, key: bytes | None = None) -> Vault:
    """Return the sealed values of a run; `key` is the project's, where it was read already."""
    level = governing.contract.logging.pii_redaction
    return Vault(project.paths.sealed / run, key or project.keys.sealing(), run, level)


class Fixtures(Discreet, frozen=True):
    """What runs under one version may share, because none of it remembers a run; made once, closed once."""

    hidden = frozenset({"sealing_key"})

    registry: Registry
    allowed: Registry
    ceilings: Ceilings
    engines: tuple[PolicyEngine, ...]
    broker: BackendBroker
    models: Mapping[str, tuple[ModelDesk, ...]]
    review_models: Mapping[str, tuple[ModelDesk, ...]]
    reviewers: tuple[Reviewer, ...]
    verifier: KeyBook
    sealing_key: bytes

    async def close(self) -> None:
        """Give back connections and processes."""
        for client in {id(desk.client): desk.client for desk in self._desks()}.values():
            await client.close()
        for close in closing_of(self.engines):
            await close()

    def lent(self) -> "Fixtures":
        """Return the same, so that the end of a run closes nothing that other runs use."""
        models, review_models = (
            {alias: tuple(map(_lent, desks)) for alias, desks in chains.items()}
            for chains in (self.models, self.review_models)
        )
        return replace(self, models=models, review_models=review_models)

    def _desks(self) -> Iterator[ModelDesk]:
        for chain in (*self.models.values(), *self.review_models.values()):
            yield from chain


async def fixtures(project: Project, governing: Governing) -> Fixtures:
    """Make what runs under one version may share."""
    environment = governing.environment.environment
    registry = registry_of(governing)
    return Fixtures(
        registry=registry,
        allowed=registry.only(governing.version.tools),
        ceilings=governing.ceilings,
        engines=engines_of(governing, project.settings.secret),
        broker=BackendBroker(environment.backends, issuer_of(project, governing), project.settings.secret),
        models=await models_of(project, governing),
        review_models=await _review_models(project, governing),
        reviewers=reviewers_of(governing),
        verifier=key_book(project, environment),
        sealing_key=project.keys.sealing(),
    )


def parts_of(project: Project, governing: Governing, fixed: Fixtures, around: Surroundings) -> Parts:
    """Return the parts of a session; with its end, it closes the clients of models it was given, but no engine."""
    environment = governing.environment.environment
    scope = f"sandbox/{around.ledger}" if environment.kind == "sandbox" else environment.name
    return Parts(
        journal=around.journal,
        vault=around.vault or vault_of(project, around.journal.run, governing, fixed.sealing_key),
        inbox=project.inbox,
        ledger=project.ledger,
        ledger_scope=scope,
        clock=project.clock,
        contract=governing.contract,
        ceilings=fixed.ceilings,
        allowed=fixed.allowed,
        registry=fixed.registry,
        engines=fixed.engines,
        broker=fixed.broker,
        executors=_executors(project, governing, around, fixed.registry),
        models=fixed.models,
        reviewers=(*fixed.reviewers, *around.reviewers),
        reviewer_names=tuple(reviewer.name for reviewer in environment.reviewers),
        verifier=fixed.verifier,
        fingerprint=lambda text: hmac.digest(fixed.sealing_key, b"effect\n" + text.encode(), "sha256").hex(),
        pause=asyncio.sleep,
        review_models=fixed.review_models,
        announcers=announcers_of(project, governing),
    )


def _executors(project: Project, governing: Governing, around: Surroundings, registry: Registry) -> Executors:
    environment = governing.environment.environment
    addresses = {name: _address(item, around.back_office_url) for name, item in environment.backends.items()}
    return Executors.of(
        HttpExecutor(addresses),
        registry,
        isolation=environment.isolation,
        environment=project.settings.child_environment,
    )


def _address(backend: Backend, back_office_url: str | None) -> BackendAddress:
    if backend.url is not None:
        return BackendAddress(backend.url, backend.allow_private_network)
    if back_office_url is None:
        raise InternalError("a sandbox backend without a back office")
    return BackendAddress(f"{back_office_url}{backend.sandbox_path}", allow_private_network=True)


async def models_of(project: Project, governing: Governing) -> dict[str, tuple[ModelDesk, ...]]:
    """Return the desks of the contract's alias only: no other model can be asked."""
    alias = governing.contract.model_routing.default
    chain = governing.deployments(alias)
    return {alias: tuple([await _desk(project, governing, item) for item in chain])}


async def _review_models(project: Project, governing: Governing) -> dict[str, tuple[ModelDesk, ...]]:
    """Return the desks of second models, apart from those that the agent can ask."""
    check_review_models(governing)
    environment = governing.environment.environment
    return {
        alias: tuple([await _desk(project, governing, item) for item in governing.deployments(alias)])
        for alias in sorted(review_aliases(environment))
    }


async def _desk(project: Project, governing: Governing, deployment: Deployment) -> ModelDesk:
    client = client_for(
        deployment,
        agent=governing.contract.agent.name,
        environment_dir=project.files.contracts / "environments",
        api_key=project.settings.secret(deployment.api_key_env) if deployment.api_key_env else None,
        load_script=lambda _: _recorded_script(governing),
    )
    # A price may come from litellm's own table, and litellm takes seconds to load.
    price = await asyncio.to_thread(price_of, deployment)
    return ModelDesk(deployment, client, price)


def _lent(desk: ModelDesk) -> ModelDesk:
    return replace(desk, client=LentClient(desk.client))


def _recorded_script(governing: Governing) -> Script:
    if governing.environment.script is None:
        raise InternalError("a scripted deployment without a script")
    return governing.environment.script
