"""Closes the objects of a tool's arguments: a property that no schema names is not accepted."""

from collections.abc import Mapping

from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.tools.schema_graph import Graph
from agentctl.tools.schema_parts import Part, rebuilt, walk

_SAYS_ITSELF = frozenset({"additionalProperties", "unevaluatedProperties"})
_CONDITIONS = frozenset({"not", "if", "contains"})


def closed(schema: JsonObject) -> JsonObject:
    """Return a schema whose objects take only the properties it names; needs one that `shape_problems` accepts.

    The outermost object is always closed; one inside it where it has properties and does not say itself what else it takes.
    Schemas that serve as conditions stay as they are: a narrower condition would let more pass, not less.
    """
    closing = _Closing(schema)
    root = {key: value for key, value in schema.items() if key not in _SAYS_ITSELF}
    return closing.rebuild(root, "") | {closing.word_for(""): False}


class _Closing:
    def __init__(self, schema: JsonObject) -> None:
        self._graph = Graph.of(schema)
        self._with_properties = {
            pointer for pointer, item in walk(schema) if isinstance(item, Mapping) and "properties" in item
        }
        conditions = {
            edge.target
            for edges in self._graph.edges.values()
            for edge in edges
            if edge.keyword in _CONDITIONS
        }
        self._untouched = self._graph.reachable_from(conditions)

    def rebuild(self, schema: JsonObject, pointer: str) -> dict[str, JsonValue]:
        """Return a schema with every schema inside it closed where that is due."""
        return rebuilt(schema, pointer, self._part)

    def word_for(self, pointer: str) -> str:
        """Return the keyword that closes a schema: where others judge the same value, it must count what they name."""
        return "unevaluatedProperties" if self._graph.here(pointer) else "additionalProperties"

    def _part(self, part: Part) -> JsonValue:
        if not isinstance(part.schema, Mapping):
            return part.schema
        inside = self.rebuild(part.schema, part.pointer)
        if part.place in {"object", "array"} and self._is_open(part.schema, part.pointer):
            return inside | {self.word_for(part.pointer): False}
        return inside

    def _is_open(self, schema: JsonObject, pointer: str) -> bool:
        if pointer in self._untouched or not _SAYS_ITSELF.isdisjoint(schema):
            return False
        return not self._with_properties.isdisjoint(self._all_here(pointer))

    def _all_here(self, pointer: str) -> set[str]:
        found, waiting = {pointer}, [pointer]
        while waiting:
            fresh = set(self._graph.here(waiting.pop())) - found
            found |= fresh
            waiting.extend(fresh)
        return found
