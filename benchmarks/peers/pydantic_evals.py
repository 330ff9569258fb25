"""pydantic-evals with a pydantic-ai agent; logfire keeps its spans in a file, and nothing is sent.

Whether a tool was called is asked of the spans, as its documentation does, so the `agent` work always has them.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import TextIO

import logfire
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Contains, HasMatchingSpan

from benchmarks import refund_agent
from benchmarks.eval_cases import TOOL, Asked, cases, tell


def traced(file: TextIO) -> None:
    """Record every span into a file, in batches."""
    exporter = ConsoleSpanExporter(out=file, formatter=lambda span: span.to_json(indent=None) + "\n")
    logfire.configure(
        send_to_logfire=False,
        console=False,
        inspect_arguments=False,
        additional_span_processors=[BatchSpanProcessor(exporter, max_queue_size=65_536)],
    )
    logfire.instrument_pydantic_ai()


def task(asked: Asked) -> Callable[[str], Awaitable[str]]:
    """Return what is tried."""
    model = OpenAIChatModel("stub-1", provider=OpenAIProvider(base_url=asked.url, api_key="none"))
    tools = list(refund_agent.TOOLS) if asked.work == "agent" else []
    agent = Agent(model, instructions=refund_agent.SYSTEM, tools=tools)

    async def refund(text: str) -> str:
        return str((await agent.run(text)).output)

    return refund


def dataset(asked: Asked) -> Dataset[str, str, None]:
    """Return the cases."""
    called = HasMatchingSpan(query={"has_attributes": {"gen_ai.tool.name": TOOL}})
    return Dataset(
        name=asked.work,
        cases=[
            Case(name=case.id, inputs=case.input, evaluators=(Contains(value=case.contains),))
            for case in cases(asked.count)
        ],
        evaluators=[called] if asked.work == "agent" else [],
    )


def main() -> None:
    """Try the cases."""
    asked = Asked.here()
    with (asked.folder / "spans.jsonl").open("w") as file:
        traced(file)
        report = dataset(asked).evaluate_sync(task(asked), max_concurrency=asked.at_once, progress=False)
        logfire.force_flush()
    if report.failures or len(report.cases) != asked.count:
        sys.exit(f"{len(report.cases)} cases were judged, {len(report.failures)} were not")
    tell(case.name for case in report.cases if not all(result.value for result in case.assertions.values()))


if __name__ == "__main__":
    main()
