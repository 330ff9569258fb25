"""What an editor marks and what the loader refuses is the same, but for what only our own models can say."""

import copy
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from agentctl.contract.source import read_source
from agentctl.review.schema_files import _MODELS, Kind, schema_of_kind
from tests.unit.review.test_schema_files import FILES, _with_floats

ODD: Final = (
    None, True, 0, -1, 7, 10**13, 2**70, Decimal("0.5"), Decimal("-0.5"), "", "x", "X y", "a" * 5_000, "é", "2026-01-01",
    "2026-99-99", "/a", "a~b", f"sha256:{'0' * 64}", [], ["x"], ["x", "x"], [1], {}, {"x": 1}, {"a": None},
)  # fmt: skip
"""What may stand where something else stood. `1.0` is not among it: to a schema that is a whole number."""

JUDGEMENTS: Final = frozenset({"value_error", "assertion_error"})
"""What of our models a schema has no words for: keys that need each other, names that stand twice."""


@pytest.mark.parametrize(("kind", "path"), FILES, ids=lambda value: getattr(value, "name", value))
def test_a_changed_file_is_judged_alike(kind: Kind, path: Path) -> None:
    """Our own files, each with one thing left out, put in or in another's place: seeded, a few of each."""
    check_that_changes_are_judged_alike(kind, path, seed=0, count=6)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(1, 21))
@pytest.mark.parametrize(("kind", "path"), FILES, ids=lambda value: getattr(value, "name", value))
def test_many_changed_files_are_judged_alike(kind: Kind, path: Path, seed: int) -> None:
    """The same with many more changes."""
    check_that_changes_are_judged_alike(kind, path, seed, count=200)


def check_that_changes_are_judged_alike(kind: Kind, path: Path, seed: int, count: int) -> None:
    """Change a file in one place at a time, and ask both."""
    schema = schema_of_kind(kind)
    validator, whole = Draft202012Validator(schema), read_source(path).data
    for place, changed in changes(whole, sorted(keys_in(schema)), Random(seed), count):
        refused, marked = refusals(kind, changed), not validator.is_valid(_with_floats(changed))
        if refused <= JUDGEMENTS:
            assert not marked or refused, (place, "an editor marks what is loaded")
        else:
            assert marked, (place, refused, "an editor marks nothing in what is refused")


def refusals(kind: Kind, document: object) -> frozenset[str]:
    """Return for what reasons the loader refuses a document; nothing where it takes it."""
    try:
        _MODELS[kind][0].model_validate(document)
    except ValidationError as error:
        return frozenset(problem["type"] for problem in error.errors())
    return frozenset()


def changes(
    whole: Any, keys: list[str], rng: Random, count: int
) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Yield a document with one change each, and where it is."""
    places = [place for place in places_in(whole) if place]
    for _ in range(count):
        changed = copy.deepcopy(whole)
        place = rng.choice(places)
        *above, last = place
        holder: Any = changed
        for step in above:
            holder = holder[step]
        what = rng.choice(("left out", "instead", "instead", "put in"))
        if what == "left out":
            del holder[last]
        elif what == "instead":
            holder[last] = rng.choice(ODD)
        elif isinstance(holder, list):
            holder.append(rng.choice(ODD))
        else:
            holder[rng.choice((*keys, "x", "", "a b"))] = rng.choice(ODD)
        yield place, changed


def places_in(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every part of a document."""
    yield above
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from places_in(part, (*above, step))


def keys_in(schema: Any) -> set[str]:
    """Return every key that a schema knows."""
    match schema:
        case dict():
            return {
                *schema.get("properties", {}),
                *(key for part in schema.values() for key in keys_in(part)),
            }
        case list():
            return {key for part in schema for key in keys_in(part)}
        case _:
            return set()
