"""Each kind of tool reaches its own executor."""

import os
from typing import Literal

import pytest

from agentctl.tools.executors.catalog import Executors
from agentctl.tools.executors.executor import Answered, Failed
from agentctl.tools.executors.http import HttpExecutor
from agentctl.tools.registry import Registry
from tests.fakes.executor import FakeExecutor
from tests.unit.tools.samples import PYTHON, execution, http_tool, python_tool, version


async def test_the_kind_of_the_tool_picks_the_executor() -> None:
    """And nothing else does."""
    http, python = FakeExecutor(lambda _: Answered("http")), FakeExecutor(lambda _: Answered("python"))
    executors = Executors(http=http, python=python)
    assert await executors.execute(execution(http_tool())) == Answered("http")
    assert await executors.execute(execution(python_tool())) == Answered("python")
    await executors.close()
    assert http.closed
    assert python.closed


async def test_all_are_closed_whatever_one_meets() -> None:
    """A connection that breaks does not keep a child alive."""

    class Broken(FakeExecutor):
        async def close(self) -> None:
            raise ConnectionError

    python = FakeExecutor()
    with pytest.raises(ConnectionError):
        await Executors(http=Broken(), python=python).close()
    assert python.closed


@pytest.mark.parametrize("isolation", ["process", "none"])
async def test_isolation_is_as_declared(isolation: Literal["process", "none"]) -> None:
    """In a child, or in this process; the code comes from the registry."""
    code = b"import os\ndef run():\n    return [os.getpid(), sorted(os.environ)]"
    registry = Registry.of([version(code, name="local.tool", executor=PYTHON)])
    executors = Executors.of(
        HttpExecutor({}), registry, isolation=isolation, environment={"TZ": "UTC", "SECRET": "x"}
    )
    found = await executors.execute(execution(python_tool()))
    assert isinstance(found, Answered)
    assert isinstance(found.value, list)
    assert (found.value[0] == os.getpid()) is (isolation == "none")
    assert isolation == "none" or set(found.value[1]) <= {"TZ", "LC_CTYPE", "AGENTCTL_BELOW_TOOL"}
    assert isinstance(await executors.execute(execution(http_tool())), Failed)
    await executors.close()
