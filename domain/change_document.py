"""The change document: what a caller sends to alter an order in flight (CHG1, CHG14).

`read_change` finds all problems at once. Whether the change makes sense for the order as it stands is told later, as
the answer. A field that is left out stays as it is; null takes an optional field away (as in RFC 7396).
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, ValidationError

from domain.base import Value
from domain.codes import CURRENCIES
from domain.document_checks import card_numbers, missing_postal_code, missing_token, repeated_lines, too_many_decimals
from domain.document_fields import Amount, Code, Day, Discount, LineNumber, Note, OrderNumber, Quantity, Reference, Sku
from domain.order_document import Address, Payment
from domain.problems import Problem, ProblemsFound, of_validation, scan
from limits import MAX_LINES, MAX_REASON

MAX_REVISION = 2**31 - 1
NOT_SEARCHED = frozenset({("change_id",), ("token",), ("lines", "sku"), ("lines", "add", "sku")})
"""Ids that are numbers by nature; all else is searched for card numbers."""
ALWAYS_THERE = frozenset({"ship_to", "ship_method", "payment", "quantity", "sku"})
"""What no order, and no line, can be without."""


class ChangedFields(Value):
    """New values of the order's own fields. An address or a payment is replaced as a whole."""

    ship_to: Address | None = None
    bill_to: Address | None = None
    requested_date: Day | None = None
    ship_method: Code | None = None
    warehouse: Code | None = None
    payment: Payment | None = None
    purchase_order: Reference | None = None
    note: Note | None = None


class AddedLine(Value):
    """A line that the order does not have yet. Without a number it gets the next one that is free."""

    number: LineNumber | None = None
    sku: Sku
    quantity: Quantity
    unit_price: Amount | None = None
    discount: Discount | None = None
    ship_set: Code | None = None
    warehouse: Code | None = None
    requested_date: Day | None = None


class ChangedLine(Value):
    """One of: new values for the line `number`; `number` and `cancel`; or `add`. `quantity` is the new total."""

    model_config = {"json_schema_extra": {"anyOf": [{"required": ["number"]}, {"required": ["add"]}]}}

    number: LineNumber | None = None
    quantity: Quantity | None = None
    sku: Sku | None = None
    unit_price: Amount | None = None
    discount: Discount | None = None
    warehouse: Code | None = None
    requested_date: Day | None = None
    cancel: bool = Field(default=False, strict=True)
    add: AddedLine | None = None


class ChangeDocument(Value):
    """A change of an order: `cancel` for all of it, or `set` and `lines`. The same `change_id` gets the same answer."""

    change_id: OrderNumber | None = None
    """Your id of the change; drawn when left out."""
    base_revision: int | None = Field(default=None, strict=True, ge=1, le=MAX_REVISION)
    """The revision you decided on; the change is refused when the order has moved on."""
    token: Reference | None = None
    """Token of a preview: the change comes to exactly what that said, or is refused with a new preview."""
    reason: str | None = Field(default=None, min_length=1, max_length=MAX_REASON)
    cancel: bool = Field(default=False, strict=True)
    set: ChangedFields | None = None
    lines: tuple[ChangedLine, ...] = Field(default=(), max_length=MAX_LINES)

    @property
    def kind(self) -> Literal["cancel", "edit"]:
        """`cancel` for the whole order, or `edit`."""
        return "cancel" if self.cancel else "edit"


def read_change(raw: Any, currency: str | None) -> ChangeDocument:
    """The change in a JSON value (see `domain.exact_json`). Raises ProblemsFound with every problem in it.

    `currency` is the order's, for the decimals of prices; None when there is no such order. No value that was sent is
    ever repeated in a problem.
    """
    problems = scan(raw, multiline=frozenset({"$.set.note"}))
    problems += card_numbers(raw, NOT_SEARCHED)
    change: ChangeDocument | None = None
    try:
        change = ChangeDocument.model_validate(raw)
    except ValidationError as error:
        problems += of_validation(error, ChangeDocument)
    if isinstance(raw, dict):
        problems += edit_problems(raw, currency)
        problems += _purpose(raw)
    if problems or change is None:
        raise ProblemsFound(tuple(problems))
    return change


