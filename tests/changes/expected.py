"""What the world looks like before a change, after it and at the end, for every cell: books, stock, plan, timeline."""

from collections import Counter
from typing import Any

from domain.process.words import ChangeKind, Stage
from tests.changes import matrix
from tests.changes.matrix import BEFORE, METHOD, OTHER_METHOD, OTHER_PLACE, PLACE, STOCK, Cell, Goods, Treatment
from tests.support.shop import SHIP_TO

Request = tuple[Any, ...]
Money = tuple[str, int, int]
Stock = dict[tuple[str, str], tuple[int, int]]
ITEMS = ("a", "b", "c")
APPLIED = (Treatment.ANEW, Treatment.REPLACED, Treatment.UPDATED)
COST = {Stage.RELEASED: "5.00", Stage.PICKED: "20.00"}
"""As policies/20-change-rules.yaml has it."""


def goods(cell: Cell) -> Goods:
    """The lines at the end."""
    return matrix.after(cell.kind) if isinstance(cell.expected, Treatment) else BEFORE


def beside(cell: Cell) -> Goods:
    """What goes by itself."""
    return goods(cell).beyond(BEFORE) if cell.expected is Treatment.BESIDE else Goods({})


def request(status: str, lines: Goods, kind: ChangeKind | None = None) -> Request:
    """A request in the carrier's books; `kind` is the change whose data it already has."""
    ship_to = {
        ChangeKind.ADDRESS_SAME_ZONE: matrix.OTHER_STREET,
        ChangeKind.ADDRESS_OTHER_ZONE: matrix.OTHER_COUNTRY,
    }.get(kind or ChangeKind.REFERENCE, SHIP_TO)
    method = OTHER_METHOD if kind is ChangeKind.SHIP_METHOD else METHOD
    parts = tuple((number, item, units) for number, (item, units, _) in sorted(lines.lines.items()))
    return status, parts, method, ship_to["street"], ship_to["country"]


def requests_before(stage: Stage) -> list[Request]:
    match stage:
        case Stage.NOT_SENT:
            return []
        case Stage.INVOICED:
            return sorted([request("shipped", BEFORE.only(1)), request("released", BEFORE.only(2))])
        case _:
            return [request(stage.value, BEFORE)]


def requests_after(cell: Cell) -> list[Request]:
    before = requests_before(cell.stage)
    match cell.expected:
        case Treatment.ANEW | Treatment.NOTED:
            return [request("released", goods(cell), cell.kind)]
        case Treatment.REPLACED:
            return sorted([request("cancelled", BEFORE), request("released", goods(cell), cell.kind)])
        case Treatment.UPDATED:
            return [request(cell.stage.value, goods(cell), cell.kind)]
        case Treatment.BESIDE:
            return sorted([*before, request("released", beside(cell))])
        case _:
            return before


def requests_end(cell: Cell) -> list[Request]:
    """All that was released or picked has been shipped, and what had not been sent has been sent."""
    found = [("shipped" if one[0] in ("released", "picked") else one[0], *one[1:]) for one in requests_after(cell)]
    if stands_still(cell):
        found.append(request("shipped", BEFORE if cell.expected is Treatment.BESIDE else goods(cell)))
    return sorted(found)


def stands_still(cell: Cell) -> bool:
    """Whether the carrier's no still stands after the change, so that somebody has to try again."""
    return cell.stage is Stage.NOT_SENT and cell.expected not in (Treatment.ANEW, Treatment.NOTED)


def money_before(stage: Stage) -> list[Money]:
    if stage is Stage.INVOICED:
        first, second = BEFORE.only(1).total, BEFORE.only(2).total
        return sorted([("authorized", first, first), ("authorized", second, 0)])
    return [("authorized", BEFORE.total, 0)]


def money_after(cell: Cell) -> list[Money]:
    before, total = money_before(cell.stage), goods(cell).total
    if cell.expected is Treatment.BESIDE:
        return sorted([*before, ("authorized", beside(cell).total, 0)])
    if _funded_anew(cell):
        taken = total if collects(cell) else 0
        return sorted([("voided", BEFORE.total, 0), ("authorized", total, taken)])
    return before


def _funded_anew(cell: Cell) -> bool:
    moves_money = cell.expected in (*APPLIED, Treatment.MONEY)
    return moves_money and (cell.kind is ChangeKind.PAYMENT or goods(cell).total > BEFORE.total)


def collects(cell: Cell) -> bool:
    """Whether the change mends what the capture was refused for: it is tried again by itself, and the order ends."""
    return cell.stage is Stage.SHIPPED and cell.expected is Treatment.MONEY


def captured_at_the_end(cell: Cell) -> list[int]:
    """One capture a group."""
    if cell.expected is Treatment.BESIDE and cell.stage is not Stage.INVOICED:
        return sorted([BEFORE.total, beside(cell).total])
    if cell.stage is Stage.INVOICED:
        parts = [BEFORE.only(1), BEFORE.only(2), beside(cell)]
        return sorted(part.total for part in parts if part.lines)
    return [goods(cell).total]


