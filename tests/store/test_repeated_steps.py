"""A step that is repeated after a later version was saved: it returns what its first run did, and does no more (I11).

So it is when a worker dies in the workflow task in which its order also took a change.
"""

from activities.bundles import Bundles
from activities.changes import Changes
from activities.inventory import Inventory
from domain.process.words import Operation
from tests.store.changing import RESERVE, held, keep, later, replacing, revised, revising, save, trim
from tests.store.shop import Shop
from tests.store.test_revisions import order

__all__ = ["order"]


async def test_steps_repeated_after_two_more_versions_return_what_they_did(order: Shop) -> None:
    async def work_out(change_id: str, revision: int) -> object:
        return await order.run(Changes(order.pool, Bundles()).revise_order, revising(change_id, revision))

    inventory = Inventory(order.pool)
    reserving = order.reserving("O-1", {1: 4, 2: 3})
    assert reserving.key == RESERVE
    reserved = await order.run(inventory.reserve_stock, reserving)
    await keep(order, "c-1", {"lines": [{"number": 1, "quantity": 6}]})
    first = await work_out("c-1", 2)
    taken_over = await order.run(inventory.reserve_stock, replacing({1: 6, 2: 3}))
    await save(order, revised(1))
    await keep(order, "c-2", {"lines": [{"number": 1, "quantity": 1}, {"number": 2, "cancel": True}]})
    second = await work_out("c-2", 3)
    await save(order, revised(2, 3, "c-2"))
    await trim(order, later(2), {1: 1})
    books = await held(order)
    assert books == [(2, 1, "main", "1", 1)]

    assert await order.run(inventory.reserve_stock, reserving) == reserved
    assert await order.run(inventory.reserve_stock, replacing({1: 6, 2: 3})) == taken_over
    assert await work_out("c-1", 2) == first
    assert await work_out("c-2", 3) == second
    await trim(order, later(2), {1: 6, 2: 3})

    assert await held(order) == books
    assert await order.rows("SELECT sku, reserved FROM stock ORDER BY sku") == [("1", 1), ("2", 0), ("3", 0)]
    trimmed = await order.rows("SELECT count(*) FROM effect WHERE operation = %s", Operation.TRIM)
    assert trimmed == [(0,)]
