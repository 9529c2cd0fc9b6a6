"""What compiled conditions call: three-valued logic and exact arithmetic that never raises.

Every function takes values or Unknown and gives a value or Unknown. Yes/no values are exactly True and False.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from operator import attrgetter
from typing import Any, NoReturn

# 28 digits, half-even, and no traps: what cannot be calculated becomes NaN or infinite, and then unknown.
CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN, traps=[])
_MAX_SPAN = Decimal(10**9)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The third truth value, with the reason in words. It has no truth: compare with `is True`."""

    reason: str

    def __bool__(self) -> NoReturn:
        raise TypeError(f"unknown is neither true nor false ({self.reason}); compare with `is True`")


_TOO_LARGE = Unknown("a number becomes too large")
_NO_DAY = Unknown("a date falls outside the calendar")
_ZERO = Unknown("division by zero")


def path(names: str, shown: str) -> Callable[[Any], Any]:
    """A reader of `a.b.c` under a root; what is missing on the way is unknown, with the path as reason."""
    read = attrgetter(names)
    missing = Unknown(f"{shown} is missing")

    def get(root: Any) -> Any:
        try:
            value = read(root)
        except AttributeError:
            return missing
        return missing if value is None else value

    return get


def known(value: Any, missing: Unknown) -> Any:
    """A root that may be absent."""
    return missing if value is None else value


def both(left: Any, right: Any) -> Any:
    """`and` of two operands."""
    if left is True:
        return right
    return False if right is False or left is False else left


def either(left: Any, right: Any) -> Any:
    """`or` of two operands."""
    if left is False:
        return right
    return True if right is True or left is True else left


def negate(value: Any) -> Any:
    """`not`."""
    return value if value.__class__ is Unknown else not value


def eq(left: Any, right: Any) -> Any:
    """`==`"""
    if left.__class__ is Unknown:
        return left
    return right if right.__class__ is Unknown else left == right


def ne(left: Any, right: Any) -> Any:
    """`!=`"""
    if left.__class__ is Unknown:
        return left
    return right if right.__class__ is Unknown else left != right


def lt(left: Any, right: Any) -> Any:
    """`<`"""
    if left.__class__ is Unknown:
        return left
    return right if right.__class__ is Unknown else left < right


def le(left: Any, right: Any) -> Any:
    """`<=`"""
    if left.__class__ is Unknown:
        return left
    return right if right.__class__ is Unknown else left <= right


def contains(value: Any, values: frozenset[Any]) -> Any:
    """`in` a list of constants."""
    return value if value.__class__ is Unknown else value in values


def _number(value: Decimal) -> Any:
    return value if value.is_finite() else _TOO_LARGE


def add(left: Any, right: Any) -> Any:
    """`+` of numbers."""
    if left.__class__ is Unknown:
        return left
    return right if right.__class__ is Unknown else _number(CONTEXT.add(left, right))


def subtract(left: Any, right: Any) -> Any:
    """`-` of numbers."""
    if left.__class__ is Unknown:
        return left
    return right if right.__class__ is Unknown else _number(CONTEXT.subtract(left, right))


def multiply(left: Any, right: Any) -> Any:
    """`*` of numbers."""
    if left.__class__ is Unknown:
        return left
    return right if right.__class__ is Unknown else _number(CONTEXT.multiply(left, right))


def divide(left: Any, right: Any) -> Any:
    """`/` of numbers; by zero it is unknown."""
    if left.__class__ is Unknown:
        return left
    if right.__class__ is Unknown:
        return right
    return _number(CONTEXT.divide(left, right)) if right else _ZERO


def minus(value: Any) -> Any:
    """A minus sign before a number."""
    return value if value.__class__ is Unknown else CONTEXT.minus(Decimal(value))


def shift(left: Any, right: Any) -> Any:
    """A date, a point in time or a length of time, plus a length of time."""
    if left.__class__ is Unknown:
        return left
    if right.__class__ is Unknown:
        return right
    try:
        return left + right
    except OverflowError:
        return _NO_DAY


