"""The change matrix as the tests expect it: what every cell does to an order, in numbers (CHG3, CHG5).

The cells come from the enums of the model, so a new kind of change or stage has no expectation yet and fails
`test_every_cell_is_covered`. What is expected stands here by itself, and not in the code that is tested.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.policy.change_defaults import DEFAULTS, POSSIBLE, spoken
from domain.process.words import ChangeKind, Pattern, Stage
from tests.support.shop import SHIP_TO

Json = dict[str, Any]
PRICES = {"a": 1000, "b": 1000, "c": 2000}
"""Cents a unit of the three items of each order; `c` is the one that is swapped in or added."""
STOCK = 100
TODAY = datetime.now(UTC).date()
REQUESTED, EARLIER, LATER = ((TODAY + timedelta(days=days)).isoformat() for days in (21, 18, 28))
METHOD, OTHER_METHOD = "ground", "express"
PLACE, OTHER_PLACE = "main", "east"
OTHER_STREET = {**SHIP_TO, "street": "2 Side St"}
OTHER_COUNTRY = {**SHIP_TO, "city": "Vancouver", "postal_code": "V5K 0A1", "country": "CA"}


class Treatment(StrEnum):
    """What becomes of an order of which a change is accepted."""

    ANEW = "what is not sent yet is worked out again and sent with the new data"
    REPLACED = "the request is cancelled and another one sent"
    UPDATED = "the carrier updates the request in place"
    NOTED = "what is done stays; what was not sent is sent with the new data"
    BESIDE = "what is added goes by itself, and the rest as it was"
    MONEY = "only the money is authorized anew, then the old authorization voided"
    KEPT = "nothing is touched but the order's own data"


REFUSED_WITH = {
    Pattern.ASK: "needs_a_person",
    Pattern.REFUSE: "too_late",
    Pattern.RETURN: "use_return",
}

_EXPECTED = """
change             | not sent | released       | picked         | shipped        | invoiced
quantity up        | anew     | replaced       | beside         | beside         | beside
quantity down      | anew     | replaced       | needs_a_person | use_return     | use_return
item               | anew     | replaced       | too_late       | use_return     | use_return
cancelled          | anew     | replaced       | needs_a_person | use_return     | use_return
added              | anew     | beside         | beside         | beside         | beside
address same zone  | noted    | replaced       | needs_a_person | too_late       | too_late
address other zone | anew     | replaced       | too_late       | too_late       | too_late
later date         | anew     | replaced       | needs_a_person | too_late       | too_late
earlier date       | anew     | replaced       | too_late       | too_late       | too_late
ship method        | noted    | replaced       | too_late       | too_late       | too_late
warehouse          | anew     | replaced       | too_late       | too_late       | too_late
payment            | money    | money          | money          | money          | too_late
price              | money    | money          | money          | money          | too_late
reference          | kept     | kept           | kept           | kept           | kept
"""
"""By default. What is no treatment is the code of a refusal; of `update` at picked it is the carrier's own."""


def _grid(text: str) -> dict[tuple[str, str], str]:
    head, *rows = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    return {(row[0], stage): cell for row in rows for stage, cell in zip(head[1:], row[1:], strict=True)}


EXPECTED = _grid(_EXPECTED)


@dataclass(frozen=True)
class Cell:
    """A kind of change at a stage, and the word that the policy says about it."""

    kind: ChangeKind
    stage: Stage
    word: Pattern

    @property
    def name(self) -> str:
        return f"{spoken(self.kind)}, {spoken(self.stage)}: {spoken(self.word)}"

    @property
    def expected(self) -> Treatment | str:
        """A treatment, or the code with which the change is refused. KeyError where nothing is expected yet."""
        if DEFAULTS[self.kind, self.stage] is self.word:
            said = EXPECTED[spoken(self.kind), spoken(self.stage)]
            return Treatment[said.upper()] if said.upper() in Treatment.__members__ else said
        if self.word is Pattern.ADDED_LINE:
            return Treatment.BESIDE
        if self.word in REFUSED_WITH:
            return REFUSED_WITH[self.word]
        return Treatment.ANEW if self.stage is Stage.NOT_SENT else Treatment.REPLACED


class AbleCell(Cell):
    """The same where the carrier takes updates, also of what is picked: of everything but more goods (CHG7)."""

    @property
    def expected(self) -> Treatment:
        more = self.kind in (ChangeKind.QUANTITY_UP, ChangeKind.ADDED)
        return Treatment.REPLACED if more else Treatment.UPDATED


