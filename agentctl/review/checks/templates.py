"""HTTP tools: their templates name arguments that exist, and what they select fits the result's schema."""

import re
from collections.abc import Iterator

from agentctl.contract.project import Loaded, nearest
from agentctl.contract.tool import HttpExecutor, PythonExecutor, ToolDescriptor
from agentctl.contract.words import listed
from agentctl.review.checks.report import Finding, error, warning
from agentctl.review.checks.schema_paths import is_open, names_in, required_in, types_at
from agentctl.review.checks.subject import Subject, in_tool
from agentctl.review.checks.tool_parts import one_of, optional_argument, unknown_argument

_SLOT = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z0-9_]+")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_CHANGING = ("PUT", "PATCH", "DELETE")
_LARGE = frozenset({"object", "array"})


def templates_name_arguments(subject: Subject) -> Iterator[Finding]:
    """Each `{name}` in a request is an argument of the tool; in the path, one that is always given."""
    for tool, executor in _http_tools(subject):
        for path, name in _slots(executor):
            at = in_tool(tool, "executor", *path)
            yield from unknown_argument(at, name, tool)
            if path == ("path",):
                yield from optional_argument(at, name, tool, "a path has no place for that")
            if not _NAME.fullmatch(name):
                yield error(
                    at, f"`{{{name}}}` would be sent as it stands", "letters, digits and `_` between braces"
                )


def texts_are_made_of_texts(subject: Subject) -> Iterator[Finding]:
    """What is put into a path, a query or a form is text or a number, not an object or a list."""
    for tool, executor in _http_tools(subject):
        for path, name in _slots(executor):
            types = types_at(tool.document.arguments, f"/{name}") if path[0] != "body" else frozenset()
            if types and types <= _LARGE:
                argument = in_tool(tool, "arguments", "properties", name)
                found = (
                    f"`{name}` is {listed(sorted(types))} {argument.where}, and only text has a place here"
                )
                yield error(in_tool(tool, "executor", *path), found, "a text, number or boolean; or `body`")


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
    """A request has one body, and none where the method takes none."""
    for tool, executor in _http_tools(subject):
        if executor.body is not None and executor.form is not None:
            yield error(in_tool(tool, "executor", "form"), "both `form` and `body`", "one of them")
        if executor.method == "GET" and (executor.body is not None or executor.form is not None):
            yield error(
                in_tool(tool, "executor", "method"), "a `GET` with a body", "`query`, or another method"
            )


def keys_reach_somebody(subject: Subject) -> Iterator[Finding]:
    """A tool that may be called again with the same key hands that key over, in a header that can be one."""
    for tool in subject.used_tools():
        executor, retry = tool.document.executor, in_tool(tool, "retry")
        if isinstance(executor, PythonExecutor) and tool.document.retry == "keyed":
            found = "`keyed`, and a Python function is given no key"
            yield error(retry, f"{found} {in_tool(tool, 'executor').where}", "`safe` or `never`")
        if isinstance(executor, HttpExecutor) and not _HEADER.fullmatch(executor.idempotency_header or "x"):
            at = in_tool(tool, "executor", "idempotency_header")
            yield error(at, f"`{executor.idempotency_header}` is no name of a header", "`Idempotency-Key`")


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
