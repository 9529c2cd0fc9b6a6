"""Pricing of a line and its waterfall (PRC2, PRC10, PRC11, I9)."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.words import Rounding
from domain.pricing import DatedPrice, NoPriceError, PriceInputs, price_line, price_on, recompute

LISTED = DatedPrice(date(2026, 1, 1), 1995)


def line(quantity: int = 3, frozen: int | None = 1235, discount: str = "0", **more: object) -> PriceInputs:
    return PriceInputs(quantity=quantity, currency="USD", frozen=frozen, discount=Decimal(discount), **more)  # type: ignore[arg-type]


def test_quantity_times_price_less_discount_rounded_once() -> None:
    # 3 x 12.35 = 37.05; less 15 % = 31.4925
    priced = price_line(line(discount="0.15"), Rounding.HALF_UP)
    assert priced.amount == 3149
    assert priced.waterfall == [
        {"component": "price", "quantity": 3, "rule": "frozen_on_order", "unit": "12.35", "amount": "37.05"},
        {"component": "discount", "rule": "line_discount", "fraction": "0.15", "amount": "-5.5575"},
        {"component": "rounding", "rule": "half_up", "amount": "-0.0025"},
    ]


@pytest.mark.parametrize(("rule", "amount"), [(Rounding.HALF_UP, 13), (Rounding.HALF_EVEN, 12), (Rounding.DOWN, 12)])
def test_the_rounding_is_the_policys(rule: Rounding, amount: int) -> None:
    # 1 x 0.25 less 50 % = 0.125
    assert price_line(line(quantity=1, frozen=25, discount="0.5"), rule).amount == amount


def test_a_frozen_price_goes_before_the_list_price() -> None:
    assert price_line(line(listed=LISTED), Rounding.HALF_UP).amount == 3705


def test_without_a_frozen_price_the_list_price_counts_and_is_named() -> None:
    priced = price_line(line(frozen=None, listed=LISTED), Rounding.HALF_UP)
    assert priced.amount == 5985
    assert priced.waterfall[0] == {
        "component": "price",
        "quantity": 3,
        "rule": "list_price",
        "valid_from": "2026-01-01",
        "unit": "19.95",
        "amount": "59.85",
    }


def test_a_price_of_zero_is_a_price() -> None:
    assert price_line(line(frozen=0, listed=LISTED), Rounding.HALF_UP).amount == 0


def test_without_any_price_there_is_no_amount() -> None:
    with pytest.raises(NoPriceError):
        price_line(line(frozen=None), Rounding.HALF_UP)


def test_the_list_price_of_a_day_is_the_last_that_began() -> None:
    prices = [DatedPrice(date(2026, 5, 1), 2), DatedPrice(date(2026, 1, 1), 1), DatedPrice(date(2026, 6, 1), 3)]
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 5, 31), date(2026, 6, 1)]
    assert [price and price.amount for price in (price_on(prices, day) for day in days)] == [None, 1, 2, 3]


QUANTITIES, PRICES = st.integers(1, 1_000_000), st.integers(0, 10**12)
DISCOUNTS = st.integers(0, 10_000).map(lambda n: Decimal(n).scaleb(-4))


@given(QUANTITIES, PRICES, DISCOUNTS, st.sampled_from(["USD", "JPY", "KWD"]), st.sampled_from(Rounding))
def test_a_waterfall_adds_up_and_can_be_computed_again(
    quantity: int, price: int, discount: Decimal, currency: str, rule: Rounding
) -> None:
    priced = price_line(PriceInputs(quantity, currency, price, None, discount), rule)
    unit = {"USD": 2, "JPY": 0, "KWD": 3}[currency]
    assert sum(Decimal(part["amount"]) for part in priced.waterfall) == Decimal(priced.amount).scaleb(-unit)
    assert recompute(priced.waterfall, currency) == priced.amount


@given(QUANTITIES, PRICES, DISCOUNTS)
def test_half_up_equals_the_schoolbook(quantity: int, price: int, discount: Decimal) -> None:
    exact = Decimal(quantity * price * int((1 - discount) * 10_000)) / 10_000
    expected = int(exact.quantize(Decimal(1), ROUND_HALF_UP)) if exact < 10**24 else None
    if expected is not None:
        assert price_line(PriceInputs(quantity, "USD", price, None, discount), Rounding.HALF_UP).amount == expected


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_component_that_was_tampered_with_is_found(place: int) -> None:
    waterfall = price_line(line(discount="0.15"), Rounding.HALF_UP).waterfall
    waterfall[place] = {**waterfall[place], "amount": "1.00"}
    with pytest.raises(ValueError, match=f"the component {waterfall[place]['component']} says 1.00 and comes to"):
        recompute(waterfall, "USD")