def shift_back(left: Any, right: Any) -> Any:
    """A date, a point in time or a length of time, minus one of them."""
    if left.__class__ is Unknown:
        return left
    if right.__class__ is Unknown:
        return right
    try:
        return left - right
    except OverflowError:
        return _NO_DAY


def percent(value: Any) -> Any:
    """A number of hundredths."""
    return divide(value, _HUNDRED)


def rounded(value: Any, places: int) -> Any:
    """Half-even to so many decimal places."""
    if value.__class__ is Unknown:
        return value
    return _number(CONTEXT.quantize(Decimal(value), Decimal(1).scaleb(-places)))


def span(value: Any, seconds: int) -> Any:
    """So many hours or days; whole days only, so that a date plus days stays a date."""
    if value.__class__ is Unknown:
        return value
    if not -_MAX_SPAN < value < _MAX_SPAN:
        return _NO_DAY
    if seconds == 86_400 and value != int(value):
        return Unknown("days() takes a whole number")
    try:
        return timedelta(microseconds=int(CONTEXT.multiply(value, seconds * 1_000_000)))
    except OverflowError:
        return _NO_DAY


def day_of(value: Any) -> Any:
    """The date of a point in time, in the time zone that it carries."""
    if value.__class__ is Unknown:
        return value
    return value.date() if isinstance(value, datetime) else value


def lower(value: Any) -> Any:
    """The text in small letters."""
    return value if value.__class__ is Unknown else value.lower()


def has(value: Any) -> bool:
    """Whether a value is known."""
    return value.__class__ is not Unknown


def coalesce(*values: Any) -> Any:
    """The first known value; unknown as the last is when none is."""
    return next((value for value in values if value.__class__ is not Unknown), values[-1])


SKIPPED = object()
"""Stands for an element that the `if` of a loop leaves out."""


def when(condition: Any, value: Any) -> Any:
    """An element of a loop with `if`: the value, unknown, or left out."""
    if condition is True:
        return value
    return SKIPPED if condition is False else condition


def any_of(values: Iterable[Any]) -> Any:
    """Yes when one is; else unknown when one is unknown."""
    doubt: Any = False
    for value in values:
        if value is True:
            return True
        if value.__class__ is Unknown and doubt is False:
            doubt = value
    return doubt


def all_of(values: Iterable[Any]) -> Any:
    """No when one is not; else unknown when one is unknown. Left-out elements do not count."""
    doubt: Any = True
    for value in values:
        if value is False:
            return False
        if value.__class__ is Unknown and doubt is True:
            doubt = value
    return doubt


def _kept(values: Iterable[Any]) -> list[Any] | Unknown:
    kept = [value for value in values if value is not SKIPPED]
    return next((value for value in kept if value.__class__ is Unknown), kept)


def sum_of(values: Iterable[Any]) -> Any:
    """The sum of numbers; of nothing it is zero."""
    kept = _kept(values)
    if isinstance(kept, Unknown):
        return kept
    total = Decimal(0)
    for value in kept:
        total = CONTEXT.add(total, value)
    return _number(total)


def count_of(values: Iterable[Any]) -> Any:
    """How many elements are kept; of yes/no elements, how many are yes."""
    kept = _kept(values)
    return kept if isinstance(kept, Unknown) else Decimal(sum(1 for value in kept if value is not False))


def least(values: Iterable[Any]) -> Any:
    """The smallest; of nothing it is unknown."""
    kept = _kept(values)
    return kept if isinstance(kept, Unknown) else min(kept, default=Unknown("min() of an empty list"))


def most(values: Iterable[Any]) -> Any:
    """The largest; of nothing it is unknown."""
    kept = _kept(values)
    return kept if isinstance(kept, Unknown) else max(kept, default=Unknown("max() of an empty list"))


def elements(values: Any) -> Any:
    """What a loop runs over; an unknown list is one unknown element."""
    return (values,) if values.__class__ is Unknown else values


Value = bool | Decimal | int | str | date | datetime | timedelta