CELLS = [Cell(kind, stage, POSSIBLE[kind, stage][0]) for kind in ChangeKind for stage in Stage]
OTHERS = [Cell(*place, word) for place, words in POSSIBLE.items() for word in words[1:]]
"""What a policy may choose instead."""
UPDATES = [
    AbleCell(kind, stage, word)
    for (kind, stage), words in POSSIBLE.items()
    for word in words
    if word is Pattern.UPDATE and stage in (Stage.RELEASED, Stage.PICKED)
]
"""The cells in which a request that was sent is updated."""


# ---- what is asked for -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Goods:
    """Lines by number: item, units, cents a unit."""

    lines: dict[int, tuple[str, int, int]]

    @property
    def total(self) -> int:
        return sum(units * price for _, units, price in self.lines.values())

    @property
    def units(self) -> dict[int, int]:
        return {number: units for number, (_, units, _) in self.lines.items()}

    def of_item(self, item: str) -> int:
        return sum(units for sku, units, _ in self.lines.values() if sku == item)

    def beyond(self, before: "Goods") -> "Goods":
        """Lines and units that there were not before."""
        more = {
            number: (sku, units - before.units.get(number, 0), price)
            for number, (sku, units, price) in self.lines.items()
        }
        return Goods({number: line for number, line in more.items() if line[1] > 0})

    def only(self, *numbers: int) -> "Goods":
        return Goods({number: self.lines[number] for number in numbers if number in self.lines})


BEFORE = Goods({1: ("a", 3, PRICES["a"]), 2: ("b", 2, PRICES["b"])})

_LINES: dict[ChangeKind, dict[int, tuple[str, int, int] | None]] = {
    ChangeKind.QUANTITY_UP: {1: ("a", 5, 1000)},
    ChangeKind.QUANTITY_DOWN: {1: ("a", 2, 1000)},
    ChangeKind.ITEM: {1: ("c", 3, 2000)},
    ChangeKind.CANCELLED: {1: None},
    ChangeKind.ADDED: {3: ("c", 1, 2000)},
    ChangeKind.PRICE: {1: ("a", 3, 1100)},
}


def after(kind: ChangeKind) -> Goods:
    """The lines as a change of this kind makes them."""
    lines = {**BEFORE.lines, **_LINES.get(kind, {})}
    return Goods({number: line for number, line in lines.items() if line is not None})


def asked(kind: ChangeKind, skus: dict[str, str], ship_set: str | None = None) -> Json:
    """The change as a caller sends it."""
    added: Json = {"sku": skus["c"], "quantity": 1, **({"ship_set": ship_set} if ship_set else {})}
    fields: dict[ChangeKind, Json] = {
        ChangeKind.QUANTITY_UP: {"lines": [{"number": 1, "quantity": 5}]},
        ChangeKind.QUANTITY_DOWN: {"lines": [{"number": 1, "quantity": 2}]},
        ChangeKind.ITEM: {"lines": [{"number": 1, "sku": skus["c"]}]},
        ChangeKind.CANCELLED: {"lines": [{"number": 1, "cancel": True}]},
        ChangeKind.ADDED: {"lines": [{"add": added}]},
        ChangeKind.ADDRESS_SAME_ZONE: {"set": {"ship_to": OTHER_STREET}},
        ChangeKind.ADDRESS_OTHER_ZONE: {"set": {"ship_to": OTHER_COUNTRY}},
        ChangeKind.LATER_DATE: {"set": {"requested_date": LATER}},
        ChangeKind.EARLIER_DATE: {"set": {"requested_date": EARLIER}},
        ChangeKind.SHIP_METHOD: {"set": {"ship_method": OTHER_METHOD}},
        ChangeKind.WAREHOUSE: {"set": {"warehouse": OTHER_PLACE}},
        ChangeKind.PAYMENT: {"set": {"payment": {"method": "card", "token": "tok_other"}}},
        ChangeKind.PRICE: {"lines": [{"number": 1, "unit_price": "11.00"}]},
        ChangeKind.REFERENCE: {"set": {"purchase_order": "PO-9", "note": "ring twice"}},
    }
    return {"change_id": "the-change", "base_revision": 1, "reason": "the customer called", **fields[kind]}
