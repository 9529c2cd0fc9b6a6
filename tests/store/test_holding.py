"""Stock held for a change beside the old plan, in a real PostgreSQL (CHG8, I1, I2, I11)."""

import asyncio

import pytest
from temporalio.exceptions import ApplicationError

from activities.inventory import Inventory
from domain.process.words import Operation, Status
from store import stock
from tests.store.changing import RESERVE, held, later, replace, replacing, revise, trim
from tests.store.shop import Shop, key_of, saving, told
from tests.store.test_issuing import request


@pytest.fixture
async def order(shop: Shop) -> Shop:
    """O-1: 4 of item 1 and 3 of item 2, held at main; 10 of each at main, 6 of item 1 at north, 5 of item 3 at main."""
    for sku, units in (("1", 10), ("2", 10), ("3", 5)):
        await shop.item(sku, on_hand=units)
    await shop.stock("1", 6, "north")
    await shop.place("O-1", {1: 4, 2: 3})
    await shop.reserve("O-1", {1: 4, 2: 3})
    return shop


async def test_only_the_difference_is_taken_and_the_old_effect_holds_nothing_more(order: Shop) -> None:
    save = saving(1, Status.RESERVED, told(later(2), "3 more units set aside."))
    outcome = await replace(order, {1: 7, 2: 3}, save=save)
    assert (outcome.refused, outcome.code) == (False, "")
    assert await held(order) == [(2, 1, "main", "1", 7), (2, 2, "main", "2", 3)]
    assert (await order.units("1"), await order.units("2")) == ((10, 7), (10, 3))
    assert await order.rows("SELECT key, line, quantity, state FROM reservation ORDER BY key, line") == [
        (RESERVE, 1, 4, "replaced"),
        (RESERVE, 2, 3, "replaced"),
        (later(2), 1, 7, "live"),
        (later(2), 2, 3, "live"),
    ]
    assert await order.rows("SELECT key, state FROM effect ORDER BY key") == [(RESERVE, "done"), (later(2), "done")]
    assert await order.rows("SELECT version FROM sales_order") == [(1,)]
    assert await order.rows("SELECT key FROM event") == [(later(2),)]


async def test_less_gives_nothing_back_before_it_is_trimmed(order: Shop) -> None:
    await replace(order, {1: 1})
    assert await held(order) == [(2, 1, "main", "1", 4), (2, 2, "main", "2", 3)]
    await trim(order, later(2), {1: 1})
    assert await held(order) == [(2, 1, "main", "1", 1)]
    assert (await order.units("1"), await order.units("2")) == ((10, 1), (10, 0))


async def test_another_location_is_held_beside_the_first(order: Shop) -> None:
    await replace(order, {1: 5, 2: 3}, location="north", skus={2: "1"})
    assert [row for row in await held(order) if row[2] == "north"] == []  # 8 wanted, 6 there: nothing is touched
    await replace(order, {1: 5}, n=3, location="north")
    assert await held(order) == [
        (3, 1, "main", "1", 4),
        (3, 1, "north", "1", 5),
        (3, 2, "main", "2", 3),
    ]
    await trim(order, later(3), {1: 5}, location="north")
    assert await held(order) == [(3, 1, "north", "1", 5)]
    assert (await order.units("1"), await order.units("1", "north"), await order.units("2")) == (
        (10, 0),
        (6, 5),
        (10, 0),
    )


async def test_a_swapped_item_and_an_added_line_are_held_by_the_items_that_the_call_names(order: Shop) -> None:
    await replace(order, {1: 4, 2: 3, 3: 2}, skus={2: "3", 3: "1"})
    assert await held(order) == [
        (2, 1, "main", "1", 4),
        (2, 2, "main", "2", 3),
        (2, 2, "main", "3", 3),
        (2, 3, "main", "1", 2),
    ]
    assert await order.units("1") == (10, 6)
    await trim(order, later(2), {1: 4, 2: 3, 3: 2}, skus={1: "1", 2: "3", 3: "1"})
    assert await held(order) == [(2, 1, "main", "1", 4), (2, 2, "main", "3", 3), (2, 3, "main", "1", 2)]
    assert await order.units("2") == (10, 0)


