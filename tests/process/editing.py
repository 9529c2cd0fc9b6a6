"""Edits as a test says them, and the version of the order that each would make."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from domain.process.calls import Rest
from domain.process.outcomes import LineChange, Opened, PricedLine, Revised
from domain.process.read_model import GroupPlan
from domain.process.words import ChangeKind

UNIT = 1000
"""What a unit of anything costs in these orders."""
FIELDS = {
    ChangeKind.SHIP_METHOD: "ship_method",
    ChangeKind.EARLIER_DATE: "requested_date",
    ChangeKind.LATER_DATE: "requested_date",
    ChangeKind.ADDRESS_OTHER_ZONE: "country",
    ChangeKind.PAYMENT: "payment_method",
    ChangeKind.REFERENCE: "purchase_order",
}
"""Kinds of an order's own fields that its process knows the value of."""


@dataclass(frozen=True)
class Edit:
    """What a change sets: of lines by their numbers, of the order by kind."""

    quantity: Mapping[int, int] = field(default_factory=dict)
    item: Mapping[int, str] = field(default_factory=dict)
    price: Mapping[int, int] = field(default_factory=dict)
    """What a line comes to, in cents."""
    cancel: tuple[int, ...] = ()
    add: Mapping[int, int] = field(default_factory=dict)
    """Units by number; the line belongs to the first group."""
    move: Mapping[int, str] = field(default_factory=dict)
    """The warehouse from which a line is to leave."""
    fields: Mapping[ChangeKind, str | date | None] = field(default_factory=dict)
    refused: str = ""
    """The code with which it is turned down as making no sense."""


def revised_by(edit: Edit, opened: Opened) -> Revised:
    """How the edit's version differs; empty if it does not."""
    lines = {line.number: line for line in opened.lines}
    places = {number: plan.location for plan in opened.groups for number in plan.lines}
    changes = []

    def told(number: int, kind: ChangeKind, after: int) -> None:
        before = lines[number].quantity if number in lines else 0
        changes.append(LineChange(number=number, kind=kind, before=before, after=after))

    for number, units in edit.quantity.items():
        if units != lines[number].quantity:
            up = units > lines[number].quantity
            told(number, ChangeKind.QUANTITY_UP if up else ChangeKind.QUANTITY_DOWN, units)
    for number, sku in edit.item.items():
        if sku != lines[number].sku:
            told(number, ChangeKind.ITEM, edit.quantity.get(number, lines[number].quantity))
    for number, amount in edit.price.items():
        if amount != lines[number].amount:
            told(number, ChangeKind.PRICE, lines[number].quantity)
    for number, place in edit.move.items():
        if place != places[number]:
            told(number, ChangeKind.WAREHOUSE, lines[number].quantity)
    for number in edit.cancel:
        told(number, ChangeKind.CANCELLED, 0)
    for number, units in edit.add.items():
        told(number, ChangeKind.ADDED, units)
    return Revised(lines=tuple(changes), fields=tuple(edit.fields))


def rest_of(edit: Edit, rest: Rest | None) -> Edit:
    """The edit without what is left out of it."""
    if rest is None:
        return edit

    def kept(of: Mapping[int, Any]) -> dict[int, Any]:
        return {number: value for number, value in of.items() if number not in rest.without_lines}

    return Edit(
        quantity=kept(edit.quantity),
        item=kept(edit.item),
        price=kept(edit.price),
        cancel=tuple(number for number in edit.cancel if number not in rest.without_lines),
        add=kept(edit.add),
        move=kept(edit.move),
        fields={kind: value for kind, value in edit.fields.items() if kind not in rest.without_fields},
        refused=edit.refused,
    )


def named_lines(edit: Edit) -> set[int]:
    """The lines that the edit takes to be there."""
    return {*edit.quantity, *edit.item, *edit.price, *edit.cancel, *edit.move}


def version_of(edit: Edit, opened: Opened, used: Collection[str]) -> Opened:
    """The order as the edit makes it, with all of its groups; `used` are the group ids that were ever given."""
    places = {plan.id: plan.location for plan in opened.groups}
    moves = dict(edit.move)
    if ChangeKind.WAREHOUSE in edit.fields:
        moves = {line.number: str(edit.fields[ChangeKind.WAREHOUSE]) for line in opened.lines}
    staying = [line for line in opened.lines if line.number not in edit.cancel]
    homes = _homes(staying, places, moves, used)
    first = min((line.group for line in staying), key=int, default=min(places, key=int))
    lines = [_line(edit, line, homes[line.number]) for line in staying]
    lines += [
        PricedLine(number=n, sku=f"sku-{n}", quantity=units, amount=UNIT * units, group=first)
        for n, units in edit.add.items()
    ]
    facts = opened.facts.model_copy(
        update={
            "goods": sum(line.amount for line in lines),
            **{FIELDS[kind]: value for kind, value in edit.fields.items() if kind in FIELDS},
        }
    )
    name = opened.groups[0].process
    plans = [GroupPlan(id=id_, process=name, lines=(), location=place, why="Row 1.") for id_, place in places.items()]
    return opened.model_copy(update={"facts": facts, "lines": tuple(lines), "groups": _with_members(lines, plans)})


