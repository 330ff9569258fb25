"""How a group of commands lists them."""

from typing import TYPE_CHECKING

from typer.core import TyperGroup
from typing_extensions import override

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

_WHOLE = 1_000
"""More than the first sentence about any command has."""


class Commands(TyperGroup):
    """A group whose help has the first sentence about each command, whole: nothing is cut to fit."""

    @override
    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        named = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, one.get_short_help_str(_WHOLE)) for name, one in named if one and not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