async def test_a_shortage_tells_what_more_is_wanted_and_touches_nothing(order: Shop) -> None:
    before = await order.rows("SELECT * FROM reservation ORDER BY line")
    outcome = await replace(order, {1: 5, 2: 11}, save=saving(1, Status.RESERVED, told("x", "held")))
    assert (outcome.refused, outcome.code) == (True, "out_of_stock")
    assert outcome.words == "Not enough stock at main. 2: 8 more wanted, 7 available."
    assert await order.rows("SELECT * FROM reservation ORDER BY line") == before
    assert (await order.units("1"), await order.units("2")) == ((10, 4), (10, 3))
    assert await order.rows("SELECT key, state FROM effect ORDER BY key") == [(RESERVE, "done"), (later(2), "refused")]
    assert await order.rows("SELECT * FROM event") == []
    assert await replace(order, {1: 5, 2: 11}) == outcome
    assert (await replace(order, {1: 5}, n=3)).refused is False


async def test_a_line_that_nobody_knows_is_a_bug(order: Shop) -> None:
    with pytest.raises(ApplicationError) as raised:
        await replace(order, {7: 1})
    assert raised.value.type == "bug"
    assert await held(order) == [(1, 1, "main", "1", 4), (1, 2, "main", "2", 3)]


async def test_repeated_at_once_and_again_it_holds_once(order: Shop) -> None:
    outcomes = await asyncio.gather(*(replace(order, {1: 6, 2: 3}) for _ in range(5)))
    assert {outcome.refused for outcome in (*outcomes, await replace(order, {1: 6, 2: 3}))} == {False}
    assert await held(order) == [(2, 1, "main", "1", 6), (2, 2, "main", "2", 3)]
    assert await order.units("1") == (10, 6)


async def test_releasing_the_new_effect_gives_everything_back_and_the_old_one_finds_nothing(order: Shop) -> None:
    new = replacing({1: 5}, location="north")
    await order.run(Inventory(order.pool).reserve_stock, new)
    for call in (new, order.reserving("O-1", {1: 4, 2: 3})):
        await order.run(Inventory(order.pool).release_stock, order.undoing(call, Operation.RELEASE, n=call.n))
    assert await held(order) == []
    assert (await order.units("1"), await order.units("1", "north"), await order.units("2")) == (
        (10, 0),
        (6, 0),
        (10, 0),
    )


async def test_released_before_it_arrived_it_takes_over_nothing(order: Shop) -> None:
    new = replacing({1: 7})
    await order.run(Inventory(order.pool).release_stock, order.undoing(new, Operation.RELEASE))
    outcome = await order.run(Inventory(order.pool).reserve_stock, new)
    assert (outcome.refused, outcome.code) == (True, "released_before_arrival")
    assert await held(order) == [(1, 1, "main", "1", 4), (1, 2, "main", "2", 3)]


async def test_what_is_replaced_before_it_arrived_holds_nothing_when_it_comes(shop: Shop) -> None:
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 4})
    short = await replace(shop, {1: 11})
    assert (short.refused, short.words) == (True, "Not enough stock at main. 1: 11 more wanted, 10 available.")
    assert await shop.rows("SELECT key, state FROM effect") == [(later(2), "refused")]
    await replace(shop, {1: 6}, n=3)
    late = await shop.reserve("O-1", {1: 4})
    assert (late.refused, late.code) == (True, "replaced_before_arrival")
    assert await held(shop) == [(3, 1, "main", "1", 6)]
    assert await shop.units("1") == (10, 6)


async def test_of_many_orders_that_want_the_last_units_none_gets_too_many(shop: Shop) -> None:
    await shop.item("1", on_hand=30)
    numbers = [f"O-{n}" for n in range(10)]
    for number in numbers:
        await shop.place(number, {1: 2})
        await shop.reserve(number, {1: 2})

    async def more(number: str) -> bool:
        first = key_of(number, "reserve", Operation.RESERVE)
        call = replacing({1: 4}, of=first).model_copy(update={"order": number, "key": f"{number}/x"})
        return not (await shop.run(Inventory(shop.pool).reserve_stock, call)).refused

    got = await asyncio.gather(*(more(number) for number in numbers))
    assert sum(got) == 5  # 30 less 20 held, two more each
    assert await shop.units("1") == (30, 30)


async def test_a_trim_is_the_same_however_often_and_never_takes_any(order: Shop) -> None:
    await replace(order, {1: 7, 2: 3})
    for _ in range(3):
        await trim(order, later(2), {1: 5, 2: 9})
        assert await held(order) == [(2, 1, "main", "1", 5), (2, 2, "main", "2", 3)]
    assert (await order.units("1"), await order.units("2")) == ((10, 5), (10, 3))
    assert await order.one("SELECT count(*) FROM effect") == 2
    await trim(order, later(2), {})
    assert await held(order) == []
    await trim(order, later(2), {1: 5})
    assert (await held(order), await order.units("1")) == ([], (10, 0))


