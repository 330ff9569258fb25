"""Python tools run apart, as they were hashed, and nothing of them outlives the run."""

import asyncio
import os
import signal
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentctl.foundation.canonical import JsonObject
from agentctl.tools.executors import child, python, python_host
from agentctl.tools.executors.executor import Answered, Execution, Executor, Failed, Unknown
from agentctl.tools.executors.python import InProcessExecutor, PythonExecutor
from tests.fakes.pace import cut_off
from tests.unit.tools.samples import execution, http_tool, python_tool

CODE = b'''
import os, sys, time
calls = 0

def run(**arguments):
    return arguments

def count():
    global calls
    calls += 1
    return calls

def surroundings():
    return {
        "environment": sorted(os.environ),
        "folder": os.getcwd(),
        "files": os.listdir("."),
        "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd")),
        "path": sys.path,
        "modules": sorted(name for name in sys.modules if name.startswith(("agentctl.", "aiohttp"))),
        "session": os.getsid(0) != os.getsid(os.getppid()) or os.getsid(0),
        "input": sys.stdin.read(),
    }

def shout(text):
    print(text * 1000, flush=True)
    os.write(1, b"below python " * 1000)
    sys.stdout.write("no newline")
    sys.stderr.write("an error")
    return "said"

def wrong(text):
    raise ValueError(text)

def hostile():
    class Hostile(Exception):
        def __str__(self):
            raise RuntimeError
    raise Hostile

def leave(code):
    sys.exit(code)

def die():
    os._exit(3)

def crash():
    os.kill(os.getpid(), 11)

def sleep(seconds):
    time.sleep(seconds)
    return "awake"

def wait_for(file):
    while not os.path.exists(file):
        time.sleep(0.01)
    return "there"

def ignore_signals(file):
    import signal
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    open(file, "w").write(str(os.getpid()))
    time.sleep(60)

def spawn(file, wait=0):
    """Start a child, and a daemon in a session of its own."""
    import subprocess
    subprocess.Popen(["sleep", "60"])
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open(file, "w").write(str(os.getpid()))
            time.sleep(60)
        os._exit(0)
    while not os.path.exists(file):
        time.sleep(0.01)
    time.sleep(wait)
    return sorted(os.listdir("."))

def write_file():
    open("left", "w").write("behind")
    return os.getcwd()

def odd(kind):
    return {
        "nan": float("nan"), "set": {1}, "bytes": b"x", "object": object(), "self": odd, "tuple": (1, 2),
        "keys": {1: 2}, "large": "x" * (5 << 20), "half": "\\ud800",
    }[kind]

def deep():
    value = []
    for _ in range(5000):
        value = [value]
    return value

def nested():
    value = []
    for _ in range(100):
        value = [value]
    return value

async def later():
    return 1

def data_class():
    from dataclasses import dataclass
    @dataclass
    class Point:
        x: int
    return Point(3).x
'''
ENVIRONMENT = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "SECRET": "x",
    "PYTHONPATH": "/nowhere",
    "LD_PRELOAD": "",
}


@pytest.fixture
async def executor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PythonExecutor]:
    """Return an executor with the tool of this file, and with patience for its child on a busy machine."""
    monkeypatch.setattr(child, "_GRACE_SECONDS", 30)
    executor = PythonExecutor({"local.tool": CODE}, ENVIRONMENT)
    yield executor
    await executor.close()


def call(
    function: str, arguments: JsonObject | None = None, effect: str = "read", seconds: float = 30
) -> Execution:
    """Return an attempt at one of the functions."""
    return execution(python_tool(effect, function, seconds), arguments)


def alive(pid: int) -> bool:
    """Return whether a process runs; one that only waits to be noticed does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def gone(pid: int, seconds: float = 60) -> bool:
    """Return whether a process ends within some seconds."""
    until = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < until:  # a process tells nobody
        await asyncio.sleep(0.02)
    return not alive(pid)


def holds_a_process(file: Path) -> bool:
    """Return whether a process has written its id into a file."""
    return file.exists() and file.read_text() != ""


def watcher_of(executor: PythonExecutor) -> int:
    """Return the id of the child process."""
    assert executor._child is not None
    assert executor._child._process is not None
    return executor._child._process.pid


def path_in(line: bytes) -> Path:
    """Return the path that a process printed."""
    return Path(line.decode().strip())


def folder_of(executor: PythonExecutor) -> Path:
    """Return the child's working directory."""
    assert executor._child is not None
    return Path(str(executor._child._folder))


