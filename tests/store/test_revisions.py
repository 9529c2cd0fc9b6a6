"""A change worked out into a proposal, and the proposal that becomes the order (CHG1, CHG11, CAP11, I5, I8, I11)."""

import asyncio
from typing import Any

import pytest

from activities.bundles import Bundles
from activities.changes import Changes
from activities.inventory import Inventory
from activities.orders import Orders
from domain.process.outcomes import LineChange, Opened, Outcome, PricedLine
from domain.process.read_model import GroupPlan, GroupRow
from domain.process.words import ChangeKind, Operation, Status
from tests.store.changing import RESERVE, keep, later, replace, replacing, revise, revised, revising, save, trim
from tests.store.shop import ADDRESS, Shop, told


@pytest.fixture
async def order(shop: Shop) -> Shop:
    """O-1: 4 of item 1 at 10.00 and 3 of item 2 at the list price of 5.00, with 3.50 of freight; item 3 lists 2.00."""
    await shop.item("1", on_hand=10)
    await shop.item("2", on_hand=10, price=500)
    await shop.item("3", on_hand=10, price=200)
    lines = [{"sku": "1", "quantity": 4, "unit_price": "10.00"}, {"sku": "2", "quantity": 3}]
    await shop.place("O-1", lines, charges=[{"code": "freight", "amount": "3.50"}])
    return shop


async def stored(shop: Shop) -> list[tuple[Any, ...]]:
    """Number, item, quantity, amount, group, shipped, cancelled and open units of each line."""
    return await shop.rows(
        "SELECT number, sku, quantity, amount, group_id, shipped, cancelled, open FROM order_line ORDER BY number"
    )


async def reopened(shop: Shop, revision: int | None) -> Opened | None:
    """What an order is opened as that is resumed at a revision; with None, by a repeat of its first step."""
    call = shop.opening("O-1")
    again = call.work.model_copy(update={"resumed": True, "revision": revision})
    work = call.work if revision is None else again
    return (await shop.run(Orders(shop.pool).open_order, call.model_copy(update={"work": work}))).opened


AS_PLACED = [(1, "1", 4, 4000, "1", 0, 0, 4), (2, "2", 3, 1500, "1", 0, 0, 3)]
EDIT: dict[str, Any] = {
    "reason": "more of it",
    "base_revision": None,
    "set": {"requested_date": "2026-06-01", "ship_to": {**ADDRESS, "street": "Calle Pino 3"}},
    "lines": [
        {"number": 1, "quantity": 6},
        {"number": 2, "cancel": True},
        {"add": {"sku": "3", "quantity": 2}},
        {"add": {"sku": "3", "quantity": 1, "ship_set": "gift"}},
    ],
}


# ---- worked out --------------------------------------------------------------------------------------


async def test_the_proposal_is_the_order_as_it_would_be_and_changes_nothing(order: Shop) -> None:
    outcome = await revise(order, EDIT)
    opened, changes = outcome.opened, outcome.revised
    assert (outcome.refused, outcome.code) == (False, "")
    assert opened is not None
    assert changes is not None
    assert opened.lines == (
        PricedLine(number=1, sku="1", quantity=6, amount=6000, group="1"),
        PricedLine(number=3, sku="3", quantity=2, amount=400, group="1"),
        PricedLine(number=4, sku="3", quantity=1, amount=200, group="2"),
    )
    assert (opened.facts.goods, opened.facts.charges, opened.facts.tax) == (6600, 350, 0)
    assert str(opened.facts.requested_date) == "2026-06-01"
    assert opened.groups == (
        GroupPlan(
            id="2",
            process="standard",
            lines=(4,),
            location="main",
            why="ship set gift; process standard (row 1 of which-process); from main: all of it is available there",
        ),
    )
    assert opened.policy.bundle == order.bundle.hash
    assert [(rule.process, rule.lines) for rule in opened.policy.assigned] == [("standard", (1,)), ("standard", (3, 4))]
    assert changes.fields == (ChangeKind.ADDRESS_SAME_ZONE, ChangeKind.LATER_DATE)
    assert changes.lines == (
        LineChange(number=1, kind=ChangeKind.QUANTITY_UP, before=4, after=6),
        LineChange(number=2, kind=ChangeKind.CANCELLED, before=3, after=0),
        LineChange(number=3, kind=ChangeKind.ADDED, before=0, after=2),
        LineChange(number=4, kind=ChangeKind.ADDED, before=0, after=1),
    )
    assert await stored(order) == AS_PLACED
    assert await order.rows("SELECT revision, goods, document ->> 'requested_date' FROM sales_order") == [
        (1, 5500, "2026-05-20")
    ]
    assert await order.rows("SELECT * FROM order_revision") == []
    assert await order.rows("SELECT * FROM effect") == []


