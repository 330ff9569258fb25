"""What a run's end means to the shell: pure."""

from agentctl.events.run import FinishStatus, SuspendReason
from agentctl.foundation.errors import ExitCode, InternalError
from agentctl.runtime.state import RunState


def exit_code(state: RunState) -> ExitCode:
    """Return the exit code of a run that is suspended or finished."""
    if state.finished is not None:
        return _finished(state.finished.status)
    if state.suspended is not None:
        return _suspended(state.suspended.reason)
    raise InternalError("the run is still going")


def _finished(status: FinishStatus) -> ExitCode:
    match status:
        case "answered":
            return ExitCode.OK
        case "denied":
            return ExitCode.DENIED


def _suspended(reason: SuspendReason) -> ExitCode:
    match reason:
        case "approval":
            return ExitCode.WAITING
        case "in_doubt":
            return ExitCode.IN_DOUBT
        case "budget" | "loop":
            return ExitCode.BUDGET
        case "provider_failed":
            return ExitCode.PROVIDER
        case "interrupted":
            return ExitCode.INTERRUPTED
