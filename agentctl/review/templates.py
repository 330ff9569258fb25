"""HTTP tools: their templates name arguments that exist, and what they select fits the result's schema."""

import re
from collections.abc import Iterator

from agentctl.contract.project import Loaded, nearest
from agentctl.contract.tool import HttpExecutor, ToolDescriptor
from agentctl.review.report import Finding, error, warning
from agentctl.review.schema_paths import is_open, names_in, required_in
from agentctl.review.subject import Subject, in_tool
from agentctl.review.tool_parts import one_of, optional_argument, unknown_argument

_SLOT = re.compile(r"\{([^{}]*)\}")
_CHANGING = ("PUT", "PATCH", "DELETE")


def templates_name_arguments(subject: Subject) -> Iterator[Finding]:
    """Each `{name}` in a request is an argument of the tool; in the path, one that is always given."""
    for tool, executor in _http_tools(subject):
        for path, name in _slots(executor):
            at = in_tool(tool, "executor", *path)
            yield from unknown_argument(at, name, tool)
            if path == ("path",):
                yield from optional_argument(at, name, tool, "a path has no place for that")


def arguments_are_used(subject: Subject) -> Iterator[Finding]:
    """No argument is asked of the model and then left out of the request."""
    for tool, executor in _http_tools(subject):
        used = {name for _, name in _slots(executor)}
        for name in sorted(names_in(tool.document.arguments) - used):
            at, place = in_tool(tool, "arguments", "properties", name), in_tool(tool, "executor")
            yield warning(
                at, f"the argument `{name}` never reaches the backend {place.where}", f"`{{{name}}}` there"
            )


def selections_fit_the_result(subject: Subject) -> Iterator[Finding]:
    """What is kept of an answer is what the result's schema describes, with everything that it demands."""
    for tool, executor in _http_tools(subject):
        result, place = tool.document.result, in_tool(tool, "result")
        known = names_in(result)
        for name in () if is_open(result) else executor.select.keys() - known:
            at = in_tool(tool, "executor", "select", name)
            yield error(
                at,
                f"`{name}` is not in the result's schema {place.where}",
                one_of(known),
                nearest(name, known),
            )
        for name in required_in(result) - executor.select.keys() if executor.select else ():
            at = in_tool(tool, "executor", "select")
            yield error(
                at, f"`{name}`, which the result needs, is not selected {place.where}", f"`{name}: /...`"
            )


def methods_fit_the_effect(subject: Subject) -> Iterator[Finding]:
    """A tool that says it reads does not use a method that changes things."""
    for tool, executor in _http_tools(subject):
        if tool.document.effect == "read" and executor.method in _CHANGING:
            at, effect = in_tool(tool, "executor", "method"), in_tool(tool, "effect")
            found = f"`{executor.method}` changes things, and the effect is `read` {effect.where}"
            yield warning(at, found, "`GET`, or another effect")


def bodies_have_one_form(subject: Subject) -> Iterator[Finding]:
    """A request has one body, and none where the method takes none; a key header is used by keyed tools only."""
    for tool, executor in _http_tools(subject):
        if executor.body is not None and executor.form is not None:
            yield error(in_tool(tool, "executor", "form"), "both `form` and `body`", "one of them")
        if executor.method == "GET" and (executor.body is not None or executor.form is not None):
            yield error(
                in_tool(tool, "executor", "method"), "a `GET` with a body", "`query`, or another method"
            )
        if executor.idempotency_header and tool.document.retry != "keyed":
            retry = in_tool(tool, "retry")
            found = f"the header is not relied on: `retry` is `{tool.document.retry}` {retry.where}"
            yield warning(
                in_tool(tool, "executor", "idempotency_header"), found, "`retry: keyed`, or no header"
            )


def _http_tools(subject: Subject) -> Iterator[tuple[Loaded[ToolDescriptor], HttpExecutor]]:
    for tool in subject.used_tools():
        if isinstance(tool.document.executor, HttpExecutor):
            yield tool, tool.document.executor


def _slots(executor: HttpExecutor) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every name in a template of a request, with the way to the template."""
    for path, text in _templates(executor):
        yield from ((path, name) for name in _SLOT.findall(text))


def _templates(executor: HttpExecutor) -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("path",), executor.path
    for key, fields in (("query", executor.query), ("form", executor.form), ("body", executor.body)):
        for name, text in (fields or {}).items():
            yield (key, name), text
