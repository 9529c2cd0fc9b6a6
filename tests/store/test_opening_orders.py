"""Opening an order through the activity: priced, assigned, grouped, the same ever after (PRC2, PRC10, ORC6)."""

import asyncio

from activities.orders import Orders
from domain.pricing import recompute
from domain.process.outcomes import PricedLine
from domain.process.read_model import GroupPlan
from domain.process.words import Status
from tests.store.shop import Shop, saving, told


async def test_lines_are_priced_from_the_order_or_the_list_and_written_with_their_waterfall(shop: Shop) -> None:
    await shop.item("1", on_hand=50)
    await shop.item("2", on_hand=50, price=1995)
    lines = [
        {"sku": "1", "quantity": 3, "unit_price": "12.35", "discount": "0.15"},
        {"sku": "2", "quantity": 2},
    ]
    outcome = await shop.place("O-1", lines, charges=[{"code": "freight", "amount": "3.50"}])
    opened = outcome.opened
    assert opened is not None
    assert opened.lines == (
        PricedLine(number=1, sku="1", quantity=3, amount=3149, group="1"),
        PricedLine(number=2, sku="2", quantity=2, amount=3990, group="1"),
    )
    assert (opened.facts.goods, opened.facts.charges, opened.facts.tax) == (7139, 350, 0)
    assert opened.groups == (
        GroupPlan(
            id="1",
            process="standard",
            lines=(1, 2),
            location="main",
            why="process standard (row 1 of which-process); from main: all of it is available there",
        ),
    )
    assert opened.policy.bundle == shop.bundle.hash
    assert await shop.rows("SELECT number, sku, quantity, amount, group_id, open FROM order_line ORDER BY 1") == [
        (1, "1", 3, 3149, "1", 3),
        (2, "2", 2, 3990, "1", 2),
    ]
    assert await shop.rows("SELECT goods, charges, tax FROM sales_order") == [(7139, 350, 0)]
    waterfalls = await shop.rows("SELECT waterfall, amount FROM order_line ORDER BY number")
    assert [(recompute(waterfall, "USD"), amount) for waterfall, amount in waterfalls] == [(3149, 3149), (3990, 3990)]


async def test_no_name_and_no_address_comes_out(shop: Shop) -> None:
    await shop.item("1")
    text = (await shop.place("O-1", {1: 1})).model_dump_json()
    assert not any(word in text for word in ("Mercedes", "Olmo", "Burgos", "09003", "tok_ok"))


async def test_a_second_opening_gives_the_first_answer_although_the_world_moved_on(shop: Shop) -> None:
    await shop.item("1", on_hand=5, price=1000)
    first = await shop.place("O-1", [{"sku": "1", "quantity": 1}])
    await shop.write("UPDATE list_price SET amount = 9999")
    await shop.write("UPDATE stock SET on_hand = 0")
    orders = Orders(shop.pool)
    again = await asyncio.gather(*(shop.run(orders.open_order, shop.opening("O-1")) for _ in range(4)))
    assert again == [first] * 4
    assert await shop.rows("SELECT number, amount FROM order_line") == [(1, 1000)]


async def test_openers_at_the_same_time_open_once(shop: Shop) -> None:
    await shop.item("1", on_hand=5)
    await shop.accept("O-1", [{"sku": "1", "quantity": 1, "unit_price": "4.00"}])
    orders, save = Orders(shop.pool), saving(1, Status.ACCEPTED, told("opened", "Opened."))
    outcomes = await asyncio.gather(*(shop.run(orders.open_order, shop.opening("O-1", save)) for _ in range(6)))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert await shop.one("SELECT count(*) FROM order_line") == 1
    assert await shop.one("SELECT count(*) FROM event") == 1


async def test_the_list_price_is_that_of_the_day_of_the_order(shop: Shop) -> None:
    await shop.item("1", price=1000)
    for day, cents in (("2026-05-06", 1100), ("2026-05-07", 1200)):
        await shop.write("INSERT INTO list_price VALUES ('1', 'USD', %s, %s)", day, cents)
    await shop.write("INSERT INTO list_price VALUES ('1', 'EUR', '2026-05-01', 700)")
    outcome = await shop.place("O-1", [{"sku": "1", "quantity": 1}])
    assert outcome.opened is not None
    assert outcome.opened.facts.goods == 1100


async def test_without_any_price_the_opening_is_refused_and_nothing_is_written(shop: Shop) -> None:
    await shop.item("1")
    outcome = await shop.place("O-1", [{"sku": "1", "quantity": 1}])
    assert (outcome.refused, outcome.code) == (True, "no_price")
    assert outcome.words == "Line 1: the order gives no unit price for 1, and the price list has none on 2026-05-06."
    assert await shop.rows("SELECT * FROM order_line") == []
    assert await shop.one("SELECT opened FROM sales_order") is None


async def test_ship_sets_and_warehouses_part_the_lines_into_groups(shop: Shop) -> None:
    for sku in "123":
        await shop.item(sku, on_hand=10)
        await shop.stock(sku, 100, "north")
    lines = [
        {"sku": "1", "quantity": 20, "unit_price": "1"},
        {"sku": "2", "quantity": 5, "unit_price": "1", "ship_set": "gift"},
        {"sku": "3", "quantity": 5, "unit_price": "1", "warehouse": "east"},
        {"sku": "1", "quantity": 1, "unit_price": "1", "ship_set": "gift"},
    ]
    outcome = await shop.place("O-1", lines)
    assert outcome.opened is not None
    assert [(g.id, g.lines, g.location) for g in outcome.opened.groups] == [
        ("1", (1,), "north"),
        ("2", (2, 4), "main"),
        ("3", (3,), "east"),
    ]
    assert await shop.rows("SELECT number, group_id FROM order_line ORDER BY number") == [
        (1, "1"),
        (2, "2"),
        (3, "3"),
        (4, "2"),
    ]


async def test_a_resumed_order_is_told_which_changes_have_their_answers(shop: Shop) -> None:
    await shop.item("1")
    await shop.place("O-1", {1: 1})
    for change_id, kind, outcome in (
        ("refused", "edit", "refused"),
        ("no-cancel", "cancel", "refused"),
        ("made", "edit", "accepted"),
        ("to-be-done", "cancel", "accepted"),
        ("open", "edit", None),
    ):
        await shop.write(
            "INSERT INTO change_request (order_number, change_id, kind, document, requested_by, outcome, answer)"
            " VALUES ('O-1', %s, %s, '{}', 'ana', %s, CASE WHEN %s::text IS NOT NULL THEN '{}'::jsonb END)",
            *(change_id, kind, outcome, outcome),
        )
    call = shop.opening("O-1")
    assert (await shop.run(Orders(shop.pool).open_order, call)).opened.answered is None  # type: ignore[union-attr]
    call = call.model_copy(update={"work": call.work.model_copy(update={"resumed": True})})
    opened = (await shop.run(Orders(shop.pool).open_order, call)).opened
    assert opened is not None
    assert opened.answered == ("refused", "no-cancel", "made")