async def test_no_name_and_no_address_comes_out(order: Shop) -> None:
    text = (await revise(order, EDIT)).model_dump_json()
    assert not any(word in text for word in ("Mercedes", "Pino", "Burgos", "09003", "tok_ok"))


async def test_worked_out_again_the_proposal_is_the_same_although_the_world_moved_on(order: Shop) -> None:
    first = await revise(order, EDIT)
    await order.write("UPDATE list_price SET amount = 9999")
    activity = Changes(order.pool, Bundles()).revise_order
    again = await asyncio.gather(*(order.run(activity, revising("c-1")) for _ in range(4)))
    assert again == [first] * 4


async def test_at_once_it_is_worked_out_once(order: Shop) -> None:
    await keep(order, "c-1", EDIT)
    activity = Changes(order.pool, Bundles()).revise_order
    outcomes = await asyncio.gather(*(order.run(activity, revising("c-1")) for _ in range(5)))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert outcomes[0].opened is not None


async def test_for_another_revision_it_is_worked_out_anew(order: Shop) -> None:
    await revise(order, EDIT)
    await order.write("UPDATE list_price SET amount = 300 WHERE sku = '3'")
    outcome = await order.run(Changes(order.pool, Bundles()).revise_order, revising("c-1", revision=3))
    assert outcome.opened is not None
    assert outcome.opened.facts.goods == 6900


async def test_a_price_of_the_list_stays_as_it_was_told(order: Shop) -> None:
    await order.write("UPDATE list_price SET amount = 999 WHERE sku = '2'")
    outcome = await revise(order, {"lines": [{"number": 2, "quantity": 4}]})
    assert outcome.opened is not None
    assert [line.amount for line in outcome.opened.lines] == [4000, 2000]


async def test_a_change_that_came_as_a_raw_signal_is_kept(order: Shop) -> None:
    edit = {"set": {}, "lines": [{"number": 1, "quantity": 5}]}
    activity = Changes(order.pool, Bundles()).revise_order
    for _ in range(2):
        assert (await order.run(activity, revising("s-1", edit=edit))).refused is False
    assert await order.rows("SELECT change_id, kind, document, requested_by, outcome FROM change_request") == [
        ("s-1", "edit", edit, "signal change_requested", None)
    ]


