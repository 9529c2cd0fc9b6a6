"""An order that was split is resumed, unless it was changed after the split (design, hard case 10; ORC16, CHG8)."""

from domain.process.read_model import BusinessEvent, Save
from domain.process.words import Status
from store.dispatch import enqueue
from store.resuming import NotResumableError, resume
from tests.store.changing import revise, revised, save
from tests.store.shop import AT, Shop, saving
from tests.store.test_revisions import order

__all__ = ["order"]

SPLIT = BusinessEvent(key="split/1", type="order.split", at=AT, words="Sent in two parts.")


def telling(save: Save) -> Save:
    return save.model_copy(update={"events": (SPLIT,)})


async def resuming(order: Shop) -> str | int:
    """The code of the refusal, or how much is told again."""
    try:
        async with order.pool.connection() as connection:
            return (await resume(connection, "O-1")).told_again
    except NotResumableError as error:
        return error.code


async def started(order: Shop) -> None:
    async with order.pool.connection() as connection:
        await enqueue(connection, "O-1", "start", {"number": "O-1"})
    await order.write("UPDATE dispatch SET delivered_at = now()")


async def starts(order: Shop) -> object:
    return await order.rows("SELECT payload ->> 'revision' FROM dispatch WHERE kind = 'start' ORDER BY id")


async def test_changed_after_it_was_split_it_is_not_resumed(order: Shop) -> None:
    await started(order)
    await save(order, telling(saving(1, Status.RESERVED)))
    await revise(order, {"lines": [{"number": 1, "quantity": 6}]})
    await save(order, revised(2))
    assert await resuming(order) == "order_split"
    assert await starts(order) == [(None,)]


async def test_split_after_it_was_changed_it_is_resumed_at_its_revision(order: Shop) -> None:
    await started(order)
    await revise(order, {"lines": [{"number": 1, "quantity": 6}]})
    await save(order, revised(1))
    await save(order, telling(revised(2)).model_copy(update={"revised": None}))
    assert await resuming(order) == 1
    assert await starts(order) == [(None,), ("2",)]
