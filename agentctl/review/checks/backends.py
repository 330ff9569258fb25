"""Backends: every HTTP tool has one in the environment, and in a live environment it is reached safely."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from agentctl.contract.environment import Backend
from agentctl.contract.project import Loaded, nearest
from agentctl.contract.tool import HttpExecutor, PythonExecutor, ToolDescriptor
from agentctl.review.checks.report import Finding, error, warning
from agentctl.review.checks.subject import Subject, in_tool


def backends_are_bound(subject: Subject) -> Iterator[Finding]:
    """The environment binds the backend of every HTTP tool that is used."""
    known = subject.environment.document.backends
    for tool, name in used_backends(subject):
        if name not in known:
            place = subject.in_environment("backends")
            found = f"the environment `{subject.environment.document.name}` binds no backend `{name}` {place.where}"
            accepted = ", ".join(f"`{item}`" for item in known) or f"`{name}` under `backends` there"
            yield error(in_tool(tool, "executor", "backend"), found, accepted, nearest(name, known))


def live_backends_are_encrypted(subject: Subject) -> Iterator[Finding]:
    """A live backend is reached by https: our tokens go there."""
    if subject.environment.document.kind != "live":
        return
    for name, backend in _bound(subject).items():
        if (backend.url or "").startswith("http://"):
            at = subject.in_environment("backends", name, "url")
            yield error(at, f"`{backend.url}` is not encrypted", "a URL that begins with `https://`")


def private_addresses_are_declared(subject: Subject) -> Iterator[Finding]:
    """A backend on a private address says so; its requests are refused otherwise."""
    for name, backend in _bound(subject).items():
        if backend.url is not None and not backend.allow_private_network and is_private(backend.url):
            at = subject.in_environment("backends", name, "url")
            found = f"`{backend.url}` is a private address, so its requests are refused"
            yield error(at, found, "`allow_private_network: true` beside it, or a public address")


def isolation_is_wanted(subject: Subject) -> Iterator[Finding]:
    """Python tools run in a process of their own unless the environment declares otherwise."""
    python = [item for item in subject.used_tools() if isinstance(item.document.executor, PythonExecutor)]
    if python and subject.environment.document.isolation == "none":
        names = ", ".join(f"`{item.document.name}`" for item in python)
        yield warning(subject.in_environment("isolation"), f"{names} run inside our own process", "`process`")


def used_backends(subject: Subject) -> Iterator[tuple[Loaded[ToolDescriptor], str]]:
    """Yield the HTTP tools that are used, each with the name of its backend."""
    for tool in subject.used_tools():
        if isinstance(tool.document.executor, HttpExecutor):
            yield tool, tool.document.executor.backend


def _bound(subject: Subject) -> dict[str, Backend]:
    backends = subject.environment.document.backends
    return {name: backends[name] for _, name in used_backends(subject) if name in backends}


def is_private(url: str) -> bool:
    """Return whether a URL names a private or loopback address; other names are looked up only when they are used."""
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