@pytest.mark.parametrize("kept", [True, False])
async def test_what_is_left_of_a_cancel_is_worked_out_as_lines_that_are_cancelled(order: Shop, kept: bool) -> None:
    """Also where it came as a raw signal, and is in no table yet."""
    if kept:
        await order.write(
            "INSERT INTO change_request (order_number, change_id, kind, document, requested_by)"
            " VALUES ('O-1', 'c-1', 'cancel', '{\"reason\": \"ordered twice\"}', 'ana')"
        )
    call = revising("c-1")
    work = call.work.model_copy(update={"cancels": {1: 0, 2: 1}})
    for _ in range(2):
        outcome = await order.run(Changes(order.pool, Bundles()).revise_order, call.model_copy(update={"work": work}))
        assert outcome.opened is not None
        assert outcome.revised is not None
        assert [(line.number, line.quantity) for line in outcome.opened.lines] == [(2, 1)]
        assert outcome.revised.lines == (
            LineChange(number=1, kind=ChangeKind.CANCELLED, before=4, after=0),
            LineChange(number=2, kind=ChangeKind.QUANTITY_DOWN, before=3, after=1),
        )
    assert await order.rows("SELECT change_id, kind, document, outcome FROM change_request") == [
        ("c-1", "cancel", {"reason": "ordered twice"} if kept else {}, None)
    ]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"lines": [{"number": 9, "quantity": 1}]}, "unknown_line", "$.lines[0].number: The order has no line 9."),
        (
            {"lines": [{"number": 1, "quantity": 1}]},
            "below_shipped",
            "$.lines[0].quantity: 2 of line 1 have left; the quantity cannot be less. Ask for a return instead.",
        ),
        (
            {"lines": [{"number": 2, "sku": "x"}, {"add": {"sku": "y", "quantity": 1}}]},
            "unknown_sku",
            "$.lines[0].sku: There is no item with this SKU. Check it, or add the item with PUT /v1/items."
            " $.lines[1].add.sku: There is no item with this SKU. Check it, or add the item with PUT /v1/items.",
        ),
        (
            {"lines": [{"number": 2, "sku": "1"}]},
            "no_price",
            "Line 2: the order gives no unit price for 1, and the price list has none on 2026-05-06.",
        ),
        (
            {"set": {"ship_method": "speedy-express"}},
            "nothing_changed",
            "The order is like that already; there is nothing to change.",
        ),
    ],
)
async def test_what_makes_no_sense_is_refused_and_refused_again(
    order: Shop, change: dict[str, Any], code: str, words: str
) -> None:
    await order.write("UPDATE order_line SET shipped = 2 WHERE number = 1")
    outcome = await revise(order, change)
    assert outcome == Outcome(refused=True, code=code, words=words)
    assert await order.run(Changes(order.pool, Bundles()).revise_order, revising("c-1")) == outcome
    assert await order.one("SELECT proposal ? 'document' FROM change_request") is False


async def test_a_change_that_nobody_kept_is_refused(order: Shop) -> None:
    outcome = await order.run(Changes(order.pool, Bundles()).revise_order, revising("c-9"))
    assert (outcome.refused, outcome.code) == (True, "unknown_change")


# ---- saved -------------------------------------------------------------------------------------------


async def test_the_save_makes_the_proposal_the_order(order: Shop) -> None:
    await revise(order, EDIT)
    await save(order, revised(1))
    assert await stored(order) == [
        (1, "1", 6, 6000, "1", 0, 0, 6),
        (2, "2", 3, 1500, "1", 0, 3, 0),
        (3, "3", 2, 400, "1", 0, 0, 2),
        (4, "3", 1, 200, "2", 0, 0, 1),
    ]
    assert await order.rows(
        "SELECT revision, goods, charges, tax, requested_date::text, document ->> 'requested_date',"
        " party -> 'ship_to' ->> 'street' FROM sales_order"
    ) == [(2, 6600, 350, 0, "2026-06-01", "2026-06-01", "Calle Pino 3")]
    assert await order.rows(
        "SELECT revision, change_id, jsonb_array_length(document -> 'lines'), party -> 'ship_to' ->> 'street'"
        " FROM order_revision ORDER BY revision"
    ) == [(1, None, 2, "Calle Olmo 12"), (2, "c-1", 3, "Calle Pino 3")]


async def test_saved_twice_late_and_at_once_it_is_applied_once(order: Shop) -> None:
    await revise(order, EDIT)
    await asyncio.gather(*(save(order, revised(1)) for _ in range(4)))
    lines = await stored(order)
    await revise(order, {"lines": [{"number": 1, "quantity": 9}]}, "c-2", 3)
    await save(order, revised(2, 3, "c-2"))
    await save(order, revised(1))
    assert await stored(order) == [(1, "1", 9, 9000, "1", 0, 0, 9), *lines[1:]]
    assert await order.rows("SELECT revision, change_id FROM order_revision ORDER BY 1") == [
        (1, None),
        (2, "c-1"),
        (3, "c-2"),
    ]
    assert await order.rows("SELECT revision, goods FROM sales_order") == [(3, 9600)]


