"""langgraph's prebuilt agent, with its SQLite checkpointer."""

import itertools
import os
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

os.environ["LANGSMITH_TRACING"] = "false"  # it would send runs to a service
warnings.filterwarnings("ignore")

from langchain_core.tools import tool  # noqa: E402  # the line above counts when it is loaded
from langchain_openai import ChatOpenAI  # noqa: E402
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver  # noqa: E402
from langgraph.prebuilt import create_react_agent  # noqa: E402

from benchmarks import refund_agent as work  # noqa: E402
from benchmarks.window import Way, answer_windows  # noqa: E402


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Way]:
    """Open the agent."""
    numbers = itertools.count()
    with tempfile.TemporaryDirectory() as folder:
        kept = AsyncSqliteSaver.from_conn_string(f"{folder}/checkpoints.sqlite")
        async with kept if sys.argv[1] == "traced" else nullcontext() as saver:
            agent = create_react_agent(
                ChatOpenAI(model="stub-1", base_url=url, api_key="none"),
                [tool(function) for function in work.TOOLS],
                prompt=work.SYSTEM,
                checkpointer=saver,
            )

            async def run() -> str:
                config = {"configurable": {"thread_id": f"thread-{next(numbers)}"}}
                answer = await agent.ainvoke({"messages": [("user", work.INPUT)]}, config)
                return str(answer["messages"][-1].content)

            yield Way(run, work.tools_ran)


if __name__ == "__main__":
    answer_windows(opened)
