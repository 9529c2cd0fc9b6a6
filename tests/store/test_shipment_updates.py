"""A shipment request that the carrier updates in place, in our own books and in the carrier's (CHG7, I11, I12)."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.shipping import Shipping
from domain.process.calls import Call, InquireShipment, UpdateShipment
from domain.process.outcomes import Outcome
from store import stock
from store.auditing import audit_database, snapshot
from store.opening import read_known
from tests.adapters.outside import Outside, outside_of, simulated
from tests.store.changing import revise, revised, save
from tests.store.shop import Shop
from tests.store.test_changed_outside import ELSEWHERE, call, ship, shipping
from tests.support.simulators import Simulators

FIRST = shipping({1: 2, 2: 1})
AT = "2026-05-07T08:00:00Z"


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with simulated(tmp_path_factory.mktemp("outside")) as running:
        yield running


@pytest.fixture
async def outside(simulators: Simulators) -> AsyncIterator[Outside]:
    async with outside_of(simulators) as outside:
        outside.configure("carrier", capabilities={"update": True})
        yield outside


@pytest.fixture
async def order(shop: Shop, outside: Outside) -> Shop:
    """O-1: 2 units of item 1 and one of item 2, held and requested; a change of address, method and units is kept."""
    await shop.item("1", on_hand=10)
    await shop.item("2", on_hand=10, price=300)
    await shop.place("O-1", {1: 2, 2: 1})
    await shop.reserve("O-1", {1: 2, 2: 1})
    await ship(shop, outside, FIRST)
    await revise(
        shop, {"set": {"ship_to": ELSEWHERE}, "lines": [{"number": 1, "quantity": 1}, {"number": 2, "cancel": True}]}
    )
    return shop


def updating(n: int = 1, **more: Any) -> Call:
    work = UpdateShipment(of=FIRST.key, method="by-air", lines={1: 1}, change_id="c-1")
    return call("ship", work, 1, n, **more)


def putting_back(n: int = 2) -> Call:
    lines = {1: 2, 2: 1}
    work = UpdateShipment(of=FIRST.key, method="speedy-express", lines=lines, instead_of=updating().key)
    return call("ship", work, 1, n)


async def update(shop: Shop, outside: Outside, asked: Call) -> Outcome:
    return await shop.run(Shipping(shop.pool, outside.carrier).update_shipment, asked)


def told(outside: Outside) -> tuple[Any, ...]:
    """The one request as the carrier has it: status, method, street, and units by line."""
    (one,) = outside.books("carrier")["requests"]
    lines = {line["line"]: line["quantity"] for line in one["lines"]}
    return one["status"], one["method"], one["ship_to"]["street"], lines


async def ours(shop: Shop) -> list[tuple[Any, ...]]:
    """The request as we have it: method, line, units, shipped and live."""
    return await shop.rows(
        "SELECT s.method, l.line, l.quantity, l.shipped, l.live FROM shipment s JOIN shipment_line l USING (key)"
        " ORDER BY l.line"
    )


AS_ASKED = [("speedy-express", 1, 2, 0, True), ("speedy-express", 2, 1, 0, True)]


async def test_the_request_is_what_the_proposal_says_and_a_repeat_changes_nothing(
    order: Shop, outside: Outside
) -> None:
    for _ in range(3):
        outcome = await update(order, outside, updating())
        assert (outcome.refused, outcome.ref) == (False, None)
    assert told(outside) == ("released", "by-air", "Calle Pino 3", {1: 1})
    assert await ours(order) == [("by-air", 1, 1, 0, True)]
    (one,) = outside.books("carrier")["requests"]
    assert [step["event"] for step in one["history"]] == ["released", "updated"]
    assert await order.rows("SELECT state, undoes FROM effect WHERE operation = 'update_shipment'") == [("done", None)]
    assert await order.one("SELECT count(*) FROM order_revision") == 0, "the order itself is not changed yet"


async def test_it_is_put_back_as_the_order_is_and_known_to_be_over(order: Shop, outside: Outside) -> None:
    await update(order, outside, updating())
    for _ in range(2):
        assert (await update(order, outside, putting_back())).refused is False
    assert told(outside) == ("released", "speedy-express", "Calle Olmo 12", {1: 2, 2: 1})
    assert await ours(order) == AS_ASKED
    async with order.pool.connection() as connection:
        known = {effect.key: effect.over for effect in await read_known(connection, "O-1")}
    assert (known[updating().key], known[putting_back().key], known[FIRST.key]) == (True, True, False)


async def test_a_resumed_order_is_told_what_the_carrier_has_of_a_request_once_one_was_updated(
    order: Shop, outside: Outside
) -> None:
    async def known() -> dict[str, dict[int, int] | None]:
        async with order.pool.connection() as connection:
            return {effect.key: effect.lines for effect in await read_known(connection, "O-1")}

    held = {"O-1/reserve/1/r1/reserve_stock/1": {1: 2, 2: 1}}
    assert await known() == {**held, FIRST.key: None}
    await update(order, outside, updating())
    assert await known() == {**held, FIRST.key: {1: 1}, updating().key: None}
    await update(order, outside, putting_back())
    assert (await known())[FIRST.key] == {1: 2, 2: 1}


async def test_an_update_that_comes_after_it_was_put_back_has_no_effect(order: Shop, outside: Outside) -> None:
    await update(order, outside, putting_back())
    late = await update(order, outside, updating())
    assert (late.refused, late.code) == (True, "taken_back_before_arrival")
    assert told(outside) == ("released", "speedy-express", "Calle Olmo 12", {1: 2, 2: 1})
    assert await ours(order) == AS_ASKED


async def test_a_refused_update_leaves_our_books_as_they_were(order: Shop, outside: Outside) -> None:
    outside.tell("carrier", "advance", order="O-1", to="picked", at=AT)
    outcome = await update(order, outside, updating())
    assert (outcome.refused, outcome.code) == (True, "too_late")
    assert await ours(order) == AS_ASKED
    assert await order.rows("SELECT state FROM effect WHERE operation = 'update_shipment'") == [("refused",)]


@pytest.mark.parametrize("fault", ["timeout_after_success", "drop_connection_after_success"])
async def test_an_answer_that_is_lost_is_found_by_the_next_attempt(order: Shop, outside: Outside, fault: str) -> None:
    outside.fault("carrier", "updates", fault)
    with pytest.raises(ApplicationError):
        await update(order, outside, updating())
    assert told(outside)[1] == "by-air"
    assert await ours(order) == AS_ASKED
    assert (await update(order, outside, updating())).refused is False
    assert await ours(order) == [("by-air", 1, 1, 0, True)]


async def test_what_has_left_before_our_books_know_of_the_update_stays_counted(order: Shop, outside: Outside) -> None:
    async with order.pool.connection() as connection:
        await stock.issue(connection, FIRST.key, {1: 1})
    assert (await update(order, outside, updating())).refused is False
    assert await ours(order) == [("by-air", 1, 1, 1, False)]


async def test_once_the_change_is_saved_all_books_agree(order: Shop, outside: Outside, database_url: str) -> None:
    await update(order, outside, updating())
    await save(order, revised(5))
    async with snapshot(database_url) as connection:
        found = await audit_database(connection)
    assert [(one.invariant, one.offenders) for one in found if one.invariant in ("I11", "I12") and one.offenders] == []
    assert outside.books("carrier")["violations"] == []


async def test_a_change_that_nobody_worked_out_updates_nothing(order: Shop, outside: Outside) -> None:
    work = UpdateShipment(of=FIRST.key, method="by-air", lines={1: 1}, change_id="c-9")
    with pytest.raises(ApplicationError):
        await update(order, outside, call("ship", work))
    assert told(outside) == ("released", "speedy-express", "Calle Olmo 12", {1: 2, 2: 1})


@pytest.mark.parametrize(
    ("capabilities", "status", "can"),
    [
        ({"update": True}, "released", True),
        ({"update": True}, "picked", None),
        ({"update": True, "relabel": True}, "packed", True),
        ({"update": True, "relabel": True}, "shipped", None),
        ({}, "released", None),
    ],
)
async def test_whether_the_carrier_would_update_is_told_when_that_is_asked(
    order: Shop, outside: Outside, capabilities: dict[str, bool], status: str, can: bool | None
) -> None:
    outside.configure("carrier", capabilities=capabilities)
    if status != "released":
        outside.tell("carrier", "advance", order="O-1", to=status, at=AT)
    shipping_ = Shipping(order.pool, outside.carrier)
    asked = call("ship", InquireShipment(of=FIRST.key, updates=True))
    assert (await order.run(shipping_.inquire_shipment, asked)).updates is can
    unasked = call("ship", InquireShipment(of=FIRST.key), 1, 2)
    assert (await order.run(shipping_.inquire_shipment, unasked)).updates is None
