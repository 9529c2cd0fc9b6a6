"""A company's database in a test: items, stock, accepted orders, and the calls that an order's process would make."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from psycopg.rows import tuple_row
from temporalio.testing import ActivityEnvironment

from activities.inventory import Inventory
from activities.invoicing import Invoicing
from activities.orders import Orders
from domain.base import Lines
from domain.policy.model import Bundle
from domain.process.calls import (
    AuthorizePayment,
    Call,
    CapturePayment,
    CreateInvoice,
    OpenOrder,
    RequestShipment,
    ReserveStock,
    SaveOrder,
    Undo,
    Work,
)
from domain.process.outcomes import Outcome
from domain.process.read_model import BusinessEvent, OrderRow, Save
from domain.process.words import Operation, Status
from store.pool import Pool

AT = datetime(2026, 5, 6, 9, 30, tzinfo=UTC)
"""Business time of everything in these tests."""
ADDRESS = {
    "name": "Mercedes Alba",
    "street": "Calle Olmo 12",
    "city": "Burgos",
    "region": None,
    "postal_code": "09003",
    "country": "ES",
}
DOCUMENT: dict[str, Any] = {
    "source": {"system": "shop", "id": ""},
    "channel": "web",
    "currency": "USD",
    "ordered_at": "2026-05-06T09:00:00Z",
    "customer": {"id": "ALBA", "segment": None},
    "ship_to_country": "ES",
    "ship_to_region": None,
    "requested_date": "2026-05-20",
    "ship_method": "speedy-express",
    "warehouse": None,
    "purchase_order": None,
    "charges": [],
    "payment_method": "card",
    "as_of": None,
}


def key_of(order: str, step: str, operation: Operation, n: int = 1, group: str = "1") -> str:
    """An effect's key as the process derives it."""
    return f"{order}/{step}/{group}/r1/{operation}/{n}"


def saving(version: int, status: Status, *events: BusinessEvent, **more: Any) -> Save:
    """A save as the process sends it."""
    row = OrderRow(
        status=status, lowest=status, highest=status, counts={status: 1}, revision=1, promise_date=None, **more
    )
    return Save(version=version, row=row, events=events)


def told(key: str, words: str) -> BusinessEvent:
    """A business event."""
    return BusinessEvent(key=key, type="test.told", at=AT, words=words)


