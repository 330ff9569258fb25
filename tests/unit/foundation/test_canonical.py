"""Tests of canonical JSON: what is hashed is what is used, and what strangers write is read strictly."""

import hashlib
import json
import math
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from agentctl.foundation.canonical import (
    ARGUMENT_LIMITS,
    MAX_DEPTH,
    JsonValue,
    Limits,
    NotCanonical,
    NotJson,
    canonical_bytes,
    canonical_copy,
    digest_bytes,
    digest_of,
    is_perhaps_beyond,
    parse_json,
    refuse_size,
)
from tests.fakes.events import json_values

SMALL = Limits(max_bytes=100, max_depth=3, max_nodes=5)
HALF = "\ud800"


@given(json_values)
def test_a_copy_equals_what_it_was_made_of(value: JsonValue) -> None:
    """The value that comes back from canonical bytes is the value that went in."""
    assert canonical_copy(value) == value


@given(json_values)
def test_a_copy_has_the_same_digest(value: JsonValue) -> None:
    """What was hashed and what is used have one digest, whoever reads it back."""
    assert digest_of(canonical_copy(value)) == digest_of(value)
    assert canonical_bytes(parse_json(canonical_bytes(value), ARGUMENT_LIMITS)) == canonical_bytes(value)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=2.0**50))
def test_large_doubles_come_back_as_doubles(number: float) -> None:
    """RFC 8785 writes 1e20 without an exponent; read as an integer it would have no canonical form any more."""
    for sign in (1, -1):
        assert canonical_bytes(canonical_copy(sign * number)) == canonical_bytes(sign * number)


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    """The bytes do not depend on the order of keys; keys sort by UTF-16 code units."""
    assert canonical_bytes({"b": 1, "a": [True, None]}) == b'{"a":[true,null],"b":1}'
    assert canonical_bytes({"\ufb33": 0, "\U0001f600": 1}) == '{"\U0001f600":1,"\ufb33":0}'.encode()


def test_a_digest_names_its_algorithm() -> None:
    """A digest is `sha256:` and the hex digest of the canonical bytes."""
    assert digest_bytes(b"x") == f"sha256:{hashlib.sha256(b'x').hexdigest()}"
    assert digest_of({"a": 1}) == digest_bytes(b'{"a":1}')


def test_numbers_that_are_equal_share_a_digest() -> None:
    """1 and 1.0 are one number, so are 0 and -0.0; true is not 1, and "1" is a text."""
    assert digest_of(1) == digest_of(1.0)
    assert digest_of(0) == digest_of(-0.0) == digest_of(0.0)
    assert len({digest_of([one]) for one in (1, True, "1", [1], None)}) == 5
    assert canonical_copy(1.0) == 1
    assert isinstance(canonical_copy(1.0), int)
    assert math.copysign(1, float(str(canonical_copy(-0.0)))) == 1


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        2**53,
        -(2**53),
        HALF,
        [HALF],
        {HALF: 1},
        {1: 2},
        b"bytes",
        object,
        {"a": {1}},
    ],
    ids=repr,
)
def test_what_has_no_canonical_form(value: JsonValue) -> None:
    """NaN, infinity, integers beyond 2^53, half a surrogate pair and foreign types are refused, never guessed."""
    with pytest.raises(NotCanonical):
        canonical_bytes(value)
    with pytest.raises(NotCanonical):
        canonical_copy(value)


def test_a_value_too_deep_for_the_writer_is_refused() -> None:
    """Nesting beyond the interpreter's stack has no canonical form; nothing crashes."""
    value: JsonValue = 0
    for _ in range(50_000):
        value = [value]
    with pytest.raises(NotCanonical):
        canonical_bytes(value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a":1,"a":2}', "the key `a` stands twice"),
        ('{"a":{"b":1,"b":1}}', "the key `b` stands twice"),
        ('{"a":1,"\\u0061":2}', "the key `a` stands twice"),
        ("NaN", "`NaN` is not a JSON number"),
        ("[Infinity]", "`Infinity` is not a JSON number"),
        ("-Infinity", "`-Infinity` is not a JSON number"),
        ("1e400", "`1e400` is too large a number"),
        ("-1.5e999", "`-1.5e999` is too large a number"),
        ("9" * 5_000, "digits"),
        ("", "Expecting value"),
        ("{} {}", "Extra data"),
        ("{'a':1}", "Expecting property name"),
        ("[1,]", "Expecting value"),
        ('"\n"', "Invalid control character"),
        ("\ufeff{}", "BOM"),
        (b"\xff", "codec"),
        (b"\xed\xa0\x80", "codec"),
        (b'"\xc0\xaf"', "codec"),
        (f'"{HALF}"', "codec"),
        ('"\\ud800"', "half a surrogate pair"),
        ('{"\\udfff":[1]}', "half a surrogate pair"),
    ],
    ids=lambda text: repr(text)[:24],
)
def test_what_is_no_strict_json(text: str | bytes, found: str) -> None:
    """Everything that readers disagree about is refused, and the message says what was found."""
    with pytest.raises(NotJson, match=found):
        parse_json(text, ARGUMENT_LIMITS)


