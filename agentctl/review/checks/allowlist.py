"""The allowlist: every tool in it exists, stands there once, and is not easily taken for another one."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from agentctl.contract.project import nearest
from agentctl.review.checks.report import Finding, error, warning
from agentctl.review.checks.subject import Subject, in_tool

_LOOKALIKES: Mapping[str, str] = {
    "0": "o",
    "1": "l",
    "i": "l",
    "5": "s",
    "-": "",
    "_": "",
    "rn": "m",
    "vv": "w",
}


def tools_exist(subject: Subject) -> Iterator[Finding]:
    """Every tool in the allowlist is in the registry."""
    for index, entry in enumerate(subject.contract.document.tools.allowlist):
        if entry.name not in subject.registry:
            at = subject.in_contract("tools", "allowlist", index, "name")
            found = f"there is no tool `{entry.name}` in contracts/tools"
            yield error(at, found, "a tool of the registry", nearest(entry.name, subject.registry))


def tools_are_listed_once(subject: Subject) -> Iterator[Finding]:
    """No tool stands in the allowlist twice: only the first entry would hold."""
    first: dict[str, int] = {}
    for index, entry in enumerate(subject.contract.document.tools.allowlist):
        before = first.setdefault(entry.name, index)
        if before != index:
            at = subject.in_contract("tools", "allowlist", index, "name")
            twin = subject.in_contract("tools", "allowlist", before, "name")
            yield error(at, f"`{entry.name}` a second time; first at {twin.place}", "each tool once")


def names_are_not_confusable(subject: Subject) -> Iterator[Finding]:
    """No other tool of the registry has nearly the name of a listed one."""
    for listed in subject.listed():
        for other in sorted(subject.registry):
            if other != listed.entry.name and are_confusable(other, listed.entry.name):
                twin = in_tool(subject.registry[other], "name")
                found = f"`{listed.entry.name}` is easily taken for `{other}` {twin.where}"
                yield warning(subject.at_entry(listed), found, "names that differ in more than a letter")


def are_confusable(one: str, other: str) -> bool:
    """Return whether two names look alike, or differ by one letter more, less, other or swapped."""
    return _skeleton(one) == _skeleton(other) or _is_one_edit(*sorted((one, other), key=len))


def _skeleton(name: str) -> str:
    for written, seen in _LOOKALIKES.items():
        name = name.replace(written, seen)
    return name


def _is_one_edit(short: str, long: str) -> bool:
    if len(long) - len(short) > 1:
        return False
    if len(short) < len(long):
        return any(long[:cut] + long[cut + 1 :] == short for cut in range(len(long)))
    different = [index for index, (a, b) in enumerate(zip(short, long, strict=True)) if a != b]
    return len(different) == 1 or _are_swapped(different, short, long)


def _are_swapped(different: list[int], one: str, other: str) -> bool:
    neighbours = [(a, b) for a, b in pairwise(different) if b == a + 1]
    return len(different) == len(neighbours) + 1 == 2 and all(  # noqa: PLR2004 - two letters, exchanged
        one[a] == other[b] and one[b] == other[a] for a, b in neighbours
    )
