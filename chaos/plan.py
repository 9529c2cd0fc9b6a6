"""What happens in a run, all of it drawn from one seed: orders, what is done to them, and who is killed when."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stack.part import PART_NAMES

PRICES = {"oak-table": "250.00", "ash-chair": "74.95", "pine-shelf": "39.90", "elm-stool": "19.99", "fir-crate": "4.35"}
SCARCE = "fir-crate"
"""Runs out early: orders park for it, and changes that want more of it are refused."""
METHODS = ("ground", "express", "freight")
SAME_ZONE, OTHER_ZONE = ("Reno", "89501", "US", "NV"), ("Lyon", "69001", "FR", "ARA")
LONGEST_PAUSE = 2.5
ADDED_FROM = 10
"""Added lines are numbered from here, so that it is known beforehand how they are called."""

Body = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """The customer asks for a change; by the raw signal of Temporal if `by_signal`, else by HTTP."""

    change_id: str
    kind: str
    body: Body
    by_signal: bool
    pause: float


@dataclass(frozen=True)
class Move:
    """The carrier's people get on with what they have of the order."""

    to: str
    pause: float


@dataclass(frozen=True)
class Story:
    """One order, and what is done to it in turn."""

    document: Body
    deeds: tuple[Ask | Move, ...]

    @property
    def number(self) -> str:
        """The order's number."""
        return str(self.document["number"])

    @property
    def asks(self) -> list[Ask]:
        """The changes that its customer asks for."""
        return [deed for deed in self.deeds if isinstance(deed, Ask)]


@dataclass(frozen=True)
class Kill:
    """A part dies when this share (0 to 1) of all deeds is done."""

    part: str
    after: float


@dataclass(frozen=True)
class Plan:
    """A whole run."""

    stories: tuple[Story, ...]
    kills: tuple[Kill, ...]
    stock: dict[str, int]
    """Units at the beginning, by item."""


