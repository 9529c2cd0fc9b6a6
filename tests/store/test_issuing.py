"""Goods leave: what the carrier's fact does to stock, holds and lines (I1, I5, I12)."""

import asyncio

import pytest

from activities.inventory import Inventory
from domain.base import Lines
from domain.process.calls import RequestShipment
from domain.process.words import Operation
from store import shipments, stock
from tests.store.shop import Shop, key_of

SHIP = key_of("O-1", "ship", Operation.SHIP)


@pytest.fixture
async def order(shop: Shop) -> Shop:
    """O-1: 4 of item 1 and 3 of item 2, held and requested from the carrier."""
    await shop.item("1", on_hand=10)
    await shop.item("2", on_hand=3)
    await shop.place("O-1", {1: 4, 2: 3})
    await shop.reserve("O-1", {1: 4, 2: 3})
    await request(shop, "O-1", {1: 4, 2: 3})
    return shop


async def request(shop: Shop, number: str, lines: Lines) -> None:
    call = shop.shipping(number, lines)
    assert isinstance(call.work, RequestShipment)
    async with shop.pool.connection() as connection:
        await shipments.request(connection, call, call.work)


async def issue(shop: Shop, lines: Lines, key: str = SHIP) -> str:
    async with shop.pool.connection() as connection:
        return await stock.issue(connection, key, lines)


async def lines_of(shop: Shop) -> list[tuple[int, int, bool]]:
    return await shop.rows(
        "SELECT l.shipped, l.open, i.live FROM order_line l"
        " JOIN shipment_line i ON i.order_number = l.order_number AND i.line = l.number ORDER BY l.number"
    )


async def test_what_was_held_has_left(order: Shop) -> None:
    assert await issue(order, {1: 4, 2: 3}) == ""
    assert (await order.units("1"), await order.units("2")) == ((6, 0), (0, 0))
    assert await lines_of(order) == [(4, 0, False), (3, 0, False)]
    assert await order.rows("SELECT state, quantity FROM reservation ORDER BY line") == [("issued", 4), ("issued", 3)]


async def test_told_again_nothing_moves(order: Shop) -> None:
    notes = await asyncio.gather(*(issue(order, {1: 4, 2: 3}) for _ in range(4)))
    again = "line 1: 4 told, 0 left to ship; line 2: 3 told, 0 left to ship"
    assert sorted(notes) == ["", again, again, again]
    assert (await order.units("1"), await order.units("2")) == ((6, 0), (0, 0))


async def test_a_part_leaves_and_the_rest_stays_held_and_live(order: Shop) -> None:
    assert await issue(order, {1: 1}) == ""
    assert (await order.units("1"), await order.units("2")) == ((9, 3), (3, 3))
    assert await lines_of(order) == [(1, 3, True), (0, 3, True)]
    assert await issue(order, {1: 3, 2: 3}) == ""
    assert (await order.units("1"), await order.units("2")) == ((6, 0), (0, 0))
    assert await lines_of(order) == [(4, 0, False), (3, 0, False)]


async def test_more_than_was_asked_for_and_unknown_lines_are_noted_and_not_counted(order: Shop) -> None:
    assert await issue(order, {1: 5, 9: 1}) == "line 1: 5 told, 4 left to ship; line 9: 1 told, 0 left to ship"
    assert await order.units("1") == (6, 0)
    assert (await lines_of(order))[0] == (4, 0, False)


async def test_only_the_orders_own_hold_is_used(order: Shop) -> None:
    await order.place("O-2", {1: 5})
    await order.reserve("O-2", {1: 5})
    assert await issue(order, {1: 4}) == ""
    assert await order.units("1") == (6, 5)
    assert await order.rows("SELECT order_number, line, state FROM reservation ORDER BY 1, 2") == [
        ("O-1", 1, "issued"),
        ("O-1", 2, "live"),
        ("O-2", 1, "live"),
    ]


async def test_units_that_nobody_held_come_out_of_what_is_free_and_no_other_hold(order: Shop) -> None:
    held = order.reserving("O-1", {1: 4, 2: 3})
    await order.run(Inventory(order.pool).release_stock, order.undoing(held, Operation.RELEASE))
    await order.place("O-2", {2: 2})
    await order.reserve("O-2", {2: 2})
    assert await issue(order, {1: 4, 2: 3}) == "line 1: 4 were not held; line 2: 3 were not held"
    assert (await order.units("1"), await order.units("2")) == ((6, 0), (2, 2))


async def test_issuing_reserving_and_releasing_at_the_same_time_stay_sound(shop: Shop) -> None:
    for sku in ("1", "2"):
        await shop.item(sku, on_hand=200)
    numbers = [f"O-{n}" for n in range(20)]
    for number in numbers:
        await shop.place(number, {1: 2, 2: 3})

    async def live(number: str, ships: bool) -> None:
        await shop.reserve(number, {1: 2, 2: 3})
        if ships:
            await request(shop, number, {1: 2, 2: 3})
            await issue(shop, {2: 3, 1: 2}, key_of(number, "ship", Operation.SHIP))
        else:
            undo = shop.undoing(shop.reserving(number, {1: 2, 2: 3}), Operation.RELEASE)
            await shop.run(Inventory(shop.pool).release_stock, undo)

    await asyncio.gather(*(live(number, n % 2 == 0) for n, number in enumerate(numbers)))
    assert (await shop.units("1"), await shop.units("2")) == ((180, 0), (170, 0))