async def test_a_function_takes_arguments_and_returns_a_value(executor: PythonExecutor) -> None:
    """Any JSON, of any type."""
    arguments: JsonObject = {"a": [1, 2.5, None, True], "b": {"ü": "ä\n"}}
    assert await executor.execute(call("run", arguments)) == Answered(arguments)


async def test_one_child_serves_a_run(executor: PythonExecutor) -> None:
    """The code is loaded once, and calls wait for each other."""
    found = await asyncio.gather(*(executor.execute(call("count")) for _ in range(5)))
    assert [outcome.value for outcome in found if isinstance(outcome, Answered)] == [1, 2, 3, 4, 5]


async def test_a_child_has_nothing_it_was_not_given(executor: PythonExecutor) -> None:
    """No variables, no descriptors, no files, no path of ours, no input."""
    leak = os.dup2(0, 200, inheritable=True)
    found = await executor.execute(call("surroundings"))
    os.close(leak)
    assert isinstance(found, Answered)
    value = found.value
    assert isinstance(value, dict)
    assert set(value["environment"]) <= {"PATH", "LANG", "LC_CTYPE", "AGENTCTL_BELOW_TOOL"}
    assert value["folder"] == str(folder_of(executor))
    assert value["files"] == []
    assert len(value["descriptors"]) == 6  # in, out, error, the two for frames, and the one that lists them
    assert leak not in value["descriptors"]
    assert "" not in value["path"]
    assert value["folder"] not in value["path"]
    assert value["modules"] == []
    assert value["input"] == ""


async def test_what_runs_is_what_was_hashed(executor: PythonExecutor) -> None:
    """A module of the same name in the folder is not picked up."""
    await executor.execute(call("count"))
    (folder_of(executor) / "dataclasses.py").write_text("raise SystemExit('not loaded')")
    (folder_of(executor) / "sitecustomize.py").write_text("raise SystemExit('not loaded')")
    assert await executor.execute(call("data_class")) == Answered(3)


async def test_prints_never_reach_an_answer(executor: PythonExecutor) -> None:
    """They are kept for whoever looks for a fault, and only the last of them."""
    for _ in range(10):
        assert await executor.execute(call("shout", {"text": "flood "})) == Answered("said")
    assert await executor.execute(call("count")) == Answered(1)
    assert 0 < len(executor.printed) <= 16 * 4096
    assert "flood" in executor.printed


def test_nothing_is_printed_before_there_is_a_child() -> None:
    """Empty."""
    assert PythonExecutor({}).printed == ""


async def test_an_exception_is_a_failure_with_its_message(executor: PythonExecutor) -> None:
    """Its type and its words, cut; no traceback, for a write as for a read, and the child lives on."""
    rows: list[tuple[str, JsonObject, str]] = [
        ("wrong", {"text": "no such charge"}, "ValueError: no such charge"),
        ("wrong", {"text": "x" * 10_000}, "ValueError: " + "x" * 488),
        ("wrong", {}, "TypeError: wrong() missing 1 required positional argument: 'text'"),
        ("hostile", {}, "Hostile: "),
        ("leave", {"code": 0}, "SystemExit: 0"),
        ("no_such", {}, "AttributeError: module 'agentctl_tool_"),
    ]
    for function, arguments, message in rows:
        for effect in ("read", "write"):
            found = await executor.execute(call(function, arguments, effect))
            assert isinstance(found, Failed)
            assert found.message.startswith(message)
            assert not found.repeatable
            assert "Traceback" not in found.message
    assert await executor.execute(call("count")) == Answered(1)


async def test_a_value_that_is_no_json_leaves_a_write_unknown(executor: PythonExecutor) -> None:
    """The function ran; a read simply failed. The child lives on."""
    for kind in ("nan", "set", "bytes", "object", "self", "large"):
        read = await executor.execute(call("odd", {"kind": kind}))
        write = await executor.execute(call("odd", {"kind": kind}, "write"))
        assert isinstance(read, Failed)
        assert isinstance(write, Unknown)
        assert "no JSON value" in write.reason
    for function in ("deep", "later"):
        assert isinstance(await executor.execute(call(function, effect="write")), Unknown)
    assert await executor.execute(call("count")) == Answered(1)