async def test_a_refused_change_leaves_nothing_held_when_the_goods_left_meanwhile(order: Shop) -> None:
    """The carrier ships while more is held for a change, and then refuses to cancel: back to the old plan (I2)."""
    await request(order, "O-1", {1: 4, 2: 3})
    await replace(order, {1: 7, 2: 3})
    async with order.pool.connection() as connection:
        await stock.issue(connection, key_of("O-1", "ship", Operation.SHIP), {1: 4, 2: 3})
    assert await held(order) == [(2, 1, "main", "1", 3)]
    await trim(order, later(2), {1: 4, 2: 3})
    assert await held(order) == []
    assert (await order.units("1"), await order.units("2")) == ((6, 0), (7, 0))


async def test_a_part_that_left_is_not_held_again_for_the_rest(order: Shop) -> None:
    await request(order, "O-1", {1: 4, 2: 3})
    await replace(order, {1: 7, 2: 3})
    async with order.pool.connection() as connection:
        await stock.issue(connection, key_of("O-1", "ship", Operation.SHIP), {1: 1})
    await trim(order, later(2), {1: 4, 2: 3})
    assert await held(order) == [(2, 1, "main", "1", 3), (2, 2, "main", "2", 3)]
    assert (await order.units("1"), await order.units("2")) == ((9, 3), (10, 3))


async def test_a_trim_writes_its_save(order: Shop) -> None:
    await trim(order, RESERVE, {1: 2, 2: 3}, save=saving(4, Status.RESERVED, told("t", "2 units given back.")))
    assert await order.rows("SELECT version FROM sales_order") == [(4,)]
    assert await order.rows("SELECT words FROM event") == [("2 units given back.",)]
    assert await order.units("1") == (10, 2)


async def test_goods_leave_from_the_shipments_place_first_and_as_the_item_that_is_ordered(order: Shop) -> None:
    await replace(order, {1: 5, 2: 3}, skus={2: "3"})
    await replace(order, {1: 5}, n=3, of=later(2), location="north")
    await request(order, "O-1", {1: 4, 2: 3})
    async with order.pool.connection() as connection:
        note = await stock.issue(connection, key_of("O-1", "ship", Operation.SHIP), {1: 4, 2: 3})
    assert note == ""
    assert await held(order) == [(3, 1, "main", "1", 1), (3, 1, "north", "1", 5), (3, 2, "main", "3", 3)]
    assert (await order.units("1"), await order.units("1", "north")) == ((6, 1), (6, 5))
    assert (await order.units("2"), await order.units("3")) == ((7, 0), (5, 3))


async def test_replacing_trimming_issuing_and_releasing_at_once_stay_sound(shop: Shop) -> None:
    await shop.item("1", on_hand=200)
    await shop.item("2", on_hand=200)
    await shop.stock("1", 200, "north")
    numbers = [f"O-{n}" for n in range(12)]
    inventory = Inventory(shop.pool)
    for number in numbers:
        await shop.place(number, {2: 3, 1: 2})
        await shop.reserve(number, {2: 3, 1: 2})
        await request(shop, number, {1: 2, 2: 3})

    async def change(number: str) -> None:
        first = key_of(number, "reserve", Operation.RESERVE)
        call = replacing({1: 5, 2: 1}, of=first, location="north", skus={2: "1"})
        call = call.model_copy(update={"order": number, "key": f"{number}/new"})
        await shop.run(inventory.reserve_stock, call)
        undo = shop.undoing(call, Operation.RELEASE).model_copy(update={"key": f"{number}/new/release"})
        await shop.run(inventory.release_stock, undo)

    async def leave(number: str) -> None:
        async with shop.pool.connection() as connection:
            await stock.issue(connection, key_of(number, "ship", Operation.SHIP), {1: 1, 2: 2})

    await asyncio.gather(*(one(number) for number in numbers for one in (change, leave)))
    assert (await shop.units("1", "north"))[1] == 0
    assert await shop.one("SELECT sum(shipped) FROM order_line") == 36


async def test_a_call_of_a_later_revision_works_on_the_accepted_proposal_before_it_is_saved(order: Shop) -> None:
    added = {"add": {"sku": "3", "quantity": 2, "unit_price": "1.00"}}
    await revise(order, {"lines": [{"number": 1, "sku": "3", "unit_price": "1.00"}, added]})
    call = replacing({1: 3, 3: 2}, of=None).model_copy(update={"revision": 2})
    assert (await order.run(Inventory(order.pool).reserve_stock, call)).refused is False
    assert await held(order) == [
        (1, 1, "main", "1", 4),
        (1, 2, "main", "2", 3),
        (2, 1, "main", "3", 3),
        (2, 3, "main", "3", 2),
    ]
