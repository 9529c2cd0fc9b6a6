"""The raw signal `change_requested`, however it comes: at most one effect and one answer (CHG12, CHG14, CHG15)."""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from tests.changes import cases, ground
from tests.changes.cases import Case, answers, ends, more, statuses, untouched
from tests.changes.ground import Customer, look, ready
from tests.support.shop import Shop

UP, TOTAL = 7000, 5000
ACCEPTED, REFUSED = "change.accepted", "change.refused"


async def signal(customer: Customer, payload: Any) -> None:
    await customer.shop.workflow(customer.number).signal("change_requested", payload)


async def answered(customer: Customer, changes: int = 1) -> list[dict[str, Any]]:
    """The changes of the order, as soon as so many have their answers."""

    def all_are(order: dict[str, Any]) -> bool:
        return len(order["changes"]) == changes and all(one["outcome"] != "in_progress" for one in order["changes"])

    order = await customer.until(all_are)
    found: list[dict[str, Any]] = order["changes"]
    return found


async def accepted_once(customer: Customer, change_id: str = "c-1") -> None:
    """One answer event, one new version, one request beside the cancelled one; and the order ends by it."""
    await answered(customer)
    await customer.until(lambda order: order["revision"] == 2)
    await ends(customer, UP)
    assert await answers(customer) == Counter({(ACCEPTED, change_id): 1})
    assert statuses(await customer.requests()) == ["cancelled", "shipped"]


# ---- one order each, side by side -----------------------------------------------------------------------


