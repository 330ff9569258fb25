"""YAML that we write: our own reader takes it back as it was, and people can read it."""

from hypothesis import given
from hypothesis import strategies as st

from agentctl.contract.golden_words import _as_json
from agentctl.contract.source import parse_source
from agentctl.contract.yaml_text import yaml_text
from agentctl.foundation.canonical import JsonValue

DISPUTED = (
    "y", "No", "1e3", "0x1", "1:30", "null", "NULL", "~", "true", "2026-01-01", "a: b", "a:b", "- x", "a #b", "a ",
    "1_0", ".5", "=", "<<", "x\u202ey", "\U000e0001", "🎉", "é", "a\nb", "\x85", "'", '"', "\\", "[x]", "{x}", "a,b",
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(DISPUTED)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.decimals(-(10**6), 10**6, places=4).map(float)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def read(text: str) -> object:
    """Return what our reader makes of a text."""
    return _as_json(parse_source(text.encode(), "file").data)


@given(VALUES)
def test_what_is_written_is_read_back(value: JsonValue) -> None:
    """Any JSON comes back as it was, words that readers take differently and what nobody sees included."""
    assert read("x:\n" + yaml_text(value, 2)) == {"x": value}


def test_it_looks_as_people_write_it() -> None:
    """Short things stand on one line, long ones below each other; plain words have no quotes."""
    value: JsonValue = {
        "id": "a-case",
        "input": "4201",
        "assert": [{"type": "run:outcome", "value": "answered"}, {"type": "equals", "value": "long " * 30}],
    }
    assert yaml_text([value], 2).splitlines()[:5] == [
        "  - id: a-case",
        '    input: "4201"',
        "    assert:",
        "      - {type: run:outcome, value: answered}",
        "      - type: equals",
    ]


def test_nothing_is_written_as_nothing() -> None:
    """Empty lists, mappings and texts keep their kind."""
    assert yaml_text({"a": [], "b": {}, "c": "", "d": None}) == 'a: []\nb: {}\nc: ""\nd: null\n'
