"""Whether a schema has a shape that is safe to judge with: size, known keywords, local references, no endless or exploding work.

Looked at in the check and once more before a schema is compiled, so that no hostile instance can make a judgement long.
"""

import difflib
from collections.abc import Iterator, Mapping

from agentctl.foundation.canonical import (
    JsonObject,
    Limits,
    NotCanonical,
    NotJson,
    canonical_bytes,
    refuse_size,
)
from agentctl.foundation.pointer import joined
from agentctl.tools.schema_graph import APART, Graph, target_of
from agentctl.tools.schema_parts import KEYWORDS, SchemaProblem, walk

SCHEMA_LIMITS = Limits(max_bytes=256 << 10, max_depth=64, max_nodes=20_000)
MAX_OVERLAP = 256
"""How many schemas may judge one and the same value; alternatives inside alternatives multiply."""

_SHOWN = 80


def shape_problems(schema: JsonObject) -> tuple[SchemaProblem, ...]:
    """Return what is unsafe about a schema's shape; what depends on an earlier problem is not looked at."""
    too_large = _size_problem(schema)
    if too_large is not None:
        return (too_large,)
    graph = Graph.of(schema)
    found = (*_unknown_keywords(schema), *_bad_references(schema, graph))
    return found or tuple(_loops(graph)) or tuple(_explosions(graph))


def _size_problem(schema: JsonObject) -> SchemaProblem | None:
    try:
        refuse_size(schema, SCHEMA_LIMITS)
        size = len(canonical_bytes(schema))
    except NotJson as error:
        return SchemaProblem("", f"it is {error}")
    except NotCanonical as error:
        return SchemaProblem("", f"it has no canonical form: {str(error)[:200]}")
    if size > SCHEMA_LIMITS.max_bytes:
        return SchemaProblem("", f"it has {size} bytes; accepted: at most {SCHEMA_LIMITS.max_bytes}")
    return None


def _unknown_keywords(schema: JsonObject) -> Iterator[SchemaProblem]:
    for pointer, item in walk(schema):
        if isinstance(item, Mapping):
            for keyword in sorted(item.keys() - KEYWORDS):
                yield SchemaProblem(joined(pointer, keyword), _unknown(keyword))


def _unknown(keyword: str) -> str:
    nearest = difflib.get_close_matches(keyword[:_SHOWN], sorted(KEYWORDS), n=1)
    hint = f"; did you mean `{nearest[0]}`?" if nearest else ""
    return f"`{keyword[:_SHOWN]}` is not a keyword that is accepted here{hint}"


def _bad_references(schema: JsonObject, graph: Graph) -> Iterator[SchemaProblem]:
    for pointer, item in walk(schema):
        if isinstance(item, Mapping) and "$ref" in item and target_of(item, graph.edges) is None:
            found = str(item["$ref"])[:_SHOWN]
            yield SchemaProblem(
                joined(pointer, "$ref"),
                f"`{found}` is no schema in this document; accepted: `#/...`, the pointer to one",
            )


def _loops(graph: Graph) -> Iterator[SchemaProblem]:
    """Yield what would never end, and what contains itself in a way that doubles the work with every level of a value."""
    circle = graph.circle()
    if circle:
        names = " -> ".join(f"`#{pointer}`" for pointer in circle[:8])
        yield SchemaProblem(circle[0], f"it refers to itself without going deeper: {names}")
        return
    for pointer, edges in graph.windings():
        for edge in edges:
            if edge.keyword not in APART and not (edge.keyword == "$ref" and len(edges) == 1):
                yield SchemaProblem(pointer, _winds(edge.keyword))


def _winds(keyword: str) -> str:
    accepted = ", ".join(f"`{word}`" for word in sorted(APART))
    return (
        f"it contains itself through `{keyword}`; accepted: only through {accepted} and a `$ref` of its own"
    )


def _explosions(graph: Graph) -> Iterator[SchemaProblem]:
    if graph.overlap() > MAX_OVERLAP:
        yield SchemaProblem(
            "",
            f"one value would be judged by more than {MAX_OVERLAP} schemas; accepted: fewer alternatives "
            "(`anyOf`, `oneOf`, `allOf`) inside each other",
        )
