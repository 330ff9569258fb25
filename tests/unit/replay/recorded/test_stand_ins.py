"""Stand-ins for sealed values: of their kind, each for one placeholder, and found again wherever they are quoted."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.replay.recorded.stand_ins import finder_of, stand_ins
from agentctl.trace.sealing.redaction import find_secrets, is_card_number

KINDS = ("card", "iban", "email", "phone", "key", "ssn", "text")
MARK = "0123456789ab"
FORMS = {
    "email": r"[^@\s]+@[^@\s]+\.[a-z]+",
    "phone": r"\+[1-9][0-9]{7,14}",
    "card": r"[0-9]{16}",
    "iban": r"DE[0-9]{20}",
    "ssn": r"[0-9]{3}-[0-9]{2}-[0-9]{4}",
    "key": r"\S{16,}",
    "text": r"\S+",
}

placeholders = st.builds(
    lambda kind, number: f"[{kind}:{number}]", st.sampled_from(KINDS), st.integers(1, 9_999)
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stand_in_has_the_form_of_its_kind(kind: str) -> None:
    """Schemas that ask for an address, a number or a card take it; cards and accounts have their check digits."""
    for number in (1, 2, 17, 9_999):
        (value,) = stand_ins([f"[{kind}:{number}]"], MARK).values()
        assert re.fullmatch(FORMS[kind], value)
    if kind in {"card", "iban", "email", "phone"}:
        assert [match.kind for match in find_secrets(value)] == [kind]
    if kind == "card":
        assert is_card_number(int(value))


@given(st.sets(placeholders, max_size=12), st.lists(st.text("ab [:]1", max_size=6), max_size=12))
def test_what_is_quoted_of_them_becomes_the_placeholders_again(names: set[str], between: list[str]) -> None:
    """However many, in whatever text, side by side or apart."""
    standing = stand_ins(sorted(names), MARK)
    back = {value: name for name, value in standing.items()}
    assert len(back) == len(names)
    parts = [part for pair in zip(sorted(names), [*between, *[" "] * 12], strict=False) for part in pair]
    text = "".join(standing.get(part, part) for part in parts)
    finder = finder_of(standing)
    again = text if finder is None else finder.sub(lambda found: back[found.group()], text)
    assert again == "".join(parts)
