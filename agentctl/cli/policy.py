"""`agentctl policy`: check policies, judge their cases, explain a decision, derive the least that runs needed."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.options import Env, Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentctl.cli.terminal import Line, Tone
    from agentctl.composition.policies import CaseFile, CheckedPolicies
    from agentctl.review.policy_cases import Judged

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Agents = Annotated[
    list[str] | None, typer.Argument(help="Agents; default: all of them.", metavar="[AGENT]...")
]


@app.command("check")
def check(agents: Agents = None, environment: Env = "sandbox", json: Json = False) -> int:
    """Check the policies of contract, environment and platform: syntax, types, and rules that are dead or too wide.

    Exit codes: 0 no errors · 2 errors.
    """
    from agentctl.cli.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.policies import check_policies
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
    from agentctl.cli.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.policies import judge_cases
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
    run: Annotated[
        str, typer.Argument(help="The run's id, the beginning of one, or `latest`.", show_default=False)
    ],
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
    from agentctl.cli.explanation_lines import explanation_form, explanation_lines
    from agentctl.cli.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.explanations import explain_decision
    from agentctl.foundation.errors import ExitCode

    found = explain_decision(open_project(), run, call)
    terminal = Terminal(as_json=json)
    if json:
        terminal.document(explanation_form(found))
    else:
        terminal.lines(explanation_lines(found, full=full))
    return ExitCode.INTEGRITY if found.agrees is False else ExitCode.OK


def _checked_lines(item: "CheckedPolicies") -> "Iterator[str]":
    from agentctl.cli.words import counted

    for severity, problems in (("error", item.report.errors), ("warning", item.report.warnings)):
        for problem in problems:
            yield str(replace(problem, path=f"{severity}: {problem.path}" if problem.path else severity))
    counts = f"{counted(len(item.report.errors), 'error')}, {counted(len(item.report.warnings), 'warning')}"
    sets = ", ".join(item.sets) or "no policy set"
    yield f"{item.agent} in {item.environment}: {counts}; {sets}"


def _checked_as_json(item: "CheckedPolicies") -> dict[str, object]:
    from agentctl.cli.json_form import problem_form

    return {
        "agent": item.agent,
        "environment": item.environment,
        "passed": not item.report.errors,
        "policies": item.sets,
        "errors": [problem_form(problem) for problem in item.report.errors],
        "warnings": [problem_form(problem) for problem in item.report.warnings],
    }


def _case_lines(item: "CaseFile") -> "Iterator[Line]":
    from agentctl.cli.terminal import Line
    from agentctl.cli.words import counted

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
    from agentctl.cli.terminal import Line

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
    from agentctl.cli.json_form import problem_form

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
