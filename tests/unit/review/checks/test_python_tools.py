"""The code of Python tools is Python and has the function, and is not run to find out."""

import pytest

from tests.fakes.project_copy import REFUND, ProjectCopy

CODE = "contracts/tools/add.py"
TOOL = "contracts/tools/math.add.yaml"


@pytest.fixture(autouse=True)
def tool(project: ProjectCopy) -> None:
    """Give the agent a Python tool."""
    python = {"type": "python", "file": "add.py", "function": "add"}
    project.add_tool("math.add", REFUND, executor=python, effect_key="add:{charge}", retry="never")
    project.allow("math.add", requires_approval=True)
    (project.root / CODE).write_text("raise SystemExit\n\ndef add(**_):\n    return 0\n")


def test_code_with_the_function_passes_without_being_run(project: ProjectCopy) -> None:
    """Its first line would end us."""
    assert project.errors() == []


def test_a_function_that_is_not_there_is_an_error_with_the_nearest(project: ProjectCopy) -> None:
    """Neither is one inside another, or one that must be awaited."""
    (project.root / CODE).write_text("def ad():\n    def add(): ...\n\nasync def add(): ...\n")
    [problem] = project.report().errors
    assert (problem.place.file, problem.path, problem.nearest) == (TOOL, "executor.function", "ad")


@pytest.mark.parametrize(
    "code", [b"def add(:\n", b"\x00", b"# coding: nonesuch\n", b"(" * 500, b"-" * 100_000 + b"1"]
)
def test_code_that_is_not_python_is_an_error(project: ProjectCopy, code: bytes) -> None:
    """It is told in a line."""
    (project.root / CODE).write_bytes(code)
    [told] = project.errors()
    assert told.startswith("executor.file: `add.py` is not Python: ")


def test_a_key_that_no_function_is_given_is_an_error(project: ProjectCopy) -> None:
    """`keyed` promises that the same key makes the same effect once."""
    project.set(TOOL, ("retry",), "keyed")
    [told] = project.errors()
    assert told.startswith("retry: `keyed`, and a Python function is given no key (")
