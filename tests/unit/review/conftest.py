"""A project to review, quickly."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agentctl.foundation.canonical import JsonObject, canonical_bytes
from agentctl.review.checks import schemas
from agentctl.tools.schema_check import Role, SchemaProblem, check_schema
from tests.fakes.project_copy import ProjectCopy


@pytest.fixture
def project(tmp_path: Path) -> ProjectCopy:
    """Return a copy of our own project, without its policies: tests of those have a copy with them."""
    return ProjectCopy(tmp_path).without_policies()


@pytest.fixture(scope="session", autouse=True)
def each_schema_is_judged_once() -> Iterator[None]:
    """Remember judgements of schemas: these tests look at the same six again and again."""
    judged: dict[tuple[bytes, Role], tuple[SchemaProblem, ...]] = {}

    def remembered(schema: JsonObject, role: Role) -> tuple[SchemaProblem, ...]:
        key = canonical_bytes(schema), role
        if key not in judged:
            judged[key] = check_schema(schema, role)
        return judged[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schemas, "check_schema", remembered)
        yield
