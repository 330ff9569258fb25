"""Walls round a process that runs other people's SQL: it may compute within limits, and reach nothing.

DuckDB's own settings are one wall; these stand whether or not it holds. Each is set up by the process itself, once, when
it has opened all it needs; none can be taken down again. Where a system lacks one, the others stand.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38

# Landlock: what a process may do with files, from here on.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION_FLAG: Final = 1
_FILE_RIGHTS: Final = ((1, 13), (2, 14), (3, 15), (5, 16))
"""From which version on a kernel knows so many rights on files."""
_NET_RIGHTS: Final = 0b11
_NET_VERSION: Final = 4

# Seccomp: which calls of the system a process may make; a program of classic BPF says so.
_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _KILL, _REFUSE, _UNKNOWN_CALL = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
_CLONE_THREAD: Final = 0x10000
_OTHER_TABLE: Final = 0x40000000  # x86-64 has a second table of the same calls
_CLONE3: Final = 435

_X86: Final = (
    317,
    0xC000003E,
    56,
    # socket connect accept sendto sendmsg bind listen socketpair fork vfork execve kill ptrace chmod fchmod chown fchown lchown
    (41, 42, 43, 44, 46, 49, 50, 53, 57, 58, 59, 62, 101, 90, 91, 92, 93, 94,
     # mount add_key request_key keyctl fchownat fchmodat unshare perf_event_open open_by_handle_at setns process_vm_*
     165, 248, 249, 250, 260, 268, 272, 298, 304, 308, 310, 311,
     # memfd_create bpf execveat userfaultfd io_uring_setup pidfd_open pidfd_getfd
     319, 321, 322, 323, 425, 434, 438),
)  # fmt: skip
_ARM: Final = (
    277,
    0xC00000B7,
    220,
    (198, 199, 200, 201, 202, 203, 206, 211, 221, 129, 117, 52, 53, 54, 55,
     40, 217, 218, 219, 97, 241, 265, 268, 270, 271, 279, 280, 281, 282, 425, 434, 438),
)  # fmt: skip
_MACHINES: Final = {"x86_64": _X86, "aarch64": _ARM}


def end_with(parent: int) -> None:
    """Let this process end when the one that started it does.

    Raises:
        SystemExit: it has ended already.
    """
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def size() -> int | None:
    """Return how much memory this process has mapped, in bytes; None where the system does not tell."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    return None


def limit(*, memory_bytes: int | None, cpu_seconds: int) -> None:
    """Map no more memory than this, compute no longer than this from here on; open nothing, write no file, start nothing."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _at_most(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + cpu_seconds)
    if memory_bytes is not None:
        _at_most(resource.RLIMIT_AS, memory_bytes)
    _at_most(resource.RLIMIT_CORE, 0)
    _at_most(resource.RLIMIT_FSIZE, 0)
    _at_most(resource.RLIMIT_NPROC, 0)
    _at_most(resource.RLIMIT_NOFILE, 0)  # what is open stays open


def _at_most(kind: int, value: int) -> None:
    with suppress(ValueError, OSError):  # it stood lower already, or the system has no such limit
        resource.setrlimit(kind, (value, value))


def close_off() -> tuple[str, ...]:
    """Have the kernel refuse all files, all sockets and all programs; return which walls stand.

    The first holds for this thread and those that it starts later: there must be no other yet.
    """
    if sys.platform != "linux":
        return ()
    libc = _libc()
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    walls = (("landlock", _files_closed(libc)), ("seccomp", _calls_closed(libc)))
    return tuple(name for name, stands in walls if stands)


def _files_closed(libc: ctypes.CDLL) -> bool:
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return False
    rights = max(bits for since, bits in _FILE_RIGHTS if version >= since)
    rules = struct.pack("QQ", (1 << rights) - 1, _NET_RIGHTS)
    size = len(rules) if version >= _NET_VERSION else len(rules) // 2
    ruleset = libc.syscall(_CREATE_RULESET, rules, size, 0)
    if ruleset < 0:
        return False
    closed = bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)  # no rule allows anything
    os.close(ruleset)
    return closed


def _calls_closed(libc: ctypes.CDLL) -> bool:
    if platform.machine() not in _MACHINES:
        return False
    seccomp, machine, clone, refused = _MACHINES[platform.machine()]
    program = _program(machine, clone, refused)
    steps = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(steps))
    return bool(libc.syscall(seccomp, _SET_MODE_FILTER, _ALL_THREADS, header) == 0)


def _program(machine: int, clone: int, refused: tuple[int, ...]) -> bytes:
    """Return the filter: threads may be started, but no process; what is refused fails as if it were not permitted."""
    steps = [
        _step(_LOAD, _MACHINE_AT),
        _step(_EQUAL, machine, yes=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
        _step(_AT_LEAST, _OTHER_TABLE, no=1),
        _step(_RETURN, _REFUSE),
    ]
    for number in refused:
        steps += [_step(_EQUAL, number, no=1), _step(_RETURN, _REFUSE)]
    # The newer call hides its flags behind a pointer; told that there is none, the C library takes the older one.
    steps += [_step(_EQUAL, _CLONE3, no=1), _step(_RETURN, _UNKNOWN_CALL)]
    steps += [
        _step(_EQUAL, clone, no=3),
        _step(_LOAD, _FIRST_ARGUMENT_AT),
        _step(_ANY_BIT, _CLONE_THREAD, yes=1),
        _step(_RETURN, _REFUSE),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(steps)


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
