"""Whether something listens where an environment says: a bounded connection each, and not a byte is sent."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing

from msgspec import Struct

from agentctl.contract.environment import Environment
from agentctl.foundation.addresses import BackendAddress, host_and_port, why_not_reached, why_refused
from agentctl.review.doctor.observation import Observation, ok, problem

_SECONDS = 3.0


class Target(Struct, frozen=True):
    """Something that an environment names by its URL."""

    name: str
    address: BackendAddress

    @property
    def shown(self) -> str:
        """Where it is: host and port, and nothing that a URL may hold besides."""
        host, port = host_and_port(self.address.url)
        return f"{host}:{port}"


def targets_of(environment: Environment) -> tuple[Target, ...]:
    """Return everything that runs of an environment may connect to."""
    return tuple(_targets(environment))


def reach(targets: Sequence[Target]) -> tuple[Observation, ...]:
    """Try a connection to each target, all at once; every name is resolved and checked as runs do it."""
    return asyncio.run(_reach(targets))


def _targets(environment: Environment) -> Iterator[Target]:
    for name, backend in environment.backends.items():
        if backend.url is not None:
            yield Target(f"backend `{name}`", BackendAddress(backend.url, backend.allow_private_network))
    for name, point in environment.decision_points.items():
        yield Target(f"decision point `{name}`", BackendAddress(point.url, point.allow_private_network))
    for webhook in environment.approvals.webhooks:
        yield Target(
            f"webhook `{webhook.name}`",
            BackendAddress(_without_query(webhook.url), webhook.allow_private_network),
        )
    for chain in environment.models.values():
        for item in chain:
            if item.base_url is not None:  # a model may be served on this machine
                yield Target(
                    f"model `{item.name}`", BackendAddress(item.base_url, allow_private_network=True)
                )


async def _reach(targets: Sequence[Target]) -> tuple[Observation, ...]:
    return tuple(await asyncio.gather(*(_reached(target) for target in targets)))


async def _reached(target: Target) -> Observation:
    wrong = why_refused(target.address) or await _why_unreachable(target)
    if wrong:
        return problem(
            f"{target.name} cannot be reached at {target.shown}: {wrong}", "correct its URL, or start it"
        )
    return ok(f"{target.name} is reached at {target.shown}")


async def _why_unreachable(target: Target) -> str:
    try:
        async with asyncio.timeout(_SECONDS):
            await _connect(target)
    except TimeoutError:
        return f"no connection within {_SECONDS:.0f} s"
    except OSError as error:
        return why_not_reached(error)
    return ""


async def _connect(target: Target) -> None:
    """Connect to the first address of a name, all of which were checked.

    Raises:
        OSError: an address is not allowed, the name does not exist, or nothing listens.
    """
    from agentctl.foundation.resolver import CheckedResolver  # noqa: PLC0415 - loads aiohttp, only here needed

    host, port = host_and_port(target.address.url)
    resolver = CheckedResolver(allow_private=target.address.allow_private_network)
    try:
        found = await resolver.resolve(host, port)
        _, writer = await asyncio.open_connection(found[0]["host"], port)
        with closing(writer):
            return
    finally:
        await resolver.close()


def _without_query(url: str) -> str:
    return url.partition("?")[0]
