"""Invoices and credit memos through the activities (PAY3, PAY4, I4)."""

import asyncio
import contextlib

import psycopg
import pytest
from temporalio.exceptions import ApplicationError

from activities.invoicing import Invoicing
from domain.process.calls import CreateInvoice
from domain.process.words import Operation, Status
from store import invoicing
from tests.store.shop import AT, Shop, key_of, saving, told


async def shipped(shop: Shop, *numbers: str) -> None:
    """Orders of one line over 2 units at 10.00."""
    for number in numbers:
        await shop.place(number, {1: 2})


async def test_an_invoice_has_its_number_its_lines_and_its_postings(shop: Shop) -> None:
    await shop.item("1")
    await shipped(shop, "O-1")
    key = key_of("O-1", "invoice", Operation.INVOICE)
    save = saving(4, Status.COMPLETED, told(key, "Billed."), finished=True)
    outcome = await shop.invoice("O-1", {1: 2}, goods=2000, charges=350, tax=0, save=save)
    assert (outcome.ref, outcome.at, outcome.refused) == ("1", AT, False)
    assert await shop.rows("SELECT number, goods, charges, tax, total, currency, lines FROM invoice") == [
        (1, 2000, 350, 0, 2350, "USD", [{"line": 1, "sku": "1", "quantity": 2}])
    ]
    assert await shop.rows("SELECT entry, debit, credit, amount FROM posting ORDER BY entry") == [
        ("charges", "receivable", "revenue:charges", 350),
        ("goods", "receivable", "revenue:goods", 2000),
    ]
    assert await shop.rows("SELECT data FROM event") == [({"ref": "1"},)]
    assert await shop.rows("SELECT status, finished FROM sales_order") == [("completed", True)]


async def test_forty_invoices_at_once_and_failures_between_leave_no_gap(shop: Shop) -> None:
    await shop.item("1")
    await shipped(shop, *(f"O-{n}" for n in range(40)))

    async def fails(n: int) -> None:
        call = shop.invoicing(f"O-{n}", {1: 2}, goods=2000)
        assert isinstance(call.work, CreateInvoice)
        with contextlib.suppress(ZeroDivisionError):
            async with shop.pool.connection() as connection:
                await invoicing.create_invoice(connection, call, call.work)
                raise ZeroDivisionError

    good = (shop.invoice(f"O-{n}", {1: 2}, goods=2000) for n in range(40) if n % 4)
    bad = (fails(n) for n in range(40) if n % 4 == 0)
    await asyncio.gather(*good, *bad)
    assert await shop.rows("SELECT number FROM invoice ORDER BY number") == [(n,) for n in range(1, 31)]
    assert await shop.one("SELECT last FROM number_range WHERE name = 'invoice'") == 30


async def test_a_repeat_gives_the_same_number_whether_after_or_at_the_same_time(shop: Shop) -> None:
    await shop.item("1")
    await shipped(shop, "O-1", "O-2")
    await shop.invoice("O-2", {1: 2}, goods=2000)
    outcomes = await asyncio.gather(*(shop.invoice("O-1", {1: 2}, goods=2000) for _ in range(5)))
    outcomes.append(await shop.invoice("O-1", {1: 2}, goods=2000))
    assert [outcome.ref for outcome in outcomes] == ["2"] * 6
    assert await shop.one("SELECT last FROM number_range") == 2
    assert await shop.account("revenue:goods") == -4000


async def test_a_shipment_is_billed_once_whatever_the_key(shop: Shop) -> None:
    await shop.item("1")
    await shipped(shop, "O-1")
    await shop.invoice("O-1", {1: 2}, goods=2000)
    with pytest.raises(ApplicationError, match="UniqueViolation invoice_shipment_key_key") as raised:
        await shop.invoice("O-1", {1: 2}, goods=2000, n=2)
    assert raised.value.non_retryable is True
    assert await shop.one("SELECT count(*) FROM invoice") == 1
    assert await shop.one("SELECT count(*) FROM effect") == 1


async def test_a_credit_memo_takes_the_whole_invoice_back_once(shop: Shop) -> None:
    await shop.item("1")
    await shipped(shop, "O-1")
    await shop.invoice("O-1", {1: 2}, goods=2000, charges=350)
    activity = Invoicing(shop.pool).create_credit_memo
    undo = shop.undoing(shop.invoicing("O-1", {1: 2}, goods=2000), Operation.CREDIT)
    outcomes = await asyncio.gather(*(shop.run(activity, undo) for _ in range(4)))
    assert [outcome.ref for outcome in outcomes] == ["1"] * 4
    assert await shop.rows("SELECT number, invoice_number, goods, charges, tax, total FROM credit_memo") == [
        (1, 1, 2000, 350, 0, 2350)
    ]
    assert [await shop.account(name) for name in ("receivable", "revenue:goods", "revenue:charges")] == [0, 0, 0]


async def test_crediting_what_was_never_billed_is_done_and_keeps_the_bill_away(shop: Shop) -> None:
    await shop.item("1")
    await shipped(shop, "O-1")
    bill = shop.invoicing("O-1", {1: 2}, goods=2000)
    activities = Invoicing(shop.pool)
    outcome = await shop.run(activities.create_credit_memo, shop.undoing(bill, Operation.CREDIT))
    assert (outcome.refused, outcome.code, outcome.ref) == (False, "never_invoiced", None)
    late = await shop.run(activities.create_invoice, bill)
    assert (late.refused, late.code) == (True, "credited_before_arrival")
    assert await shop.rows("SELECT * FROM invoice") == []
    assert await shop.rows("SELECT * FROM number_range") == []


async def test_an_invoice_whose_parts_do_not_add_up_is_refused_by_the_database(shop: Shop) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="invoice_total"):
        await shop.write(
            "INSERT INTO invoice"
            " (number, key, order_number, shipment_key, currency, goods, charges, tax, total, lines, at)"
            " VALUES (1, 'k', 'O-1', 's', 'USD', 10, 1, 1, 13, '[]', now())"
        )
