"""Money: exact conversions, and rounding in named functions only."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import ROUNDERS, Money, down, half_even, half_up, rounded, to_minor, to_text, words_of
from domain.policy.words import Rounding


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.30", "USD", 1230), ("12.3", "USD", 1230), ("0", "USD", 0), ("500", "JPY", 500), ("1.234", "KWD", 1234)],
)
def test_an_amount_is_minor_units_of_its_currency(text: str, currency: str, minor: int) -> None:
    assert to_minor(text, currency) == minor
    assert Decimal(to_text(minor, currency)) == Decimal(text)


@pytest.mark.parametrize(
    ("text", "currency", "words"),
    [
        ("12.345", "USD", "12.345 has more than the 2 decimals of USD"),
        ("1.5", "JPY", "1.5 has more than the 0 decimals of JPY"),
    ],
)
def test_more_decimals_than_the_currency_has_are_refused(text: str, currency: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        to_minor(text, currency)


def test_a_text_has_all_decimals_of_the_currency() -> None:
    assert [to_text(5, currency) for currency in ("USD", "JPY", "KWD")] == ["0.05", "5", "0.005"]
    assert to_text(-1230, "USD") == "-12.30"


def test_words_group_thousands() -> None:
    assert words_of(Money(123456789, "USD")) == "1,234,567.89 USD"
    assert words_of(Money(1000, "JPY")) == "1,000 JPY"


@pytest.mark.parametrize(
    ("exact", "up", "even", "low"),
    [("2.5", 3, 2, 2), ("3.5", 4, 4, 3), ("2.4999", 2, 2, 2), ("2.51", 3, 3, 2), ("-2.5", -3, -2, -2), ("7", 7, 7, 7)],
)
def test_the_three_roundings(exact: str, up: int, even: int, low: int) -> None:
    assert (half_up(Decimal(exact)), half_even(Decimal(exact)), down(Decimal(exact))) == (up, even, low)


def test_every_rounding_of_the_policy_language_has_its_function() -> None:
    assert set(ROUNDERS) == set(Rounding)
    assert [rounded(Decimal("0.5"), rule) for rule in (Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.DOWN)] == [
        1,
        0,
        0,
    ]


@given(st.integers(-(10**15), 10**15), st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
def test_text_and_minor_units_are_each_others_inverse(minor: int, currency: str) -> None:
    assert to_minor(to_text(minor, currency), currency) == minor