async def test_an_effect_that_is_refused_saves_no_version_and_one_that_is_done_does(order: Shop) -> None:
    await revise(order, {"lines": [{"number": 1, "quantity": 6}]})
    assert (await order.reserve("O-1", {1: 11}, save=revised(1))).refused is True
    assert (await stored(order), await order.rows("SELECT * FROM order_revision")) == (AS_PLACED, [])
    assert (await order.reserve("O-1", {1: 6}, n=2, save=revised(1))).refused is False
    assert await order.rows("SELECT revision FROM order_revision ORDER BY 1") == [(1,), (2,)]
    assert (await stored(order))[0] == (1, "1", 6, 6000, "1", 0, 0, 6)
    again = revised(1).model_copy(update={"events": (told("e", "told"),)})
    assert (await order.reserve("O-1", {1: 6}, n=2, save=again)).refused is False
    assert await order.one("SELECT count(*) FROM order_revision") == 2


async def test_every_kind_of_local_call_saves_its_version(order: Shop) -> None:
    inventory = Inventory(order.pool)
    held = replacing({1: 5}, of=None, save=revised(1)).model_copy(update={"revision": 2})
    await revise(order, {"lines": [{"number": 1, "quantity": 5}]})
    await order.run(inventory.reserve_stock, held)
    assert await stored(order) == [(1, "1", 5, 5000, "1", 0, 0, 5), AS_PLACED[1]]
    await revise(order, {"lines": [{"number": 1, "quantity": 6}]}, "c-2", 3)
    await replace(order, {1: 6}, n=3, of=held.key, save=revised(2, 3, "c-2"))
    assert (await stored(order))[0] == (1, "1", 6, 6000, "1", 0, 0, 6)
    await revise(order, {"lines": [{"number": 1, "quantity": 7}]}, "c-3", 4)
    await trim(order, later(3), {1: 6}, save=revised(3, 4, "c-3"))
    assert (await stored(order))[0] == (1, "1", 7, 7000, "1", 0, 0, 7)
    await revise(order, {"lines": [{"number": 1, "quantity": 8}]}, "c-4", 5)
    undo = order.undoing(held, Operation.RELEASE, save=revised(4, 5, "c-4"))
    await order.run(inventory.release_stock, undo)
    assert (await stored(order))[0] == (1, "1", 8, 8000, "1", 0, 0, 8)
    await revise(order, {"lines": [{"number": 1, "quantity": 9}]}, "c-5", 6)
    await order.invoice("O-1", {1: 1}, goods=1000, save=revised(5, 6, "c-5"))
    assert (await stored(order))[0] == (1, "1", 9, 9000, "1", 0, 0, 9)
    assert await order.rows("SELECT revision, version FROM sales_order") == [(6, 5)]


async def test_units_that_left_meanwhile_stay_counted(order: Shop) -> None:
    await revise(order, {"lines": [{"number": 1, "quantity": 2}, {"number": 2, "cancel": True}]})
    await order.write("UPDATE order_line SET shipped = 3 WHERE number = 1")
    await order.write("UPDATE order_line SET shipped = 1 WHERE number = 2")
    await save(order, revised(1))
    assert await stored(order) == [(1, "1", 3, 2000, "1", 3, 0, 0), (2, "2", 3, 1500, "1", 1, 2, 0)]


async def test_a_version_without_a_proposal_is_a_bug_and_nothing_of_its_save_is_written(order: Shop) -> None:
    await revise(order, {"lines": [{"number": 9, "quantity": 2}]})
    with pytest.raises(Exception, match="bug: LookupError"):
        await save(order, revised(1))
    assert await order.rows("SELECT version FROM sales_order") == [(0,)]


async def test_a_cancelled_line_is_closed_for_good_and_its_number_is_not_given_again(order: Shop) -> None:
    await revise(order, {"lines": [{"number": 2, "cancel": True}]})
    await save(order, revised(1))
    refused = await revise(order, {"lines": [{"number": 2, "quantity": 1}]}, "c-2", 3)
    assert (refused.code, refused.words) == (
        "line_closed",
        "$.lines[0].number: Line 2 is cancelled; nothing of it can be changed.",
    )
    outcome = await revise(order, {"lines": [{"add": {"sku": "2", "quantity": 1}}]}, "c-3", 3)
    assert outcome.opened is not None
    assert [line.number for line in outcome.opened.lines] == [1, 3]


