"""How names are resolved for requests: every address is checked, and the connection goes to an address that was checked."""

import socket
from collections.abc import Callable

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from typing_extensions import override

from agentctl.foundation.addresses import refuse_unless_allowed


class CheckedResolver(AbstractResolver):
    """Resolves a name once and refuses it unless every one of its addresses is allowed.

    Args:
        allow_private: whether private and loopback addresses are allowed.
        resolver: makes the resolver that is asked; default: the operating system's.
    """

    def __init__(
        self, *, allow_private: bool, resolver: Callable[[], AbstractResolver] = ThreadedResolver
    ) -> None:
        self._allow_private = allow_private
        self._resolver = resolver()

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            AddressRefused: one of them is not allowed.
            OSError: the name does not exist.
        """
        found = await self._resolver.resolve(host, port, family)
        hosts = [result["host"] for result in found]
        refuse_unless_allowed(hosts, allow_private=self._allow_private)
        return found

    @override
    async def close(self) -> None:
        """Give back what the resolver holds."""
        await self._resolver.close()
