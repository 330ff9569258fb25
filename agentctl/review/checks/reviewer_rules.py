"""Rules of independent reviewers: the tools, facts and pointers they speak of exist and fit.

A rule that cannot judge denies, so what is wrong here would deny every request.
"""

from collections.abc import Iterator

from agentctl.contract.project import Loaded, nearest
from agentctl.contract.tool import ToolDescriptor
from agentctl.review.checks.report import Finding, error, warning
from agentctl.review.checks.schema_paths import required_in, types_at
from agentctl.review.checks.subject import Ruled, Subject, in_tool
from agentctl.review.checks.tool_parts import dangling, one_of, unknown_argument


def rules_name_tools(subject: Subject) -> Iterator[Finding]:
    """Every tool that a rule speaks of is in the registry."""
    for ruled in subject.ruled():
        for name, path in _named_tools(ruled):
            if name not in subject.registry:
                found = f"there is no tool `{name}` in contracts/tools"
                at, near = subject.in_rule(ruled, *path), nearest(name, subject.registry)
                yield error(at, found, "a tool of the registry", near)


def rules_judge_amounts(subject: Subject) -> Iterator[Finding]:
    """The fact a rule compares is an amount of the reviewed tool, with a total per object."""
    for ruled, reviewed in _with_tool(subject, "reviewed"):
        name, facts = ruled.rule.amount_fact, reviewed.document.facts
        at, place = subject.in_rule(ruled, "amount_fact"), in_tool(reviewed, "facts", name)
        if name not in facts:
            found = f"`{reviewed.document.name}` has no fact `{name}` {place.where}"
            yield error(at, found, one_of(facts, "one of its facts"), nearest(name, facts))
        elif facts[name].unit != "minor_units" or facts[name].total_per is None:
            found = f"the fact `{name}` is no amount with a total per object {place.where}"
            yield error(at, found, "a fact with `unit: minor_units` and `total_per`")
        elif not name.endswith("_usd"):
            found = f"the fact `{name}` may be of any currency, and the rule counts US dollars {place.where}"
            yield error(at, found, "a fact whose name ends with `_usd`: those are of no other currency")


def rules_only_read(subject: Subject) -> Iterator[Finding]:
    """What a rule looks up, it looks up with a tool that changes nothing, and with arguments that fit."""
    for ruled, looked_up in _with_tool(subject, "looked_up"):
        descriptor, given = looked_up.document, ruled.rule.look_up.arguments
        at = subject.in_rule(ruled, "look_up", "tool")
        if descriptor.effect != "read":
            found = f"`{descriptor.name}` is `{descriptor.effect}` {in_tool(looked_up, 'effect').where}"
            yield error(at, found, "a tool with `effect: read`")
        for name in required_in(descriptor.arguments) - given.keys():
            found = f"`{descriptor.name}` needs the argument `{name}` {in_tool(looked_up, 'arguments').where}"
            yield error(at, found, f"`{name}` under `arguments`")
        for name in given:
            yield from unknown_argument(subject.in_rule(ruled, "look_up", "arguments", name), name, looked_up)


def rules_read_whole_amounts(subject: Subject) -> Iterator[Finding]:
    """The amounts a rule reads are there, and whole numbers: cents."""
    for ruled, looked_up in _with_tool(subject, "looked_up"):
        for key, pointer in (("amount", ruled.rule.amount), ("amount_spent", ruled.rule.amount_spent)):
            at, types = subject.in_rule(ruled, key), types_at(looked_up.document.result, pointer)
            yield from dangling(at, pointer, looked_up, "result")
            if types and "integer" not in types:
                place = in_tool(looked_up, "result")
                yield error(
                    at, f"`{pointer}` is not a whole number {place.where}", "an amount in minor units"
                )


def rules_compare_what_exists(subject: Subject) -> Iterator[Finding]:
    """Both sides of every comparison lead somewhere; what is absent is equal to nothing."""
    for ruled, looked_up in _with_tool(subject, "looked_up"):
        for index, same in enumerate(ruled.rule.same):
            at = subject.in_rule(ruled, "same", index, "looked_up")
            yield from dangling(at, same.looked_up, looked_up, "result")
    for ruled, reviewed in _with_tool(subject, "reviewed"):
        for name, pointer in ruled.rule.look_up.arguments.items():
            at = subject.in_rule(ruled, "look_up", "arguments", name)
            yield from dangling(at, pointer, reviewed, "arguments")
        yield from _unfit_other_sides(subject, ruled, reviewed)


def rules_compare_what_was_read(subject: Subject) -> Iterator[Finding]:
    """A rule that compares with the result of a tool is for agents that may call that tool."""
    allowed = {item.entry.name: item for item in subject.listed()}
    for ruled in subject.ruled():
        for index, same in enumerate(ruled.rule.same):
            if ruled.rule.tool in allowed and same.result_of is not None and same.result_of not in allowed:
                at = subject.in_rule(ruled, "same", index, "result_of")
                found = f"the agent may not call `{same.result_of}`, so every request would be denied"
                yield warning(subject.at_entry(allowed[ruled.rule.tool]), f"{found} {at.where}")


def _unfit_other_sides(subject: Subject, ruled: Ruled, reviewed: Loaded[ToolDescriptor]) -> Iterator[Finding]:
    for index, same in enumerate(ruled.rule.same):
        if same.argument is not None:
            at = subject.in_rule(ruled, "same", index, "argument")
            yield from dangling(at, same.argument, reviewed, "arguments")
        other = subject.registry.get(same.result_of or "")
        if other is not None:
            at = subject.in_rule(ruled, "same", index, "result")
            yield from dangling(at, same.result or "", other, "result")


def _named_tools(ruled: Ruled) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    yield ruled.rule.tool, ("tool",)
    yield ruled.rule.look_up.tool, ("look_up", "tool")
    for index, same in enumerate(ruled.rule.same):
        if same.result_of is not None:
            yield same.result_of, ("same", index, "result_of")


def _with_tool(subject: Subject, which: str) -> Iterator[tuple[Ruled, Loaded[ToolDescriptor]]]:
    """Yield every rule with the tool it reviews, or the one it reads with, where that exists."""
    for ruled in subject.ruled():
        name = ruled.rule.tool if which == "reviewed" else ruled.rule.look_up.tool
        if name in subject.registry:
            yield ruled, subject.registry[name]
