"""An accepted cancel that its order did not hear the end of is told again to the resumed order (CHG9, hard case 10)."""

from tests.store.shop import Shop
from tests.store.test_resuming_split_orders import order, resuming, started

__all__ = ["order"]


async def test_an_accepted_cancel_is_told_with_the_start_and_a_refused_one_is_not(order: Shop) -> None:
    await started(order)
    for change_id, outcome in (("done", "accepted"), ("not-done", "refused")):
        await order.write(
            "INSERT INTO change_request (order_number, change_id, kind, document, requested_by, outcome, answer)"
            " VALUES ('O-1', %s, 'cancel', '{}', 'ana', %s, '{}')",
            *(change_id, outcome),
        )
    assert await resuming(order) == 1
    told = await order.rows(
        "SELECT payload -> 'changes' -> 0 ->> 'change_id', jsonb_array_length(payload -> 'changes'),"
        " payload -> 'answered' FROM dispatch WHERE kind = 'start' ORDER BY id DESC LIMIT 1"
    )
    assert told == [("done", 1, ["not-done"])], "of one that has its answer only the id is told"


async def test_it_is_not_told_to_an_order_that_is_cancelled_and_only_has_something_left_to_settle(order: Shop) -> None:
    await started(order)
    await order.write("UPDATE sales_order SET status = 'cancelled'")
    await order.write(
        "INSERT INTO change_request (order_number, change_id, kind, document, requested_by, outcome, answer)"
        " VALUES ('O-1', 'done', 'cancel', '{}', 'ana', 'accepted', '{}')"
    )
    assert await resuming(order) == 0
