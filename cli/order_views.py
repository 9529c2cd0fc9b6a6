"""How an order looks in a terminal: words and tables for people, from the answers of the API."""

from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.console import out

Row = dict[str, Any]
WORDS = frozenset({"", "customer", "waits for", "what happened", "why"})
"""Columns that may be folded."""
WIDE = 1000


def day(moment: Any) -> str:
    """The date of a moment or a date; a dash for none."""
    return str(moment)[:10] if moment else "-"


def minute(moment: Any) -> str:
    """Date and time to the minute, in UTC."""
    return datetime.fromisoformat(str(moment)).strftime("%Y-%m-%d %H:%M") if moment else "-"


def plain_table(*headings: str) -> Table:
    """A table without lines, to be read and to be cut. Codes and amounts stay whole; only words are folded."""
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading not in WORDS)
    return table


def show_table(table: Table) -> None:
    """Prints a table; a file or a pipe gets every row on one line."""
    console = out if out.is_terminal else Console(file=out.file, width=WIDE, highlight=False)
    console.print(table)


def _row(table: Table, *cells: str) -> None:
    """Adds cells as plain text: what comes from outside is never markup."""
    table.add_row(*map(Text, cells))


def waits(waiting: list[Row]) -> str:
    """What an order waits for, in words."""
    return "; ".join(str(entry["what"]) for entry in waiting) or "-"


def money(amount: Any, currency: str) -> str:
    """An amount with its currency; a dash before the order was priced."""
    return "-" if amount is None else f"{amount} {currency}"


def show_list(orders: list[Row]) -> None:
    """The list of orders."""
    table = plain_table("number", "status", "customer", "total", "promised", "asked for", "waits for")
    for order in orders:
        _row(
            table,
            order["number"],
            order["status"] + (" (late)" if order["late"] else ""),
            order["customer"],
            money(order["total"], order["currency"]),
            day(order["promise_date"]),
            day(order["requested_date"]),
            waits(order["waiting"]),
        )
    show_table(table)


def show_order(order: Row) -> None:
    """One order: its head, what it waits for, its lines, and what was done for it."""
    document = order["document"]
    source = document.get("source") or {}
    out.print(f"Order {order['number']}: {order['status']}, revision {order['revision']}", markup=False)
    head = plain_table("", "")
    head.show_header = False
    _row(head, "customer", str(document.get("customer", {}).get("id", "-")))
    _row(head, "came from", f"{source.get('system', '-')} {source.get('id', '')}, channel {document.get('channel')}")
    _row(head, "ordered", minute(order["ordered_at"]))
    _row(head, "asked for", day(order["requested_date"]))
    _row(head, "promised", day(order["promise_date"]) + (" (at risk)" if order["at_risk"] else ""))
    _row(head, "shipped", day(order["shipped_at"]))
    _row(head, "total", _total(order))
    _row(head, "policy bundle", str(order["policy_bundle"])[:12])
    show_table(head)
    show_waiting(order["waiting"])
    _show_lines(order)
    _show_done(order)


def _total(order: Row) -> str:
    if order["total"] is None:
        return "not priced yet"
    parts = ", ".join(f"{name} {order[name]}" for name in ("goods", "charges", "tax"))
    return f"{order['total']} {order['currency']} ({parts})"


def show_waiting(waiting: list[Row]) -> None:
    """What, why, who and until when."""
    for entry in waiting:
        until = f", until {minute(entry['until'])}" if entry.get("until") else ""
        act = ", a person has to act" if entry.get("parked") else ""
        out.print(f"Waits ({entry['what']}){act}: {entry['why']} Owner: {entry['who']}{until}.", markup=False)


def _show_lines(order: Row) -> None:
    table = plain_table("line", "sku", "ordered", "open", "shipped", "cancelled", "amount", "status")
    for line in order["lines"]:
        counts = [str(line[name]) for name in ("quantity", "open", "shipped", "cancelled")]
        _row(table, str(line["number"]), line["sku"], *counts, str(line["amount"] or "-"), line["status"])
    show_table(table)
    for line in order["lines"]:
        number = str(line["number"])
        parts = [(group["units"][number], group) for group in order["groups"] if number in (group.get("units") or {})]
        told = ", ".join(f"{units} in group {group['id']} ({group['status']})" for units, group in parts)
        if len(parts) > 1:
            out.print(f"Line {number} goes in parts: {told}.", markup=False)


def _show_done(order: Row) -> None:
    for shipment in order["shipments"]:
        tracking = f", tracking {shipment['tracking']}" if shipment.get("tracking") else ""
        words = f"Shipment {shipment['ref'] or shipment['key']}: {shipment['status']}, {shipment['method']}{tracking}"
        out.print(words, markup=False)
    for held in order["authorizations"]:
        amounts = f"{held['amount']} {held['currency']}, {held['captured']} captured"
        out.print(f"Authorization {held['ref'] or held['key']}: {held['state']}, {amounts}", markup=False)
    for invoice in order["invoices"]:
        out.print(f"Invoice {invoice['number']}: {invoice['total']} {invoice['currency']}", markup=False)
    for change in order["changes"]:
        told = (change["answer"] or {}).get("words", "")
        out.print(f"Change {change['change_id']} ({change['kind']}): {change['outcome']}. {told}", markup=False)


def show_timeline(entries: list[Row]) -> None:
    """What happened and why, in the order of business time."""
    table = plain_table("when", "what happened", "why")
    for entry in entries:
        _row(table, minute(entry["at"]), entry["words"], entry["why"] or "")
    show_table(table)


def show_promise(placed: Row) -> None:
    """The answer to a placed order, with its promise if it came in time."""
    out.print(f"Order {placed['number']} is accepted.", markup=False)
    promise = placed.get("promise")
    if promise:
        total = money(promise["total"], promise["currency"])
        out.print(f"Promised for {day(promise['promise_date'])}; total {total}.", markup=False)
        table = plain_table("line", "sku", "quantity", "amount")
        for line in promise["lines"]:
            _row(table, str(line["number"]), line["sku"], str(line["quantity"]), str(line["amount"]))
        show_table(table)
        show_waiting(promise["waiting"])
    elif "promise" in placed:
        out.print("The promise takes longer; the order goes on.", markup=False)
    if not promise:
        out.print(f"`ordito order show {placed['number']}` tells where it stands.", markup=False)
