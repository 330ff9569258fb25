"""Copies of a test's process that do some work and end.

A copy that an exception leaves through the test would go on as a second worker of the same test run: it would make and
report the tests that follow, and the run would end in an error that names none of them.
"""

import os
import sys
import traceback
from collections.abc import Callable


def forked(work: Callable[[], object]) -> int:
    """Return the process id of a copy of this process that does the work; it ends with 0, or with 1 and the reason on stderr."""
    pid = os.fork()
    if pid == 0:  # pragma: no cover - a fork
        code = 1
        try:
            work()
            code = 0
        finally:  # whatever it is, it must end here: even an exit of the interpreter would be that of the test run
            if code:
                traceback.print_exc(file=sys.__stderr__)
            os._exit(code)
    return pid


def exit_code_of(pid: int) -> int:
    """Wait for a copy, and return its exit code, or the number of the signal that ended it, negative."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
