"""Money: whole numbers of minor units and a currency. Rounding happens in the named functions here and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, Inexact

from domain.codes import decimals_of
from domain.policy.words import Rounding

EXACT = Context(prec=60, traps=[*Context().traps, Inexact])
"""Arithmetic that raises rather than lose a digit: beyond the largest price times quantity times discount."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of an ISO 4217 currency. It does not add, convert or round: whoever does says how."""

    amount: int
    currency: str


def words_of(money: Money) -> str:
    """As a person reads it: `1,230.50 USD`."""
    return f"{Decimal(to_text(money.amount, money.currency)):,f} {money.currency}"


def to_minor(amount: Decimal | str, currency: str) -> int:
    """An amount such as "12.30" in minor units; ValueError if it has more decimals than the currency."""
    scaled = Decimal(amount).scaleb(decimals_of(currency), EXACT)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more than the {decimals_of(currency)} decimals of {currency}")
    return int(scaled)


def to_text(minor: int, currency: str) -> str:
    """Minor units as a decimal text with all decimals of the currency: 1230 USD is "12.30"."""
    return f"{Decimal(minor).scaleb(-decimals_of(currency), EXACT):f}"


def half_up(exact: Decimal) -> int:
    """To the nearest whole number; halves away from zero."""
    return int(exact.to_integral_value(ROUND_HALF_UP))


def half_even(exact: Decimal) -> int:
    """To the nearest whole number; halves to the even neighbour."""
    return int(exact.to_integral_value(ROUND_HALF_EVEN))


def down(exact: Decimal) -> int:
    """Towards zero."""
    return int(exact.to_integral_value(ROUND_DOWN))


ROUNDERS: dict[Rounding, Callable[[Decimal], int]] = {
    Rounding.HALF_UP: half_up,
    Rounding.HALF_EVEN: half_even,
    Rounding.DOWN: down,
}
"""The function of each rounding rule of the policy language."""


def rounded(exact: Decimal, rule: Rounding) -> int:
    """Minor units that are not whole, made whole by the policy's rule."""
    return ROUNDERS[rule](exact)
