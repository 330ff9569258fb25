"""`agentctl policy`: check policies, judge their cases, explain a decision, derive the least that runs needed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from agentctl.cli.completions import agents as _offered_agents
from agentctl.cli.options import Env, Json, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentctl.cli.screen.terminal import Line, Tone
    from agentctl.composition.contracts.policies import CaseFile, CheckedPolicies
    from agentctl.composition.contracts.synthesis import Chosen
    from agentctl.review.decisions.cases import Judged

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Agents = Annotated[
    list[str] | None,
    typer.Argument(
        help="Agents; default: all of them.", metavar="[AGENT]...", autocompletion=_offered_agents
    ),
]


@app.command("check")
def check(agents: Agents = None, environment: Env = "sandbox", json: Json = False) -> int:
    """Check the policies of contract, environment and platform: syntax, types, and rules that are dead or too wide.

    Exit codes: 0 no errors · 2 errors.
    """
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.contracts.policies import check_policies
    from agentctl.foundation.errors import ExitCode

    checked = check_policies(open_project(), agents or (), environment)
    terminal = Terminal(as_json=json)
    if json:
        terminal.document([_checked_as_json(item) for item in checked])
    else:
        for line in (line for item in checked for line in _checked_lines(item)):
            terminal.verbatim(line)
    return ExitCode.INVALID if any(item.report.errors for item in checked) else ExitCode.OK


@app.command("test")
def judge(agents: Agents = None, json: Json = False) -> int:
    """Judge the cases beside the policies, `contracts/policies/*.cases.yaml`, as real calls are judged.

    Exit codes: 0 all cases are as they should be · 1 some are not · 2 a file is not what it must be.
    """
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.contracts.policies import judge_cases
    from agentctl.foundation.errors import ExitCode

    files = judge_cases(open_project(), agents or ())
    terminal = Terminal(as_json=json)
    if json:
        terminal.document([_cases_as_json(item) for item in files])
    else:
        for item in files:
            for problem in item.problems:
                terminal.verbatim(f"{problem}")
            terminal.lines(_case_lines(item))
    if any(item.problems for item in files):
        return ExitCode.INVALID
    return ExitCode.WANTING if any(item.failed for item in files) else ExitCode.OK


@app.command("explain")
def explain(
    run: Run,
    call: Annotated[
        str, typer.Argument(help="The call's id, or its step and index: `2/0`.", show_default=False)
    ],
    full: Annotated[bool, typer.Option("--full", help="Show the conditions of every rule.")] = False,
    json: Json = False,
) -> int:
    """Explain the last decision about a call: which rules matched, what they looked at, what would have changed it.

    The question is made again from the journal, compared with the digest of what was asked then, and asked again.

    Exit codes: 0 explained · 2 no such run or call · 7 what was asked cannot be made again.
    """
    from agentctl.cli.policy.explanation_lines import explanation_form, explanation_lines
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.contracts.explanations import explain_decision
    from agentctl.foundation.errors import ExitCode

    found = explain_decision(open_project(), run, call)
    terminal = Terminal(as_json=json)
    if json:
        terminal.document(explanation_form(found))
    else:
        terminal.lines(explanation_lines(found, full=full))
    return ExitCode.INTEGRITY if found.agrees is False else ExitCode.OK


@app.command("synthesize")
def synthesize(
    runs: Annotated[
        str | None, typer.Option(help="These runs, with commas between them.", metavar="RUN,RUN")
    ] = None,
    agent: Annotated[
        str | None,
        typer.Option(help="All runs of this agent.", metavar="NAME", autocompletion=_offered_agents),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only runs that began on this day or later.", metavar="DAY")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write contract and policy here, as under `contracts/`.", metavar="DIR"),
    ] = None,
    json: Json = False,
) -> int:
    """Derive the least privilege that observed live runs needed, as contract and Cedar policy, and prove it.

    The policy is to stand beside those there are; the contract loses what was not used. Every observed call is judged again
    under both, and calls that were never made are tried: each changes one thing of one that was.

    Exit codes: 0 derived and proved · 1 the proof does not hold · 2 no such run · 9 nothing could be observed.
    """
    from agentctl.cli.policy.synthesis_lines import synthesis_form, synthesis_lines
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.contracts.synthesis import synthesize as derive
    from agentctl.composition.contracts.synthesis import write_synthesis
    from agentctl.foundation.errors import ExitCode

    found, terminal = derive(open_project(), _chosen(runs, agent, since)), Terminal(as_json=json)
    if found is None:
        terminal.warning(
            "nothing could be observed: no live run whose calls were executed and can be judged again"
        )
        if json:
            terminal.document(None)
        return ExitCode.INCONCLUSIVE
    written = () if out is None else write_synthesis(found, out)
    if json:
        terminal.document(synthesis_form(found, written))
    else:
        terminal.lines(synthesis_lines(found))
        for text in [str(path) for path in written] or [found.contract_text, found.policy_text]:
            for line in text.splitlines():
                terminal.verbatim(line)
    return ExitCode.OK if found.proof.holds else ExitCode.WANTING


def _chosen(runs: str | None, agent: str | None, since: str | None) -> "Chosen":
    from datetime import date

    from agentctl.composition.contracts.synthesis import Chosen
    from agentctl.foundation.errors import UsageError

    named = tuple(filter(None, (runs or "").split(",")))
    if bool(named) == bool(agent):
        raise UsageError(
            "it is not said which runs are looked at", "either `--runs RUN,RUN` or `--agent NAME`"
        )
    try:
        day = date.fromisoformat(since).isoformat() if since else None
    except ValueError as error:
        raise UsageError(f"`{str(since)[:40]}` is no day", "a day like `2026-11-22`") from error
    return Chosen(named, agent, day)


def _checked_lines(item: "CheckedPolicies") -> "Iterator[str]":
    from agentctl.cli.screen.words import counted

    for severity, problems in (("error", item.report.errors), ("warning", item.report.warnings)):
        for problem in problems:
            yield str(replace(problem, path=f"{severity}: {problem.path}" if problem.path else severity))
    counts = f"{counted(len(item.report.errors), 'error')}, {counted(len(item.report.warnings), 'warning')}"
    sets = ", ".join(item.sets) or "no policy set"
    yield f"{item.agent} in {item.environment}: {counts}; {sets}"


def _checked_as_json(item: "CheckedPolicies") -> dict[str, object]:
    from agentctl.cli.screen.json_form import problem_form

    return {
        "agent": item.agent,
        "environment": item.environment,
        "passed": not item.report.errors,
        "policies": item.sets,
        "errors": [problem_form(problem) for problem in item.report.errors],
        "warnings": [problem_form(problem) for problem in item.report.warnings],
    }


def _case_lines(item: "CaseFile") -> "Iterator[Line]":
    from agentctl.cli.screen.terminal import Line
    from agentctl.cli.screen.words import counted

    for judged in item.failed:
        yield Line(f"{judged.case.id}: not as expected", tone="bad")
        yield from _failure_lines(judged)
    passed = len(item.judged) - len(item.failed)
    problems = f", {counted(len(item.problems), 'problem')}" if item.problems else ""
    tone: Tone = "bad" if item.failed or item.problems else "good"
    yield Line(
        f"{item.file}: {passed} of {counted(len(item.judged), 'case')} as expected{problems}", tone=tone
    )


def _failure_lines(judged: "Judged") -> "Iterator[Line]":
    from agentctl.cli.screen.terminal import Line

    case = judged.case
    if case.about:
        yield Line(case.about, 1, "quiet")
    yield Line(f"expected {case.expect}", 1)
    yield Line(f"found {judged.decision}: {'; '.join(judged.reasons)}", 1)
    for reason in judged.missing:
        yield Line(f"nobody gave the reason `{reason}`", 1)
    for answer in judged.answers:
        said = "; ".join((*answer.reasons, *answer.errors))
        yield Line(f"{answer.policy} says {answer.decision}: {said}", 2, "quiet")


def _cases_as_json(item: "CaseFile") -> dict[str, object]:
    from agentctl.cli.screen.json_form import problem_form

    return {
        "file": item.file,
        "agent": item.agent,
        "passed": not item.failed and not item.problems,
        "problems": [problem_form(problem) for problem in item.problems],
        "cases": [
            {
                "id": judged.case.id,
                "passed": judged.passed,
                "expected": judged.case.expect,
                "found": judged.decision,
                "reasons": judged.reasons,
                "missing_reasons": judged.missing,
                "answers": judged.answers,
            }
            for judged in item.judged
        ],
    }