def settled_in(opened: Opened, homes: Mapping[int, str]) -> Opened:
    """The version with some lines in other groups than was proposed; they leave from the same place."""
    plans = {plan.id: plan for plan in opened.groups}
    for line in opened.lines:
        if line.number in homes:
            plans.setdefault(homes[line.number], plans[line.group].model_copy(update={"id": homes[line.number]}))
    lines = [line.model_copy(update={"group": homes.get(line.number, line.group)}) for line in opened.lines]
    return opened.model_copy(update={"lines": tuple(lines), "groups": _with_members(lines, plans.values())})


def _with_members(lines: list[PricedLine], plans: Iterable[GroupPlan]) -> tuple[GroupPlan, ...]:
    members = {plan.id: tuple(line.number for line in lines if line.group == plan.id) for plan in plans}
    return tuple(plan.model_copy(update={"lines": members[plan.id]}) for plan in plans if members[plan.id])


def _line(edit: Edit, line: PricedLine, home: str) -> PricedLine:
    quantity = edit.quantity.get(line.number, line.quantity)
    unit = line.amount // line.quantity
    amount = edit.price.get(line.number, line.amount if quantity == line.quantity else unit * quantity)
    sku = edit.item.get(line.number, line.sku)
    return line.model_copy(update={"quantity": quantity, "amount": amount, "sku": sku, "group": home})


def _homes(
    lines: list[PricedLine], places: dict[str, str], moves: Mapping[int, str], used: Collection[str]
) -> dict[int, str]:
    """Groups of lines: one whose lines all leave for one place goes there whole; a single line joins or founds one."""
    homes = {line.number: line.group for line in lines}
    for id_ in list(places):
        numbers = [line.number for line in lines if line.group == id_]
        to = {moves.get(number, places[id_]) for number in numbers}
        if len(to) == 1:
            places[id_] = to.pop()
    for number, home in homes.items():
        place = moves.get(number, places[home])
        if place != places[home]:
            there = next((id_ for id_, location in places.items() if location == place), None)
            if there is None:
                there = str(max(map(int, (*used, *places))) + 1)
                places[there] = place
            homes[number] = there
    return homes


KINDS = (
    "up",
    "up",
    "down",
    "item",
    "cancel",
    "close",
    "add",
    "move",
    "price",
    *(str(kind) for kind in FIELDS),
    "warehouse",
)
"""What a drawn edit may do."""


def drawn(what: list[str], which: int, more: int, opened: Opened) -> Edit:
    """An edit that does all of `what`, to lines picked by `which`, by as much as `more` says."""
    lines: dict[str, dict[int, Any]] = {}
    cancel: tuple[int, ...] = ()
    fields: dict[ChangeKind, Any] = {}
    for place, word in enumerate(what):
        line = opened.lines[(which + place) % len(opened.lines)]
        if word in _LINES:
            name, value = _LINES[word](line, more)
            lines.setdefault(name, {})[line.number] = value
        elif word == "cancel":
            cancel = (line.number,)
        elif word == "close":
            cancel = tuple(one.number for one in opened.lines if one.group == line.group)
        elif word == "add":
            lines["add"] = {20 + which * 10 + more: more}
        else:
            kind = ChangeKind(word)
            fields[kind] = _FIELD_VALUES[kind][more % 2]
    for number in cancel:
        for of in lines.values():
            of.pop(number, None)
    known = {line.number for line in opened.lines}
    lines["add"] = {new: units for new, units in lines.get("add", {}).items() if new not in known}
    return Edit(
        quantity=lines.get("quantity", {}),
        item=lines.get("item", {}),
        price=lines.get("price", {}),
        move=lines.get("move", {}),
        add=lines["add"],
        cancel=cancel,
        fields=fields,
    )


_LINES: dict[str, Callable[[PricedLine, int], tuple[str, int | str]]] = {
    "up": lambda line, more: ("quantity", line.quantity + more),
    "down": lambda line, more: ("quantity", max(1, line.quantity - more)),
    "item": lambda line, more: ("item", "sku-99" if more % 2 else f"sku-{more}"),
    "price": lambda line, more: ("price", line.quantity * UNIT * (more - 1)),
    "move": lambda line, more: ("move", "east" if more % 2 else "main"),
}
_FIELD_VALUES = {
    ChangeKind.SHIP_METHOD: ("air", "ground"),
    ChangeKind.EARLIER_DATE: (date(2026, 3, 4), date(2026, 3, 6)),
    ChangeKind.LATER_DATE: (date(2026, 3, 27), date(2026, 4, 30)),
    ChangeKind.ADDRESS_OTHER_ZONE: ("CA", "US"),
    ChangeKind.PAYMENT: ("card", "terms"),
    ChangeKind.REFERENCE: ("PO-1", "PO-2"),
    ChangeKind.WAREHOUSE: ("main", "east"),
}
