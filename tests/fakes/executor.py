"""An executor that does nothing but remember what it was asked, and answers what a test told it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from agentctl.tools.executors.executor import Answered, Execution, Outcome


def accepts_everything(execution: Execution) -> Outcome:
    """Answer as a back office that refuses nothing."""
    arguments = execution.arguments
    match execution.descriptor.name:
        case "zendesk.read_ticket":
            return Answered(
                {
                    "ticket_id": 4201,
                    "subject": "Refund",
                    "description": "ch_small 49.00 USD",
                    "status": "open",
                    "requester_email": "dana@example.com",
                }
            )
        case "stripe.lookup_charge":
            return Answered(
                {
                    "charge": arguments["charge"],
                    "amount": 30000,
                    "amount_refunded": 0,
                    "currency": "usd",
                    "refunded": False,
                    "customer_email": "dana@example.com",
                }
            )
        case _:
            return Answered(
                {
                    "refund": "re_1",
                    "amount": arguments["amount"],
                    "charge": arguments["charge"],
                    "currency": arguments["currency"],
                    "status": "succeeded",
                }
            )


@dataclass
class FakeExecutor:
    """An `Executor` over a function. `before` runs first, for tests that watch the order of things."""

    answer: Callable[[Execution], Outcome] = accepts_everything
    before: Callable[[Execution], None] = lambda _: None
    executions: list[Execution] = field(default_factory=list)
    hang: bool = False
    closed: bool = False

    async def execute(self, execution: Execution) -> Outcome:
        """Remember the attempt and answer it."""
        self.before(execution)
        self.executions.append(execution)
        await asyncio.sleep(60 if self.hang else 0)
        return self.answer(execution)

    async def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def named(self, tool: str) -> list[Execution]:
        """Return the executions of one tool."""
        return [item for item in self.executions if item.descriptor.name == tool]