def _purpose(raw: dict[str, Any]) -> Iterator[Problem]:
    """A change is to cancel, or to edit, and not both or neither."""
    edits = bool(raw.get("set")) or bool(raw.get("lines"))
    if raw.get("cancel") is True and edits:
        words = "`cancel` cancels the whole order; leave out `set` and `lines`, or cancel single lines in `lines`."
        yield Problem("$.cancel", "contradiction", words)
    elif raw.get("cancel") is True and raw.get("token") is not None:
        yield Problem("$.token", "contradiction", "A cancel of the whole order takes no token; leave it out.")
    elif not edits and raw.get("cancel") in (None, False):
        yield Problem("$", "nothing_asked", "The change asks for nothing; fill `set` or `lines`, or send `cancel`.")


def edit_problems(raw: dict[str, Any], currency: str | None = None) -> Iterator[Problem]:
    """What is wrong with `set` and `lines` beside the types of their fields."""
    fields = raw.get("set")
    if isinstance(fields, dict):
        yield from _taken_away(fields, "$.set")
        for name in ("ship_to", "bill_to"):
            yield from missing_postal_code(fields.get(name), f"$.set.{name}")
        yield from missing_token(fields.get("payment"), "$.set.payment")
    entries = raw.get("lines")
    lines = [
        (f"$.lines[{index}]", line)
        for index, line in enumerate(entries if isinstance(entries, list) else ())
        if isinstance(line, dict)
    ]
    for path, line in lines:
        yield from _line_problems(line, path)
    yield from too_many_decimals(currency, _amounts(lines))
    yield from repeated_lines(_numbers(lines))


def _taken_away(fields: dict[str, Any], path: str) -> Iterator[Problem]:
    for name, value in fields.items():
        if value is None and name in ALWAYS_THERE:
            words = "It cannot be taken away; leave the field out to keep what is there."
            yield Problem(f"{path}.{name}", "missing", words)


def _line_problems(line: dict[str, Any], path: str) -> Iterator[Problem]:
    """A line is added, or cancelled, or gets new values."""
    given = {name for name in line if not (name in ("number", "add", "cancel") and line[name] in (None, False))}
    if "add" in given:
        if len(given) > 1:
            yield Problem(path, "contradiction", "An entry with `add` has nothing else; its fields belong into `add`.")
        return
    if "number" not in given:
        yield Problem(f"{path}.number", "missing", "Say which line, or put a new one into `add`.")
    if "cancel" in given:
        if given - {"number", "cancel"}:
            yield Problem(path, "contradiction", "A line is cancelled or gets new values, not both.")
    elif not given - {"number"}:
        yield Problem(path, "nothing_asked", "Say what of the line changes, or send `cancel`.")
    yield from _taken_away(line, path)


def _amounts(lines: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, Any]]:
    for path, line in lines:
        yield f"{path}.unit_price", line.get("unit_price")
        if isinstance(line.get("add"), dict):
            yield f"{path}.add.unit_price", line["add"].get("unit_price")


def _numbers(lines: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, str, Any]]:
    for path, line in lines:
        if isinstance(line.get("add"), dict):
            yield path, f"{path}.add.number", line["add"].get("number")
        else:
            yield path, f"{path}.number", line.get("number")


def edit_of(fields: Value | None, lines: tuple[ChangedLine, ...], currency: str | None = None) -> dict[str, Any]:
    """`set` and `lines` as JSON data: only what was given, null where it takes something away.

    Both are always there; an address has all its fields. Prices get the decimals of `currency` if it is known.
    """
    return {
        "set": _given(fields) if fields is not None else {},
        "lines": [_line(line, currency) for line in lines],
    }


def _given(value: Value) -> dict[str, Any]:
    whole = value.model_dump(mode="json")
    return {name: whole[name] for name in whole if name in value.model_fields_set}


def _line(line: ChangedLine, currency: str | None) -> dict[str, Any]:
    if line.add is not None:
        added = {name: value for name, value in _given(line.add).items() if value is not None}
        return {"add": _priced(added, currency)}
    if line.cancel:
        return {"number": line.number, "cancel": True}
    values = _given(line)
    return _priced({name: values[name] for name in values if name not in ("cancel", "add")}, currency)


def _priced(values: dict[str, Any], currency: str | None) -> dict[str, Any]:
    price = values.get("unit_price")
    if price is None or currency is None:
        return values
    unit = Decimal(1).scaleb(-CURRENCIES[currency])
    return {**values, "unit_price": format(Decimal(price).quantize(unit), "f")}