@pytest.mark.parametrize("text", ["[" * 50_000, "[" * 50_000 + "]" * 50_000, '{"a":' * 50_000])
def test_text_nested_very_deep_is_refused(text: str) -> None:
    """50,000 brackets are an answer, not a crash."""
    with pytest.raises(NotJson):
        parse_json(text, ARGUMENT_LIMITS)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    """Both halves together, escaped, are one character."""
    assert parse_json('"\\ud83d\\ude00"', ARGUMENT_LIMITS) == "\U0001f600"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9007199254740991", 2**53 - 1),
        ("-9007199254740991", -(2**53) + 1),
        ("9007199254740992", 2.0**53),
        ("100000000000000000000", 1e20),
        ("9007199254740993", 2**53 + 1),
        ("1" * 400, int("1" * 400)),
    ],
)
def test_integers_are_read_exactly(text: str, value: float) -> None:
    """Nothing is rounded: an integer stays one unless it is the very text of a double."""
    found = parse_json(text, ARGUMENT_LIMITS)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    ["[[[0]]]", "[1,2,3,4,5]", '{"a":1,"b":2,"c":3,"d":4,"e":5}', '"' + "x" * 99 + '"'],
    ids=["deep", "list", "object", "bytes"],
)
def test_limits_are_kept(text: str) -> None:
    """Depth, number of values and bytes each have a ceiling."""
    with pytest.raises(NotJson, match=r"deeper than 3|more than"):
        parse_json(text, SMALL)


@pytest.mark.parametrize("text", ["[[0]]", "[1,2,3,4]", '{"a":1,"b":2,"c":3,"d":4}', '"' + "x" * 98 + '"'])
def test_what_just_fits_is_taken(text: str) -> None:
    """A limit is the last value that is allowed."""
    assert parse_json(text, SMALL) == json.loads(text)


def test_bytes_are_counted_not_characters() -> None:
    """A text of 40 characters may have 100 bytes."""
    with pytest.raises(NotJson, match="122 bytes, more than the 100 allowed"):
        parse_json('"' + "\u20ac" * 40 + '"', SMALL)


def test_a_value_without_text_has_its_limits_too() -> None:
    """Values that a library made are measured in the same way; text is one value, not many."""
    refuse_size(["many characters", ("a", "b")], SMALL)
    with pytest.raises(NotJson, match=f"deeper than {MAX_DEPTH}"):
        refuse_size(json.loads("[" * 65 + "]" * 65), ARGUMENT_LIMITS)


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_text_is_a_value_or_refused(text: str | bytes) -> None:
    """Whatever is thrown at the reader, the answer is a value within the limits or `NotJson`."""
    try:
        value = parse_json(text, SMALL)
    except NotJson:
        return
    refuse_size(value, SMALL)


@pytest.mark.parametrize(
    "limits", [Limits(99, max_depth=3, max_nodes=99), Limits(99, max_depth=99, max_nodes=3)]
)
def test_what_need_not_be_walked_through_is_within_the_limits(limits: Limits) -> None:
    """Bytes and brackets say of most values that they are small; of none that is too large or too deep by one."""
    texts = [*("[" * depth + "0" + "]" * depth for depth in range(6)), "[]", '{"a":{"b":[0]}}', "[0,0]", "0"]
    for text in texts:
        if not is_perhaps_beyond(text.encode(), limits):
            refuse_size(json.loads(text), limits)
    assert not is_perhaps_beyond(b"0", limits)


NUMBERS = st.one_of(
    st.integers(-(2**54), 2**54),
    st.floats(),
    st.sampled_from(
        [0.0, -0.0, 1.0, 1e15, 1e16, 1e21, 1e22, 1e-4, 9.9e-5, 1e-7, 5e-324, 2.0**53, float("nan")]
    ),
)
ODD_VALUES = st.recursive(
    st.one_of(NUMBERS, st.text(), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(), st.none()), inner, max_size=4),
    ),
    max_leaves=12,
)


@given(ODD_VALUES)
def test_the_quick_writer_writes_what_the_specification_writes(value: Any) -> None:
    """Whichever of the two writes a value, its bytes are those of the reference, and so are refusals."""
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        with pytest.raises(NotCanonical):
            canonical_bytes(value)
    else:
        assert canonical_bytes(value) == expected


def test_a_value_that_holds_itself_is_refused() -> None:
    """It would have no end."""
    value: list[Any] = []
    value.append(value)
    with pytest.raises(NotCanonical):
        canonical_bytes(value)