def money_end(cell: Cell) -> list[Money]:
    """All is captured once; of an order that got cheaper the rest of the authorization is voided."""
    whole = cell.stage is Stage.INVOICED or cell.expected is Treatment.BESIDE
    found = []
    for status, amount, _ in money_after(cell):
        taken = 0 if status == "voided" else amount if whole else goods(cell).total
        found.append(("authorized" if taken == amount else "voided", amount, taken))
    return sorted(found)


def stock_before(stage: Stage) -> Stock:
    gone = {Stage.SHIPPED: BEFORE, Stage.INVOICED: BEFORE.only(1)}.get(stage, Goods({}))
    held = Goods({number: line for number, line in BEFORE.lines.items() if number not in gone.lines})
    return _stock(gone, held, PLACE)


def stock_after(cell: Cell) -> Stock:
    if cell.stage in (Stage.SHIPPED, Stage.INVOICED):
        gone = BEFORE if cell.stage is Stage.SHIPPED else BEFORE.only(1)
        held = Goods({number: line for number, line in BEFORE.lines.items() if number not in gone.lines})
        return _stock(gone, Goods({**held.lines, **beside(cell).lines}), PLACE)
    return _stock(Goods({}), goods(cell), _place(cell))


def stock_end(cell: Cell) -> Stock:
    return _stock(goods(cell), Goods({}), _place(cell))


def _place(cell: Cell) -> str:
    moved = cell.kind is ChangeKind.WAREHOUSE and cell.expected in APPLIED
    return OTHER_PLACE if moved else PLACE


def _stock(gone: Goods, held: Goods, place: str) -> Stock:
    """On hand and reserved, when goods have left from and are held at one place."""
    found: Stock = {(other, item): (STOCK, 0) for other in (PLACE, OTHER_PLACE) for item in ITEMS}
    for item in ITEMS:
        found[place, item] = (STOCK - gone.of_item(item), held.of_item(item))
    return found


# ---- what is answered ------------------------------------------------------------------------------------

_WITH_EFFECT = ("schedule", "reserve", "authorize", "ship")


_SENT_AS = {Treatment.REPLACED: "cancel_and_create", Treatment.UPDATED: "update"}


def plan(cell: Cell) -> dict[str, str]:
    """What is done to each step that has begun, or will be for a line that goes by itself.

    Without the wait, which begins a moment after the request is there.
    """
    if cell.expected is Treatment.KEPT:
        return {}
    if cell.expected is Treatment.BESIDE:  # nothing of it has begun: what will be done is told, to the end
        return dict.fromkeys([*_WITH_EFFECT, "capture", "invoice"], "do")
    words = dict.fromkeys([*_WITH_EFFECT, *(["capture"] if cell.stage is Stage.SHIPPED else [])], "keep")
    if cell.expected in APPLIED:
        words |= {"schedule": "redo", "reserve": "update" if _moves_stock(cell) else "keep"}
        words |= {"ship": _SENT_AS.get(cell.expected, "redo")}
    if _funded_anew(cell):
        words |= {"authorize": "redo"}
    return words


def _moves_stock(cell: Cell) -> bool:
    return goods(cell).units != BEFORE.units or cell.kind in (ChangeKind.ITEM, ChangeKind.WAREHOUSE)


def told(cell: Cell) -> Counter[str]:
    """What the timeline has more when the change is done."""
    if not isinstance(cell.expected, Treatment):
        answer = "change.pending_approval" if cell.expected == "needs_a_person" else "change.refused"
        return Counter([answer, *(["return.requested"] if cell.expected == "use_return" else [])])
    events = ["change.accepted"]
    if cell.expected in APPLIED:
        events += ["shipment.updated" if cell.expected is Treatment.UPDATED else "shipment.requested"]
        more = any(units > BEFORE.units.get(number, 0) for number, units in goods(cell).units.items())
        if more or cell.kind in (ChangeKind.ITEM, ChangeKind.WAREHOUSE):
            events += ["stock.reserved"]
        if promise(cell) != (matrix.REQUESTED, matrix.REQUESTED) or cell.kind is ChangeKind.WAREHOUSE:
            events += ["order.scheduled"]
    if cell.expected is Treatment.NOTED:
        events += ["shipment.requested"]
    if collects(cell):
        events += ["payment.captured", "capture.settled", "invoice.created", "order.completed"]
    if cell.expected is Treatment.REPLACED:
        events += ["shipment.cancelled"]
    if _funded_anew(cell):
        events += ["payment.authorized", "payment.voided"]
    if cell.expected is Treatment.BESIDE:
        events += ["order.scheduled", "stock.reserved", "payment.authorized", "shipment.requested"]
    return Counter(events)


def promise(cell: Cell) -> tuple[str, str]:
    """The promised day before and after."""
    days = {ChangeKind.LATER_DATE: matrix.LATER, ChangeKind.EARLIER_DATE: matrix.EARLIER}
    return matrix.REQUESTED, days.get(cell.kind, matrix.REQUESTED)
