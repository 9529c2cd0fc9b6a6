"""What a line costs: unit price, line discount, one rounding; and the waterfall that shows how (PRC2, PRC10, PRC11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from domain.codes import decimals_of
from domain.money import EXACT, rounded, to_minor, to_text
from domain.policy.words import Rounding

FROZEN = "frozen_on_order"
LISTED = "list_price"
LINE_DISCOUNT = "line_discount"


@dataclass(frozen=True, slots=True)
class DatedPrice:
    """A list price per unit in minor units, from a day on until the next one starts."""

    valid_from: date
    amount: int


@dataclass(frozen=True, slots=True)
class PriceInputs:
    """All that a line's amount depends on. `frozen` is the order's own unit price, which nothing recalculates."""

    quantity: int
    currency: str
    frozen: int | None = None
    listed: DatedPrice | None = None
    discount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Priced:
    """A line's amount in minor units and the components that add up to it."""

    amount: int
    waterfall: list[dict[str, Any]]


class NoPriceError(ValueError):
    """Neither the order nor the price list has a price."""


def price_on(prices: Iterable[DatedPrice], day: date) -> DatedPrice | None:
    """The list price in force on a day, None before the first."""
    return max((p for p in prices if p.valid_from <= day), key=lambda p: p.valid_from, default=None)


def price_line(inputs: PriceInputs, rounding: Rounding) -> Priced:
    """quantity x unit price x (1 - discount), rounded once. NoPriceError without any unit price.

    Components carry `amount` as an exact decimal text in the currency, and add up to the line's amount.
    """
    price, currency = _unit_price(inputs), inputs.currency
    gross = inputs.quantity * price["unit"]
    discount = inputs.discount.normalize(EXACT)  # 0.10 and 0.1 are one discount, and give one waterfall
    taken = EXACT.multiply(Decimal(gross), discount)
    exact = EXACT.subtract(Decimal(gross), taken)
    amount = rounded(exact, rounding)
    waterfall = [{**price, "unit": to_text(price["unit"], currency), "amount": to_text(gross, currency)}]
    if discount:
        less = _text(-taken, currency)
        waterfall.append({"component": "discount", "rule": LINE_DISCOUNT, "fraction": f"{discount:f}", "amount": less})
    waterfall.append(
        {
            "component": "rounding",
            "rule": str(rounding),
            "amount": _text(EXACT.subtract(Decimal(amount), exact), currency),
        }
    )
    return Priced(amount, waterfall)


def recompute(waterfall: list[dict[str, Any]], currency: str) -> int:
    """The amount that a stored waterfall comes to when each of its components is evaluated again (I9).

    ValueError names the first component that does not come to what it says.
    """
    price, rounding = waterfall[0], waterfall[-1]
    discounts = [part for part in waterfall[1:-1] if part["component"] == "discount"]
    inputs = PriceInputs(
        quantity=price["quantity"],
        currency=currency,
        frozen=to_minor(price["unit"], currency),
        discount=sum((Decimal(part["fraction"]) for part in discounts), Decimal(0)),
    )
    again = price_line(inputs, Rounding(rounding["rule"]))
    for told, found in zip(waterfall, again.waterfall, strict=True):
        if told["amount"] != found["amount"]:
            raise ValueError(f"the component {told['component']} says {told['amount']} and comes to {found['amount']}")
    return again.amount


def _unit_price(inputs: PriceInputs) -> dict[str, Any]:
    """The first component: the price frozen on the order goes before the list's (stage `order_then_list`)."""
    base = {"component": "price", "quantity": inputs.quantity}
    if inputs.frozen is not None:
        return {**base, "rule": FROZEN, "unit": inputs.frozen}
    if inputs.listed is not None:
        listed = inputs.listed
        return {**base, "rule": LISTED, "valid_from": listed.valid_from.isoformat(), "unit": listed.amount}
    raise NoPriceError("the order gives no unit price and the price list has none on its day")


def _text(minor: Decimal, currency: str) -> str:
    """Exact minor units, which need not be whole, as a decimal text of the currency."""
    return f"{minor.scaleb(-decimals_of(currency), EXACT):f}" if minor else to_text(0, currency)
