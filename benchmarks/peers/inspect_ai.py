"""inspect_ai's ReAct agent; it runs samples of an eval by itself, and always writes its log."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from inspect_ai import Task, eval_async
from inspect_ai.agent import react
from inspect_ai.dataset import Sample
from inspect_ai.model import get_model
from inspect_ai.scorer import includes
from inspect_ai.tool import Tool, tool

from benchmarks import refund_agent as work
from benchmarks.window import ANSWERED, Way, answer_windows


@tool
def read_ticket() -> Tool:
    """Make the tool."""

    async def execute(ticket_id: str) -> str:
        """Read a support ticket.

        Args:
            ticket_id: The ticket.
        """
        return work.read_ticket(ticket_id)

    return execute


@tool
def lookup_charge() -> Tool:
    """Make the tool."""

    async def execute(charge_id: str) -> str:
        """Look up a charge.

        Args:
            charge_id: The charge.
        """
        return work.lookup_charge(charge_id)

    return execute


@tool
def create_refund() -> Tool:
    """Make the tool."""

    async def execute(charge_id: str, amount: int, currency: str) -> str:
        """Create a refund for a charge.

        Args:
            charge_id: The charge.
            amount: How much, in cents.
            currency: Its currency.
        """
        return work.create_refund(charge_id, amount, currency)

    return execute


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Way]:
    """Open the eval."""
    with tempfile.TemporaryDirectory() as folder:
        model = get_model("openai-api/stub/stub-1", base_url=url, api_key="none")

        async def many(runs: int, at_once: int) -> None:
            task = Task(
                dataset=[Sample(input=work.INPUT, target=ANSWERED) for _ in range(runs)],
                solver=react(
                    prompt=work.SYSTEM,
                    tools=[read_ticket(), lookup_charge(), create_refund()],
                    submit=False,
                ),
                scorer=includes(),
            )
            (log,) = await eval_async(
                task, model=model, log_dir=folder, max_samples=at_once, max_connections=at_once
            )
            if log.status != "success" or log.results.scores[0].metrics["accuracy"].value != 1.0:
                raise RuntimeError(f"the eval ended with {log.status}: {log.error}")

        async def run() -> str:
            raise NotImplementedError

        yield Way(run, work.tools_ran, many=many)


if __name__ == "__main__":
    answer_windows(opened)
