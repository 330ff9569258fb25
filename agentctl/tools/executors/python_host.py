"""Runs the functions of `python` tools in processes of their own; started by its path, it needs the standard library only.

The first process watches: when its input closes, or the worker ends, it ends everything that was started below it, and
removes the working directory that it was told of. The second one works: it reads requests and writes answers, each a
JSON object after four bytes of length.
"""

import base64
import ctypes
import json
import os
import resource
import select
import signal
import struct
import sys
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import BinaryIO, NoReturn, TypeAlias

Answer: TypeAlias = dict[str, object]
"""`{"answer": value}`, `{"raised": {"type", "message"}}` or `{"not_json": why}`."""

MAX_FRAME_BYTES = 4 << 20
_MESSAGE = 500
MODULES = 256
_LENGTH = struct.Struct(">I")
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def main() -> NoReturn:
    """Watch over a worker until it, or whoever asked for it, is gone."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _control_process(_PR_SET_CHILD_SUBREAPER, 1)
    watcher = os.getpid()
    worker = os.fork()
    if worker == 0:
        _control_process(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == watcher:
            work()
        os._exit(0)
    _watch(worker)
    _end_everything(worker)
    _remove(sys.argv[1:])
    os.killpg(0, signal.SIGKILL)
    os._exit(0)


def work() -> None:
    """Answer requests until there are no more; what a tool prints goes to the error stream."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    _close_over(0)
    os.dup2(2, 1)
    modules: dict[str, ModuleType] = {}
    while (request := read_frame(requests)) is not None:
        answer = answer_to(request, modules)
        sys.stdout.flush()
        answers.write(framed(answer))
        answers.flush()


def answer_to(request: dict[str, object], modules: dict[str, ModuleType]) -> Answer:
    """Call what a request names; `code` comes with the first request for it."""
    name = str(request["module"])
    try:
        if name not in modules:
            modules[name] = loaded(name, str(request["file"]), base64.b64decode(str(request["code"])))
        arguments = request["arguments"]
        value = getattr(modules[name], str(request["function"]))(
            **(arguments if isinstance(arguments, dict) else {})
        )
    except BaseException as error:  # noqa: BLE001  # a tool may raise anything, and all of it is an answer
        return {"raised": {"type": type(error).__name__, "message": _message(error)}}
    return _answer(value)


def loaded(name: str, file: str, code: bytes) -> ModuleType:
    """Return the module that exactly these bytes make."""
    module = ModuleType(name)
    module.__file__ = file
    module.__dict__["print"] = partial(
        print, file=sys.stderr
    )  # what a tool prints is never part of an answer
    sys.modules[name] = module
    exec(_compiled(code, file), module.__dict__)  # noqa: S102  # the tool's code, as it was hashed
    return module


@lru_cache(maxsize=MODULES)
def _compiled(code: bytes, file: str) -> CodeType:
    """Return the code of a module: each run makes a module of its own from it."""
    return compile(code, file, "exec", dont_inherit=True)


def read_frame(stream: BinaryIO) -> dict[str, object] | None:
    """Return the next request; None at the end."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    request: dict[str, object] = json.loads(body)
    return request


def framed(message: Answer) -> bytes:
    """Return the bytes of a message with their number before them."""
    body = encoded(message)
    return _LENGTH.pack(len(body)) + body


def encoded(message: Answer) -> bytes:
    """Return the JSON of a message."""
    return json.dumps(message, allow_nan=False).encode("ascii")


def _answer(value: object) -> Answer:
    try:
        size = len(encoded({"answer": value}))
    except (TypeError, ValueError, RecursionError) as error:
        return {"not_json": _message(error)}
    if size > MAX_FRAME_BYTES:
        return {"not_json": f"{size} bytes, more than the {MAX_FRAME_BYTES} allowed"}
    return {"answer": value}


def _message(error: BaseException) -> str:
    try:
        return str(error)[:_MESSAGE].encode("utf-8", "replace").decode("utf-8")
    except Exception:  # noqa: BLE001  # the tool's own class decides what `str` does
        return ""


def _watch(worker: int) -> None:
    """Return when the worker ended or the input closed."""
    _close_over(1)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, _noticed)
    signal.set_wakeup_fd(wake)
    poll = select.poll()
    poll.register(0, 0)  # only the end of the input is of interest: it is the worker's to read
    poll.register(woken, select.POLLIN)
    while not _has_ended(worker):
        if any(descriptor == 0 for descriptor, _ in poll.poll()):
            return
        os.read(woken, 1)


def _close_over(descriptor: int) -> None:
    """Let a descriptor lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _noticed(number: int, frame: FrameType | None) -> None:
    """Let the signal wake the poll, and nothing else."""


def _has_ended(worker: int) -> bool:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            if ended == worker:
                return True
        return False
    return True


def _end_everything(worker: int) -> None:
    """End all children; those of a child that ends become ours, so this reaches whatever was started."""
    while True:
        for child in _children() or [worker]:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _remove(folders: list[str]) -> None:
    """Remove the working directory: whoever made it may have been killed, and would do it no more."""
    import shutil  # noqa: PLC0415 - only the end needs it, and nobody waits for the end

    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _children() -> list[int]:
    """Return our children, where the system lists processes as files."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == os.getpid():
                found.append(int(stat.parent.name))
    return found


def _control_process(option: int, value: int) -> None:
    """Set what only Linux has; elsewhere the closed input and the process group must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    main()
