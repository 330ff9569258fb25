"""Requests go only where they may: whatever a host is called, and whatever its name leads to."""

import errno
import ipaddress

import pytest

from agentctl.foundation.addresses import (
    BackendAddress,
    host_and_port,
    is_allowed,
    why_not_reached,
    why_refused,
)

PUBLIC = ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111"]
PRIVATE = ["127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "fd12::1", "100.64.0.1"]
NEVER = [
    "0.0.0.0",  # noqa: S104  # an address to refuse
    "169.254.169.254",
    "192.0.0.8",
    "192.0.0.192",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:93.184.216.34",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "2001::1",
    "2002:7f00:1::",
    "2002:0808:0808::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "3fff::1",
    "5f00::1",
    "100::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    """Always."""
    literal = ipaddress.ip_address(address)
    assert is_allowed(literal, allow_private=False)
    assert is_allowed(literal, allow_private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_permission(address: str) -> None:
    """Also this machine itself."""
    literal = ipaddress.ip_address(address)
    assert not is_allowed(literal, allow_private=False)
    assert is_allowed(literal, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_addresses_that_mean_another_one_are_never_allowed(address: str) -> None:
    """Nor metadata services, nor many at once; permission for private ones does not help."""
    literal = ipaddress.ip_address(address)
    assert not is_allowed(literal, allow_private=False)
    assert not is_allowed(literal, allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://127.0.0.01/",
        "http://1.2.3.4.5/",
        "http://0xA9FEA9FE/",
        "http://name.0x7f/",
        "http://name.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[fe80::1%25lo]/",
        "http://[::1/",
        "http://169.254.169.254/latest",
        "http://[fd00:ec2::254]/",
        "http://good@evil/",
        "http://user:pass@good/",
        "http://evil#@good/",
        "http://good\\@evil/",
        "http://good\\evil/",
        "http://①②⑦.⓪.⓪.①/",
        "http://ｅvil/",
        "http://пример.example/",
        "http://good /",
        "http://good\r\nX: y/",
        "http://good?x=1",
        "http://",
        "http:///path",
        "http://good:99999/",
        "http://good:http/",
        "http://-good/",
        "http://*.good/",
        "ftp://good/",
        "file:///etc/passwd",
        "good.example",
        "",
    ],
)
def test_urls_that_could_be_read_in_two_ways_are_refused(url: str) -> None:
    """A host is a plain name, a dotted quad or a bracketed address, and nothing else."""
    assert why_refused(BackendAddress(url)) is not None
    assert why_refused(BackendAddress(url, allow_private_network=True)) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://api.stripe.com",
        "http://93.184.216.34:8080/v1",
        "http://[2606:4700:4700::1111]/",
        "https://xn--e1afmkfd.example./a_b",
    ],
)
def test_plain_urls_are_taken(url: str) -> None:
    """With a port or without, with a path or without."""
    assert why_refused(BackendAddress(url)) is None


def test_a_literal_private_address_needs_permission() -> None:
    """The resolver is never asked for it, so it is judged before."""
    assert "may not go" in (why_refused(BackendAddress("http://127.0.0.1:80/")) or "")
    assert why_refused(BackendAddress("http://127.0.0.1:80/", allow_private_network=True)) is None
    assert why_refused(BackendAddress("http://[::1]:80/", allow_private_network=True)) is None


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://api.example/v1?key=x", ("api.example", 443)),
        ("http://[::1]:80/", ("::1", 80)),
        ("ftp://host", ("host", 0)),
        ("http://host:99999", ("", 0)),
        ("nonsense", ("", 0)),
    ],
)
def test_a_url_leads_to_a_host_and_a_port(url: str, place: tuple[str, int]) -> None:
    """And nothing else of it is told; one that cannot be read leads nowhere."""
    assert host_and_port(url) == place


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9)"), "Connection refused"),
        (OSError(-2, "Name or service not known"), "Name or service not known"),
        (OSError("Multiple exceptions"), "Multiple exceptions"),
    ],
)
def test_why_nothing_was_reached_is_said_in_the_systems_words(error: OSError, why: str) -> None:
    """The resolver's own where it has no number, and whatever there is otherwise."""
    assert why_not_reached(error) == why