async def test_a_resumed_order_is_opened_as_it_is_now(order: Shop) -> None:
    proposed = await revise(order, EDIT)
    await save(order, revised(1))
    opened = await reopened(order, 2)
    assert opened is not None
    assert proposed.opened is not None
    assert (opened.facts, opened.lines) == (proposed.opened.facts, proposed.opened.lines)
    assert [(group.id, group.lines, group.location) for group in opened.groups] == [
        ("1", (1, 3), "main"),
        ("2", (4,), "main"),
    ]


async def test_a_first_step_that_is_repeated_does_not_see_a_later_version(order: Shop) -> None:
    first = await reopened(order, None)
    await revise(order, EDIT)
    await save(order, revised(1))
    assert await reopened(order, None) == first
    second = await reopened(order, 2)
    await revise(order, {"lines": [{"number": 1, "quantity": 1}]}, "c-2", 3)
    await save(order, revised(2, 3, "c-2"))
    assert await reopened(order, None) == first
    again, third = await reopened(order, 2), await reopened(order, 3)
    assert first is not None
    assert second is not None
    assert again is not None
    assert third is not None
    assert [[line.quantity for line in opened.lines] for opened in (first, second, again, third)] == [
        [4, 3],
        [6, 2, 1],
        [6, 2, 1],
        [1, 2, 1],
    ]
    assert (again.facts, again.groups) == (second.facts, second.groups)


async def test_lines_that_travel_otherwise_than_proposed_are_kept_as_they_travel(order: Shop) -> None:
    await revise(order, {"lines": [{"add": {"sku": "3", "quantity": 2}}]})
    version = revised(1, homes={3: "2"})
    row = version.row.model_copy(
        update={
            "groups": (
                GroupRow(id="1", process="standard", status=Status.RELEASED, lines=(1, 2), warehouse="main"),
                GroupRow(id="2", process="standard", status=Status.ACCEPTED, lines=(3,), warehouse="north"),
            )
        }
    )
    await save(order, version.model_copy(update={"row": row}))
    assert [(line[0], line[4]) for line in await stored(order)] == [(1, "1"), (2, "1"), (3, "2")]
    opened = await reopened(order, 2)
    assert opened is not None
    assert [(group.id, group.lines, group.location) for group in opened.groups] == [
        ("1", (1, 2), "main"),
        ("2", (3,), "north"),
    ]
    outcome = await revise(order, {"lines": [{"add": {"sku": "3", "quantity": 1, "ship_set": "x"}}]}, "c-2", 3)
    assert outcome.opened is not None
    assert [group.id for group in outcome.opened.groups] == ["3"]


async def test_another_warehouse_is_told_with_the_group_that_moves(order: Shop) -> None:
    await order.stock("1", 9, "north")
    outcome = await revise(order, {"set": {"warehouse": "north"}})
    assert outcome.opened is not None
    assert outcome.revised is not None
    assert outcome.revised.fields == (ChangeKind.WAREHOUSE,)
    assert [(group.id, group.lines, group.location) for group in outcome.opened.groups] == [("1", (1, 2), "north")]
    moved = await revise(order, {"lines": [{"number": 2, "warehouse": "north"}]}, "c-2")
    assert moved.opened is not None
    assert [(line.number, line.group) for line in moved.opened.lines] == [(1, "1"), (2, "2")]
    assert [(group.id, group.lines, group.location) for group in moved.opened.groups] == [("2", (2,), "north")]


async def test_what_was_replaced_is_over_for_an_order_that_is_resumed(order: Shop) -> None:
    await order.reserve("O-1", {1: 4})
    await replace(order, {1: 6})
    call = order.opening("O-1")
    call = call.model_copy(update={"work": call.work.model_copy(update={"resumed": True})})
    opened = (await order.run(Orders(order.pool).open_order, call)).opened
    assert opened is not None
    assert opened.known is not None
    assert [(effect.key, effect.over) for effect in opened.known] == [(RESERVE, True), (later(2), False)]
    assert Operation.TRIM not in {effect.key.split("/")[-2] for effect in opened.known}
