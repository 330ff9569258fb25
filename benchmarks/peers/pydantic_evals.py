"""pydantic-evals: a pydantic-ai agent, or one call of OpenAI's client; logfire keeps spans in a file, and nothing is sent.

Whether a tool was called is asked of the spans, as its documentation does.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import TextIO

import logfire
from openai import AsyncOpenAI
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


def agent(url: str) -> Callable[[str], Awaitable[str]]:
    """Return the agent."""
    model = OpenAIChatModel("stub-1", provider=OpenAIProvider(base_url=url, api_key="none"))
    refunding = Agent(model, instructions=refund_agent.SYSTEM, tools=list(refund_agent.TOOLS))

    async def refund(text: str) -> str:
        return str((await refunding.run(text)).output)

    return refund


def answer(url: str) -> Callable[[str], Awaitable[str]]:
    """Return what asks one question."""
    client = AsyncOpenAI(base_url=url, api_key="none")
    logfire.instrument_openai(client)

    async def ask(text: str) -> str:
        completion = await client.chat.completions.create(
            model="stub-1",
            messages=[
                {"role": "system", "content": refund_agent.SYSTEM},
                {"role": "user", "content": text},
            ],
        )
        return str(completion.choices[0].message.content)

    return ask


TASKS = {"agent": agent, "answer": answer}


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
        task = TASKS[asked.work](asked.url)
        report = dataset(asked).evaluate_sync(task, max_concurrency=asked.at_once, progress=False)
        logfire.force_flush()
    if report.failures or len(report.cases) != asked.count:
        sys.exit(f"{len(report.cases)} cases were judged, {len(report.failures)} were not")
    tell(case.name for case in report.cases if not all(result.value for result in case.assertions.values()))


if __name__ == "__main__":
    main()
