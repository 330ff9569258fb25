"""The tree of commands: a part of it says the same as all of it."""

import pytest
import typer

from agentctl.cli import main
from agentctl.cli.failure import exit_code_of


def names() -> list[str]:
    """Return the names of all commands and groups, in the order in which they are shown."""
    return list(typer.main.get_command(main.tree()).commands)  # type: ignore[attr-defined]


def said(tree: typer.Typer, words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Return what comes of a command line: its exit code, and what is printed."""
    code = exit_code_of(tree, words)
    return code, *capsys.readouterr()


@pytest.mark.parametrize("name", names())
def test_a_part_of_the_tree_says_what_all_of_it_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Help, and a word that is wrong; whoever types something else gets all commands."""
    part = main.tree([name, "--help"])
    assert list(typer.main.get_command(part).commands) == [name]  # type: ignore[attr-defined]
    for words in ([name, "--help"], [name, "--nonsense"]):
        assert said(part, words, capsys) == said(main.tree(), words, capsys)


@pytest.mark.parametrize("words", [[], ["--help"], ["rnu", "triage"], ["--version"]])
def test_whoever_names_no_command_gets_all_of_them(words: list[str]) -> None:
    """For a list of them, or for the nearest name."""
    assert main.tree(words) is main.tree() is main.app


def test_nothing_else_has_the_name_of_the_tree() -> None:
    """A name that is misspelled is an error, as in every module."""
    with pytest.raises(AttributeError, match="application"):
        main.application  # noqa: B018 - to look it up is the test