@dataclass
class Shop:
    """Everything a test does to the database goes through here or through an activity."""

    pool: Pool
    bundle: Bundle
    environment: ActivityEnvironment = field(default_factory=ActivityEnvironment)

    async def run(self, activity: Any, call: Call) -> Outcome:
        """Run an activity as the worker does."""
        outcome = await self.environment.run(activity, call)
        assert isinstance(outcome, Outcome)
        return outcome

    # ---- what is there before ------------------------------------------------------------------

    async def release_policies(self) -> None:
        """The shipped policies, released."""
        values = (self.bundle.hash, self.bundle.canonical().decode())
        await self.write("INSERT INTO policy_bundle (hash, content, files) VALUES (%s, %s::jsonb, '{}')", *values)

    async def item(self, sku: str, *, on_hand: int = 0, location: str = "main", price: int | None = None) -> None:
        """An item with stock at one location, and a list price in US cents since 2020."""
        await self.write("INSERT INTO item (sku, title, type) VALUES (%s, %s, 'physical')", sku, f"Item {sku}")
        await self.stock(sku, on_hand, location)
        if price is not None:
            await self.write("INSERT INTO list_price VALUES (%s, 'USD', '2020-01-01', %s)", sku, price)

    async def stock(self, sku: str, on_hand: int, location: str) -> None:
        """Stock of a known item at one more location."""
        await self.write(
            "INSERT INTO stock (location, sku, on_hand, reserved) VALUES (%s, %s, %s, 0)", location, sku, on_hand
        )

    async def accept(
        self, number: str, lines: Sequence[dict[str, Any]], *, token: str | None = "tok_ok", **more: Any
    ) -> None:
        """An accepted order; lines without a number are counted from 1, without a price they cost 10.00."""
        whole = [{"number": n, **line} for n, line in enumerate(lines, start=1)]
        document = {**DOCUMENT, "number": number, "lines": whole, **more}
        party = {"ship_to": ADDRESS, "bill_to": None, "payment": {"token": token}, "note": None}
        await self.write(
            "INSERT INTO sales_order (number, source_system, source_id, body_hash, document, party, bundle, channel,"
            " customer, currency, ordered_at, principal) VALUES (%s, 'shop', %s, '', %s::jsonb, %s::jsonb, %s, 'web',"
            " 'ALBA', %s, %s, 'tests')",
            *(number, number, json.dumps(document), json.dumps(party), self.bundle.hash, document["currency"], AT),
        )

    async def place(self, number: str, lines: Lines | Sequence[dict[str, Any]], **more: Any) -> Outcome:
        """An accepted and opened order. `lines` as sku quantities by line need items named "1", "2"..."""
        if isinstance(lines, dict):
            lines = [
                {"number": n, "sku": str(n), "quantity": units, "unit_price": "10.00"} for n, units in lines.items()
            ]
        await self.accept(number, lines, **more)
        return await self.run(Orders(self.pool).open_order, self.opening(number))

    # ---- calls -----------------------------------------------------------------------------------

    def call(
        self, order: str, step: str, work: Work, *, n: int = 1, group: str = "1", save: Save | None = None
    ) -> Call:
        """A call as the process sends it."""
        key = key_of(order, step, work.kind, n, group)
        return Call(key=key, order=order, group=group, step=step, n=n, at=AT, work=work, save=save)

    def opening(self, order: str, save: Save | None = None) -> Call:
        return self.call(order, "open", OpenOrder(bundle=self.bundle.hash), group="", save=save)

    def saved(self, order: str, save: Save) -> Call:
        return self.call(order, "save", SaveOrder(), group="", n=save.version, save=save)

    def reserving(self, order: str, lines: Lines, *, location: str = "main", **more: Any) -> Call:
        return self.call(order, "reserve", ReserveStock(location=location, lines=lines), **more)

    def authorizing(self, order: str, amount: int, **more: Any) -> Call:
        return self.call(order, "authorize", AuthorizePayment(amount=amount, currency="USD"), **more)

    def shipping(self, order: str, lines: Lines, **more: Any) -> Call:
        work = RequestShipment(location="main", method="speedy-express", lines=lines, wakes=("shipped",))
        return self.call(order, "ship", work, **more)

    def capturing(self, order: str, amount: int, **more: Any) -> Call:
        work = CapturePayment(
            authorization=key_of(order, "authorize", Operation.AUTHORIZE),
            shipment=key_of(order, "ship", Operation.SHIP),
            amount=amount,
            currency="USD",
        )
        return self.call(order, "capture", work, **more)

    def invoicing(self, order: str, lines: Lines, *, goods: int, charges: int = 0, tax: int = 0, **more: Any) -> Call:
        work = CreateInvoice(
            shipment=key_of(order, "ship", Operation.SHIP),
            lines=lines,
            goods=goods,
            charges=charges,
            tax=tax,
            currency="USD",
            paid=True,
        )
        return self.call(order, "invoice", work, **more)

    def undoing(self, call: Call, kind: Any, amount: int = 0, **more: Any) -> Call:
        return self.call(call.order, call.step, Undo(kind=kind, of=call.key, amount=amount, currency="USD"), **more)

    # ---- short ways --------------------------------------------------------------------------------

    async def reserve(self, order: str, lines: Lines, **more: Any) -> Outcome:
        return await self.run(Inventory(self.pool).reserve_stock, self.reserving(order, lines, **more))

    async def invoice(self, order: str, lines: Lines, *, goods: int, **more: Any) -> Outcome:
        return await self.run(Invoicing(self.pool).create_invoice, self.invoicing(order, lines, goods=goods, **more))

    # ---- reading -----------------------------------------------------------------------------------

    async def write(self, sql: str, *values: Any) -> None:
        """One statement, committed."""
        async with self.pool.connection() as connection:
            await connection.execute(sql, values)

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        async with self.pool.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(sql, values)
            return await cursor.fetchall()

    async def one(self, sql: str, *values: Any) -> Any:
        """The only value."""
        ((value,),) = await self.rows(sql, *values)
        return value

    async def units(self, sku: str, location: str = "main") -> tuple[int, int]:
        """On hand and reserved."""
        ((on_hand, reserved),) = await self.rows(
            "SELECT on_hand, reserved FROM stock WHERE sku = %s AND location = %s", sku, location
        )
        return on_hand, reserved

    async def account(self, name: str) -> int:
        """The balance of a ledger account: debits less credits."""
        total = await self.one(
            "SELECT coalesce(sum(CASE WHEN debit = %s THEN amount ELSE -amount END), 0) FROM posting"
            " WHERE %s IN (debit, credit)",
            *(name, name),
        )
        return int(Decimal(total))

    async def assert_sound(self) -> None:
        """I1, I4: what must hold after anything whatever."""
        assert (
            await self.rows(
                "SELECT s.location, s.sku FROM stock s LEFT JOIN (SELECT location, sku, sum(quantity) AS held"
                " FROM reservation WHERE state = 'live' GROUP BY location, sku) r USING (location, sku)"
                " WHERE s.reserved <> coalesce(r.held, 0) OR s.reserved > s.on_hand OR s.reserved < 0"
            )
            == []
        ), "I1"
        ((invoiced, credited, captured, refunded),) = await self.rows(
            "SELECT (SELECT coalesce(sum(total), 0) FROM invoice), (SELECT coalesce(sum(total), 0) FROM credit_memo),"
            " (SELECT coalesce(sum(amount), 0) FROM payment_capture),"
            " (SELECT coalesce(sum(refunded), 0) FROM payment_capture)"
        )
        assert invoiced - credited == captured - refunded + await self.account("receivable"), "I4"
