"""`agentctl contract`: check contracts, show what holds, compare and tag versions, export the schemas of our files."""

import json as json_text
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec.structs import asdict, replace

from agentctl.cli.completions import agents
from agentctl.cli.contract.versions import diff, tag, versions
from agentctl.cli.options import Env, Json

if TYPE_CHECKING:
    from agentctl.contract.agent import AgentContract
    from agentctl.contract.project import Loaded, ProjectFiles
    from agentctl.foundation.errors import Problem
    from agentctl.review.checks.effective import Digests
    from agentctl.review.checks.reviewed import Reviewed

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("diff")(diff)
app.command("versions")(versions)
app.command("tag")(tag)

Contracts = Annotated[
    list[str] | None,
    typer.Argument(
        help="Agents, or contract files; default: all agents.",
        metavar="[NAME|FILE]...",
        autocompletion=agents,
    ),
]
Kind = Annotated[
    Literal["agent", "tool", "environment", "platform", "script", "golden", "baseline", "cases"] | None,
    typer.Argument(help="Which kind of file; default: all of them.", show_default=False),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Write one `<kind>.schema.json` for each here.", metavar="DIR", show_default=False),
]


@app.command("check")
def check(contracts: Contracts = None, environment: Env = "sandbox", json: Json = False) -> int:
    """Check contracts, with all that they refer to, in an environment.

    Exit codes: 0 no errors · 2 errors.
    """
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.foundation.errors import ExitCode

    reviewed = _reviewed(contracts or [], environment)
    terminal = Terminal(as_json=json)
    if json:
        terminal.document([_as_json(item) for item in reviewed])
    else:
        for line in (line for item in reviewed for line in _lines(item)):
            terminal.verbatim(line)
    return ExitCode.OK if all(item.passed for item in reviewed) else ExitCode.INVALID


@app.command("show")
def show(
    agent: Annotated[
        str, typer.Argument(help="The agent's name.", show_default=False, autocompletion=agents)
    ],
    environment: Env = "sandbox",
    json: Json = False,
) -> int:
    """Show what holds for an agent after the platform's rules, where each value comes from, and the digests."""
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.contract.enforcement import not_enforced
    from agentctl.review.checks.effective import digests, rows

    project, terminal = _project(), Terminal(as_json=json)
    contract, platform = project.agent(agent), project.platform()
    values = rows(contract, platform)
    versions = digests(project, contract, project.environment(environment))
    unenforced = list(not_enforced(contract.document))
    if json:
        shown = {
            "values": [asdict(row) for row in values],
            "digests": asdict(versions),
            "not_enforced": unenforced,
        }
        terminal.document({"agent": agent, "environment": environment, **shown})
    else:
        for line in _aligned([(row.path, row.value, row.origin) for row in values], terminal.room):
            terminal.verbatim(line)
        for name in unenforced:
            terminal.verbatim(f"not enforced yet: {name}")
        named = [(digest, name) for name, digest in _named_digests(environment, versions)]
        for line in _aligned(named, terminal.room):
            terminal.verbatim(line)
    return 0


@app.command("schema")
def schema(kind: Kind = None, out: Out = None, json: Json = False) -> int:
    """Export JSON Schemas, with which editors complete and check the YAML files."""
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.review.schema_files import KINDS, schema_of_kind

    schemas = {name: schema_of_kind(name) for name in ((kind,) if kind else KINDS)}
    if out is None:
        Terminal(as_json=True).document(schemas[kind] if kind else schemas)
        return 0
    terminal = Terminal(as_json=json)
    written = [str(_written(out / f"{name}.schema.json", content)) for name, content in schemas.items()]
    if json:
        terminal.document(written)
    else:
        for path in written:
            terminal.verbatim(path)
    return 0


def _reviewed(names: list[str], environment: str) -> list["Reviewed"]:
    from agentctl.foundation.clock import SystemClock
    from agentctl.foundation.errors import UsageError
    from agentctl.review.checks.reviewed import review

    project, today = _project(), SystemClock().now().date().isoformat()
    asked = names or list(project.agents())
    if not asked:
        raise UsageError(
            "there is no contract to check", "a file `contracts/<agent>.yaml`; `agentctl init` makes one"
        )
    return [review(project, _loader(project, name), environment, called=name, today=today) for name in asked]


def _project() -> "ProjectFiles":
    from agentctl.contract.project import ProjectFiles
    from agentctl.settings import find_settings

    return ProjectFiles(find_settings().paths.root)


def _loader(project: "ProjectFiles", name: str) -> "Callable[[], Loaded[AgentContract]]":
    """Return what loads a contract: a file where the text looks like a path, otherwise an agent."""
    if "/" in name or name.endswith((".yaml", ".yml")):
        return lambda: project.contract_at(Path(name).absolute())
    return lambda: project.agent(name)


def _lines(reviewed: "Reviewed") -> Iterator[str]:
    report = reviewed.report
    kinds = (("error", report.errors), ("warning", report.warnings), ("note", report.notes))
    for severity, problems in kinds:
        yield from (_line(severity, problem) for problem in problems)
    counts = ", ".join(_count(len(problems), severity) for severity, problems in kinds)
    version = f"version {reviewed.version}" if reviewed.version else "no version as long as it does not load"
    yield f"{reviewed.agent} in {reviewed.environment}: {counts}; {version}"


def _line(severity: str, problem: "Problem") -> str:
    return str(replace(problem, path=f"{severity}: {problem.path}" if problem.path else severity))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _as_json(reviewed: "Reviewed") -> dict[str, object]:
    from agentctl.cli.screen.json_form import problem_form

    return {
        "agent": reviewed.agent,
        "environment": reviewed.environment,
        "passed": reviewed.passed,
        "version": reviewed.version,
        "errors": [problem_form(problem) for problem in reviewed.report.errors],
        "warnings": [problem_form(problem) for problem in reviewed.report.warnings],
        "notes": [problem_form(problem) for problem in reviewed.report.notes],
    }


def _named_digests(environment: str, versions: "Digests") -> Iterator[tuple[str, str]]:
    yield "version", versions.version
    yield f"environment {environment}", versions.environment
    yield "platform rules", versions.platform
    yield from ((f"tool {name}", digest) for name, digest in versions.tools.items())


def _aligned(rows: Sequence[tuple[str, ...]], room: int | None) -> Iterator[str]:
    """Yield rows with their columns below each other; lines stay whole, so that they can be searched and copied.

    Where a terminal would break them, what follows the first column has a line of its own.
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    beside = room is None or sum(widths) + 2 * len(widths[1:]) <= room
    for first, *others in rows:
        if not beside:
            yield from (first, f"  {'  '.join(others)}")
            continue
        yield "  ".join(
            cell.ljust(width) for cell, width in zip((first, *others), widths, strict=True)
        ).rstrip()


def _written(path: Path, content: object) -> Path:
    from agentctl.foundation.errors import UsageError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{json_text.dumps(content, indent=2)}\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"`{path}` cannot be written: {error.strerror}", "a folder for the schemas"
        ) from error
    return path
