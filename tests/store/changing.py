"""A change of an order in a test: kept, worked out, held for, and saved, as the order's process does it."""

import json
from typing import Any

from activities.bundles import Bundles
from activities.changes import Changes
from activities.inventory import Inventory
from activities.orders import Orders
from domain.base import Lines
from domain.process.calls import Call, ReserveStock, ReviseOrder, TrimReservation
from domain.process.outcomes import Outcome
from domain.process.read_model import Revision, Save
from domain.process.words import Operation, Status
from tests.store.shop import AT, Shop, saving

RESERVE = "O-1/reserve/1/r1/reserve_stock/1"
"""Key of the first reservation of O-1."""


def later(n: int) -> str:
    """Key of a further reservation of O-1."""
    return f"O-1/reserve/1/r1/reserve_stock/{n}"


async def keep(shop: Shop, change_id: str, document: dict[str, Any]) -> None:
    """A change as the API keeps it."""
    await shop.write(
        "INSERT INTO change_request (order_number, change_id, kind, document, requested_by)"
        " VALUES ('O-1', %s, 'edit', %s::jsonb, 'ana')",
        *(change_id, json.dumps(document)),
    )


def revising(change_id: str, revision: int = 2, edit: dict[str, Any] | None = None) -> Call:
    """The call that works a change out."""
    work = ReviseOrder(change_id=change_id, revision=revision, edit=edit, requested_by="signal change_requested")
    return Call(key=f"O-1/change/{change_id}/revise", order="O-1", revision=revision - 1, at=AT, work=work)


async def revise(shop: Shop, document: dict[str, Any], change_id: str = "c-1", revision: int = 2) -> Outcome:
    """Keep a change and work it out."""
    await keep(shop, change_id, document)
    return await shop.run(Changes(shop.pool, Bundles()).revise_order, revising(change_id, revision))


def revised(version: int, number: int = 2, change_id: str = "c-1", **more: Any) -> Save:
    """The save that makes a proposal the order."""
    plain = saving(version, Status.RESERVED)
    row = plain.row.model_copy(update={"revision": number})
    return plain.model_copy(
        update={"row": row, "revised": Revision(number=number, change_id=change_id, homes=more.get("homes", {}))}
    )


async def save(shop: Shop, save: Save) -> None:
    """Write a save with nothing else."""
    await shop.run(Orders(shop.pool).save_order, shop.saved("O-1", save))


def replacing(lines: Lines, n: int = 2, *, of: str | None = RESERVE, **more: Any) -> Call:
    """A reservation of O-1 that takes over another."""
    skus, location = more.pop("skus", None), more.pop("location", "main")
    work = ReserveStock(location=location, lines=lines, skus=skus, replaces=of)
    return Call(key=later(n), order="O-1", group="1", step="reserve", n=n, at=AT, work=work, **more)


async def replace(shop: Shop, lines: Lines, n: int = 2, **more: Any) -> Outcome:
    return await shop.run(Inventory(shop.pool).reserve_stock, replacing(lines, n, **more))


async def trim(shop: Shop, of: str, lines: Lines, **more: Any) -> Outcome:
    location, skus = more.pop("location", "main"), more.pop("skus", None)
    key = f"O-1/reserve/1/r2/{Operation.TRIM}/1"
    work = TrimReservation(of=of, location=location, lines=lines, skus=skus)
    call = Call(key=key, order="O-1", group="1", step="reserve", revision=2, at=AT, work=work, **more)
    return await shop.run(Inventory(shop.pool).trim_reservation, call)


async def held(shop: Shop) -> list[tuple[Any, ...]]:
    """What O-1 holds: n of the effect, line, location, item and units."""
    return await shop.rows(
        "SELECT right(key, 1)::int, line, location, sku, quantity FROM reservation"
        " WHERE order_number = 'O-1' AND state = 'live' ORDER BY 1, 2, 3, 4"
    )
