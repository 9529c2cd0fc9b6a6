"""Looking at what a change would come to: the same answers as the change gets, and no trace (CHG13, I14)."""

from typing import Any

import pytest

from activities.bundles import Bundles
from activities.changes import Changes
from activities.inventory import Inventory
from domain.base import Lines
from domain.process.calls import Call, CheckStock, ReserveStock, ReviseOrder
from domain.process.outcomes import Outcome
from store import requests
from tests.store.changing import RESERVE, held, keep, replace, revise
from tests.store.shop import AT, Shop

EDIT: dict[str, Any] = {"set": {"note": "by the door"}, "lines": [{"number": 1, "quantity": 7}]}
TABLES = ("change_request", "order_line", "sales_order", "reservation", "stock", "effect", "event", "inbox")


@pytest.fixture
async def order(shop: Shop) -> Shop:
    """O-1: 4 of item 1 and 3 of item 2, held at main, where there are 10 of each; 6 of item 1 at north."""
    for sku in ("1", "2"):
        await shop.item(sku, on_hand=10)
    await shop.stock("1", 6, "north")
    await shop.place("O-1", {1: 4, 2: 3})
    await shop.reserve("O-1", {1: 4, 2: 3})
    return shop


async def everything(shop: Shop) -> list[Any]:
    return [await shop.rows(f"SELECT t::text FROM {table} t ORDER BY 1") for table in TABLES]


async def previewed(shop: Shop, change_id: str = "c-1", edit: dict[str, Any] | None = None) -> Outcome:
    work = ReviseOrder(change_id=change_id, revision=2, edit=edit, preview="p-1")
    call = Call(key="O-1/preview/p-1/revise_order/1.1", order="O-1", at=AT, work=work)
    return await shop.run(Changes(shop.pool, Bundles()).revise_order, call)


async def checked(shop: Shop, *wanted: ReserveStock) -> Outcome:
    call = Call(key="O-1/preview/p-1/check_stock/2.1", order="O-1", at=AT, work=CheckStock(wanted=wanted))
    return await shop.run(Inventory(shop.pool).check_stock, call)


def more(lines: Lines, location: str = "main", skus: dict[int, str] | None = None) -> ReserveStock:
    return ReserveStock(location=location, lines=lines, skus=skus or {1: "1", 2: "2"}, replaces=RESERVE)


# ---- the version that a change would make ----------------------------------------------------------------


async def test_a_preview_is_worked_out_as_its_change_is_and_leaves_nothing(order: Shop) -> None:
    async with order.pool.connection() as connection:
        await requests.keep(connection, "p-1", "preview", "O-1", EDIT)
    before = await everything(order)
    looked, again = await previewed(order), await previewed(order)
    assert await everything(order) == before
    assert looked.opened is not None
    assert [line.quantity for line in looked.opened.lines] == [7, 3]
    assert looked == again == await revise(order, EDIT)


async def test_a_refusal_is_told_in_the_same_words(order: Shop) -> None:
    wrong = {"set": {}, "lines": [{"number": 9, "quantity": 1}, {"number": 1, "sku": "no-such"}]}
    looked = await previewed(order, edit=wrong)
    assert (looked.refused, looked.code) == (True, "unknown_line")
    assert looked == await revise(order, wrong)


async def test_a_kept_change_is_previewed_without_its_proposal_being_written(order: Shop) -> None:
    await keep(order, "c-1", EDIT)
    looked = await previewed(order)
    assert looked.revised is not None
    assert await order.rows("SELECT proposal FROM change_request") == [(None,)]


async def test_a_preview_that_nobody_waits_for_any_more_is_refused(order: Shop) -> None:
    async with order.pool.connection() as connection:
        await requests.keep(connection, "p-1", "preview", "O-1", EDIT)
        await requests.forget(connection, "p-1")
    looked = await previewed(order)
    assert (looked.refused, looked.code) == (True, "preview_over")


# ---- the stock -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [{1: 4, 2: 3}, {1: 10, 2: 10}, {1: 11, 2: 3}, {1: 11, 2: 11}, {1: 1}, {1: 99}],
)
async def test_the_check_says_what_the_reservation_will_say(order: Shop, lines: Lines) -> None:
    before = await everything(order)
    looked = await checked(order, more(lines))
    assert await everything(order) == before
    assert looked == await replace(order, lines)


async def test_words_of_a_shortage(order: Shop) -> None:
    looked = await checked(order, more({1: 11}))
    assert (looked.code, looked.words) == (
        "out_of_stock",
        "Not enough stock at main. 1: 7 more wanted, 6 available.",
    )


async def test_at_another_place_or_for_another_item_nothing_is_held_yet(order: Shop) -> None:
    assert (await checked(order, more({1: 6}, "north"))).refused is False
    assert (await checked(order, more({1: 7}, "north"))).words == (
        "Not enough stock at north. 1: 7 more wanted, 6 available."
    )
    swapped = await checked(order, more({1: 8}, skus={1: "2"}))
    assert swapped.words == "Not enough stock at main. 2: 8 more wanted, 7 available."


async def test_two_groups_that_want_the_same_units_are_short_together(order: Shop) -> None:
    one = ReserveStock(location="main", lines={3: 4}, skus={3: "1"}, replaces=None)
    other = ReserveStock(location="main", lines={4: 3}, skus={4: "1"}, replaces=None)
    assert [(await checked(order, each)).refused for each in (one, other)] == [False, False]
    assert (await checked(order, one, other)).words == "Not enough stock at main. 1: 7 more wanted, 6 available."


async def test_a_check_does_not_wait_for_whoever_has_the_stock_in_hand(order: Shop) -> None:
    async with order.pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT 1 FROM stock FOR UPDATE")
        assert (await checked(order, more({1: 5}))).refused is False
    assert await held(order) == [(1, 1, "main", "1", 4), (1, 2, "main", "2", 3)]
