"""What the outside is told and asked while an order changes (design, hard cases 3 and 5; I3, I12)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.payment import Payment
from activities.shipping import Shipping
from domain.base import Lines
from domain.process.calls import AuthorizePayment, Call, InquireShipment, RequestShipment, Undo
from domain.process.outcomes import Outcome
from domain.process.words import Operation, Status
from store import stock
from store.auditing import audit_database, snapshot
from tests.adapters.outside import Outside, outside_of, simulated
from tests.store.changing import revise, revised, save
from tests.store.shop import ADDRESS, AT, Shop, saving, told
from tests.support.simulators import Simulators

ELSEWHERE = {**ADDRESS, "street": "Calle Pino 3"}


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with simulated(tmp_path_factory.mktemp("outside")) as running:
        yield running


@pytest.fixture
async def outside(simulators: Simulators) -> AsyncIterator[Outside]:
    async with outside_of(simulators) as outside:
        yield outside


@pytest.fixture
async def order(shop: Shop) -> Shop:
    """O-1: 2 units of item 1 at 10.00, held."""
    await shop.item("1", on_hand=10)
    await shop.item("2", on_hand=10, price=300)
    await shop.place("O-1", {1: 2})
    await shop.reserve("O-1", {1: 2})
    return shop


def call(step: str, work: Any, revision: int = 1, n: int = 1, **more: Any) -> Call:
    key = f"O-1/{step}/1/r{revision}/{work.kind}/{n}"
    return Call(key=key, order="O-1", group="1", step=step, revision=revision, n=n, at=AT, work=work, **more)


def shipping(lines: Lines, revision: int = 1, n: int = 1, **more: Any) -> Call:
    work = RequestShipment(location="main", method="speedy-express", lines=lines, wakes=("shipped",))
    return call("ship", work, revision, n, **more)


def authorizing(amount: int, revision: int = 1, n: int = 1, change_id: str | None = None, **more: Any) -> Call:
    work = AuthorizePayment(amount=amount, currency="USD", change_id=change_id)
    return call("authorize", work, revision, n, **more)


async def ship(shop: Shop, outside: Outside, asked: Call) -> Outcome:
    return await shop.run(Shipping(shop.pool, outside.carrier).request_shipment, asked)


async def cancel(shop: Shop, outside: Outside, of: Call, **more: Any) -> Outcome:
    undo = call("ship", Undo(kind=Operation.CANCEL_SHIPMENT, of=of.key), of.revision, of.n, **more)
    return await shop.run(Shipping(shop.pool, outside.carrier).cancel_shipment, undo)


async def authorize(shop: Shop, outside: Outside, asked: Call) -> Outcome:
    return await shop.run(Payment(shop.pool, outside.payments).authorize_payment, asked)


async def void(shop: Shop, outside: Outside, of: Call) -> Outcome:
    undo = call("authorize", Undo(kind=Operation.VOID, of=of.key), of.revision, of.n)
    return await shop.run(Payment(shop.pool, outside.payments).void_authorization, undo)


async def inquire(shop: Shop, outside: Outside, of: Call, **more: Any) -> Outcome:
    asked = call("ship", InquireShipment(of=of.key), of.revision, **more)
    return await shop.run(Shipping(shop.pool, outside.carrier).inquire_shipment, asked)


def requests(outside: Outside) -> list[tuple[str, str, list[tuple[int, str, int, int]]]]:
    """Status, street, and line, item, quantity and ordered quantity of each."""
    return [
        (
            request["status"],
            request["ship_to"]["street"],
            [(line["line"], line["sku"], line["quantity"], line["ordered"]) for line in request["lines"]],
        )
        for request in sorted(outside.books("carrier")["requests"], key=lambda one: str(one["request_key"]))
    ]


# ---- the carrier -------------------------------------------------------------------------------------


@pytest.mark.parametrize("saved", [True, False], ids=["saved", "not_saved_yet"])
async def test_a_cancelled_request_makes_way_for_its_successor(order: Shop, outside: Outside, saved: bool) -> None:
    first = shipping({1: 2})
    await ship(order, outside, first)
    added = {"add": {"sku": "2", "quantity": 1}}
    await revise(order, {"set": {"ship_to": ELSEWHERE}, "lines": [{"number": 1, "quantity": 5}, added]})
    assert (await cancel(order, outside, first, save=revised(1) if saved else None)).code == "cancelled"
    assert await order.one("SELECT count(*) FROM order_revision") == (2 if saved else 0)
    second = shipping({1: 5, 2: 1}, revision=2)
    for _ in range(2):
        assert (await ship(order, outside, second)).refused is False
    assert requests(outside) == [
        ("cancelled", "Calle Olmo 12", [(1, "1", 2, 2)]),
        ("released", "Calle Pino 3", [(1, "1", 5, 5), (2, "2", 1, 1)]),
    ]
    assert await order.rows("SELECT key, line, quantity, live FROM shipment_line ORDER BY key, line") == [
        (first.key, 1, 2, False),
        (second.key, 1, 5, True),
        (second.key, 2, 1, True),
    ]
    assert outside.books("carrier")["violations"] == []


async def test_a_proposal_that_was_refused_is_told_to_nobody(order: Shop, outside: Outside) -> None:
    await revise(order, {"set": {"ship_to": ELSEWHERE}})
    await order.write("UPDATE change_request SET outcome = 'refused'")
    await revise(order, {"lines": [{"number": 1, "quantity": 1}]}, "c-2")
    await ship(order, outside, shipping({1: 1}, revision=2))
    assert requests(outside) == [("released", "Calle Olmo 12", [(1, "1", 1, 1)])]


async def test_work_of_the_old_revision_knows_nothing_of_a_proposal(order: Shop, outside: Outside) -> None:
    await revise(order, {"set": {"ship_to": ELSEWHERE}, "lines": [{"number": 1, "quantity": 5}]})
    await ship(order, outside, shipping({1: 2}))
    assert requests(outside) == [("released", "Calle Olmo 12", [(1, "1", 2, 2)])]


async def test_of_a_partly_shipped_request_the_rest_is_cancelled_and_asked_for_anew(
    order: Shop, outside: Outside
) -> None:
    first = shipping({1: 2})
    requested = await ship(order, outside, first)
    outside.configure("carrier", refuse_cancel_once_picked=False)
    at = "2026-05-07T08:00:00Z"
    part = [{"line": 1, "quantity": 1}]
    outside.tell("carrier", "advance", shipment=requested.ref, to="shipped", at=at, lines=part)
    async with order.pool.connection() as connection:
        assert await stock.issue(connection, first.key, {1: 1}) == ""
        await connection.execute("UPDATE shipment SET status = 'shipped', shipped_at = %s", (at,))
    assert (await cancel(order, outside, first)).refused is False
    assert await order.rows("SELECT status FROM shipment") == [("shipped",)]
    assert await order.rows("SELECT shipped, live FROM shipment_line") == [(1, False)]
    assert (await ship(order, outside, shipping({1: 1}, n=2))).refused is False
    assert outside.books("carrier")["violations"] == []


async def test_the_carrier_says_how_far_it_is(order: Shop, outside: Outside) -> None:
    first = shipping({1: 2})
    assert await inquire(order, outside, first) == Outcome(code="unknown")
    requested = await ship(order, outside, first)
    released = await inquire(order, outside, first)
    assert (released.code, released.ref, released.refused) == ("released", requested.ref, False)
    at = "2026-05-07T08:00:00Z"
    for status in ("picked", "packed", "shipped", "delivered"):
        outside.tell("carrier", "advance", order="O-1", to=status, at=at)
        assert (await inquire(order, outside, first)).code == status
    assert await order.rows("SELECT status FROM shipment") == [("released",)]
    assert await order.rows("SELECT operation FROM effect ORDER BY 1") == [("request_shipment",), ("reserve_stock",)]


async def test_a_request_that_the_carrier_refused_or_cancelled_is_said_to_be_so(order: Shop, outside: Outside) -> None:
    outside.fault("carrier", "shipments", "refuse", code="no_such_street")
    await ship(order, outside, shipping({1: 2}))
    await ship(order, outside, shipping({1: 2}, n=2))
    await cancel(order, outside, shipping({1: 2}, n=2))
    assert (await inquire(order, outside, shipping({1: 2}, n=2))).code == "cancelled"
    await cancel(order, outside, shipping({1: 2}, n=3))
    assert (await inquire(order, outside, shipping({1: 2}, n=3))).code == "unknown"


async def test_an_inquiry_saves_and_is_a_fault_when_the_carrier_is_away(order: Shop, outside: Outside) -> None:
    event = saving(3, Status.RESERVED, told("e", "Asked."))
    await inquire(order, outside, shipping({1: 2}), save=event)
    assert await order.rows("SELECT version FROM sales_order") == [(3,)]
    outside.fault("carrier", "requests", "unavailable")
    with pytest.raises(ApplicationError) as raised:
        await inquire(order, outside, shipping({1: 2}))
    assert (raised.value.type, raised.value.non_retryable) == ("unavailable", False)


# ---- money -------------------------------------------------------------------------------------------


async def test_a_higher_total_is_authorized_beside_the_old_one_which_is_then_voided(
    order: Shop, outside: Outside
) -> None:
    first, second = authorizing(2000), authorizing(5000, n=2)
    await authorize(order, outside, first)
    await asyncio.gather(*(authorize(order, outside, second) for _ in range(3)))
    assert await order.rows("SELECT key, amount, state FROM payment_authorization ORDER BY key") == [
        (first.key, 2000, "authorized"),
        (second.key, 5000, "authorized"),
    ]
    assert (await void(order, outside, first)).code == "voided"
    assert await order.rows("SELECT amount, captured, state FROM payment_authorization ORDER BY key") == [
        (2000, 0, "voided"),
        (5000, 0, "authorized"),
    ]
    assert outside.books("payments")["violations"] == []


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (authorizing(2000, n=2, change_id="c-1"), "expired_card"),
        (authorizing(2000, revision=2), "expired_card"),
        (authorizing(2000, n=2), ""),
    ],
    ids=["of_the_change", "of_the_new_revision", "of_the_old_revision"],
)
async def test_the_card_is_the_one_of_the_version_that_pays(
    order: Shop, outside: Outside, asked: Call, refusal: str
) -> None:
    await revise(order, {"set": {"payment": {"method": "card", "token": "tok_expired_card"}}})
    assert (await authorize(order, outside, asked)).code == refusal


async def test_an_answer_of_the_outside_and_the_new_version_are_saved_together(order: Shop, outside: Outside) -> None:
    await revise(order, {"lines": [{"number": 1, "quantity": 1}]})
    declined = authorizing(1000, n=2, save=revised(1))
    outside.fault("payments", "authorizations", "refuse", code="declined")
    assert (await authorize(order, outside, declined)).refused is True
    assert await order.rows("SELECT * FROM order_revision") == []
    await authorize(order, outside, authorizing(1000, n=3, save=revised(1)))
    assert await order.rows("SELECT revision, change_id FROM order_revision ORDER BY 1") == [(1, None), (2, "c-1")]
    assert await order.rows("SELECT quantity, amount FROM order_line") == [(1, 1000)]
    assert await order.rows("SELECT version FROM sales_order") == [(1,)]


# ---- the audit -----------------------------------------------------------------------------------------


@pytest.fixture
async def changed(order: Shop) -> Shop:
    """O-1 with a line changed, one added and another one that was added and cancelled."""
    added = [{"add": {"sku": "2", "quantity": quantity}} for quantity in (1, 3)]
    await revise(order, {"lines": [{"number": 1, "quantity": 1}, *added]})
    await save(order, revised(1))
    await revise(order, {"lines": [{"number": 3, "cancel": True}]}, "c-2", 3)
    await save(order, revised(2, 3, "c-2"))
    await order.write("UPDATE change_request SET outcome = 'accepted', answer = '{}'")
    return order


async def broken(url: str) -> list[tuple[str, str]]:
    """What the audit finds: invariant and words."""
    async with snapshot(url) as connection:
        found = await audit_database(connection)
    return [(one.invariant, offender.words) for one in found for offender in one.offenders]


async def test_the_audit_finds_nothing_in_a_changed_order(changed: Shop, database_url: str) -> None:
    assert await broken(database_url) == []


TAMPERINGS = [
    (
        "UPDATE order_line SET quantity = 4 WHERE number = 1",
        [("I5", "line 1: its document has 1 of 1, the order counts 4 of 1")],
    ),
    (
        "UPDATE order_line SET sku = '1' WHERE number = 2",
        [("I5", "line 2: its document has 1 of 2, the order counts 1 of 1")],
    ),
    (
        "UPDATE order_line SET cancelled = 1 WHERE number = 3",
        [("I5", "line 3 is not in the document any more, and 2 of it are open")],
    ),
    (
        "DELETE FROM order_line WHERE number = 2",
        [
            ("I5", "line 2: its document has 1 of 2, the order counts no such line"),
            ("I9", "its lines come to 1000, its goods to 1300"),
        ],
    ),
    (
        'UPDATE sales_order SET document = document || \'{"ship_method": "other"}\'',
        [("I8", "is not as its newest version says, revision 3")],
    ),
    (
        'UPDATE sales_order SET party = party || \'{"note": "other"}\'',
        [("I8", "is not as its newest version says, revision 3")],
    ),
    (
        "DELETE FROM order_revision WHERE revision = 2",
        [("I8", "change c-1 was accepted and made no version")],
    ),
    (
        "UPDATE change_request SET outcome = 'refused' WHERE change_id = 'c-1'",
        [("I8", "version 2 was made by change c-1, which was refused")],
    ),
    (
        "UPDATE sales_order SET goods = goods + 1",
        [("I9", "its lines come to 1300, its goods to 1301")],
    ),
    (
        "INSERT INTO reservation (key, line, order_number, location, sku, quantity, state)"
        " SELECT key, 9, order_number, location, sku, 1, 'replaced' FROM reservation",
        [("I11", "reservation O-1/reserve/1/r1/reserve_stock/1 was replaced, and still holds 2 of 1")],
    ),
]


@pytest.mark.parametrize(("tampering", "found"), TAMPERINGS, ids=[str(n) for n in range(len(TAMPERINGS))])
async def test_the_audit_finds_what_was_tampered_with(
    changed: Shop, database_url: str, tampering: str, found: list[tuple[str, str]]
) -> None:
    await changed.write(tampering)
    assert await broken(database_url) == found
