"""Plain YAML words: what they mean, and which of them must be quoted."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.contract.scalars import MAX_WHOLE, Doubt, resolve, resolve_key


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-0", 0),
        ("+5", 5),
        ("-12", -12),
        (str(MAX_WHOLE), MAX_WHOLE),
        ("0.75", Decimal("0.75")),
        ("-0.50", Decimal("-0.50")),
        ("1.0", Decimal("1.0")),
        ("0.000000000000001", Decimal("0.000000000000001")),
        ("123456789012.345", Decimal("123456789012.345")),
    ],
)
def test_what_all_readers_agree_on_has_a_value(word: str, value: object) -> None:
    """Booleans, nothing, whole and decimal numbers are read exactly, and by type."""
    result = resolve(word)
    assert (result, type(result)) == (value, type(value))
    assert str(result) == str(value)


@pytest.mark.parametrize(
    "word",
    [
        "2026-11-22",
        "2026-11-22T10:00:00Z",
        "1.2.3",
        "127.0.0.1:80",
        "12abc",
        "-",
        "=",
        "<<",
        "yesterday",
        "٣",
        "1-2",
        ".",
    ],
)
def test_other_words_are_text(word: str) -> None:
    """Dates, versions, addresses and all other words stay text."""
    assert resolve(word) == word


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off", "y", "N"])
def test_an_old_boolean_must_be_quoted(word: str) -> None:
    """Words that YAML 1.1 reads as booleans are refused as values, in any case."""
    assert resolve(word) == Doubt(
        "a word that some readers take for a boolean", "`true`, `false`, or the text in quotes"
    )


@pytest.mark.parametrize("word", ["y", "No", "on"])
def test_an_old_boolean_is_a_name_as_a_key(word: str) -> None:
    """As keys those words are mere names, as YAML 1.2 says."""
    assert resolve_key(word) == word


@pytest.mark.parametrize("word", ["True", "FALSE", "Null", "NULL"])
def test_another_spelling_of_a_known_word_must_be_quoted(word: str) -> None:
    """`True` and `NULL` are text to some readers; only the lower-case words are taken."""
    result = resolve(word)
    assert isinstance(result, Doubt)
    assert f"`{word.lower()}`" in result.accepted


@pytest.mark.parametrize(
    "word",
    [
        "014",
        "-014",
        "00.5",
        "0x1f",
        "0X1F",
        "0o7",
        "0b1",
        "1_000",
        "1_0.5",
        "1:30",
        "10:20:30",
        ".5",
        "-.5",
        "5.",
    ],
)
def test_a_disputed_number_must_be_quoted(word: str) -> None:
    """Numbers that readers of YAML take for different values are refused."""
    result = resolve(word)
    assert isinstance(result, Doubt)
    assert result.found == "a number that readers take differently"


@pytest.mark.parametrize("word", [".inf", "-.INF", "+.inf", ".nan", ".NaN"])
def test_what_is_not_finite_is_refused(word: str) -> None:
    """Infinity and NaN are no limits of anything."""
    assert resolve(word) == Doubt("not a finite number", "a finite number, or the text in quotes")


@pytest.mark.parametrize("word", ["1e999", "1e3", "1.5E-7", "1e-300", ".5e1", "-1.e+2"])
def test_an_exponent_is_refused(word: str) -> None:
    """Numbers are written out: readers disagree on exponents, and some of them overflow."""
    result = resolve(word)
    assert isinstance(result, Doubt)
    assert result.found == "a number with an exponent"


@pytest.mark.parametrize("word", [str(MAX_WHOLE + 1), str(-MAX_WHOLE - 1), "9" * 5_000])
def test_a_whole_number_beyond_what_json_keeps_is_refused(word: str) -> None:
    """Beyond 2^53 a number would change on its way through JSON."""
    result = resolve(word)
    assert isinstance(result, Doubt)
    assert str(MAX_WHOLE) in result.accepted


@pytest.mark.parametrize("word", ["0.1234567890123456", "0." + "0" * 50 + "1"])
def test_a_number_with_too_many_digits_is_refused(word: str) -> None:
    """More than 15 digits would not survive as a JSON number."""
    result = resolve(word)
    assert isinstance(result, Doubt)
    assert "15 digits" in result.accepted


@given(st.integers(0, 10**15 - 1), st.integers(1, 20), st.booleans())
def test_every_accepted_decimal_survives_as_a_json_number(digits: int, places: int, negative: bool) -> None:  # noqa: FBT001
    """What is accepted is the same number as a decimal and as a float's shortest text."""
    word = ("-" if negative else "") + format(Decimal(digits).scaleb(-places), "f")
    value = resolve(word)
    assert isinstance(value, Decimal)
    assert value == Decimal(word) == Decimal(repr(float(value)))
