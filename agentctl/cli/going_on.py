"""What there is to do where a run's process is gone: a run goes on, a replay or a trial is only made again."""

from agentctl.cli.typed import program


def going_on(kind: str, run: str) -> str:
    """Return in a phrase what follows for a run of a kind."""
    match kind:
        case "replay":
            return "nothing goes on in a replay"
        case "eval":
            return "nothing goes on in a trial"
        case _:
            return f"`{program()} resume {run}` goes on"
