"""Reserving and releasing through the activities, in a real PostgreSQL (GOP13, I1)."""

import asyncio

import pytest
from temporalio.exceptions import ApplicationError

from activities.inventory import Inventory
from domain.process.words import Operation, Status
from tests.store.shop import Shop, key_of, saving, told


async def test_all_lines_of_a_call_are_held_and_saved_together(shop: Shop) -> None:
    await shop.item("1", on_hand=10)
    await shop.item("2", on_hand=5)
    await shop.place("O-1", {1: 4, 2: 5})
    key = key_of("O-1", "reserve", Operation.RESERVE)
    outcome = await shop.reserve("O-1", {1: 4, 2: 5}, save=saving(1, Status.RESERVED, told(key, "9 units held.")))
    assert (outcome.refused, outcome.code) == (False, "")
    assert (await shop.units("1"), await shop.units("2")) == ((10, 4), (5, 5))
    assert await shop.rows("SELECT key, line, location, sku, quantity, state FROM reservation ORDER BY line") == [
        (key, 1, "main", "1", 4, "live"),
        (key, 2, "main", "2", 5, "live"),
    ]
    assert await shop.rows("SELECT key, operation, state, undoes FROM effect") == [(key, "reserve_stock", "done", None)]
    assert await shop.rows("SELECT status, version FROM sales_order") == [("reserved", 1)]
    assert await shop.rows("SELECT key, words, correlation FROM event") == [(key, "9 units held.", "O-1")]


async def test_a_shortage_names_every_sku_and_nothing_is_held_or_saved(shop: Shop) -> None:
    await shop.item("1", on_hand=10)
    await shop.item("2", on_hand=3)
    await shop.item("3")
    await shop.place("O-1", {1: 4, 2: 5, 3: 1})
    outcome = await shop.reserve("O-1", {1: 4, 2: 5, 3: 1}, save=saving(1, Status.RESERVED, told("x", "held")))
    assert (outcome.refused, outcome.code) == (True, "out_of_stock")
    assert outcome.words == "Not enough stock at main. 2: 5 wanted, 3 available; 3: 1 wanted, 0 available."
    assert [await shop.units(sku) for sku in "123"] == [(10, 0), (3, 0), (0, 0)]
    assert await shop.rows("SELECT * FROM reservation") == []
    assert await shop.rows("SELECT status, version FROM sales_order") == [("accepted", 0)]
    assert await shop.rows("SELECT * FROM event") == []
    assert await shop.one("SELECT state FROM effect") == "refused"


async def test_a_location_that_never_had_the_item_is_a_shortage(shop: Shop) -> None:
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 4})
    outcome = await shop.reserve("O-1", {1: 4}, location="north")
    assert outcome.words == "Not enough stock at north. 1: 4 wanted, 0 available."
    assert await shop.units("1") == (10, 0)


async def test_two_lines_of_one_item_are_counted_together(shop: Shop) -> None:
    await shop.item("1", on_hand=7)
    await shop.place(
        "O-1", [{"sku": "1", "quantity": 4, "unit_price": "1"}, {"sku": "1", "quantity": 4, "unit_price": "1"}]
    )
    outcome = await shop.reserve("O-1", {1: 4, 2: 4})
    assert outcome.words == "Not enough stock at main. 1: 8 wanted, 7 available."
    assert (await shop.reserve("O-1", {1: 4, 2: 3}, n=2)).refused is False
    assert await shop.units("1") == (7, 7)


async def test_forty_rivals_for_ten_units_never_oversell(shop: Shop) -> None:
    await shop.item("1", on_hand=10)
    await shop.item("2", on_hand=1_000)
    for n in range(40):
        await shop.place(f"O-{n}", {1: 1, 2: 3} if n % 2 else {2: 3, 1: 1})
    outcomes = await asyncio.gather(*(shop.reserve(f"O-{n}", {1: 1, 2: 3}) for n in range(40)))
    assert sum(not outcome.refused for outcome in outcomes) == 10
    assert {outcome.code for outcome in outcomes if outcome.refused} == {"out_of_stock"}
    assert (await shop.units("1"), await shop.units("2")) == ((10, 10), (1_000, 30))
    assert await shop.one("SELECT count(*) FROM reservation WHERE sku = '1'") == 10


