"""Edits as a test says them, and the version of the order that each would make."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from domain.process.messages import GroupPlan, LineChange, Opened, PricedLine, Revised
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
    members: dict[str, list[int]] = {}
    for line in lines:
        members.setdefault(line.group, []).append(line.number)
    plans = tuple(
        GroupPlan(id=id_, process=opened.groups[0].process, lines=tuple(of), location=places[id_], why="Row 1.")
        for id_, of in sorted(members.items(), key=lambda pair: int(pair[0]))
    )
    return opened.model_copy(update={"facts": facts, "lines": tuple(lines), "groups": plans})


def _line(edit: Edit, line: PricedLine, home: str) -> PricedLine:
    quantity = edit.quantity.get(line.number, line.quantity)
    unit = line.amount // line.quantity
    amount = edit.price.get(line.number, unit * quantity)
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
