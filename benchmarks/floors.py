"""The floors: the same conversation with nothing around it, `aiohttp` alone and `litellm` alone."""

import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from benchmarks import refund_agent as agent
from benchmarks.window import Open, Way, answer_windows


@asynccontextmanager
async def bare_aiohttp(
    url: str, tools: Sequence[dict[str, Any]] = tuple(agent.SCHEMAS)
) -> AsyncIterator[Way]:
    """Post with aiohttp and call the functions; without tools, the model answers at once."""
    import aiohttp  # noqa: PLC0415  # each floor loads its own library only

    offered = {"tools": list(tools)} if tools else {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def run() -> str:
            messages = agent.conversation()
            while True:
                body = json.dumps({"model": "stub-1", "messages": messages, **offered})
                headers = {"content-type": "application/json"}
                async with session.post(f"{url}/chat/completions", data=body, headers=headers) as response:
                    message = (await response.json())["choices"][0]["message"]
                if not message.get("tool_calls"):
                    return str(message["content"])
                messages += _answered(message)

        yield Way(run, agent.tools_ran)


@asynccontextmanager
async def bare_litellm(url: str) -> AsyncIterator[Way]:
    """Ask through litellm and call the functions."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # it would ask the network
    import litellm  # noqa: PLC0415  # see above

    litellm.suppress_debug_info = True

    async def run() -> str:
        messages = agent.conversation()
        while True:
            answer = await litellm.acompletion(
                model="openai/stub-1", messages=messages, tools=agent.SCHEMAS, api_base=url, api_key="none"
            )
            message = answer.choices[0].message.model_dump(exclude_none=True)
            if not message.get("tool_calls"):
                return str(message["content"])
            messages += _answered(message)

    yield Way(run, agent.tools_ran)


def _answered(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a message of the model and the results of the calls it asks for."""
    results = [
        {
            "role": "tool",
            "tool_call_id": call["id"],
            "content": agent.call(call["function"]["name"], **json.loads(call["function"]["arguments"])),
        }
        for call in message["tool_calls"]
    ]
    return [message, *results]


FLOORS: dict[str, Open] = {"aiohttp": bare_aiohttp, "litellm": bare_litellm}

if __name__ == "__main__":
    answer_windows(FLOORS[sys.argv[1]])
