"""`agentctl contract diff | versions | tag`: what versions of contracts differ in, which there are, and what they are called."""

from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.completions import agents
from agentctl.cli.diff.command import Full
from agentctl.cli.options import As, Env, Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentctl.cli.screen.terminal import Line
    from agentctl.composition.contracts.tagging import KnownVersion, Tagged

Agent = Annotated[
    str | None,
    typer.Argument(
        help="The agent; default: all of them.", metavar="[AGENT]", show_default=False, autocompletion=agents
    ),
]


def diff(
    before: Annotated[
        str,
        typer.Argument(
            help="A version: FILE, TAG, DIGEST, AGENT.",
            metavar="A",
            show_default=False,
            autocompletion=agents,
        ),
    ],
    after: Annotated[
        str | None,
        typer.Argument(
            help="Another one; default: what the agent's files say now.",
            metavar="[B]",
            show_default=False,
            autocompletion=agents,
        ),
    ] = None,
    agent: Annotated[
        str | None,
        typer.Argument(help="Whose versions.", metavar="[AGENT]", show_default=False, autocompletion=agents),
    ] = None,
    full: Full = False,
    json: Json = False,
) -> int:
    """Compare two versions of an agent in effect: what is allowed, asked, spent and seen, what weighs most first.

    Exit codes: 0 the same in effect · 1 they differ · 2 no such version · 7 an object is damaged.
    """
    from agentctl.cli.diff.command import show_comparison
    from agentctl.composition import open_project
    from agentctl.composition.contracts.diffs import compare_versions
    from agentctl.composition.contracts.versions import find_version

    project = open_project()
    other = after or agent or find_version(project, before).agent
    return show_comparison(compare_versions(project, before, other, agent), full=full, json=json)


def versions(agent: Agent = None, json: Json = False) -> int:
    """Show which versions there are: what ran when, under which digest and tag, and what the files say now.

    Exit codes: 0 shown · 2 there is no such agent, or `contracts/versions.toml` is not what it must be.
    """
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.contracts.tagging import known_versions

    found, terminal = known_versions(open_project(), agent), Terminal(as_json=json)
    if json:
        terminal.document([_version_form(known) for known in found])
    elif not found:
        terminal.line("no version yet: no contract, no tag, no run", tone="quiet")
    else:
        for number, known in enumerate(found):
            if number:
                terminal.line()
            terminal.lines(_version_lines(known))
    return 0


def tag(
    name: Annotated[str, typer.Argument(help="The tag: `refunds-v2`.", metavar="NAME", show_default=False)],
    agent: Annotated[
        str | None,
        typer.Argument(
            help="The agent; default: the only one.",
            metavar="[AGENT]",
            show_default=False,
            autocompletion=agents,
        ),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(help="The version; default: what the agent's files say now.", metavar="DIGEST|TAG|FILE"),
    ] = None,
    note: Annotated[
        str, typer.Option(help="Why, or what is new in it.", metavar="TEXT", show_default=False)
    ] = "",
    move: Annotated[bool, typer.Option("--move", help="Let a tag that there is name this version.")] = False,
    environment: Env = "sandbox",
    by: As = None,
    json: Json = False,
) -> int:
    """Give a version a name, in `contracts/versions.toml`, and keep its content. Files have to pass their check.

    Exit codes: 0 it has the name · 2 the name is taken, or the contract fails its check · 10 somebody else writes tags.
    """
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.contracts.tagging import Tagging, tag_version

    project, terminal = open_project(), Terminal(as_json=json)
    wanted = Tagging(
        name,
        agent,
        by or project.settings.user,
        version=version,
        note=note,
        move=move,
        environment=environment,
    )
    tagged = tag_version(project, wanted)
    if json:
        terminal.document(tagged)
    else:
        terminal.line(_tagged_line(tagged))
    return 0


def _tagged_line(tagged: "Tagged") -> str:
    what = f"{tagged.tag.digest} of {tagged.tag.agent}"
    if not tagged.changed:
        return f"{tagged.name} is {what} already"
    was = f"; it was {tagged.was.digest}" if tagged.was and tagged.was.digest != tagged.tag.digest else ""
    return f"{tagged.name} is {what}{was}; commit contracts/versions.toml"


def _version_lines(known: "KnownVersion") -> "Iterator[Line]":
    from agentctl.cli.screen.terminal import Line
    from agentctl.cli.screen.words import moment

    names = ", ".join(name for name, _ in known.tags) or "no tag"
    now = ", what the files say now" if known.is_current else ""
    yield Line(f"{known.agent}  {names}{now}", tone="title")
    lost = "" if known.is_here else " (its content is not in traces/objects)"
    yield Line(f"{known.digest}{lost}", 1)
    for name, named in known.tags:
        note = f": {named.note}" if named.note else ""
        yield Line(f"tagged {name} on {named.date} by {named.by}{note}", 1)
    if known.ran is None:
        yield Line("no run", 1, "quiet")
        return
    if known.ran.first_at is None or known.ran.last_at is None:
        yield Line("no run of its own", 1, "quiet")
    else:
        then = [tag for tag in known.ran.tags if tag not in {name for name, _ in known.tags}]
        called = f", then called {', '.join(then)}" if then else ""
        yield Line(f"ran from {moment(known.ran.first_at)} to {moment(known.ran.last_at)}{called}", 1)
    yield from _run_lines(known)


def _run_lines(known: "KnownVersion") -> "Iterator[Line]":
    """Yield a line for each kind of runs: how many, how they stand, what they cost; a replay pays nobody again."""
    from agentctl.cli.runs.rows import end_in_words
    from agentctl.cli.screen.terminal import Line
    from agentctl.cli.screen.words import counted, usd

    runs = known.ran.runs if known.ran else ()
    for kind in dict.fromkeys(part.kind for part in runs):
        parts = [part for part in runs if part.kind == kind]
        ends = ", ".join(f"{part.runs:,} {end_in_words(part.outcome)}" for part in parts)
        cost = usd(sum((part.cost_usd for part in parts[1:]), parts[0].cost_usd))
        spent = "" if kind == "replay" else f"; {cost}"
        yield Line(f"{counted(sum(part.runs for part in parts), f'{kind} run')}: {ends}{spent}", 1)


def _version_form(known: "KnownVersion") -> dict[str, object]:
    ran = known.ran
    return {
        "agent": known.agent,
        "digest": known.digest,
        "tags": dict(known.tags),
        "current": known.is_current,
        "here": known.is_here,
        "runs": ran.count if ran else 0,
        "first_at": ran.first_at if ran else None,
        "last_at": ran.last_at if ran else None,
        "cost_usd": ran.cost_usd if ran else 0,
        "by_outcome": ran.runs if ran else (),
        "tags_of_runs": ran.tags if ran else (),
    }
