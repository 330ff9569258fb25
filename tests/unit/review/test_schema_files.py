"""The schemas in `contracts/schemas` are those of the models, and our own files fit them."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from agentctl.contract.source import read_source
from agentctl.review.schema_files import KINDS, Kind, schema_of_kind

CONTRACTS = Path(__file__).parents[3] / "contracts"
FILES: list[tuple[Kind, Path]] = [
    ("platform", CONTRACTS / "platform.yaml"),
    *(("agent", path) for path in sorted(CONTRACTS.glob("*.yaml")) if path.name != "platform.yaml"),
    *(("tool", path) for path in sorted((CONTRACTS / "tools").glob("*.yaml"))),
    *(("environment", path) for path in sorted((CONTRACTS / "environments").glob("*.yaml"))),
    *(
        ("baseline" if path.name.endswith(".baseline.yaml") else "golden", path)
        for path in sorted((CONTRACTS.parent / "goldensets").glob("*.yaml"))
    ),
    *(("cases", path) for path in sorted((CONTRACTS / "policies").glob("*.cases.yaml"))),
    *(("script", path) for path in sorted((CONTRACTS / "environments").glob("*/scripts/*.yaml"))),
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_committed_schemas_are_current(kind: Kind) -> None:
    """If this fails: `agentctl contract schema --out contracts/schemas`."""
    written = json.loads((CONTRACTS / "schemas" / f"{kind}.schema.json").read_text())
    assert written == schema_of_kind(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_are_schemas(kind: Kind) -> None:
    """Editors take them for what they are."""
    Draft202012Validator.check_schema(schema_of_kind(kind))


@pytest.mark.parametrize(("kind", "path"), FILES, ids=lambda value: getattr(value, "name", value))
def test_our_own_files_fit_their_schemas_and_name_them(kind: Kind, path: Path) -> None:
    """Each file leads its editor to the schema by a relative path, and has nothing that an editor would mark."""
    first = path.read_text().splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == CONTRACTS / "schemas" / f"{kind}.schema.json"
    validator = Draft202012Validator(schema_of_kind(kind))
    assert [error.message for error in validator.iter_errors(_with_floats(read_source(path).data))] == []


def _with_floats(value: object) -> object:
    """Return data as an editor has it: numbers with a point are floats."""
    match value:
        case Decimal():
            return float(value)
        case dict():
            return {key: _with_floats(item) for key, item in value.items()}
        case list():
            return [_with_floats(item) for item in value]
        case _:
            return value
