"""The guard rails of size, and what no import linter sees."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "agentctl"
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 400
LONGEST_BODY = 40


def bodies(path: Path) -> list[tuple[str, int]]:
    """Return every function of a file with the lines of its body, without its docstring."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            found.append((f"{path.name}:{node.lineno} {node.name}", lines))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """No file is longer than 400 lines, no function's body than 40."""
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert [name for name, lines in bodies(path) if lines > LONGEST_BODY] == []


def test_functions_are_mostly_sentences() -> None:
    """Half of all bodies have at most 6 lines, nine in ten at most 22."""
    lines = sorted(count for path in FILES for _, count in bodies(path))
    assert lines[len(lines) // 2] <= 6
    assert lines[len(lines) * 9 // 10] <= 22


def test_litellm_is_named_in_one_room_only() -> None:
    """Litellm is loaded by name, which import-linter cannot see; so nobody else may load anything by name."""
    loaders = [path.name for path in FILES if "import_module" in path.read_text()]
    assert loaders == ["litellm_client.py"]
