"""The types of the order document's fields: what each accepts, and what is said when it is something else."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer, StringConstraints
from pydantic_core import PydanticCustomError

from domain.codes import COUNTRIES, CURRENCIES, nearest
from limits import (
    MAX_AMOUNT,
    MAX_CODE,
    MAX_DISCOUNT_DECIMALS,
    MAX_LINE_NUMBER,
    MAX_NAME,
    MAX_NOTE,
    MAX_ORDER_NUMBER,
    MAX_POSTAL_CODE,
    MAX_QUANTITY,
    MAX_REFERENCE,
    MAX_SKU,
    MAX_TOKEN,
    MAX_YEAR,
    MIN_YEAR,
)

_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|z|[+-]\d\d:\d\d)", re.ASCII)


def refusal(code: str, words: str) -> PydanticCustomError:
    """A problem with our own code and words. Braces in the words would be read as a template, so there are none."""
    return PydanticCustomError(code, words.replace("{", "(").replace("}", ")"))


def _text(most: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=most)


def _decimal(value: Any) -> Decimal:
    """A decimal number from JSON text or an exact JSON number; binary floats never come in."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    raise refusal("not_an_amount", 'A decimal number is needed, like "12.30".')


def decimals_written(value: Decimal) -> int:
    """How many decimals a number is written with; 12.300 has three."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _amount(value: Any) -> Decimal:
    amount = _decimal(value)
    if not 0 <= amount <= MAX_AMOUNT:
        raise refusal("out_of_range", f"An amount from 0 to {MAX_AMOUNT:,} is needed.")
    return amount


def _discount(value: Any) -> Decimal:
    discount = _decimal(value)
    if not 0 <= discount <= 1:
        raise refusal("out_of_range", "A fraction from 0 to 1 is needed: 0.15 takes off 15 percent.")
    if decimals_written(discount) > MAX_DISCOUNT_DECIMALS:
        raise refusal("too_many_decimals", f"A discount has at most {MAX_DISCOUNT_DECIMALS} decimals.")
    return discount


def _plain(value: Decimal) -> str:
    return format(value, "f")


def _country(value: str) -> str:
    if value in COUNTRIES:
        return value
    near = nearest(value, COUNTRIES)
    hint = f" Did you mean {near}?" if near else ""
    raise refusal("unknown_country", f"This is no country code of ISO 3166-1 (two capital letters).{hint}")


def _currency(value: str) -> str:
    if value in CURRENCIES:
        return value
    near = nearest(value, CURRENCIES)
    hint = f" Did you mean {near}?" if near else ""
    raise refusal("unknown_currency", f"This is no currency code of ISO 4217 (three capital letters).{hint}")


def _date(value: Any) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value) and MIN_YEAR <= int(value[:4]) <= MAX_YEAR:
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise refusal("not_a_date", "There is no such day in the calendar.") from None
    raise refusal("not_a_date", f"A date of the years {MIN_YEAR} to {MAX_YEAR} is needed, like 2026-03-31.")


def _moment(value: Any) -> datetime:
    if isinstance(value, str) and _MOMENT.fullmatch(value) and MIN_YEAR < int(value[:4]) < MAX_YEAR:
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except ValueError:
            raise refusal("not_a_moment", "There is no such moment.") from None
    raise refusal("not_a_moment", "Date, time and offset are needed (RFC 3339), like 2026-03-31T09:30:00+02:00.")


def _schema(**extra: Any) -> Any:
    """What JSON Schema should say about a field whose type is checked by code of ours."""
    return Field(json_schema_extra=extra)


def _no_slash(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value, re.ASCII):
        raise refusal(
            "wrong_form", "Letters, digits, dots, dashes and underscores are allowed; the first is a letter or a digit."
        )
    return value


def _code(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]*", value, re.ASCII):
        raise refusal(
            "wrong_form",
            "Letters, digits, blanks, dots, dashes and underscores are allowed; the first is a letter or a digit.",
        )
    return value


NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]*$"
CODE_PATTERN = "^[A-Za-z0-9][A-Za-z0-9 ._-]*$"

OrderNumber = Annotated[str, _text(MAX_ORDER_NUMBER), AfterValidator(_no_slash), _schema(pattern=NAME_PATTERN)]
Code = Annotated[str, _text(MAX_CODE), AfterValidator(_code), _schema(pattern=CODE_PATTERN)]
Sku = Annotated[str, _text(MAX_SKU)]
Reference = Annotated[str, _text(MAX_REFERENCE)]
Token = Annotated[str, _text(MAX_TOKEN)]
Name = Annotated[str, _text(MAX_NAME)]
PostalCode = Annotated[str, _text(MAX_POSTAL_CODE)]
Note = Annotated[str, _text(MAX_NOTE)]
Country = Annotated[str, AfterValidator(_country), _schema(pattern="^[A-Z]{2}$", examples=["DE"])]
Currency = Annotated[str, AfterValidator(_currency), _schema(pattern="^[A-Z]{3}$", examples=["USD"])]
_AMOUNT_SCHEMA = {"type": "string", "pattern": r"^\d{1,9}(\.\d{1,4})?$", "examples": ["12.30"]}
Amount = Annotated[
    Decimal, BeforeValidator(_amount), PlainSerializer(_plain, return_type=str), Field(json_schema_extra=_AMOUNT_SCHEMA)
]
Discount = Annotated[
    Decimal, BeforeValidator(_discount), PlainSerializer(_plain, return_type=str), _schema(examples=["0.15"])
]
Day = Annotated[date, BeforeValidator(_date)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Quantity = Annotated[int, Field(strict=True, ge=1, le=MAX_QUANTITY)]
LineNumber = Annotated[int, Field(strict=True, ge=1, le=MAX_LINE_NUMBER)]
