"""Where requests may go: which URLs name a place plainly, and which addresses are allowed. Pure."""

import ipaddress
import os
import re
from collections.abc import Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# What `is_global` lets through although it reaches, or may reach, another address than it says, or many.
_NEVER = _networks(
    "0.0.0.0/8",
    "169.254.0.0/16",  # link-local; cloud metadata
    "192.0.0.0/24",
    "192.88.99.0/24",  # 6to4 relays
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",  # IPv4-compatible, unspecified; loopback is asked before
    "::ffff:0:0/96",  # IPv4-mapped
    "::ffff:0:0:0/96",  # IPv4-translated
    "64:ff9b::/96",  # NAT64
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",  # Teredo, benchmarking, ORCHID
    "2002::/16",  # 6to4
    "3fff::/20",
    "5f00::/16",
    "fd00:ec2::/32",  # cloud metadata
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)
_LOOPBACK = _networks("127.0.0.0/8", "::1/128")
_SHARED = _networks("100.64.0.0/10")  # between providers and their customers; also used inside clusters
_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\@?#]|[^\x00-\x7f]")


_PORTS = {"https": 443, "http": 80}
_ASYNCIO_SAYS = "Connect call failed"


class AddressRefused(OSError):
    """Raised when a name leads to an address where requests may not go."""


class BackendAddress(Struct, frozen=True):
    """The base URL of a backend or a service, and whether it may lie in a private network or on this machine."""

    url: str
    allow_private_network: bool = False


def host_and_port(url: str) -> tuple[str, int]:
    """Return where a URL leads; one that cannot be read leads nowhere (`why_refused` says so of it)."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", 0


def why_not_reached(error: OSError) -> str:
    """Return the system's own words; those of asyncio name the address a second time."""
    said = error.strerror or str(error)
    return os.strerror(error.errno) if error.errno and said.startswith(_ASYNCIO_SAYS) else said


def why_refused(address: BackendAddress) -> str | None:
    """Return what is wrong with a base URL as it is written; None if requests may be sent to what it names."""
    if _FORBIDDEN.search(address.url):
        return "the URL holds a user, a query, a fragment, a backslash, a space or a letter outside ASCII"
    try:
        parts = urlsplit(address.url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "the URL cannot be read"
    if parts.scheme not in {"http", "https"}:
        return "the URL is neither `http` nor `https`"
    return _why_host_refused(host, allow_private=address.allow_private_network)


def _why_host_refused(host: str, *, allow_private: bool) -> str | None:
    if ":" in host or _ends_in_a_number(host):
        literal = _literal(host)
        if literal is None:
            return "the host is a number in another form than a plain address"
        return None if is_allowed(literal, allow_private=allow_private) else _refusal(literal)
    return None if _HOST_NAME.fullmatch(host) else "the URL names no host"


def _ends_in_a_number(host: str) -> bool:
    # Resolvers take `127.1`, `2130706433` and `0x7f000001` for addresses; a name never ends in a number.
    return _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_allowed(address: Address, *, allow_private: bool) -> bool:
    """Return whether requests may go to an address."""
    if _is_in(address, _LOOPBACK):
        return allow_private
    if _is_in(address, _NEVER):
        return False
    return address.is_global or (allow_private and (address.is_private or _is_in(address, _SHARED)))


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _refusal(address: Address) -> str:
    return f"`{address}` is an address where requests may not go"


def refuse_unless_allowed(hosts: Sequence[str], *, allow_private: bool) -> None:
    """Check the addresses that a name leads to.

    Raises:
        AddressRefused: one of them is not allowed, or is no address.
    """
    for host in hosts:
        address = _literal(host)
        if address is None or not is_allowed(address, allow_private=allow_private):
            raise AddressRefused(f"`{host}` is an address where requests may not go")
