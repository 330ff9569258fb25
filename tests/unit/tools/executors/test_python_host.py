"""The host's own parts, called in this process: frames, loading, answers."""

import io
import sys
from types import ModuleType

from agentctl.tools.executors import python_host


def test_frames_are_read_one_after_another_until_the_end() -> None:
    """A frame that is cut off is the end, too."""
    stream = io.BytesIO(python_host.framed({"answer": 1}) + python_host.framed({"answer": 2}) + b"\x00")
    assert [python_host.read_frame(stream) for _ in range(3)] == [{"answer": 1}, {"answer": 2}, None]


def test_a_module_is_made_of_the_bytes_given() -> None:
    """Under its own name, so that what needs its module finds it."""
    module = python_host.loaded("agentctl_tool_test", "tool.py", b"x = __name__\ny = __file__")
    assert (module.x, module.y) == ("agentctl_tool_test", "tool.py")
    assert sys.modules.pop("agentctl_tool_test") is module


def test_a_request_without_arguments_calls_without_any() -> None:
    """Nothing is passed on that is no object."""
    module = ModuleType("m")
    module.__dict__["run"] = lambda **given: given
    request: dict[str, object] = {"module": "m", "file": "f", "function": "run", "code": "", "arguments": [1]}
    assert python_host.answer_to(request, {"m": module}) == {"answer": {}}


def test_a_request_of_another_form_is_answered() -> None:
    """With what is missing."""
    assert python_host.answer_to({"module": "m"}, {})["raised"] == {"type": "KeyError", "message": "'file'"}


def test_the_host_needs_the_standard_library_only() -> None:
    """It must start without our packages."""
    ours = {name for name, value in vars(python_host).items() if isinstance(value, ModuleType)}
    assert ours <= {"base64", "ctypes", "json", "os", "resource", "select", "signal", "struct", "sys"}
