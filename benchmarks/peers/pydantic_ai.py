"""pydantic-ai, instrumented with OpenTelemetry; spans go into a file in batches."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from pydantic_ai import Agent
from pydantic_ai.capabilities import Instrumentation
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from benchmarks import refund_agent as work
from benchmarks.window import Way, answer_windows


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Way]:
    """Open the agent."""
    with tempfile.TemporaryFile("w") as file:
        provider = TracerProvider()
        exporter = ConsoleSpanExporter(out=file, formatter=lambda span: span.to_json(indent=None) + "\n")
        provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=65_536))
        traced = [Instrumentation(InstrumentationSettings(tracer_provider=provider))]
        model = OpenAIChatModel("stub-1", provider=OpenAIProvider(base_url=url, api_key="none"))
        agent = Agent(
            model,
            instructions=work.SYSTEM,
            tools=list(work.TOOLS),
            capabilities=traced if sys.argv[1] == "traced" else [],
        )

        async def run() -> str:
            return str((await agent.run(work.INPUT)).output)

        async def settle() -> None:
            await asyncio.to_thread(provider.force_flush)

        yield Way(run, work.tools_ran, settle)


if __name__ == "__main__":
    answer_windows(opened)