@pytest.mark.parametrize(("function", "arguments"), [("odd", {"kind": "half"}), ("nested", {})])
async def test_an_answer_that_is_refused_loses_the_child(
    executor: PythonExecutor, function: str, arguments: JsonObject
) -> None:
    """Half a character, or more depth than any result may have."""
    assert isinstance(await executor.execute(call(function, arguments, "write")), Unknown)
    assert isinstance(await executor.execute(call(function, arguments)), Failed)


async def test_tuples_and_number_keys_become_json(executor: PythonExecutor) -> None:
    """As `json` writes them."""
    assert await executor.execute(call("odd", {"kind": "tuple"})) == Answered([1, 2])
    assert await executor.execute(call("odd", {"kind": "keys"})) == Answered({"1": 2})


@pytest.mark.parametrize("function", ["die", "crash"])
async def test_a_crash_leaves_a_write_unknown(executor: PythonExecutor, function: str) -> None:
    """A read may be asked again, of a new child."""
    assert isinstance(await executor.execute(call(function, effect="irreversible")), Unknown)
    found = await executor.execute(call(function))
    assert isinstance(found, Failed)
    assert found.repeatable
    assert await executor.execute(call("count")) == Answered(1)


async def test_a_time_out_ends_the_process_and_all_it_started(
    executor: PythonExecutor, tmp_path: Path
) -> None:
    """Also a daemon in a session of its own."""
    file = tmp_path / "daemon"
    limit, found = await cut_off(
        lambda limit: executor.execute(call("spawn", {"file": str(file), "wait": 60}, "write", limit)),
        lambda: holds_a_process(file),
    )
    assert found == Unknown(f"no answer within {limit} s; its process was ended")
    assert await gone(int(file.read_text()))


async def test_a_time_out_ends_a_process_that_ignores_signals(
    executor: PythonExecutor, tmp_path: Path
) -> None:
    """A read may be asked again."""
    file = tmp_path / "stubborn"
    limit, found = await cut_off(
        lambda limit: executor.execute(call("ignore_signals", {"file": str(file)}, "read", limit)),
        lambda: holds_a_process(file),
    )
    assert found == Failed(f"no answer within {limit} s; its process was ended", repeatable=True)
    assert await gone(int(file.read_text()))


async def test_closing_leaves_nothing_behind(executor: PythonExecutor, tmp_path: Path) -> None:
    """No process, no directory; closing again does no harm, and a later call starts anew."""
    file = tmp_path / "daemon"
    assert await executor.execute(call("spawn", {"file": str(file)})) == Answered([])
    assert await executor.execute(call("write_file")) == Answered(str(folder_of(executor)))
    daemon, watcher, folder = int(file.read_text()), watcher_of(executor), folder_of(executor)
    await executor.close()
    await executor.close()
    assert await gone(daemon)
    assert not alive(watcher)
    assert not folder.exists()
    assert await executor.execute(call("count")) == Answered(1)


async def test_a_cancelled_call_is_not_answered_to_the_next_one(
    executor: PythonExecutor, tmp_path: Path
) -> None:
    """Its process ends with it."""
    file = tmp_path / "pid"
    attempt = asyncio.create_task(executor.execute(call("ignore_signals", {"file": str(file)}, seconds=60)))
    while not holds_a_process(file):  # another process makes the file
        await asyncio.sleep(0.01)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    assert await gone(int(file.read_text()))
    assert await executor.execute(call("count")) == Answered(1)


async def test_a_child_that_was_killed_is_replaced(executor: PythonExecutor) -> None:
    """Whoever did it."""
    await executor.execute(call("count"))
    os.kill(watcher_of(executor), signal.SIGKILL)
    assert isinstance(await executor.execute(call("sleep", {"seconds": 1}, "write")), Unknown | Answered)
    assert await executor.execute(call("count")) == Answered(1)


