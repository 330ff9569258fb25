"""Compares a guarded Cedar decision with the bare Cedar call on the same request, and times the gateway's stages.

The floor is `cedarpy.is_authorized` with policies, schema and entities parsed before and the context given as a
dictionary. Ours builds that context from the run's state, checks every type, stands on guard and writes the answer. Each
round takes every way in turn, many times, and its figure is the median.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import cedarpy
from msgspec.structs import replace

from agentctl.events.record import Record
from agentctl.events.tool import ToolProposed
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.stages import STAGES, judge
from agentctl.gateway.verdict import Case
from agentctl.policy.allowlist import AllowlistPolicy
from agentctl.policy.cedar.judge import CedarJudge
from agentctl.policy.cedar.request import Cast, ContextBuilder
from agentctl.policy.engine import PolicyRequest
from agentctl.policy.platform import PlatformPolicy
from benchmarks.results import Section
from tests.fakes.policy import LOOK_UP, READ, REFUND, cedar, refund_request, sample_policy, sample_tools
from tests.fakes.runs import Stage

Way = Callable[[], Awaitable[object]]
LOOKING_UP = replace(
    refund_request(),
    descriptor=sample_tools()[LOOK_UP],
    arguments={"charge": "ch_1"},
    facts={"charge": "ch_1"},
    sources={"/charge": ("input",)},
)
"""A call that the sample policies allow as it is."""


def bare(texts: dict[str, str], request: PolicyRequest) -> Way:
    """Return the floor: everything parsed before, no guard, no typed building, the decision thrown away."""
    prepared = CedarJudge(texts, sample_tools(), "policy")
    schema = cedarpy.Schema.from_json_str(prepared.schema.text)
    entities = cedarpy.Entities.from_json_str(Cast.of(request).entities(sample_tools()), schema)
    policies = cedarpy.PolicySet.from_str("\n".join(texts.values()))
    asked = {
        "principal": {"type": "User", "id": request.principal.id},
        "action": {"type": "Action", "id": request.tool},
        "resource": {"type": "Tool", "id": request.tool},
        "context": json.loads(ContextBuilder(prepared.schema, ()).text(request)),
    }

    async def call() -> object:
        return cedarpy.is_authorized(asked, policies, entities, schema)

    return call


def ours(texts: dict[str, str], request: PolicyRequest) -> Way:
    """Return a decision as the gateway asks for it."""
    engine = cedar(texts)
    return lambda: engine.decide(request)


def many(count: int) -> dict[str, str]:
    """Return the sample policies among others, so many in all: a third for each tool, none of which matches."""
    rules = (
        f'@id("rule-{number}") permit (principal == User::"u{number}", action == Action::"{tool}", resource) '
        f"when {{ context.run.step < {number} && context.labels_seen.isEmpty() }};"
        for number, tool in zip(range(count - 3), (LOOK_UP, READ, REFUND) * count, strict=False)
    )
    return {**sample_policy("refund-assistant"), "many.cedar": "\n".join(rules)}


def all_stages(folder: Path) -> Way:
    """Return the gateway's whole path for one look-up, with all four authorities and nothing written or sent."""
    stage = Stage(folder)
    engines = (
        AllowlistPolicy(stage.contract),
        PlatformPolicy(stage.platform),
        cedar(sample_policy("refund-assistant")),
        cedar(sample_policy("platform"), authority="platform"),
    )
    stage.engines = engines
    time_of_day = "2026-03-14T09:00:00.000000Z"
    begun = Record(stage.run, 0, 1, time_of_day, 0, stage.started(), {}, "", "")
    corridor = Corridor(stage.parts(stage.journals.create(stage.run)), (begun,))
    arguments = {"charge": "ch_1"}
    proposal = ToolProposed(
        call=f"{stage.run}/1/0",
        step=1,
        tool=LOOK_UP,
        arguments=arguments,
        arguments_digest=corridor.digest(arguments),
    )
    return lambda: judge(Case(proposal, 1), corridor.bench_of_agent(), STAGES)


async def microseconds(way: Way) -> float:
    """Return how long one call takes."""
    begin = time.perf_counter_ns()
    await way()
    return (time.perf_counter_ns() - begin) / 1_000


async def measure(ways: dict[str, Way], rounds: int, calls: int) -> dict[str, list[float]]:
    """Return each way's median time of a call in every round, in microseconds; the first round does not count."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        taken = await _round(ways, calls)
        for name, times in taken.items() if number else ():
            found[name].append(statistics.median(times))
    return found


async def _round(ways: dict[str, Way], calls: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(calls):
        for name, way in ways.items():
            taken[name].append(await microseconds(way))
    return taken


async def compare(section: Section, rounds: int, calls: int) -> None:
    """Measure and add all tables."""
    sample, thousand = sample_policy("refund-assistant"), many(1_000)
    for title, texts in (("the sample's policies", sample), ("1,000 policies", thousand)):
        ways = {"bare cedarpy": bare(texts, LOOKING_UP), "guarded decision": ours(texts, LOOKING_UP)}
        caption = f"A call that is allowed by {title}, over bare cedarpy"
        section.ratios(caption, await measure(ways, rounds, calls), unit="µs", scale=1)
    with tempfile.TemporaryDirectory() as folder:
        ways = {
            "bare cedarpy": bare(sample, LOOKING_UP),
            "all stages, four authorities": all_stages(Path(folder)),
        }
        caption = "The gateway's stages without I/O, over bare cedarpy"
        section.ratios(caption, await measure(ways, rounds, calls), unit="µs", scale=1)


def main() -> None:
    """Parse the command line, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=200, help="calls of each way in a round")
    options = parser.parse_args()
    with Section("policy", "One decision", ("cedarpy",)) as section:
        asyncio.run(compare(section, options.rounds, options.calls))


if __name__ == "__main__":
    main()
