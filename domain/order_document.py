"""The order document: what a channel sends to place an order (CAP1, CAP4).

`read_order` finds all problems at once; `split` parts the personal data from the rest (design rule 7).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, ValidationError

from domain.base import Value
from domain.codes import CURRENCIES
from domain.document_checks import card_numbers, missing_postal_code, missing_token, repeated_lines, too_many_decimals
from domain.document_fields import (
    Amount,
    Code,
    Country,
    Currency,
    Day,
    Discount,
    LineNumber,
    Moment,
    Name,
    Note,
    OrderNumber,
    PostalCode,
    Quantity,
    Reference,
    Sku,
    Token,
)
from domain.problems import Problem, ProblemsFound, of_validation, scan
from limits import MAX_CHARGES, MAX_FUTURE_HOURS, MAX_GROUPS, MAX_LINES


class Source(Value):
    """Where an order comes from. `system` and `id` together make the order the same order for ever (I11)."""

    system: Code
    id: Reference


class Customer(Value):
    """Who orders, by the reference the channel knows them by; no personal data."""

    id: Reference
    segment: Code | None = None


class Address(Value):
    """Where goods or invoices go. Personal data: kept apart, shown only to those who may see it (OPS5)."""

    name: Name
    street: Name
    city: Name
    region: Name | None = None
    postal_code: PostalCode | None = None
    country: Country


class Charge(Value):
    """An amount on top of the goods, such as freight."""

    code: Code
    amount: Amount


class Payment(Value):
    """How the order is paid. `token` is the provider's name for a card; a card number itself is refused."""

    method: Literal["card", "terms"]
    token: Token | None = None


class Line(Value):
    """What is ordered. A `unit_price` freezes the price (PRC10); lines of one `ship_set` travel together."""

    number: LineNumber = 1
    """Counted from 1 when left out."""
    sku: Sku
    quantity: Quantity
    unit_price: Amount | None = None
    discount: Discount | None = None
    ship_set: Code | None = None
    warehouse: Code | None = None
    requested_date: Day | None = None


class OrderDocument(Value):
    """An order as it is placed. Lines without a number are counted from 1."""

    number: OrderNumber | None = None
    source: Source
    channel: Code
    currency: Currency
    ordered_at: Moment
    customer: Customer
    bill_to: Address | None = None
    ship_to: Address
    requested_date: Day | None = None
    ship_method: Code
    warehouse: Code | None = None
    purchase_order: Reference | None = None
    note: Note | None = None
    charges: tuple[Charge, ...] = Field(default=(), max_length=MAX_CHARGES)
    payment: Payment
    lines: tuple[Line, ...] = Field(min_length=1, max_length=MAX_LINES)
    as_of: Day | None = None
    """The business date of an imported order's clock; only importers may set it."""


NOT_SEARCHED = frozenset({("number",), ("source", "system"), ("source", "id"), ("lines", "sku"), ("customer", "id")})
"""Ids that are numbers by nature: an item number of 13 digits looks like a card number one time in ten."""


def read_order(raw: Any, now: datetime) -> OrderDocument:
    """The order in a JSON value (see `domain.exact_json`). Raises ProblemsFound with every problem in it.

    `now` only guards against dates in the future. No value that was sent is ever repeated in a problem.
    """
    raw = _numbered(raw)
    problems = scan(raw, multiline=frozenset({"$.note"}))
    problems += card_numbers(raw, NOT_SEARCHED)
    document: OrderDocument | None = None
    try:
        document = OrderDocument.model_validate(raw)
    except ValidationError as error:
        problems += of_validation(error, OrderDocument)
    if isinstance(raw, dict):
        problems += too_many_decimals(raw.get("currency"), _amounts(raw))
        problems += repeated_lines(_line_numbers(raw))
        for name in ("ship_to", "bill_to"):
            problems += missing_postal_code(raw.get(name), f"$.{name}")
        problems += missing_token(raw.get("payment"), "$.payment")
    if document is not None and document.ordered_at > now + timedelta(hours=MAX_FUTURE_HOURS):
        words = f"The order is more than {MAX_FUTURE_HOURS} hours ahead of the clock."
        problems.append(Problem("$.ordered_at", "in_the_future", words))
    if document is not None and len({(line.ship_set, line.warehouse) for line in document.lines}) > MAX_GROUPS:
        words = f"The lines have more than {MAX_GROUPS} ship sets and warehouses; split them over several orders."
        problems.append(Problem("$.lines", "too_many", words))
    if problems or document is None:
        raise ProblemsFound(tuple(problems))
    return document


def _numbered(raw: Any) -> Any:
    """The document with its lines numbered where they are not."""
    if not isinstance(raw, dict) or not isinstance(raw.get("lines"), list):
        return raw
    lines = [
        {**line, "number": place} if isinstance(line, dict) and line.get("number") is None else line
        for place, line in enumerate(raw["lines"], 1)
    ]
    return {**raw, "lines": lines}


def _amounts(raw: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Path and value of all that may be an amount."""
    for name, field in (("charges", "amount"), ("lines", "unit_price")):
        for index, entry in _objects(raw.get(name)):
            yield f"$.{name}[{index}].{field}", entry.get(field)


def _line_numbers(raw: dict[str, Any]) -> Iterable[tuple[str, str, Any]]:
    lines = _objects(raw.get("lines"))
    return ((f"$.lines[{index}]", f"$.lines[{index}].number", line.get("number")) for index, line in lines)


def _objects(entries: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of what may be a list, each with its index."""
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield index, entry


def split(order: OrderDocument) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document as JSON data without personal data, and the personal part."""
    whole = order.model_dump(mode="json")
    unit = Decimal(1).scaleb(-CURRENCIES[order.currency])
    for entry, field in (*((c, "amount") for c in whole["charges"]), *((ln, "unit_price") for ln in whole["lines"])):
        if entry[field] is not None:
            entry[field] = format(Decimal(entry[field]).quantize(unit), "f")
    lines = [{name: value for name, value in line.items() if value is not None} for line in whole["lines"]]
    party = {
        "ship_to": whole.pop("ship_to"),
        "bill_to": whole.pop("bill_to"),
        "payment": {"token": whole["payment"]["token"]},
        "note": whole.pop("note"),
    }
    payment = whole.pop("payment")
    document = {
        **whole,
        "ship_to_country": party["ship_to"]["country"],
        "ship_to_region": party["ship_to"]["region"],
        "payment_method": payment["method"],
        "lines": lines,
    }
    return document, party
