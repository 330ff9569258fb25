"""`agentctl init`: a new project with an agent that runs at once."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition.contracts.new_project import NewProject


def init(
    folder: Annotated[str, typer.Argument(help="Where: a folder, new or existing.", metavar="FOLDER")] = ".",
    agent: Annotated[str, typer.Option("--agent", help="The agent's name.", metavar="NAME")] = "my-agent",
    json: Json = False,
) -> int:
    """Make a project with an agent of your own, which runs at once in a sandbox. Nothing is overwritten.

    Exit codes: 0 it was made · 2 it was not, and nothing was written.
    """
    from agentctl.cli.init_files import starter
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition.contracts.new_project import plan_project, write_project
    from agentctl.foundation.errors import UsageError

    if not folder:
        raise UsageError("the folder's name is empty", "a folder, or nothing for the working folder")
    project = plan_project(Path(folder), agent, starter())
    write_project(project)
    terminal, commands = Terminal(as_json=json), _next_commands(folder, project, agent)
    if json:
        terminal.document(_document(project, agent, commands))
    else:
        _tell(terminal, project, commands)
    return 0


def _next_commands(folder: str, project: "NewProject", agent: str) -> list[str]:
    from agentctl.cli.init_files import QUESTION

    there = [] if project.root.samefile(Path()) else [f"cd {shlex.quote(folder)}"]
    return [*there, f'agentctl run {agent} --input "{QUESTION}"', "agentctl policy test", "agentctl doctor"]


def _document(project: "NewProject", agent: str, commands: list[str]) -> dict[str, object]:
    files = [{"path": file.path, "about": file.about} for file in project.files]
    return {"project": str(project.root), "agent": agent, "files": files, "next": commands}


def _tell(terminal: "Terminal", project: "NewProject", commands: list[str]) -> None:
    terminal.line(f"made a project in {project.root}")
    terminal.fields((file.path, file.about) for file in project.files)
    terminal.line("next:")
    for command in commands:
        terminal.verbatim(f"  {command}")
