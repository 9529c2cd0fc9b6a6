"""How orders look to a reader: amounts as decimal text, personal data only for those who may see it."""

from typing import Any

from api.change_views import change
from domain.money import to_text
from domain.process.words import RANK, Status

Row = dict[str, Any]


def amount(minor: int | None, currency: str) -> str | None:
    """Minor units as decimal text: 1230 USD cents are "12.30"."""
    return None if minor is None else to_text(minor, currency)


def total(row: Row) -> int | None:
    """Goods, charges and tax; None before the order was priced."""
    return None if row["goods"] is None else row["goods"] + row["charges"] + (row["tax"] or 0)


def in_list(row: Row) -> Row:
    """One entry of the list of orders."""
    names = (
        "number",
        "status",
        "customer",
        "channel",
        "currency",
        "ordered_at",
        "accepted_at",
        "promise_date",
        "requested_date",
        "shipped_at",
        "late",
        "finished",
        "parked",
        "at_risk",
        "revision",
        "waiting",
    )
    return {
        **{name: row[name] for name in names},
        "source": {"system": row["source_system"], "id": row["source_id"]},
        "total": amount(total(row), row["currency"]),
    }


def whole(row: Row, *, personal: bool) -> Row:
    """An order with all that belongs to it."""
    currency = row["currency"]
    state = row["row"] or {}
    groups = state.get("groups", [])
    return {
        "number": row["number"],
        "status": row["status"],
        "revision": row["revision"],
        "version": row["version"],
        "finished": row["finished"],
        "parked": row["parked"],
        "at_risk": row["at_risk"],
        "promise_date": row["promise_date"],
        "requested_date": row["requested_date"],
        "ordered_at": row["ordered_at"],
        "accepted_at": row["accepted_at"],
        "shipped_at": row["shipped_at"],
        "placed_by": row["principal"],
        "policy_bundle": row["bundle"],
        "document": row["document"],
        "personal": row["party"] if personal else None,
        "currency": currency,
        "goods": amount(row["goods"], currency),
        "charges": amount(row["charges"], currency),
        "tax": amount(row["tax"], currency),
        "total": amount(total(row), currency),
        "roll_up": {name: state[name] for name in ("lowest", "highest", "counts") if name in state} or None,
        "waiting": state.get("waiting", []),
        "holds": state.get("holds", []),
        "groups": groups,
        "lines": [_line(line, _status_of(line, groups, row["status"]), currency) for line in _lines(row)],
        "shipments": [_without(shipment, "order_number", "wakes") for shipment in row["shipments"]],
        "authorizations": [_money(entry, "amount", "captured") for entry in row["authorizations"]],
        "captures": [_money(entry, "amount", "refunded") for entry in row["captures"]],
        "invoices": [_money(entry, "goods", "charges", "tax", "total") for entry in row["invoices"]],
        "credit_memos": [_money(entry, "goods", "charges", "tax", "total") for entry in row["credit_memos"]],
        "changes": [change(entry, currency) for entry in row["changes"]],
    }


def _lines(row: Row) -> list[Row]:
    """The lines as priced; before that, as ordered."""
    if row["lines"]:
        return list(row["lines"])
    blank: Row = {"amount": None, "waterfall": [], "group_id": None, "shipped": 0, "cancelled": 0}
    return [
        {**blank, "number": line["number"], "sku": line["sku"], "quantity": line["quantity"], "open": line["quantity"]}
        for line in row["document"]["lines"]
    ]


def _line(line: Row, status: str, currency: str) -> Row:
    """A line with the waterfall of its price (PRC11)."""
    return {
        "number": line["number"],
        "sku": line["sku"],
        "quantity": line["quantity"],
        "open": line["open"],
        "shipped": line["shipped"],
        "cancelled": line["cancelled"],
        "amount": amount(line["amount"], currency),
        "group": line["group_id"],
        "status": status,
        "waterfall": line["waterfall"],
    }


def _status_of(line: Row, groups: list[Row], order_status: str) -> str:
    if line["cancelled"] == line["quantity"]:
        return "cancelled"
    found = [Status(group["status"]) for group in groups if line["number"] in group["lines"]]
    return min(found, key=RANK.__getitem__, default=order_status)


def _money(entry: Row, *fields: str) -> Row:
    shown = _without(entry, "order_number")
    return {**shown, **{field: amount(shown[field], shown["currency"]) for field in fields}}


def _without(entry: Row, *fields: str) -> Row:
    return {name: value for name, value in entry.items() if name not in fields}
