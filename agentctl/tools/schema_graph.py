"""Which schema hands values to which, inside one JSON Schema: circles, and how many schemas judge the same value."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from msgspec import Struct

from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.tools.schema_parts import Place, parts_of, walk

COUNTED_TO = 1_000
"""The highest number `overlap` returns."""

APART = frozenset({"properties", "additionalProperties", "items", "prefixItems"})
"""Keywords that never hand the same value to two schemas; a schema may contain itself through these."""


class Edge(Struct, frozen=True):
    """A schema hands a value, or a part of it, to another one."""

    target: str
    keyword: str
    place: Place


class Graph(Struct, frozen=True):
    """The schemas of one document, by JSON pointer, and what each hands on."""

    edges: Mapping[str, tuple[Edge, ...]]

    @classmethod
    def of(cls, schema: JsonObject) -> "Graph":
        """Return the graph of a schema; references that lead nowhere are left out."""
        nodes = dict(walk(schema))
        return cls({pointer: tuple(_edges(pointer, item, nodes)) for pointer, item in nodes.items()})

    def here(self, pointer: str) -> list[str]:
        """Return who else judges the same value."""
        return [edge.target for edge in self.edges[pointer] if edge.place == "here"]

    def reachable_from(self, pointers: set[str]) -> set[str]:
        """Return these and all that values are handed to from there."""
        found, waiting = set(pointers), list(pointers)
        while waiting:
            fresh = {edge.target for edge in self.edges[waiting.pop()]} - found
            found |= fresh
            waiting.extend(fresh)
        return found

    def circle(self) -> list[str]:
        """Return schemas that hand one and the same value round for ever; empty if there are none."""
        try:
            TopologicalSorter({pointer: self.here(pointer) for pointer in self.edges}).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
            return circle
        return []

    def windings(self) -> Iterator[tuple[str, list[Edge]]]:
        """Yield every schema that contains itself, and through which edges."""
        component = self.components()
        for pointer, edges in self.edges.items():
            winding = [edge for edge in edges if component[edge.target] == component[pointer]]
            if winding:
                yield pointer, winding

    def components(self) -> dict[str, str]:
        """Return for every schema the one that stands for all it contains and is contained in (Kosaraju's two walks)."""
        backwards: dict[str, list[str]] = {pointer: [] for pointer in self.edges}
        for pointer, edges in self.edges.items():
            for edge in edges:
                backwards[edge.target].append(pointer)
        component: dict[str, str] = {}
        for start in reversed(self._finished()):
            waiting = [start]
            while waiting:
                pointer = waiting.pop()
                if pointer not in component:
                    component[pointer] = start
                    waiting.extend(backwards[pointer])
        return component

    def overlap(self) -> int:
        """Return how many schemas may judge one and the same part of a value; needs a graph without a `circle`."""
        here: dict[str, int] = {}
        below: dict[str, int] = {}
        for pointer in self._from_the_leaves():
            same = self.here(pointer)
            parts = [edge for edge in self.edges[pointer] if edge.place != "here" and edge.target in below]
            reach = [(edge.keyword in APART, max(here[edge.target], below[edge.target])) for edge in parts]
            one_of = max((count for apart, count in reach if apart), default=0)
            all_of = sum(count for apart, count in reach if not apart)
            here[pointer] = min(1 + sum(here[target] for target in same), COUNTED_TO)
            below[pointer] = min(one_of + all_of + sum(below[target] for target in same), COUNTED_TO)
        return max(here[""], below[""])

    def _from_the_leaves(self) -> Iterable[str]:
        """Yield each schema after all it hands values to, but for the edges into itself."""
        component = self.components()
        return TopologicalSorter(
            {
                pointer: [
                    edge.target
                    for edge in edges
                    if edge.place == "here" or component[edge.target] != component[pointer]
                ]
                for pointer, edges in self.edges.items()
            }
        ).static_order()

    def _finished(self) -> list[str]:
        """Return all schemas, each after those it leads to, as far as there are no circles."""
        finished: list[str] = []
        seen: set[str] = set()
        waiting = [(pointer, False) for pointer in self.edges]
        while waiting:
            pointer, done = waiting.pop()
            if done:
                finished.append(pointer)
            elif pointer not in seen:
                seen.add(pointer)
                waiting.append((pointer, True))
                waiting.extend((edge.target, False) for edge in self.edges[pointer])
        return finished


def target_of(schema: JsonObject, nodes: Mapping[str, object]) -> str | None:
    """Return which of the schemas of a document a `$ref` names; None when it names none of them, or there is none."""
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#") and reference[1:] in nodes:
        return reference[1:]
    return None


def _edges(pointer: str, schema: JsonValue, nodes: Mapping[str, JsonValue]) -> Iterator[Edge]:
    target = target_of(schema, nodes) if isinstance(schema, Mapping) else None
    if target is not None:
        yield Edge(target, "$ref", "here")
    for part in parts_of(schema, pointer):
        if part.place != "store":
            yield Edge(part.pointer, part.keyword, part.place)
