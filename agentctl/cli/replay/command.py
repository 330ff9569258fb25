"""`agentctl replay`: drives a run's journal again, and says how far it goes the same way and where and why it parts."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from agentctl.cli.options import Json, Run

if TYPE_CHECKING:
    from agentctl.composition.replays.replaying import ReplayOutcome


def replay(
    run: Run,
    contract: Annotated[
        str | None,
        typer.Option(
            help="Under this version in place of the run's own: a contract file, a tag, a digest, an agent.",
            metavar="FILE|TAG|DIGEST",
            show_default=False,
        ),
    ] = None,
    mode: Annotated[
        Literal["verify", "policy", "tools-taped"],
        typer.Option(
            help="verify: model and tools answer from the journal. policy: every call is judged again, no model is asked. "
            "tools-taped: a model is asked anew and may cost money, tools answer from the journal."
        ),
    ] = "verify",
    json: Json = False,
) -> int:
    """Replay a run; no tool is called, nothing is approved, sent or changed. It writes a journal of its own, of kind replay.

    Exit codes: 0 the same events, or only asked otherwise (exact, drift) · 1 it parts (diverged, bounded) · 2 there is no such
    run or version · 7 the run's journal is damaged.
    """
    from agentctl.cli.replay.lines import replay_lines
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.replays.replaying import ReplayOrder, replay_run

    terminal = Terminal(as_json=json)
    outcome = replay_run(open_project(), ReplayOrder(run, mode, contract))
    if json:
        terminal.document(_document(outcome))
    else:
        terminal.lines(replay_lines(outcome))
    return outcome.exit_code


def _document(outcome: "ReplayOutcome") -> dict[str, object]:
    return {
        "run": outcome.of.run,
        "replay": outcome.run,
        "agent": outcome.agent,
        "mode": outcome.of.mode,
        "version": outcome.of.version,
        "exit_code": int(outcome.exit_code),
        **outcome.judged.model_dump(mode="json"),
        "notes": list(outcome.notes),
    }
