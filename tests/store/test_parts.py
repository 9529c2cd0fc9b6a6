"""A line in parts: two groups hold and ship units of it, and each only its own (I1, I2, I5, I12, CHG3)."""

from collections.abc import Sequence

import psycopg
import pytest

from activities.inventory import Inventory
from activities.orders import Orders
from domain.base import Lines
from domain.process.calls import Call, RequestShipment, TrimReservation
from domain.process.read_model import GroupPlan, Part
from domain.process.words import Operation
from store import shipments, stock
from tests.store.changing import revise, revised, save
from tests.store.shop import AT, Shop, key_of

WHY = "Further units of what goes with group 1."


@pytest.fixture
async def order(shop: Shop) -> Shop:
    """O-1: 5 of item 1 at 10.00 and 1 of item 2; group 1 holds 3 and 1, group 2 the other 2."""
    await shop.item("1", on_hand=10)
    await shop.item("2", on_hand=10)
    lines = [{"sku": "1", "quantity": 5, "unit_price": "10.00"}, {"sku": "2", "quantity": 1, "unit_price": "4.00"}]
    await shop.place("O-1", lines)
    await shop.reserve("O-1", {1: 3, 2: 1})
    await shop.reserve("O-1", {1: 2}, group="2")
    return shop


async def request(shop: Shop, group: str, lines: Lines, n: int = 1) -> str:
    call = shop.shipping("O-1", lines, group=group, n=n)
    assert isinstance(call.work, RequestShipment)
    async with shop.pool.connection() as connection:
        await shipments.request(connection, call, call.work)
    return call.key


async def held(shop: Shop) -> Sequence[tuple[object, ...]]:
    return await shop.rows(
        "SELECT split_part(key, '/', 3), line, quantity, state FROM reservation WHERE state <> 'replaced' ORDER BY 1, 2"
    )


async def test_each_group_may_ask_for_its_part_of_a_line_and_none_twice(order: Shop) -> None:
    await request(order, "1", {1: 3, 2: 1})
    await request(order, "2", {1: 2})
    assert await order.rows("SELECT group_id, line, quantity FROM shipment_line WHERE live ORDER BY 1, 2") == [
        *(("1", 1, 3), ("1", 2, 1), ("2", 1, 2)),
    ]
    with pytest.raises(psycopg.errors.UniqueViolation, match="shipment_line_one_live"):
        await request(order, "2", {1: 2}, n=2)
    await order.assert_sound()


async def test_a_request_that_is_sent_again_says_what_it_said_though_further_units_go_by_themselves(shop: Shop) -> None:
    """Its answer was lost; told of more units ordered under the same key, the carrier took it for another request."""
    await shop.item("1", on_hand=10)
    await shop.place("O-1", [{"sku": "1", "quantity": 3, "unit_price": "10.00"}])
    await shop.reserve("O-1", {1: 3})
    call = shop.shipping("O-1", {1: 3})
    assert isinstance(call.work, RequestShipment)
    async with shop.pool.connection() as connection:
        _, first = await shipments.request(connection, call, call.work)
    street = {"ship_to": {**first.ship_to, "street": "Calle Pino 3"}}
    await revise(shop, {"lines": [{"number": 1, "quantity": 5}], "set": street})
    async with shop.pool.connection() as connection:
        _, proposed = await shipments.request(connection, call, call.work)
    await save(shop, revised(1))
    async with shop.pool.connection() as connection:
        _, again = await shipments.request(connection, call, call.work)
    assert await shop.rows("SELECT quantity FROM order_line") == [(5,)]
    assert first == proposed == again
    assert again.lines == [{"line": 1, "sku": "1", "quantity": 3, "ordered": 3}]


@pytest.mark.parametrize(("first", "then"), [("1", "2"), ("2", "1")])
async def test_a_parcel_takes_what_its_own_group_holds(order: Shop, first: str, then: str) -> None:
    units = {"1": {1: 3, 2: 1}, "2": {1: 2}}
    keys = {group: await request(order, group, lines) for group, lines in units.items()}
    async with order.pool.connection() as connection:
        assert await stock.issue(connection, keys[first], units[first]) == ""
    live = [row for row in await held(order) if row[3] == "live"]
    assert live == [(then, line, quantity, "live") for line, quantity in units[then].items()]
    assert await order.units("1") == (10 - units[first][1], units[then][1])
    async with order.pool.connection() as connection:
        assert await stock.issue(connection, keys[then], units[then]) == ""
    assert (await order.units("1"), await order.units("2")) == ((5, 0), (9, 0))
    assert await order.rows("SELECT shipped, open FROM order_line ORDER BY number") == [(5, 0), (1, 0)]


async def test_a_trim_counts_what_left_with_its_own_group_only(order: Shop) -> None:
    await request(order, "2", {1: 2})
    key = await request(order, "1", {1: 3, 2: 1})
    async with order.pool.connection() as connection:
        await stock.issue(connection, key, {1: 3, 2: 1})
    reserved = key_of("O-1", "reserve", Operation.RESERVE, group="2")
    work = TrimReservation(of=reserved, location="main", lines={1: 1}, skus={1: "1"})
    call = Call(
        key=f"O-1/reserve/2/r2/{Operation.TRIM}/1", order="O-1", group="2", step="reserve", revision=2, at=AT, work=work
    )
    await order.run(Inventory(order.pool).trim_reservation, call)
    assert [row for row in await held(order) if row[3] == "live"] == [("2", 1, 1, "live")]
    assert await order.units("1") == (7, 1)


async def test_a_version_says_which_part_of_a_line_is_in_which_group_and_the_next_one_begins_whole(order: Shop) -> None:
    await revise(order, {"lines": [{"number": 1, "quantity": 7}]})
    parted = (
        _plan("1", (1, 2), {1: Part(units=5, amount=5000)}),
        _plan("2", (1,), {1: Part(units=2, amount=2000)}, beside="1"),
    )
    version = revised(1)
    assert version.revised is not None
    await save(order, version.model_copy(update={"revised": version.revised.model_copy(update={"parted": parted})}))
    call = order.opening("O-1")
    work = call.work.model_copy(update={"resumed": True, "revision": 2})
    opened = (await order.run(Orders(order.pool).open_order, call.model_copy(update={"work": work}))).opened
    assert opened is not None
    assert opened.groups == parted
    assert [(line.number, line.quantity, line.group) for line in opened.lines] == [(1, 7, "1"), (2, 1, "1")]
    assert await order.rows("SELECT number, quantity, group_id FROM order_line ORDER BY 1") == [
        *((1, 7, "1"), (2, 1, "1")),
    ]
    outcome = await revise(order, {"lines": [{"number": 1, "quantity": 8}]}, "c-2", 3)
    assert outcome.opened is not None
    assert outcome.opened.groups == ()
    assert [(line.number, line.amount, line.group) for line in outcome.opened.lines] == [(1, 8000, "1"), (2, 400, "1")]


def _plan(group: str, lines: tuple[int, ...], parts: dict[int, Part], beside: str | None = None) -> GroupPlan:
    return GroupPlan(id=group, process="standard", lines=lines, location="main", why=WHY, parts=parts, beside=beside)
