"""The page about golden cases says what is so."""

import re
from pathlib import Path
from typing import get_args

from agentctl.contract.golden import GoldenCase
from agentctl.contract.golden_assertions import Assertion
from agentctl.contract.golden_files import load_golden_file

PAGE = (Path(__file__).parents[3] / "docs" / "golden-cases.md").read_text(encoding="utf-8")


def test_its_example_is_a_file_of_cases(tmp_path: Path) -> None:
    """What is shown there can be tried as it stands."""
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    path = tmp_path / "example.yaml"
    path.write_text(example, encoding="utf-8")
    (case,) = load_golden_file(path).cases
    assert [item.type for item in case.assertions][-1] == "policy:no-deny"


def test_it_names_every_assertion_and_every_key() -> None:
    """Every type without `not-` stands in the table, and every key of a case somewhere on the page."""
    union, *_ = get_args(Assertion)
    types = {name for kind in get_args(union) for name in get_args(kind.model_fields["type"].annotation)}
    shown = set(re.findall(r"`([a-z:-]+)`", PAGE))
    known = {name for name in types if not name.startswith(("not-", "budget:"))}
    assert known <= shown
    assert {field.alias or name for name, field in GoldenCase.model_fields.items()} <= {
        *re.findall(r"[a-z_]+", PAGE)
    }
