"""Applies a change to an order document: the new document, and how it differs from the one before (CHG1, CHG11).

A change is JSON as `domain.change_document` checks it: `set` with the order's own fields, `lines` with what becomes of
single lines. An absent field stays as it is; null takes away what an order may be without.
"""

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from domain.codes import decimals_of
from domain.problems import Problem, ProblemsFound
from domain.process.outcomes import LineChange, Revised
from domain.process.words import ChangeKind
from limits import MAX_GROUPS, MAX_LINE_NUMBER, MAX_LINES

Json = dict[str, Any]
ADDRESS = ("name", "street", "city", "region", "postal_code", "country")
LINE_FIELDS = ("sku", "quantity", "unit_price", "discount", "ship_set", "warehouse", "requested_date")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a line is: units that have left, and units that were cancelled by themselves."""

    shipped: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class NewVersion:
    """The document and the personal part as a change makes them, and what it changes."""

    document: Json
    party: Json
    revised: Revised
    places: dict[int, str]
    """JSON path of the entry of the change that names a line."""


@dataclass
class _Work:
    """The new version while the change is being applied."""

    document: Json
    party: Json
    progress: Mapping[int, Progress]
    lines: dict[int, Json] = field(default_factory=dict)
    changes: list[LineChange] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    places: dict[int, str] = field(default_factory=dict)

    def problem(self, path: str, code: str, words: str) -> None:
        self.problems.append(Problem(path, code, words))

    def told(self, number: int, kind: ChangeKind, before: int, after: int) -> None:
        self.changes.append(LineChange(number=number, kind=kind, before=before, after=after))


def revise(
    document: Mapping[str, Any], party: Mapping[str, Any], change: Mapping[str, Any], progress: Mapping[int, Progress]
) -> NewVersion:
    """The order as the change makes it. Raises ProblemsFound with every reason why that makes no sense.

    `document` and `party` are as `domain.order_document.split` makes them; `progress` has every line that the order
    ever had, so that no number is given twice. The arguments stay as they are. A line that is cancelled is no longer in
    the document, or keeps the units that have left. Problems tell: unknown_line, line_closed, repeated_line,
    below_shipped, partly_shipped, too_many_decimals, too_many, nothing_left, nothing_changed.
    """
    work = _Work(deepcopy(dict(document)), deepcopy(dict(party)), progress)
    work.lines = {line["number"]: line for line in work.document["lines"]}
    _change_lines(work, change.get("lines") or ())
    fields = tuple(dict.fromkeys(_change_fields(work, change.get("set") or {})))
    work.document["lines"] = list(work.lines.values())
    _check_whole(work)
    if not work.problems and not work.changes and not fields:
        work.problem("$", "nothing_changed", "The order is like that already; there is nothing to change.")
    if work.problems:
        raise ProblemsFound(tuple(work.problems))
    return NewVersion(work.document, work.party, Revised(lines=tuple(work.changes), fields=fields), work.places)


def unknown_items(new: NewVersion, known: Collection[str]) -> list[Problem]:
    """Problems (unknown_sku) of lines whose item is none of the known ones."""
    words = "There is no item with this SKU. Check it, or add the item with PUT /v1/items."
    return [
        Problem(f"{new.places.get(line['number'], '$')}.sku", "unknown_sku", words)
        for line in new.document["lines"]
        if line["sku"] not in known
    ]


# ---- the order's own fields ------------------------------------------------------------------------


def _change_fields(work: _Work, wanted: Mapping[str, Any]) -> Iterator[ChangeKind]:
    document, party = work.document, work.party
    if wanted.get("ship_to") is not None:
        yield from _change_ship_to(work, _address(wanted["ship_to"]))
    if "requested_date" in wanted and document.get("requested_date") != wanted["requested_date"]:
        yield _date_kind(document.get("requested_date"), wanted["requested_date"])
        document["requested_date"] = wanted["requested_date"]
    if wanted.get("ship_method") is not None and document["ship_method"] != wanted["ship_method"]:
        document["ship_method"] = wanted["ship_method"]
        yield ChangeKind.SHIP_METHOD
    if "warehouse" in wanted and document.get("warehouse") != wanted["warehouse"]:
        document["warehouse"] = wanted["warehouse"]
        yield ChangeKind.WAREHOUSE
    if wanted.get("payment") is not None:
        yield from _change_payment(work, wanted["payment"])
    if "bill_to" in wanted:
        yield from _refer(party, "bill_to", wanted["bill_to"] and _address(wanted["bill_to"]))
    if "note" in wanted:
        yield from _refer(party, "note", wanted["note"])
    if "purchase_order" in wanted:
        yield from _refer(document, "purchase_order", wanted["purchase_order"])


def _change_ship_to(work: _Work, ship_to: Json) -> Iterator[ChangeKind]:
    """Another zone is another country or region: freight and taxes may differ."""
    before = _address(work.party["ship_to"])
    if before == ship_to:
        return
    work.party["ship_to"] = ship_to
    work.document["ship_to_country"], work.document["ship_to_region"] = ship_to["country"], ship_to["region"]
    same_zone = (before["country"], before["region"]) == (ship_to["country"], ship_to["region"])
    yield ChangeKind.ADDRESS_SAME_ZONE if same_zone else ChangeKind.ADDRESS_OTHER_ZONE


def _change_payment(work: _Work, payment: Mapping[str, Any]) -> Iterator[ChangeKind]:
    before = (work.document["payment_method"], work.party["payment"]["token"])
    after = (payment["method"], payment.get("token"))
    if before != after:
        work.document["payment_method"], work.party["payment"] = after[0], {"token": after[1]}
        yield ChangeKind.PAYMENT


def _refer(part: Json, name: str, value: Any) -> Iterator[ChangeKind]:
    if part.get(name) != value:
        part[name] = value
        yield ChangeKind.REFERENCE


def _address(told: Mapping[str, Any]) -> Json:
    return {name: told.get(name) for name in ADDRESS}


def _date_kind(before: str | None, after: str | None) -> ChangeKind:
    """No date is no hurry: asking for one where there was none counts as earlier."""
    earlier = after is not None and (before is None or date.fromisoformat(after) < date.fromisoformat(before))
    return ChangeKind.EARLIER_DATE if earlier else ChangeKind.LATER_DATE


# ---- lines -----------------------------------------------------------------------------------------


def _change_lines(work: _Work, entries: Any) -> None:
    named: set[int] = set()
    added = []
    for index, entry in enumerate(entries):
        path = f"$.lines[{index}]"
        if entry.get("add") is not None:
            added.append((path, entry["add"]))
        elif entry["number"] in named:
            work.problem(f"{path}.number", "repeated_line", "The change names this line twice; put both into one.")
        else:
            named.add(entry["number"])
            _change_line(work, path, entry)
    for path, line in added:
        _add_line(work, path, line)


def _change_line(work: _Work, path: str, entry: Mapping[str, Any]) -> None:
    number = entry["number"]
    work.places[number] = path
    line, progress = work.lines.get(number), work.progress.get(number, Progress())
    if line is None and number not in work.progress:
        work.problem(f"{path}.number", "unknown_line", f"The order has no line {number}.")
    elif line is None or progress.cancelled >= line["quantity"]:
        work.problem(f"{path}.number", "line_closed", f"Line {number} is cancelled; nothing of it can be changed.")
    elif entry.get("cancel"):
        _cancel(work, line, progress)
    else:
        _edit(work, path, line, entry, progress)


def _cancel(work: _Work, line: Json, progress: Progress) -> None:
    number, before, done = line["number"], line["quantity"], progress.shipped + progress.cancelled
    work.told(number, ChangeKind.CANCELLED, before, done)
    if done:
        line["quantity"] = done
    else:
        del work.lines[number]


def _edit(work: _Work, path: str, line: Json, entry: Mapping[str, Any], progress: Progress) -> None:
    before = dict(line)
    if entry.get("quantity") is not None:
        _set_quantity(work, path, line, entry["quantity"], progress)
    if entry.get("sku") is not None and entry["sku"] != line["sku"]:
        if progress.shipped and not _all_left(before, progress):
            words = f"{progress.shipped} of line {line['number']} have left; cancel the rest and add a line instead."
            work.problem(f"{path}.sku", "partly_shipped", words)
        line["sku"] = entry["sku"]
        line.pop("unit_price", None)  # it was agreed for another item
    for name in ("requested_date", "warehouse", "discount"):
        if name in entry:
            _put(line, name, entry[name])
    if "unit_price" in entry:
        _put(line, "unit_price", _price(work, f"{path}.unit_price", entry["unit_price"]))
    for kind in _differences(before, line, work.document.get("requested_date")):
        work.told(line["number"], kind, before["quantity"], line["quantity"])


def _all_left(line: Json, progress: Progress) -> bool:
    """Whether nothing of a line is left to ship. What is still possible then is said by the change matrix (CHG5)."""
    return progress.shipped > 0 and progress.shipped + progress.cancelled >= line["quantity"]


def _set_quantity(work: _Work, path: str, line: Json, quantity: int, progress: Progress) -> None:
    done = progress.shipped + progress.cancelled
    if quantity < done and not _all_left(line, progress):
        what = "have left" if not progress.cancelled else "have left or were cancelled"
        words = f"{done} of line {line['number']} {what}; the quantity cannot be less. Ask for a return instead."
        work.problem(f"{path}.quantity", "below_shipped", words)
    line["quantity"] = quantity


def _differences(before: Json, after: Json, order_date: str | None) -> Iterator[ChangeKind]:
    if after["quantity"] != before["quantity"]:
        up = after["quantity"] > before["quantity"]
        yield ChangeKind.QUANTITY_UP if up else ChangeKind.QUANTITY_DOWN
    if after["sku"] != before["sku"]:
        yield ChangeKind.ITEM
    elif _terms(after) != _terms(before):
        yield ChangeKind.PRICE
    was, is_now = (line.get("requested_date") or order_date for line in (before, after))
    if was != is_now:
        yield _date_kind(was, is_now)
    if after.get("warehouse") != before.get("warehouse"):
        yield ChangeKind.WAREHOUSE


def _terms(line: Mapping[str, Any]) -> tuple[Decimal | None, Decimal]:
    price = line.get("unit_price")
    return (None if price is None else Decimal(price)), Decimal(line.get("discount") or 0)


def _add_line(work: _Work, path: str, told: Mapping[str, Any]) -> None:
    number = told.get("number")
    if number is None:
        number = next_number(work.lines.keys() | work.progress.keys())
    elif number in work.lines or number in work.progress:
        words = f"The order has, or had, a line {number}; leave the number out to get the next one."
        work.problem(f"{path}.add.number", "repeated_line", words)
        return
    line = {"number": number, **{name: told[name] for name in LINE_FIELDS if told.get(name) is not None}}
    _put(line, "unit_price", _price(work, f"{path}.add.unit_price", line.get("unit_price")))
    work.lines[number], work.places[number] = line, f"{path}.add"
    work.told(number, ChangeKind.ADDED, 0, line["quantity"])


def next_number(used: Collection[int]) -> int:
    """The number behind the highest that was ever given, or the lowest that never was when there is none behind."""
    behind = max(used, default=0) + 1
    return behind if behind <= MAX_LINE_NUMBER else next(n for n in range(1, behind) if n not in used)


def _price(work: _Work, path: str, told: Any) -> str | None:
    """A unit price with all decimals of the order's currency, as documents keep it."""
    if told is None:
        return None
    currency, price = work.document["currency"], Decimal(told)
    unit = Decimal(1).scaleb(-decimals_of(currency))
    exponent = price.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > decimals_of(currency):
        words = f"{currency} has {decimals_of(currency)} decimals, this amount has more."
        work.problem(path, "too_many_decimals", words)
        return str(told)
    return f"{price.quantize(unit):f}"


def _put(line: Json, name: str, value: Any) -> None:
    if value is None:
        line.pop(name, None)
    else:
        line[name] = value


def _check_whole(work: _Work) -> None:
    lines = work.document["lines"]
    if not lines:
        words = "That would leave the order without a line; cancel the whole order instead."
        work.problem("$.lines", "nothing_left", words)
    if len(lines) > MAX_LINES:
        work.problem("$.lines", "too_many", f"The order would have {len(lines):,} lines; at most {MAX_LINES:,}.")
    if len({(line.get("ship_set"), line.get("warehouse")) for line in lines}) > MAX_GROUPS:
        words = f"The lines would have more than {MAX_GROUPS} ship sets and warehouses; place another order for some."
        work.problem("$.lines", "too_many", words)
