"""Whatever a name leads to, requests go only where they may."""

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from agentctl.foundation.addresses import AddressRefused
from agentctl.foundation.resolver import CheckedResolver


class Answers(AbstractResolver):
    """A name server that gives other answers each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.closed = False

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.answers.pop(0)
        ]

    @override
    async def close(self) -> None:
        self.closed = True


async def test_every_address_of_a_name_is_checked() -> None:
    """One bad address among good ones refuses the name; what is returned is what was checked."""
    names = Answers(["1.1.1.1", "2606:4700:4700::1111"], ["1.1.1.1", "127.0.0.1"], ["not-an-address"])
    resolver = CheckedResolver(allow_private=False, resolver=lambda: names)
    assert [found["host"] for found in await resolver.resolve("a.example", 80)] == [
        "1.1.1.1",
        "2606:4700:4700::1111",
    ]
    for _ in range(2):
        with pytest.raises(AddressRefused):
            await resolver.resolve("a.example", 80)
    await resolver.close()
    assert names.closed


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost"])
async def test_the_system_resolver_is_checked_too(host: str) -> None:
    """Whatever the operating system makes of such a name, it leads nowhere."""
    resolver = CheckedResolver(allow_private=False)
    with pytest.raises(OSError):
        await resolver.resolve(host, 80)
    await resolver.close()
