"""Calls to the outside through the activities: lost answers, refusals, repeats, undo (CHG9, PAY2, SHP1)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.payment import Payment
from activities.shipping import Shipping
from domain.process.calls import Call
from domain.process.outcomes import Outcome
from domain.process.words import Operation, Status
from tests.adapters.outside import Outside, outside_of, simulated
from tests.store.shop import ADDRESS, Shop, key_of, saving, told
from tests.support.simulators import Simulators

AUTHORIZE = key_of("O-1", "authorize", Operation.AUTHORIZE)
SHIP = key_of("O-1", "ship", Operation.SHIP)
CAPTURE = key_of("O-1", "capture", Operation.CAPTURE)


class DiesAfter:
    """A partner that does what it is asked, and the worker dies before it can write the answer down."""

    def __init__(self, partner: Any) -> None:
        self._partner = partner

    def __getattr__(self, name: str) -> Any:
        async def ask(*arguments: Any) -> None:
            await getattr(self._partner, name)(*arguments)
            raise asyncio.CancelledError

        return ask


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
    """O-1: 2 units at 10.00, held."""
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 2})
    await shop.reserve("O-1", {1: 2})
    return shop


def effects(shop: Shop) -> Any:
    return shop.rows("SELECT operation, state FROM effect WHERE operation <> 'reserve_stock' ORDER BY intended_at")


async def authorize(shop: Shop, outside: Outside, **more: Any) -> Outcome:
    return await shop.run(Payment(shop.pool, outside.payments).authorize_payment, shop.authorizing("O-1", 2000, **more))


async def ship(shop: Shop, outside: Outside, **more: Any) -> Outcome:
    return await shop.run(Shipping(shop.pool, outside.carrier).request_shipment, shop.shipping("O-1", {1: 2}, **more))


async def capture(shop: Shop, outside: Outside, amount: int = 2000, **more: Any) -> Outcome:
    call = shop.capturing("O-1", amount, **more)
    return await shop.run(Payment(shop.pool, outside.payments).capture_payment, call)


# ---- the straight way ------------------------------------------------------------------------------


async def test_authorize_ship_capture_enter_what_the_outside_answered(order: Shop, outside: Outside) -> None:
    authorized = await authorize(
        order, outside, save=saving(1, Status.RESERVED, told(AUTHORIZE, "20.00 USD authorized."))
    )
    requested = await ship(order, outside)
    captured = await capture(order, outside)
    assert await order.rows(
        "SELECT key, ref, amount, captured, currency, state, expires_at FROM payment_authorization"
    ) == [(AUTHORIZE, authorized.ref, 2000, 2000, "USD", "authorized", authorized.expires_at)]
    assert await order.rows("SELECT key, ref, status, wakes, location, method FROM shipment") == [
        (SHIP, requested.ref, "released", ["shipped"], "main", "speedy-express")
    ]
    assert await order.rows("SELECT key, line, quantity, shipped, live FROM shipment_line") == [(SHIP, 1, 2, 0, True)]
    assert await order.rows("SELECT key, ref, authorization_key, shipment_key, amount FROM payment_capture") == [
        (CAPTURE, captured.ref, AUTHORIZE, SHIP, 2000)
    ]
    assert await order.rows("SELECT key, entry, debit, credit, amount FROM posting") == [
        (CAPTURE, "cash", "cash:card", "receivable", 2000)
    ]
    assert await effects(order) == [
        ("authorize_payment", "done"),
        ("request_shipment", "done"),
        ("capture_payment", "done"),
    ]
    assert await order.rows("SELECT data FROM event") == [({"ref": authorized.ref},)]


async def test_the_address_and_the_token_reach_the_outside_and_nothing_else(order: Shop, outside: Outside) -> None:
    calls = [order.authorizing("O-1", 2000), order.shipping("O-1", {1: 2})]
    outcomes = [await authorize(order, outside), await ship(order, outside)]
    text = "".join(message.model_dump_json() for message in (*calls, *outcomes))
    assert not any(word in text for word in ("Mercedes", "Olmo", "Burgos", "09003", "tok_ok"))
    assert outside.books("carrier")["requests"][0]["ship_to"] == ADDRESS


# ---- repeats -----------------------------------------------------------------------------------------


async def test_every_call_repeated_five_times_at_once_and_once_more_has_one_effect(
    order: Shop, outside: Outside
) -> None:
    for step in (authorize, ship, capture):
        outcomes = await asyncio.gather(*(step(order, outside) for _ in range(5)))
        outcomes.append(await step(order, outside))
        assert len({outcome.ref for outcome in outcomes}) == 1
    assert await order.rows("SELECT captured FROM payment_authorization") == [(2000,)]
    assert await order.account("cash:card") == 2000
    assert len(outside.books("carrier")["requests"]) == 1
    assert outside.books("carrier")["violations"] + outside.books("payments")["violations"] == []


async def test_a_repeat_of_a_settled_call_asks_nobody_but_still_saves(order: Shop, outside: Outside) -> None:
    first = await authorize(order, outside)
    outside.fault("payments", "authorizations", "unavailable", times=-1)
    again = await authorize(order, outside, save=saving(2, Status.RESERVED, told("late", "Saved late.")))
    assert again == first
    assert await order.rows("SELECT version FROM sales_order") == [(2,)]
    assert await order.rows("SELECT words FROM event") == [("Saved late.",)]


async def test_a_repeat_tells_the_outside_the_time_of_the_first_attempt(order: Shop, outside: Outside) -> None:
    outside.fault("payments", "authorizations", "drop_connection_after_success")
    call = order.authorizing("O-1", 2000)
    with pytest.raises(ApplicationError):
        await order.run(Payment(order.pool, outside.payments).authorize_payment, call)
    later = call.model_copy(update={"at": call.at.replace(hour=23)})
    outcome = await order.run(Payment(order.pool, outside.payments).authorize_payment, later)
    assert (outcome.refused, outcome.at) == (False, call.at)


# ---- lost answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["timeout_after_success", "drop_connection_after_success", "unavailable"])
async def test_a_fault_is_retryable_leaves_the_intent_and_the_retry_finishes(
    order: Shop, outside: Outside, fault: str
) -> None:
    await authorize(order, outside)
    outside.fault("carrier", "shipments", fault)
    with pytest.raises(ApplicationError) as raised:
        await ship(order, outside, save=saving(3, Status.RELEASED))
    assert (raised.value.type, raised.value.non_retryable) == ("unavailable", False)
    assert await effects(order) == [("authorize_payment", "done"), ("request_shipment", "intended")]
    assert await order.rows("SELECT status, ref FROM shipment") == [("requested", None)]
    assert await order.rows("SELECT version FROM sales_order") == [(0,)]
    outcome = await ship(order, outside, save=saving(3, Status.RELEASED))
    assert await order.rows("SELECT status, ref FROM shipment") == [("released", outcome.ref)]
    assert await order.rows("SELECT version FROM sales_order") == [(3,)]
    assert len(outside.books("carrier")["requests"]) == 1


async def test_a_worker_that_dies_between_the_answer_and_its_commit_loses_nothing(
    order: Shop, outside: Outside
) -> None:
    dying_payments, dying_carrier = DiesAfter(outside.payments), DiesAfter(outside.carrier)
    steps: list[tuple[Any, Call]] = [
        (Payment(order.pool, dying_payments).authorize_payment, order.authorizing("O-1", 2000)),
        (Shipping(order.pool, dying_carrier).request_shipment, order.shipping("O-1", {1: 2})),
        (Payment(order.pool, dying_payments).capture_payment, order.capturing("O-1", 2000)),
    ]
    for (activity, call), again in zip(steps, (authorize, ship, capture), strict=True):
        with pytest.raises(asyncio.CancelledError):
            await order.run(activity, call)
        assert (await effects(order))[-1] == (call.operation, "intended")
        assert not (await again(order, outside)).refused
    assert await order.rows("SELECT captured, state FROM payment_authorization") == [(2000, "authorized")]
    assert await order.rows("SELECT status FROM shipment") == [("released",)]
    assert await order.account("cash:card") == 2000
    assert outside.books("payments")["violations"] + outside.books("carrier")["violations"] == []


# ---- refusals ----------------------------------------------------------------------------------------


async def test_a_decline_is_settled_saves_nothing_and_is_remembered(shop: Shop, outside: Outside) -> None:
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 2}, token="tok_insufficient")
    refused = await authorize(shop, outside, save=saving(1, Status.RESERVED, told("authorized", "Authorized.")))
    assert (refused.refused, refused.code) == (True, "insufficient_funds")
    assert await shop.rows("SELECT state FROM payment_authorization") == [("refused",)]
    assert await effects(shop) == [("authorize_payment", "refused")]
    assert await shop.rows("SELECT version FROM sales_order") == [(0,)]
    assert await shop.rows("SELECT * FROM event") == []
    assert await authorize(shop, outside) == refused


async def test_an_order_without_a_token_is_refused_without_asking(shop: Shop, outside: Outside) -> None:
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 2}, token=None)
    refused = await authorize(shop, outside)
    assert (refused.refused, refused.code) == (True, "no_payment_token")
    assert outside.books("payments")["authorizations"] == []


async def test_a_refused_shipment_leaves_its_lines_free_for_another_request(order: Shop, outside: Outside) -> None:
    outside.fault("carrier", "shipments", "refuse", code="no_such_street")
    refused = await ship(order, outside)
    assert (refused.refused, refused.code) == (True, "no_such_street")
    assert await order.rows("SELECT status FROM shipment") == [("refused",)]
    assert await order.rows("SELECT live FROM shipment_line") == [(False,)]
    assert not (await ship(order, outside, n=2)).refused
    assert await order.rows("SELECT key, live FROM shipment_line ORDER BY key") == [
        (SHIP, False),
        (SHIP[:-1] + "2", True),
    ]


async def test_an_expired_authorization_is_refused_by_its_code_and_marked(order: Shop, outside: Outside) -> None:
    await authorize(order, outside)
    await ship(order, outside)
    outside.tell("payments", "expire", order="O-1", at="2026-05-06T09:31:00Z")
    refused = await capture(order, outside)
    assert (refused.refused, refused.code) == (True, "authorization_expired")
    assert await order.rows("SELECT state, captured FROM payment_authorization") == [("expired", 0)]
    assert await order.rows("SELECT * FROM payment_capture") == []
    assert await order.rows("SELECT * FROM posting") == []


async def test_a_second_live_request_for_a_line_is_a_bug_that_never_reaches_the_carrier(
    order: Shop, outside: Outside
) -> None:
    await ship(order, outside)
    with pytest.raises(ApplicationError, match="UniqueViolation shipment_line_one_live") as raised:
        await ship(order, outside, n=2)
    assert (raised.value.type, raised.value.non_retryable) == ("bug", True)
    assert len(outside.books("carrier")["requests"]) == 1
    assert await effects(order) == [("request_shipment", "done")]


# ---- undo --------------------------------------------------------------------------------------------


async def test_undo_after_a_lost_answer_undoes_what_happened(order: Shop, outside: Outside) -> None:
    outside.fault("payments", "authorizations", "drop_connection_after_success")
    outside.fault("carrier", "shipments", "drop_connection_after_success")
    for step in (authorize, ship):
        with pytest.raises(ApplicationError):
            await step(order, outside)
    shipping, payment = Shipping(order.pool, outside.carrier), Payment(order.pool, outside.payments)
    cancel = order.undoing(order.shipping("O-1", {1: 2}), Operation.CANCEL_SHIPMENT)
    void = order.undoing(order.authorizing("O-1", 2000), Operation.VOID)
    for _ in range(2):
        assert (await order.run(shipping.cancel_shipment, cancel)).code == "cancelled"
        assert (await order.run(payment.void_authorization, void)).code == "voided"
    assert await order.rows("SELECT status, live FROM shipment JOIN shipment_line USING (key)") == [
        ("cancelled", False)
    ]
    assert await order.rows("SELECT state FROM payment_authorization") == [("voided",)]
    assert outside.books("carrier")["counts"] == {"cancelled": 1}
    assert await order.rows("SELECT undoes FROM effect WHERE undoes IS NOT NULL ORDER BY 1") == [(AUTHORIZE,), (SHIP,)]


async def test_the_carriers_word_of_a_cancel_and_our_own_never_wait_for_each_other(
    order: Shop, outside: Outside
) -> None:
    """Both lock the shipment before its lines; the other way round PostgreSQL ends one of them after a second."""
    await ship(order, outside)
    cancel = order.undoing(order.shipping("O-1", {1: 2}), Operation.CANCEL_SHIPMENT)
    async with order.pool.connection() as webhook:
        await webhook.execute("SELECT FROM shipment WHERE key = %s FOR UPDATE", (SHIP,))
        ours = asyncio.create_task(order.run(Shipping(order.pool, outside.carrier).cancel_shipment, cancel))
        while not await order.rows("SELECT pid FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.02)
        await webhook.execute("UPDATE shipment_line SET live = false WHERE key = %s", (SHIP,))
    assert (await ours).code == "cancelled"
    assert await order.rows("SELECT status, live FROM shipment JOIN shipment_line USING (key)") == [
        ("cancelled", False)
    ]


async def test_undo_before_arrival_is_done_and_the_late_call_is_refused(order: Shop, outside: Outside) -> None:
    shipping, payment = Shipping(order.pool, outside.carrier), Payment(order.pool, outside.payments)
    cancel = order.undoing(order.shipping("O-1", {1: 2}), Operation.CANCEL_SHIPMENT)
    void = order.undoing(order.authorizing("O-1", 2000), Operation.VOID)
    assert (await order.run(shipping.cancel_shipment, cancel)).code == "never_requested"
    assert (await order.run(payment.void_authorization, void)).code == "never_authorized"
    late = await ship(order, outside), await authorize(order, outside)
    assert [outcome.code for outcome in late] == ["cancelled_before_arrival", "voided_before_arrival"]
    assert await order.rows("SELECT status, live FROM shipment JOIN shipment_line USING (key)") == [("refused", False)]
    assert await order.rows("SELECT state FROM payment_authorization") == [("refused",)]


async def test_a_late_cancel_is_refused_and_the_shipment_stays_live(order: Shop, outside: Outside) -> None:
    await ship(order, outside)
    outside.tell("carrier", "advance", order="O-1", to="picked", at="2026-05-06T10:00:00Z")
    cancel = order.undoing(order.shipping("O-1", {1: 2}), Operation.CANCEL_SHIPMENT)
    refused = await order.run(Shipping(order.pool, outside.carrier).cancel_shipment, cancel)
    assert (refused.refused, refused.code) == (True, "too_late")
    assert await order.rows("SELECT status, live FROM shipment JOIN shipment_line USING (key)") == [("released", True)]


async def test_a_refund_gives_the_money_back_once(order: Shop, outside: Outside) -> None:
    for step in (authorize, ship, capture):
        await step(order, outside)
    refund = order.undoing(order.capturing("O-1", 2000), Operation.REFUND, amount=2000)
    activity = Payment(order.pool, outside.payments).refund_payment
    outcomes = await asyncio.gather(*(order.run(activity, refund) for _ in range(3)))
    assert {outcome.code for outcome in outcomes} == {"refunded"}
    assert await order.rows("SELECT amount, refunded FROM payment_capture") == [(2000, 2000)]
    assert (await order.account("cash:card"), await order.account("receivable")) == (0, 0)


async def test_a_webhook_that_comes_before_the_answer_is_not_overwritten(order: Shop, outside: Outside) -> None:
    outside.fault("carrier", "shipments", "drop_connection_after_success")
    with pytest.raises(ApplicationError):
        await ship(order, outside)
    await order.write("UPDATE shipment SET status = 'picked'")
    outcome = await ship(order, outside)
    assert await order.rows("SELECT status, ref FROM shipment") == [("picked", outcome.ref)]