async def test_holders_and_releasers_in_any_order_of_lines_do_not_block_each_other(shop: Shop) -> None:
    skus = [str(n) for n in range(1, 7)]
    for sku in skus:
        await shop.item(sku, on_hand=1_000)
    inventory, lines = Inventory(shop.pool), dict.fromkeys(range(1, 7), 2)
    for n in range(20):
        mixed = skus if n % 2 else skus[::-1]
        await shop.place(f"O-{n}", [{"sku": sku, "quantity": 2, "unit_price": "1"} for sku in mixed])

    async def churn(order: str) -> None:
        for n in range(1, 4):
            held = shop.reserving(order, lines, n=n)
            assert not (await shop.run(inventory.reserve_stock, held)).refused
            assert not (await shop.run(inventory.release_stock, shop.undoing(held, Operation.RELEASE, n=n))).refused

    await asyncio.gather(*(churn(f"O-{n}") for n in range(20)))
    assert [await shop.units(sku) for sku in skus] == [(1_000, 0)] * 6


async def test_units_that_come_free_while_a_reservation_waits_for_them_are_counted_once(shop: Shop) -> None:
    """The stock that the statement began with had none, and what it waited for has."""
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 8})
    await shop.place("O-2", {1: 5})
    assert not (await shop.reserve("O-1", {1: 8})).refused
    async with shop.pool.connection() as rival:
        await rival.execute("UPDATE stock SET reserved = reserved - 6")
        await rival.execute("UPDATE reservation SET quantity = quantity - 6")
        waiting = asyncio.create_task(shop.reserve("O-2", {1: 5}))
        while not await shop.rows("SELECT pid FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
    assert not (await waiting).refused
    assert await shop.rows("SELECT order_number, quantity FROM reservation ORDER BY 1") == [("O-1", 2), ("O-2", 5)]
    assert await shop.units("1") == (10, 7)


async def test_a_repeat_holds_once_whether_after_or_at_the_same_time(shop: Shop) -> None:
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 4})
    save = saving(1, Status.RESERVED, told("held", "4 units held."))
    both = await asyncio.gather(*(shop.reserve("O-1", {1: 4}, save=save) for _ in range(5)))
    again = await shop.reserve("O-1", {1: 4}, save=save)
    assert [outcome.refused for outcome in [*both, again]] == [False] * 6
    assert await shop.units("1") == (10, 4)
    assert await shop.one("SELECT count(*) FROM effect") == 1
    assert await shop.one("SELECT count(*) FROM event") == 1


async def test_a_refusal_stays_a_refusal_when_asked_again_with_the_same_key(shop: Shop) -> None:
    await shop.item("1", on_hand=3)
    await shop.place("O-1", {1: 4})
    first = await shop.reserve("O-1", {1: 4})
    await shop.write("UPDATE stock SET on_hand = 100")
    assert await shop.reserve("O-1", {1: 4}) == first
    assert await shop.units("1") == (100, 0)
    assert (await shop.reserve("O-1", {1: 4}, n=2)).refused is False
    assert await shop.units("1") == (100, 4)


async def test_release_gives_back_once_and_only_its_own(shop: Shop) -> None:
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 4})
    await shop.place("O-2", {1: 5})
    inventory = Inventory(shop.pool)
    await shop.reserve("O-2", {1: 5})
    await shop.reserve("O-1", {1: 4})
    undo = shop.undoing(shop.reserving("O-1", {1: 4}), Operation.RELEASE)
    await asyncio.gather(*(shop.run(inventory.release_stock, undo) for _ in range(4)))
    await shop.run(inventory.release_stock, undo)
    assert await shop.units("1") == (10, 5)
    assert await shop.rows("SELECT order_number, state FROM reservation ORDER BY 1") == [
        ("O-1", "released"),
        ("O-2", "live"),
    ]
    assert await shop.one("SELECT undoes FROM effect WHERE operation = 'release_stock'") == key_of(
        "O-1", "reserve", Operation.RESERVE
    )


async def test_a_reservation_that_arrives_after_its_release_holds_nothing(shop: Shop) -> None:
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 4})
    late = shop.reserving("O-1", {1: 4}, save=saving(3, Status.RESERVED))
    inventory = Inventory(shop.pool)
    assert not (await shop.run(inventory.release_stock, shop.undoing(late, Operation.RELEASE))).refused
    outcome = await shop.run(inventory.reserve_stock, late)
    assert (outcome.refused, outcome.code) == (True, "released_before_arrival")
    assert await shop.units("1") == (10, 0)
    assert await shop.one("SELECT version FROM sales_order") == 0


async def test_a_line_that_the_order_has_not_got_is_a_bug_not_a_retry(shop: Shop) -> None:
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 4})
    with pytest.raises(ApplicationError) as raised:
        await shop.reserve("O-1", {1: 4, 7: 1})
    assert (raised.value.type, raised.value.non_retryable) == ("bug", True)
    assert "UnknownLineError at stock.py" in str(raised.value)
    assert await shop.units("1") == (10, 0)