def draw(seed: int, orders: int, kills: int, now: datetime) -> Plan:
    """The plan of a seed: the same but for `now`, which dates the orders."""
    dice = random.Random(seed)
    stories = tuple(_story(dice, f"C-{place + 1:04}", now) for place in range(orders))
    stock = dict.fromkeys(PRICES, orders * 40) | {SCARCE: max(1, orders * 2 // 3)}
    return Plan(stories, _kills(dice, kills), stock)


def _kills(dice: random.Random, count: int) -> tuple[Kill, ...]:
    """Each part as often as every other one, as far as the count goes, in any order at any moments."""
    parts = [PART_NAMES[place % len(PART_NAMES)] for place in range(count)]
    dice.shuffle(parts)
    moments = sorted(dice.uniform(0.02, 0.97) for _ in parts)
    return tuple(Kill(part, moment) for part, moment in zip(parts, moments, strict=True))


def _story(dice: random.Random, number: str, now: datetime) -> Story:
    card = dice.random() < 0.8
    lines = [_line(dice, place + 1) for place in range(dice.choice((1, 1, 2, 2, 3)))]
    if len(lines) > 1 and dice.random() < 0.25:
        lines[-1]["ship_set"] = "later"
    document: Body = {
        "number": number,
        "source": {"system": "chaos", "id": number},
        "channel": "web",
        "currency": "USD",
        "ordered_at": now.isoformat(),
        "customer": {"id": f"customer-{dice.randrange(50)}"},
        "ship_to": _address(dice, SAME_ZONE),
        "requested_date": (now + timedelta(days=21)).date().isoformat(),
        "ship_method": "ground",
        "payment": {"method": "card", "token": _token(dice)} if card else {"method": "terms"},
        "charges": [{"code": "freight", "amount": "9.90"}] if dice.random() < 0.3 else [],
        "lines": lines,
    }
    return Story(document, tuple(_deeds(dice, document, now)))


def _line(dice: random.Random, number: int) -> Body:
    line: Body = {"number": number, "sku": dice.choice(list(PRICES)), "quantity": dice.randint(1, 5)}
    if dice.random() < 0.2:
        line["discount"] = "0.15"
    return line


def _token(dice: random.Random) -> str:
    """One card in ten is declined at the first try."""
    return "tok_declined_once" if dice.random() < 0.1 else "tok_chaos"


def _address(dice: random.Random, zone: tuple[str, str, str, str]) -> Body:
    city, postal_code, country, region = zone
    place = {"city": city, "postal_code": postal_code, "country": country, "region": region}
    return {"name": "Ann Lee", "street": f"{dice.randint(1, 999)} Main St", **place}


def _deeds(dice: random.Random, document: Body, now: datetime) -> list[Ask | Move]:
    """Up to four changes, with the carrier's scans among them; half of the orders leave while parts still die."""
    count = dice.choice((0, 1, 1, 1, 2, 2, 3, 4))
    deeds: list[Ask | Move] = [_ask(dice, document, place + 1, now) for place in range(count)]
    if dice.random() < 0.25:
        deeds.insert(dice.randint(0, len(deeds)), Move("picked", _pause(dice)))
    if dice.random() < 0.5:
        deeds.insert(dice.randint(max(0, len(deeds) - 1), len(deeds)), Move("shipped", _pause(dice)))
    return deeds


def _pause(dice: random.Random) -> float:
    """One in three comes at once."""
    return dice.choice((0.0, 1.0, 1.0)) * dice.uniform(0.1, LONGEST_PAUSE)


# ---- changes ------------------------------------------------------------------------------------------


def _quantity(dice: random.Random, document: Body, place: int, now: datetime) -> Body:
    return {"lines": [{"number": _any_line(dice, document), "quantity": dice.randint(1, 8)}]}


def _line_cancelled(dice: random.Random, document: Body, place: int, now: datetime) -> Body:
    return {"lines": [{"number": _any_line(dice, document), "cancel": True}]}


def _line_added(dice: random.Random, document: Body, place: int, now: datetime) -> Body:
    return {"lines": [{"add": {**_line(dice, ADDED_FROM + place)}}]}


def _item(dice: random.Random, document: Body, place: int, now: datetime) -> Body:
    return {"lines": [{"number": _any_line(dice, document), "sku": dice.choice(list(PRICES))}]}


def _method(dice: random.Random, document: Body, place: int, now: datetime) -> Body:
    return {"set": {"ship_method": dice.choice(METHODS)}}


def _ship_to(dice: random.Random, document: Body, place: int, now: datetime) -> Body:
    return {"set": {"ship_to": _address(dice, dice.choice((SAME_ZONE, OTHER_ZONE)))}}


def _date(dice: random.Random, document: Body, place: int, now: datetime) -> Body:
    return {"set": {"requested_date": (now + timedelta(days=dice.randint(10, 40))).date().isoformat()}}


def _card(dice: random.Random, document: Body, place: int, now: datetime) -> Body:
    return {"set": {"payment": {"method": "card", "token": f"tok_other_{place}"}}}


def _several(dice: random.Random, document: Body, place: int, now: datetime) -> Body:
    return {**_method(dice, document, place, now), **_quantity(dice, document, place, now)}


def _everything(dice: random.Random, document: Body, place: int, now: datetime) -> Body:
    return {"cancel": True}


def _any_line(dice: random.Random, document: Body) -> int:
    return int(dice.choice(document["lines"])["number"])


KINDS: dict[str, tuple[int, Callable[[random.Random, Body, int, datetime], Body]]] = {
    "quantity": (30, _quantity),
    "line cancelled": (12, _line_cancelled),
    "line added": (12, _line_added),
    "item": (6, _item),
    "method": (8, _method),
    "address": (10, _ship_to),
    "date": (6, _date),
    "card": (4, _card),
    "quantity and method": (6, _several),
    "order cancelled": (12, _everything),
}
"""Every kind of change, how often it comes, and how it is written."""
BY_HTTP_ONLY = frozenset({"address", "card"})
"""Personal data never comes by a signal."""


def _ask(dice: random.Random, document: Body, place: int, now: datetime) -> Ask:
    kinds = [kind for kind in KINDS if kind != "card" or document["payment"]["method"] == "card"]
    (kind,) = dice.choices(kinds, [KINDS[kind][0] for kind in kinds])
    body = KINDS[kind][1](dice, document, place, now)
    if dice.random() < 0.2:
        body["base_revision"] = 1
    by_signal = kind not in BY_HTTP_ONLY and dice.random() < 0.35
    change_id = f"{document['number']}-{place}"
    if by_signal and "cancel" in body:
        body = {**{name: value for name, value in body.items() if name != "cancel"}, "change": "cancel"}
    return Ask(change_id, kind, {"change_id": change_id, **body}, by_signal, _pause(dice))
