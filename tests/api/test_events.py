"""The feed: every business event once, in order per order, however transactions commit (ORC20)."""

import asyncio
from typing import Any

from tests.api.desk import Desk

ADD = (
    "INSERT INTO event (order_number, key, type, at, words, why, data, correlation)"
    " VALUES (%(order)s, %(key)s, 'order.status', now(), 'w', '', '{}', %(order)s)"
)


async def keys(desk: Desk, after: str = "", limit: int = 50) -> tuple[list[str], str]:
    page = await desk.get("/v1/events", after=after, limit=limit)
    return [event["cause"] for event in page["events"]], page["next"]


async def test_an_event_names_what_happened_to_what_when_and_why(desk: Desk) -> None:
    number = await desk.place()
    [event] = (await desk.get("/v1/events"))["events"]
    [stored] = await desk.rows("SELECT id, at, recorded_at FROM event")
    [placed] = await desk.rows("SELECT bundle FROM sales_order")
    assert event == {
        "specversion": "1.0",
        "id": str(stored["id"]),
        "source": "/v1/orders",
        "type": "order.accepted",
        "subject": number,
        "time": stored["at"].isoformat().replace("+00:00", "Z"),
        "recorded_at": stored["recorded_at"].isoformat().replace("+00:00", "Z"),
        "dataschema": "/openapi.json#/components/schemas/EventView",
        "datacontenttype": "application/json",
        "correlationid": number,
        "cause": f"{number}/accepted",
        "words": "Order accepted from shop, channel web, 2 lines.",
        "why": "Placed by admin.",
        "data": {"bundle": placed["bundle"], "lines": 2},
    }


async def test_a_late_commit_is_never_skipped(desk: Desk) -> None:
    slow, fast = await desk.connection(), await desk.connection()
    async with slow, fast:
        await slow.execute(ADD, {"order": "A", "key": "slow-1"})
        await fast.execute(ADD, {"order": "B", "key": "fast-1"})
        await fast.commit()
        assert (await keys(desk))[0] == []
        await slow.execute(ADD, {"order": "A", "key": "slow-2"})
        seen, cursor = await keys(desk)
        await slow.commit()
        more, cursor = await keys(desk, cursor)
        assert seen + more == ["slow-1", "slow-2", "fast-1"]
        await fast.execute(ADD, {"order": "B", "key": "fast-2"})
        await fast.commit()
        assert (await keys(desk, cursor))[0] == ["fast-2"]


async def test_a_transaction_that_is_rolled_back_holds_nothing_up(desk: Desk) -> None:
    gone = await desk.connection()
    async with gone:
        await gone.execute(ADD, {"order": "A", "key": "never"})
        await gone.rollback()
        number = await desk.place()
        assert (await keys(desk))[0] == [f"{number}/accepted"]


async def test_pages_hold_every_event_once_while_many_write(desk: Desk) -> None:
    async def write(order: str) -> None:
        for n in range(15):
            async with desk.pool.connection() as connection:
                await connection.execute(ADD, {"order": order, "key": f"{order}-{n}"})
                await asyncio.sleep(0.002 * (hash((order, n)) % 4))
                await connection.execute(ADD, {"order": order, "key": f"{order}-{n}-b"})

    seen: list[str] = []
    cursor = ""

    async def read(until: Any) -> None:
        nonlocal cursor
        while True:
            done = until.done()
            found, cursor = await keys(desk, cursor, limit=7)
            seen.extend(found)
            if done and not found:
                return

    writing = asyncio.gather(*(write(order) for order in "ABCDE"))
    await read(writing)
    await writing
    assert len(seen) == len(set(seen)) == 150
    for order in "ABCDE":
        expected = [key for n in range(15) for key in (f"{order}-{n}", f"{order}-{n}-b")]
        assert [key for key in seen if key.startswith(order)] == expected


async def test_the_cursor_stays_where_it_is_while_nothing_happens(desk: Desk) -> None:
    _, empty = await keys(desk)
    assert await keys(desk, empty) == ([], empty)
    await desk.place()
    found, cursor = await keys(desk, empty)
    assert len(found) == 1
    assert await keys(desk, cursor) == ([], cursor)