async def sent_with_the_temporal_command(shop: Shop) -> None:
    customer = await ready(shop)
    program = Path(sys.executable).with_name("temporal")
    where = ("--address", shop.settings.temporal_address, "--workflow-id", f"order-{customer.number}")
    what = ("--name", "change_requested", "--input", json.dumps(more(base_revision=1)))
    process = await asyncio.create_subprocess_exec(
        program, "workflow", "signal", *where, *what, stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    await accepted_once(customer)


async def duplicate(shop: Shop) -> None:
    customer = await ready(shop)
    await asyncio.gather(*(signal(customer, more()) for _ in range(4)))
    await answered(customer)
    await signal(customer, more())
    await accepted_once(customer)


async def with_an_id_that_comes_by_http_too(shop: Shop) -> None:
    customer = await ready(shop)
    await signal(customer, more())
    await answered(customer)
    status, answer = await customer.change(more())
    assert (status, answer["outcome"], answer["revision"]) == (200, "accepted", 2)
    await accepted_once(customer)


async def stale(shop: Shop) -> None:
    customer = await ready(shop)
    before = await look(customer)
    for _ in range(2):
        await signal(customer, more(base_revision=7))
    (change,) = await answered(customer)
    assert (change["outcome"], change["code"]) == ("refused", "stale_revision")
    await untouched(customer, before)
    assert await answers(customer) == Counter({(REFUSED, "c-1"): 1})
    await ends(customer, TOTAL)


MALFORMED: tuple[tuple[Any, str], ...] = (
    ("gibberish", "$"),
    ({"lines": [{"number": 1, "quantity": 5}]}, "$.change_id"),
    (more(0), "$.lines[0].quantity"),
    ({"change_id": "c-1", "set": {"ship_to": {"city": "Reno"}}}, "$.set.ship_to"),
    (more(reason="card 4111 1111 1111 1111"), "$.reason"),
    ({**more(), "change": "cancel"}, "$.change"),
)
"""A payload, and the place that the answer names."""


async def malformed(shop: Shop) -> None:
    """Each gets an answer of its own, under an id that is not the caller's: a corrected one may use that."""
    customer = await ready(shop)
    before = await look(customer)
    for payload, _ in MALFORMED:
        await signal(customer, payload)
        await signal(customer, payload)
    changes = await answered(customer, len(MALFORMED))
    assert {change["code"] for change in changes} == {"malformed"}
    words = " ".join(change["words"] for change in changes)
    assert [place for _, place in MALFORMED if f"{place}: " not in words] == []
    assert "4111" not in words
    await untouched(customer, before, refusals=len(MALFORMED))
    assert set((await answers(customer)).values()) == {1}
    await signal(customer, more())
    await answered(customer, len(MALFORMED) + 1)
    await ends(customer, UP)


async def during_a_change(shop: Shop) -> None:
    customer = await ready(shop)
    await shop.fault("carrier", "cancellations", "slow", customer.number, seconds=1.5)
    first = asyncio.create_task(customer.change(more(4, "c-1")))
    await customer.until(lambda order: len(order["changes"]) == 1)
    for _ in range(2):
        await signal(customer, more(5, "c-2"))
        await signal(customer, more(9, "c-3", base_revision=1))
    assert (await first)[1]["revision"] == 2
    changes = {change["change_id"]: change for change in await answered(customer, 3)}
    assert (changes["c-2"]["outcome"], changes["c-2"]["revision"]) == ("accepted", 3)
    assert (changes["c-3"]["outcome"], changes["c-3"]["code"]) == ("refused", "stale_revision")
    await ends(customer, UP)
    assert await answers(customer) == Counter({(ACCEPTED, "c-1"): 1, (ACCEPTED, "c-2"): 1, (REFUSED, "c-3"): 1})


CASES: tuple[Case, ...] = (
    sent_with_the_temporal_command,
    duplicate,
    with_an_id_that_comes_by_http_too,
    stale,
    malformed,
    during_a_change,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ran(shop: Shop) -> dict[str, BaseException | None]:
    """What became of each case."""
    return await cases.run_together(shop, CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_a_signal(ran: dict[str, BaseException | None], case: Case) -> None:
    cases.judge(ran, case)


# ---- before the first task: parts of the stack stand still, so these are alone ----------------------------


async def test_a_signal_before_the_first_task_is_done_once_the_order_is_open(shop: Shop) -> None:
    """The workflow exists, and no worker has seen it yet."""
    (skus,) = await ground.stocked(shop, 1)
    document = ground.document(shop, skus)
    customer = Customer(shop, document["number"], skus)
    worker = psutil.Process(shop.up.children()["worker"])
    worker.suspend()
    try:
        await shop.ok("POST", "/v1/orders", json=document)
        await _exists(customer)
        for _ in range(3):
            await signal(customer, more())
    finally:
        worker.resume()
    await answered(customer)
    await _opened_as_changed(customer)


async def test_a_change_by_http_before_the_first_task_is_done_once_the_order_is_open(shop: Shop) -> None:
    """The order is kept, and its workflow does not exist yet."""
    (skus,) = await ground.stocked(shop, 1)
    document = ground.document(shop, skus)
    customer = Customer(shop, document["number"], skus)
    relay = psutil.Process(shop.up.children()["relay"])
    relay.suspend()
    try:
        await shop.ok("POST", "/v1/orders", json=document)
        found = [await customer.change(more(), seconds=1) for _ in range(2)]
        assert {(status, answer["outcome"]) for status, answer in found} == {(202, "in_progress")}
    finally:
        relay.resume()
    await answered(customer)
    await _opened_as_changed(customer)


async def _exists(customer: Customer) -> None:
    for _ in range(100):
        try:
            await customer.shop.workflow(customer.number).describe()
        except Exception:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("the relay started no workflow")


async def _opened_as_changed(customer: Customer) -> None:
    """The change is done once, and what is shipped and billed is the order as changed."""
    await customer.until(lambda order: order["revision"] == 2)
    await ends(customer, UP)
    assert await answers(customer) == Counter({(ACCEPTED, "c-1"): 1})
    assert [one[0] for one in await customer.requests()].count("shipped") == 1
    assert [line[2] for one in await customer.requests() if one[0] == "shipped" for line in one[1]] == [5, 2]
