"""openai-agents, with a processor that writes every trace and span into a file."""

import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TextIO

from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    Runner,
    Span,
    Trace,
    TracingProcessor,
    function_tool,
    set_trace_processors,
    set_tracing_disabled,
)
from openai import AsyncOpenAI

from benchmarks import refund_agent as work
from benchmarks.window import Way, answer_windows


class IntoFile(TracingProcessor):
    """Writes each trace and span when it ends."""

    def __init__(self, file: TextIO) -> None:
        self.file = file

    def on_trace_start(self, trace: Trace) -> None:
        """Nothing is written yet."""

    def on_span_start(self, span: Span) -> None:
        """Nothing is written yet."""

    def on_trace_end(self, trace: Trace) -> None:
        """Write the trace."""
        self.file.write(json.dumps(trace.export(), default=str) + "\n")
        self.file.flush()

    def on_span_end(self, span: Span) -> None:
        """Write the span."""
        self.file.write(json.dumps(span.export(), default=str) + "\n")

    def shutdown(self) -> None:
        """Write what is left."""
        self.file.flush()

    def force_flush(self) -> None:
        """Write what is left."""
        self.file.flush()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Way]:
    """Open the agent."""
    with tempfile.TemporaryFile("w") as file:
        set_tracing_disabled(disabled=sys.argv[1] != "traced")
        set_trace_processors([IntoFile(file)])
        async with AsyncOpenAI(base_url=url, api_key="none") as client:
            agent = Agent(
                name="refund",
                instructions=work.SYSTEM,
                tools=[function_tool(tool) for tool in work.TOOLS],
                model=OpenAIChatCompletionsModel("stub-1", openai_client=client),
            )

            async def run() -> str:
                return str((await Runner.run(agent, work.INPUT, max_turns=10)).final_output)

            yield Way(run, work.tools_ran)


if __name__ == "__main__":
    answer_windows(opened)
