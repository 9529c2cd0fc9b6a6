"""`ordito audit` finds what is broken: each tampering is done in a transaction that is never committed."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import psycopg
import pytest
import pytest_asyncio
from psycopg.rows import dict_row

from adapters.http_calls import TIMEOUT_SECONDS
from store.auditing import Verdict, audit_database
from store.pool import Connection
from tests.support.shop import Shop, running_shop
from tests.support.up import ordito


class Orders(NamedTuple):
    """An order that ended, one that waits for the carrier, and one that was changed as its preview said."""

    done: str
    waiting: str
    changed: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A stack of its own: the orders of other tests would be looked at too."""
    async with running_shop(tmp_path_factory.mktemp("cli")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def orders(shop: Shop) -> Orders:
    """Two orders of one item."""
    sku = await shop.stocked()
    done, waiting = await shop.place([(sku, 3)]), await shop.place([(sku, 2)])
    await shop.until_status(waiting, "released")
    await shop.until_status(done, "released")
    await shop.ship(done)
    await shop.until_status(done, "completed")
    return Orders(done, waiting, await changed_as_previewed(shop))


async def changed_as_previewed(shop: Shop) -> str:
    """An order with one unit less, by a change that named its preview."""
    number = await shop.place([(await shop.stocked(), 2)])
    await shop.until_status(number, "released")
    path, change = f"/v1/orders/{number}/changes", {"lines": [{"number": 1, "quantity": 1}]}
    preview = await shop.ok("POST", f"{path}?preview=true", json=change)
    await shop.ok("POST", path, json={**change, "token": preview["token"]})
    await shop.until_status(number, "released")
    return number


@pytest_asyncio.fixture(loop_scope="session")
async def tampering(shop: Shop) -> AsyncIterator[Connection]:
    """A transaction that is rolled back."""
    connection = await psycopg.AsyncConnection.connect(shop.settings.database(), row_factory=dict_row)
    try:
        yield connection
    finally:
        await connection.rollback()
        await connection.close()


TAMPERINGS = [
    (
        "I1",
        "UPDATE stock SET reserved = reserved + 1"
        " WHERE sku = (SELECT sku FROM order_line WHERE order_number = %(waiting)s)",
        "at main 3 of 97 on hand are reserved, and live reservations hold 2",
    ),
    (
        "I2",
        "UPDATE reservation SET state = 'live' WHERE order_number = %(done)s",
        "is finished (completed) and still holds 3 units of ",
    ),
    (
        "I2",
        "UPDATE payment_authorization SET captured = captured - 1, amount = amount WHERE order_number = %(done)s",
        "and still holds the authorization ",
    ),
    (
        "I3",
        "UPDATE payment_authorization SET captured = captured - 1 WHERE order_number = %(done)s",
        "of 3000 counts 2999 captured, its captures come to 3000",
    ),
    (
        "I4",
        "UPDATE posting SET amount = amount + 1 WHERE order_number = %(done)s AND entry = 'cash'",
        "USD: invoiced less credited 3000 is not captured less refunded 3000 and open receivable -1",
    ),
    (
        "I4",
        "UPDATE posting SET amount = amount + 1 WHERE order_number = %(done)s AND entry = 'goods'",
        "of 3000 is posted with 3001",
    ),
    (
        "I4",
        "INSERT INTO invoice (number, key, order_number, shipment_key, currency, goods, charges, tax, total, lines, at)"
        " SELECT number + 100, 'x', order_number, 'x', currency, goods, charges, tax, total, lines, at"
        " FROM invoice WHERE order_number = %(done)s",
        "invoices, and the highest number is ",
    ),
    (
        "I5",
        "UPDATE order_line SET shipped = shipped - 1 WHERE order_number = %(done)s",
        "line 1: 3 ordered, 2 shipped, 0 cancelled; its shipments count 3, and 1 are open at the end",
    ),
    (
        "I6",
        """UPDATE sales_order SET "row" = jsonb_set("row", '{waiting,0,who}', '""') WHERE number = %(waiting)s""",
        "waits without saying who",
    ),
    (
        "I7",
        "UPDATE payment_authorization SET captured = 0, state = 'voided' WHERE order_number = %(done)s",
        "left without cover",
    ),
    (
        "I8",
        "UPDATE sales_order SET status = 'reserved' WHERE number = %(waiting)s",
        "its columns say reserved, revision 1, finished f; its row says released, revision 1, finished false",
    ),
    (
        "I8",
        "UPDATE sales_order SET version = 0 WHERE number = %(waiting)s",
        "has version 0 and a row",
    ),
    (
        "I9",
        "UPDATE order_line SET amount = amount + 1 WHERE order_number = %(done)s",
        "line 1: its amount is 3001, and its waterfall comes to 3000",
    ),
    (
        "I9",
        "UPDATE sales_order SET goods = goods + 1 WHERE number = %(done)s",
        "its lines come to 3000, its goods to 3001",
    ),
    (
        "I10",
        """UPDATE sales_order SET opened = jsonb_set(opened, '{policy,bundle}', '"other"') WHERE number = %(done)s""",
        "and was opened with other",
    ),
    (
        "I10",
        """UPDATE policy_bundle SET content = content || '{"more": 1}'""",
        "is not its bundle's hash: the content comes to ",
    ),
    (
        "I11",
        "INSERT INTO effect (key, order_number, operation, state, outcome, at)"
        " SELECT key || '/again', order_number, operation, state, outcome, at"
        " FROM effect WHERE order_number = %(done)s AND operation = 'capture_payment'",
        "are one and the same",
    ),
    (
        "I11",
        "DELETE FROM effect WHERE order_number = %(done)s AND operation = 'create_invoice'",
        "was made by no effect",
    ),
    (
        "I12",
        "UPDATE shipment SET status = 'cancelled' WHERE order_number = %(waiting)s",
        ", which is cancelled",
    ),
    (
        "I14",
        "UPDATE change_request SET answer = jsonb_set(answer, '{after,total}', '1') WHERE order_number = %(changed)s",
        " is not what its preview said",
    ),
]


@pytest.mark.parametrize(("invariant", "tamper", "words"), TAMPERINGS)
async def test_what_breaks_an_invariant_is_named(
    orders: Orders, tampering: Connection, invariant: str, tamper: str, words: str
) -> None:
    before = {verdict.invariant: verdict for verdict in await audit_database(tampering)}
    cursor = await tampering.execute(tamper, orders._asdict())

    after = {verdict.invariant: verdict for verdict in await audit_database(tampering)}

    assert cursor.rowcount >= 1
    assert before[invariant].state == "ok"
    assert after[invariant].state == "broken"
    assert words in told(after[invariant])
    assert after[invariant].checked > 0


def told(verdict: Verdict) -> str:
    """Every offender in words."""
    return "\n".join(f"{offender.subject} {offender.words}" for offender in verdict.offenders)


async def test_a_sound_shop_passes_and_says_what_was_checked(shop: Shop, orders: Orders) -> None:
    code, said, _ = await shop.cli("audit")

    assert code == 0, said
    rows = {line.split()[0]: line for line in said.splitlines()[1:]}
    assert [name for name in rows if name.startswith("I")] == [f"I{number}" for number in range(1, 15)]
    assert rows["I14"].split()[-2:] == ["ok", "1"]
    assert "equals the workflows" in rows["read"]
    assert not rows["I13"].rstrip().endswith(" 0")


async def test_a_read_model_that_differs_from_its_workflow_is_named(shop: Shop, orders: Orders) -> None:
    async with await psycopg.AsyncConnection.connect(shop.settings.database()) as connection:
        await connection.execute("UPDATE sales_order SET version = version + 7 WHERE number = %s", [orders.waiting])

    code, said, _ = await shop.cli("audit")

    async with await psycopg.AsyncConnection.connect(shop.settings.database()) as connection:
        await connection.execute("UPDATE sales_order SET version = version - 7 WHERE number = %s", [orders.waiting])
    assert code == 1
    assert f"read model: {orders.waiting} workflow and read model differ: version " in said
    assert (await shop.cli("audit"))[0] == 0


async def test_a_workflow_with_a_call_on_its_way_may_know_less_than_the_database(shop: Shop, orders: Orders) -> None:
    """What a killed worker wrote is unknown to the workflow until the call is tried again: that is no difference."""
    document = shop.document([(await shop.stocked(), 1)])
    number = document["number"]
    await shop.fault("carrier", "shipments", "slow", number, seconds=TIMEOUT_SECONDS + 1)
    await shop.ok("POST", "/v1/orders", json=document)
    await shop.until(number, lambda order: bool(order["shipments"]))
    async with await psycopg.AsyncConnection.connect(shop.settings.database()) as connection:
        await connection.execute("UPDATE sales_order SET version = version + 1 WHERE number = %s", [number])
        await connection.commit()
        _, said, _ = await shop.cli("audit")
        await connection.execute("UPDATE sales_order SET version = version - 1 WHERE number = %s", [number])
    assert f"read model: {number}" not in said
    assert "1 could not be compared" in said
    await shop.until_status(number, "released", seconds=60)


async def test_the_audit_without_its_servers_says_so(shop: Shop) -> None:
    away = {**shop.up.env, "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}

    code, said, told_of = await ordito("audit", env=away)

    assert (code, said) == (1, "")
    assert told_of.startswith("ordito: the database does not answer: ")
