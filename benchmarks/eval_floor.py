"""The floor of an eval: the same calls to the model and the same comparisons; nothing is recorded and nothing is checked."""

import asyncio

from benchmarks import refund_agent
from benchmarks.eval_cases import Asked, cases, tell
from benchmarks.floors import bare_aiohttp


async def failed(asked: Asked) -> list[str]:
    """Ask for every case, so many at once, and return those whose answer lacks what it must have."""
    left, wrong = iter(cases(asked.count)), list[str]()
    tools = refund_agent.SCHEMAS if asked.work == "agent" else []
    async with bare_aiohttp(asked.url, tools) as way:

        async def some() -> None:
            for case in left:
                if case.contains not in await way.run():
                    wrong.append(case.id)

        await asyncio.gather(*(some() for _ in range(asked.at_once)))
    return wrong


if __name__ == "__main__":
    here = Asked.here()
    tell(asyncio.run(failed(here)))
