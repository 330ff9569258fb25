"""`agentctl eval`: try an agent's golden cases, and say in one exit code what came of it."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typing_extensions import override

from agentctl.cli.completions import agents
from agentctl.cli.eval.add import add
from agentctl.cli.groups import Commands
from agentctl.cli.options import As, Env, Json

if TYPE_CHECKING:
    from typer._click import Context
    from typer._click.shell_completion import CompletionItem

    from agentctl.cli.eval.screen import EvalScreen
    from agentctl.composition.evals.running import EvalOutcome
    from agentctl.composition.project import Project


class _TriesByDefault(Commands):
    """A group in which an agent's name stands for `run` and that name."""

    @override
    def parse_args(self, ctx: "typer.Context", args: list[str]) -> list[str]:  # type: ignore[override]  # click's own context
        is_command = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if is_command or not args else ["run", *args])

    @override
    def shell_complete(self, ctx: "Context", incomplete: str) -> "list[CompletionItem]":
        from typer._click.shell_completion import CompletionItem

        named = (CompletionItem(name) for name in agents(incomplete))
        return [*super().shell_complete(ctx, incomplete), *named]


app = typer.Typer(
    cls=_TriesByDefault,
    help="Try an agent's golden cases: `agentctl eval AGENT`, in full `agentctl eval run AGENT`.",
    no_args_is_help=True,
)
app.command("add")(add)


@app.command("run")
def run(
    agent: Annotated[
        str | None, typer.Argument(help="The agent's name.", show_default=False, autocompletion=agents)
    ] = None,
    cases: Annotated[
        list[str] | None,
        typer.Option(
            "--cases", help="Only cases with such an id; `*` stands for anything.", metavar="PATTERN"
        ),
    ] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", help="Only cases with such a tag.", metavar="TAG")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, max=1000, help="How often each case is tried.")] = 1,
    seed: Annotated[
        int,
        typer.Option(
            min=0, help="What the trials' seeds are made from; models with `takes_seed` are asked with them."
        ),
    ] = 0,
    at_once: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Trials at once; default: one per core.", show_default=False),
    ] = None,
    max_cost_usd: Annotated[
        str | None,
        typer.Option(
            help="The most that all trials may cost together; with `--resume` a higher one than before.",
            metavar="USD",
        ),
    ] = None,
    contract: Annotated[
        str | None,
        typer.Option(help="The version to try; default: the files as they are.", metavar="FILE|TAG|DIGEST"),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            help="The version to compare with; default: whatever is blessed.", metavar="FILE|TAG|DIGEST"
        ),
    ] = None,
    bless: Annotated[
        bool, typer.Option("--bless", help="Make the results the baseline, if every case passed.")
    ] = False,
    resumed: Annotated[
        str | None,
        typer.Option(
            "--resume", help="Go on with an eval that was interrupted, or met its cap.", metavar="EVAL"
        ),
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML there.", metavar="FILE")] = None,
    github: Annotated[
        bool, typer.Option("--github", help="Print annotations for GitHub, and write its step summary.")
    ] = False,
    principal: As = None,
    environment: Env = "sandbox",
    json: Json = False,
) -> int:
    """Try an agent's golden cases.

    Exit codes: 0 all passed · 1 a case failed · 2 no cases, or something is not what it must be · 6 the cap on the spend ·
    9 not comparable with the baseline, or not judged · 11 no model answered · 130 interrupted, and can be resumed.
    """
    from agentctl.cli.eval.screen import EvalScreen
    from agentctl.composition import open_project
    from agentctl.composition.evals.orders import EvalOrder, Raised
    from agentctl.composition.evals.running import resume_eval, run_eval
    from agentctl.foundation.errors import UsageError

    screen, project = EvalScreen(as_json=json), open_project()
    if (agent is None) == (resumed is None):
        found = "an eval needs an agent, or an eval to go on with" + ("" if agent is None else ", not both")
        raise UsageError(found, "`agentctl eval AGENT`, or `agentctl eval --resume EVAL`")
    screen.refuse_unwritable(junit)
    cap = None if max_cost_usd is None else _usd(max_cost_usd)
    if resumed is not None:
        raised = None if cap is None else Raised(cap, principal)
        outcome = resume_eval(project, resumed, at_once, screen.watch, blesses=bless, raised=raised)
        return _end(screen, project, outcome, junit, github=github, bless=bless)
    order = EvalOrder(
        agent=agent or "",
        patterns=tuple(cases or ()),
        tags=tuple(tags or ()),
        trials=trials,
        seed=seed,
        max_cost_usd=cap,
        contract=contract,
        baseline=baseline,
        environment=environment,
        principal=principal,
    )
    outcome = run_eval(project, order, at_once, screen.watch, blesses=bless)
    return _end(screen, project, outcome, junit, github=github, bless=bless)


def _usd(text: str) -> Decimal:
    from agentctl.foundation.errors import UsageError
    from agentctl.foundation.money import parse_decimal

    try:
        amount = parse_decimal(text)
    except ValueError as error:
        raise UsageError(f"`{text[:80]}` is no amount of US dollars", "`0.50`") from error
    if amount < 0:
        raise UsageError(f"`{text[:80]}` is less than nothing", "`0.50`")
    return amount


def _end(
    screen: "EvalScreen",
    project: "Project",
    outcome: "EvalOutcome",
    junit: Path | None,
    *,
    github: bool,
    bless: bool,
) -> int:
    """Write what was asked for, show what it came to, and return the exit code of its verdict."""
    from agentctl.composition.evals.baselines import bless as make_baseline
    from agentctl.evals.blessing import why_not_blessed

    report = outcome.report
    if report is None:
        return screen.interrupted(outcome)
    screen.write(report, junit, github=github)
    screen.report(report, github=github, root=project.paths.root)
    against = why_not_blessed(report.verdict, report.results) if bless else ()
    if against:
        screen.not_blessed(against)
    elif bless:
        done = make_baseline(project, report)
        screen.blessed(done, project.files.shown(done.path))
    return int(report.verdict.exit_code)