async def test_nothing_outlives_a_process_that_was_killed(tmp_path: Path) -> None:
    """No cleanup of ours runs then: the closed pipe alone must do. The working directory goes too."""
    file = tmp_path / "daemon"
    code = f"""
        import asyncio, os
        from tests.unit.tools.executors.test_python import CODE, call
        from agentctl.tools.executors.python import PythonExecutor
        async def main():
            executor = PythonExecutor({{"local.tool": CODE}})
            print(await executor.execute(call("spawn", {{"file": {str(file)!r}}})), flush=True)
            print(executor._child._process.pid, flush=True)
            print(executor._child._folder, flush=True)
            await executor.execute(call("sleep", {{"seconds": 60}}, seconds=60))
        asyncio.run(main())
        """
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(code), stdout=asyncio.subprocess.PIPE
    )
    assert victim.stdout is not None
    assert b"Answered" in await victim.stdout.readline()
    watcher = int(await victim.stdout.readline())
    folder = path_in(await victim.stdout.readline())
    while not holds_a_process(file):  # another process makes the file
        await asyncio.sleep(0.01)
    daemon = int(file.read_text())
    assert folder.is_dir()
    assert alive(daemon)
    victim.kill()
    await victim.wait()
    assert await gone(daemon)
    assert await gone(watcher)
    assert not folder.exists()


