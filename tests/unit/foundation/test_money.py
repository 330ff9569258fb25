"""Tests of money: exact, finite, and written in one way."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.foundation.money import from_minor_units, parse_decimal, plain


@pytest.mark.parametrize(
    ("amount", "currency", "major"),
    [
        (4_900, "usd", "49.00"),
        (4_900, "USD", "49.00"),
        (-5, "eur", "-0.05"),
        (4_900, "jpy", "4900"),
        (4_900, "KWD", "4.900"),
        (4_900, "xyz", "49.00"),
        (0, "usd", "0"),
    ],
)
def test_minor_units_become_major_ones(amount: int, currency: str, major: str) -> None:
    """Cents are hundredths; yen have none, dinars have thousandths; case does not matter."""
    assert from_minor_units(amount, currency) == Decimal(major)


@given(st.integers(-(10**60), 10**60))
def test_minor_units_are_exact(amount: int) -> None:
    """No amount is rounded, however large."""
    assert Fraction(from_minor_units(amount, "usd")) == Fraction(amount, 100)


@pytest.mark.parametrize("text", ["49", "49.00", "-0.05", "1e3", "0", "0e0", "1e60", "1e-60"])
def test_numbers_are_read(text: str) -> None:
    """Decimal text is read exactly."""
    assert parse_decimal(text) == Decimal(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "is not a number"),
        ("forty-nine", "is not a number"),
        ("$49", "is not a number"),
        ("NaN", "is not a finite number"),
        ("sNaN", "is not a finite number"),
        ("-Infinity", "is not a finite number"),
        ("1e61", "is not between"),
        ("1e999999999", "is not between"),
        ("-1e-999999999", "is not between"),
        ("0e-999999999", "is not between"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, found: str) -> None:
    """Words, NaN, infinity, and exponents that would make gigabytes of digits are refused by name."""
    with pytest.raises(ValueError, match=found) as error:
        parse_decimal(text)
    assert f"`{text}`" in str(error.value)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("49.00", "49"),
        ("49.50", "49.5"),
        ("1E+2", "100"),
        ("100", "100"),
        ("0.000", "0"),
        ("-0.00", "0"),
        ("-0", "0"),
        ("-0.05", "-0.05"),
        ("1E-7", "0.0000001"),
    ],
)
def test_an_amount_is_written_plainly(number: str, text: str) -> None:
    """No exponent, no trailing zeros, no negative zero."""
    assert plain(Decimal(number)) == text


@given(st.decimals(-(10**30), 10**30, allow_nan=False))
def test_a_plain_amount_is_the_same_amount(number: Decimal) -> None:
    """Writing loses nothing: what is read back is equal, and is written in the same way again."""
    assert Decimal(plain(number)) == number
    assert plain(Decimal(plain(number))) == plain(number)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_no_amount_has_an_exponent(number: Decimal) -> None:
    """However large or small, an amount is written with all its digits, as Python writes it without an exponent."""
    text = format(number, "f")
    plainer = text.rstrip("0").rstrip(".") if "." in text else text
    assert plain(number) == ("0" if plainer == "-0" else plainer)


@given(st.decimals(-(10**9), 10**9, places=2), st.integers(0, 5))
def test_equal_amounts_read_the_same(number: Decimal, zeros: int) -> None:
    """Zeros after the last digit do not show."""
    padded = Decimal(f"{number}{'0' * zeros}")
    assert plain(padded) == plain(number)
