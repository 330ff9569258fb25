"""Python tools: their code is Python, and has the function that the descriptor names."""

import ast
from collections.abc import Iterator

from agentctl.contract.project import nearest
from agentctl.contract.tool import PythonExecutor
from agentctl.review.checks.report import Finding, error
from agentctl.review.checks.subject import Subject, in_tool
from agentctl.review.checks.tool_parts import one_of


def functions_exist(subject: Subject) -> Iterator[Finding]:
    """The file of every Python tool can be parsed and defines the function; it is not run here."""
    for tool in subject.used_tools():
        executor, code = tool.document.executor, subject.code.get(tool.document.name)
        if not isinstance(executor, PythonExecutor) or code is None:
            continue
        tree = _parsed(code)
        if isinstance(tree, str):
            yield error(
                in_tool(tool, "executor", "file"), f"`{executor.file}` is not Python: {tree}", "Python code"
            )
        elif executor.function not in _defined(tree):
            at, known = in_tool(tool, "executor", "function"), _defined(tree)
            found = f"`{executor.file}` defines no function `{executor.function}`"
            yield error(
                at,
                found,
                one_of(known, "a `def` at the file's outermost level"),
                nearest(executor.function, known),
            )


def _parsed(code: bytes) -> ast.Module | str:
    """Return the code's tree, or why it has none."""
    try:
        return ast.parse(code)
    except SyntaxError as fault:
        return f"{fault.msg} (line {fault.lineno or 0})"
    except (ValueError, RecursionError, MemoryError) as fault:
        return str(fault)[:200] or "nested too deeply"


def _defined(tree: ast.Module) -> frozenset[str]:
    """Return the functions at the outermost level; an `async def` is none, since nobody awaits it."""
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