async def test_a_group_that_does_not_end_by_itself_is_killed(
    executor: PythonExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a moment of grace, without asking."""
    monkeypatch.setattr(child, "_GRACE_SECONDS", 0.2)
    await executor.execute(call("count"))
    watcher = watcher_of(executor)
    os.kill(watcher, signal.SIGSTOP)
    await executor.close()
    assert not alive(watcher)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [({"a": float("nan")}, "no canonical form"), ({"a": "x" * (5 << 20)}, "more than the 4194304 allowed")],
)
async def test_what_cannot_be_asked_fails(executor: PythonExecutor, arguments: JsonObject, told: str) -> None:
    """Nothing ran."""
    found = await executor.execute(call("run", arguments, "write"))
    assert isinstance(found, Failed)
    assert told in found.message


async def test_code_that_cannot_be_loaded_fails() -> None:
    """Its error is the answer."""
    executor = PythonExecutor({"local.tool": b"import no_such_module"})
    found = await executor.execute(call("run", effect="write"))
    assert found == Failed("ModuleNotFoundError: No module named 'no_such_module'")
    again = await executor.execute(call("run", effect="write"))
    assert again == found
    await executor.close()


async def test_tools_of_one_file_share_their_module() -> None:
    """And two that differ do not."""
    executor = PythonExecutor({"local.tool": CODE, "local.other": CODE, "local.third": CODE + b"\n"})
    values = []
    for name in ("local.tool", "local.other", "local.third"):
        tool = python_tool("read", "count").model_copy(update={"name": name})
        found = await executor.execute(execution(tool))
        assert isinstance(found, Answered)
        values.append(found.value)
    await executor.close()
    assert values == [1, 2, 1]


async def test_only_python_tools_with_code_are_reached(executor: PythonExecutor) -> None:
    """Anything else fails by itself."""
    assert await executor.execute(execution(http_tool())) == Failed("there is no code for `stripe.refund`")
    assert await PythonExecutor({}).execute(call("run")) == Failed("there is no code for `local.tool`")


async def test_a_child_that_cannot_be_started_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing ran."""
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    executor = PythonExecutor({"local.tool": CODE})
    found = await executor.execute(call("run", effect="write"))
    assert found == Failed("the child process for `python` tools cannot be started: FileNotFoundError")
    await executor.close()


async def test_a_child_that_was_not_started_answers_nothing() -> None:
    """It says so."""
    with pytest.raises(child.ChildLost, match="not started"):
        await child.Child({}).ask({})


FORGED = {
    "too large": b"\xff\xff\xff\xff",
    "no JSON": b"\x00\x00\x00\x01{",
    "nothing known": b"\x00\x00\x00\x02{}",
    "half a head": b"\x00\x00",
}


@pytest.mark.parametrize("frame", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_frame_is_no_answer(
    frame: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever a child writes, a write is unknown then."""
    host = tmp_path / "host.py"
    host.write_text(f"import os, sys; sys.stdin.buffer.read(4); os.write(1, {frame!r})")
    monkeypatch.setattr(python_host, "__file__", str(host))
    executor = PythonExecutor({"local.tool": CODE})
    assert isinstance(await executor.execute(call("run", effect="write")), Unknown)
    await executor.close()


async def test_a_child_that_ends_while_it_is_asked_is_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A pipe that breaks is no exception of ours."""
    host = tmp_path / "host.py"
    host.write_text("")
    monkeypatch.setattr(python_host, "__file__", str(host))
    executor = PythonExecutor({"local.tool": CODE})
    found = await executor.execute(call("run", {"a": "x" * (1 << 20)}, "write"))
    assert found == Unknown("its process was lost: it ended before it answered")
    await executor.close()


@pytest.fixture
def in_process() -> InProcessExecutor:
    """Return the executor without isolation."""
    return InProcessExecutor({"local.tool": CODE})


async def test_without_isolation_the_answers_are_the_same(in_process: InProcessExecutor) -> None:
    """Values, exceptions, and what is no JSON."""
    executor: Executor = in_process
    assert await executor.execute(call("run", {"a": 1})) == Answered({"a": 1})
    assert [await executor.execute(call("count")) for _ in range(2)] == [Answered(1), Answered(2)]
    assert await executor.execute(call("wrong", {"text": "x"}, "write")) == Failed("ValueError: x")
    assert await executor.execute(call("leave", {"code": 1})) == Failed("SystemExit: 1")
    assert isinstance(await executor.execute(call("odd", {"kind": "nan"}, "write")), Unknown)
    assert isinstance(await executor.execute(call("nested", {}, "write")), Unknown)
    assert await executor.execute(execution(http_tool())) == Failed("there is no code for `stripe.refund`")
    await executor.close()


async def test_without_isolation_prints_go_to_the_error_stream(
    in_process: InProcessExecutor, capsys: pytest.CaptureFixture[str]
) -> None:
    """The output of a command stays clean."""
    code = b"def run():\n    print('hello')"
    assert await InProcessExecutor({"local.tool": code}).execute(call("run")) == Answered(None)
    assert capsys.readouterr() == ("", "hello\n")
    await in_process.close()


def let_go(file: Path) -> None:
    """Make the file that calls of `wait_for` wait for, and wait for their threads."""
    file.touch()
    for thread in threading.enumerate():
        if thread.name == "agentctl-tool":
            thread.join()


async def test_without_isolation_a_time_out_gives_up(in_process: InProcessExecutor, tmp_path: Path) -> None:
    """The thread cannot be ended, and that is said; its late answer reaches nobody."""
    file = tmp_path / "file"
    told = "no answer within 0.2 s; it may still be running"
    outcomes = await asyncio.gather(
        *(
            in_process.execute(call("wait_for", {"file": str(file)}, effect, 0.2))
            for effect in ("read", "write")
        )
    )
    assert outcomes == [Failed(told, repeatable=True), Unknown(told)]
    await asyncio.to_thread(let_go, file)


def test_without_isolation_a_late_answer_after_the_end_is_dropped(
    in_process: InProcessExecutor, tmp_path: Path
) -> None:
    """The loop is gone; the thread says nothing."""
    file = tmp_path / "file"
    asyncio.run(in_process.execute(call("wait_for", {"file": str(file)}, "read", 0.2)))
    let_go(file)


def test_an_answer_of_another_form_is_unusable() -> None:
    """Whoever made it."""
    assert isinstance(python._outcome(python_tool("write"), {"answer": 1, "raised": 5}), Answered)
    assert isinstance(python._outcome(python_tool("write"), {"raised": "x"}), Unknown)
    assert isinstance(python._outcome(python_tool("read"), [1]), Failed)


@pytest.mark.parametrize("isolated", ["process", "none"])
async def test_a_value_larger_than_the_descriptor_says_is_not_taken(isolated: str) -> None:
    """Counted in canonical bytes: a read failed, a write ran and nobody knows what it answered."""
    code = {"local.tool": b"def run(size):\n    return chr(233) * size\n"}
    running = PythonExecutor(code) if isolated == "process" else InProcessExecutor(code)
    try:
        for effect, size, kind in (("read", 511, Answered), ("read", 512, Failed), ("write", 512, Unknown)):
            tool = python_tool(effect).model_copy(update={"max_result_bytes": 1_024})
            found = await running.execute(execution(tool, {"size": size}))
            assert isinstance(found, kind)
            told = "1026 bytes, more than the 1024 of `max_result_bytes`"
            assert (told in str(found)) == (kind is not Answered)
    finally:
        await running.close()


async def test_a_number_without_a_canonical_form_is_left_to_the_results_schema() -> None:
    """It has no canonical bytes to count."""
    running = InProcessExecutor({"local.tool": b"def run():\n    return 2**60\n"})
    assert await running.execute(execution(python_tool())) == Answered(2**60)
