"""What the help of a group says of each of its commands, and what these take of what is typed."""

from typing import Annotated

import pytest
import typer

from agentctl.cli.failure import exit_code_of
from agentctl.cli.groups import Commands
from agentctl.cli.main import app

GROUPS = ("", "runs", "approvals", "contract", "policy", "audit", "eval", "trace", "reviewers", "keys")


@pytest.mark.parametrize("group", GROUPS)
def test_the_first_sentence_about_a_command_is_whole(
    group: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However narrow the terminal is."""
    monkeypatch.setenv("COLUMNS", "60")
    assert exit_code_of(app, [*filter(None, [group]), "--help"]) == 0
    _, _, listed = capsys.readouterr().out.partition("\nCommands:\n")
    assert listed.rstrip().endswith(".")
    assert "..." not in listed


Taken = tuple[object, ...]


@pytest.fixture
def taken() -> list[Taken]:
    """What the command below was called with."""
    return []


@pytest.fixture
def typed(taken: list[Taken]) -> typer.Typer:
    """A command in a group that takes words of every kind."""
    made = typer.Typer(cls=Commands, rich_markup_mode=None)

    @made.callback()
    def root() -> None:
        """Do nothing."""

    @made.command("take")
    def take(
        word: str,
        other: Annotated[str | None, typer.Option()] = None,
        number: Annotated[int, typer.Option(min=1)] = 20,
        several: Annotated[list[str] | None, typer.Option()] = None,
        *,
        flag: Annotated[bool, typer.Option("--flag")] = False,
    ) -> None:
        taken.append((word, other, number, several, flag))

    return made


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["a"], ("a", None, 20, None, False)),
        (["a b", "--other", "", "--flag"], ("a b", "", 20, None, True)),
        (["é\n", "--number", "7"], ("é\n", None, 7, None, False)),
        (["20", "--several", "x", "--several", "y"], ("20", None, 20, ["x", "y"], False)),
    ],
)
def test_a_command_takes_what_is_typed(
    typed: typer.Typer, taken: list[Taken], words: list[str], meant: Taken
) -> None:
    """Words as they are, numbers as numbers, and what nobody typed as the command says."""
    assert exit_code_of(typed, ["take", *words]) == 0
    assert exit_code_of(typed, ["take", *words]) == 0
    assert taken == [meant, meant]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "'word'"),
        (["a", "--number", "0"], "to 1: `0`;"),
        (["a", "--number", "x y"], "integer: `x y`;"),
        (["\udcff"], "is no text"),
    ],
)
def test_a_command_refuses_what_it_cannot_take(
    typed: typer.Typer, taken: list[Taken], words: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A word that is missing, a number that is none or too small, and letters that are none; what was typed is named."""
    assert exit_code_of(typed, ["take", *words]) == 2
    assert taken == []
    said = capsys.readouterr().err
    assert "error: " in said
    assert named in said
