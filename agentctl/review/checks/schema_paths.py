"""What a JSON Schema says of one part of an instance: whether a pointer can lead anywhere, and to which types."""

from collections.abc import Iterator, Mapping, Sequence

from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.pointer import at

_BESIDE = ("allOf", "anyOf", "oneOf")
_BRANCHES = ("then", "else")
_SHAPING = ("properties", "patternProperties", "additionalProperties", "items", "prefixItems")
_MOST = 1_000


def schemas_at(schema: JsonObject, pointer: str) -> tuple[JsonObject, ...]:
    """Return the schemas of what a pointer leads to in an instance; none when the schema describes nothing there.

    A schema that says nothing of its parts describes anything: it is its own answer, an empty schema.
    """
    found: tuple[JsonObject, ...] = (schema,)
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        found = tuple(child for node in _all_beside(schema, found) for child in _children(node, name))
    return found


def types_at(schema: JsonObject, pointer: str) -> frozenset[str]:
    """Return the JSON types a schema allows at a pointer; none when it names no type there."""
    nodes = _all_beside(schema, schemas_at(schema, pointer))
    return frozenset(name for node in nodes for name in _types(node))


def names_in(schema: JsonObject) -> frozenset[str]:
    """Return the names of the properties that a schema describes."""
    nodes = _all_beside(schema, (schema,))
    return frozenset(name for node in nodes for name in _mapping(node.get("properties")))


def required_in(schema: JsonObject) -> frozenset[str]:
    """Return the names of the properties that a schema demands in every instance."""
    own = frozenset(str(name) for name in _list(schema.get("required")))
    return own.union(*(required_in(item) for item in _mappings(schema.get("allOf"))))


def is_open(schema: JsonObject) -> bool:
    """Return whether a schema says nothing of the properties of its instances."""
    return not any(keyword in schema for keyword in (*_SHAPING, *_BESIDE, *_BRANCHES, "$ref"))


def _all_beside(root: JsonObject, schemas: Sequence[JsonObject]) -> tuple[JsonObject, ...]:
    """Return the schemas with all that judge the same value: references followed, alternatives side by side."""
    waiting, met = list(schemas), dict[int, JsonObject]()
    while waiting and len(met) < _MOST:
        node = waiting.pop(0)
        if id(node) not in met:
            met[id(node)] = node
            waiting.extend(_beside(root, node))
    return tuple(met.values())


def _beside(root: JsonObject, node: JsonObject) -> Iterator[JsonObject]:
    for keyword in _BESIDE:
        yield from _mappings(node.get(keyword))
    yield from _mappings([node.get(keyword) for keyword in _BRANCHES])
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        yield from _mappings([at(root, reference[1:])])


def _children(node: JsonObject, name: str) -> Iterator[JsonObject]:
    """Yield the schemas that one schema has for a part of that name; an index may lead to any item."""
    own = _mapping(node.get("properties"))
    if name in own:
        yield _schema(own[name])
    elif "patternProperties" in node or node.get("additionalProperties", False) is not False:
        yield _schema(node.get("additionalProperties"))
    if name.isascii() and name.isdigit():
        yield from _mappings([*_list(node.get("prefixItems")), node.get("items")])
    if is_open(node) and _may_have_parts(node):
        yield {}


def _may_have_parts(node: JsonObject) -> bool:
    types = _types(node)
    return not types or bool({"object", "array"} & set(types))


def _types(node: JsonObject) -> tuple[str, ...]:
    named = node.get("type")
    return (named,) if isinstance(named, str) else tuple(str(item) for item in _list(named))


def _schema(value: JsonValue) -> JsonObject:
    """Return a schema as a mapping; `true` and what is not there describe anything."""
    return value if isinstance(value, Mapping) else {}


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, Mapping) else {}


def _mappings(values: JsonValue) -> Iterator[JsonObject]:
    return (item for item in _list(values) if isinstance(item, Mapping))


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
