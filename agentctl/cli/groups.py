"""What a group of commands does for each of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter
    from typer._click.core import Command, Parameter

_WHOLE = 1_000
"""More than the first sentence about any command has."""
_SHOWN = 80


class Commands(TyperGroup):
    """A group whose help has the first sentence about each command, whole, and whose commands start quickly."""

    @override
    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        _convert_only_what_needs_it(self, ctx)
        return super().parse_args(ctx, args)

    @override
    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            _convert_only_what_needs_it(found, ctx)
        return found

    @override
    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        named = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, one.get_short_help_str(_WHOLE)) for name, one in named if one and not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _convert_only_what_needs_it(command: "Command", ctx: "Context") -> None:
    """Let a command take words as they are typed, and nothing where none are.

    typer has pydantic look at each of them, and to load that takes longer than many a command.
    """
    for parameter in command.get_params(ctx):
        if "process_value" not in vars(parameter):
            parameter.process_value = _quicker(parameter)  # type: ignore[assignment,method-assign]  # typer lets nobody say which class it has


def _quicker(parameter: "Parameter") -> Callable[["Context", Any], Any]:
    """Return what takes a parameter's value: as it is, or converted where it must be."""
    convert = parameter.process_value

    def taken(ctx: "Context", value: Any) -> Any:  # whatever somebody typed
        if not _is_as_meant(parameter, value):
            with _naming(value):
                return convert(ctx, value)
        return parameter.callback(ctx, parameter, value) if parameter.callback else value

    return taken


@contextmanager
def _naming(value: object) -> Iterator[None]:
    """Name what was typed where it is refused: of a number that is none typer says only what one would be."""
    try:
        yield
    except typer.BadParameter as error:
        if isinstance(value, str) and f"'{value}'" not in error.message:
            error.message = f"{error.message}: `{value[:_SHOWN]}`"
        raise


def _is_as_meant(parameter: "Parameter", value: object) -> bool:
    if parameter.nargs != 1 or getattr(parameter, "multiple", False):
        return False
    if isinstance(value, str):  # typed with letters that are none, it is refused there
        described = getattr(parameter, "type_descriptor", None)
        return getattr(described, "annotation", None) is str and value.isprintable()
    return value is parameter.default and not parameter.required
