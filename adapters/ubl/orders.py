"""A UBL Order as an order document (CAP1)."""

from typing import Any

from adapters.ubl.paper import Paper
from adapters.ubl.parts import (
    address,
    currency_of,
    delivered_to,
    line_number,
    line_values,
    party_id,
    party_name,
    requested_day,
)
from adapters.ubl.xml import Element

DEFAULT_CHANNEL = "edi"
NEW = frozenset({"1", "4", "Added", "NoStatus"})
ORDER_TYPES = frozenset({"220", "105"})
"""UNCL 1001: order, purchase order. Others, as a blanket order, are no wish for goods now."""
TRANSFERS = frozenset({"1", "10", "30", "31", "42", "57", "58", "59", "97", "ZZZ"})
"""UNCL 4461: ways to pay an invoice afterwards; by card needs the provider's token, which UBL has no place for."""


def read(paper: Paper, order_id: str, issued: str | None, issuer: str) -> dict[str, Any]:
    """The order document's JSON, but for what `complete` adds. Problems go into the paper."""
    root = paper.root
    told: dict[str, Any] = {"customer": {}, "payment": {"method": "terms"}}
    paper.put(told["customer"], "id", issuer or None, "$.customer", paper.one(root, "cac:BuyerCustomerParty"))
    paper.put(told, "purchase_order", order_id or None, "$", paper.one(root, "cbc:ID"))
    moment = issued if issued is None or "T" in issued else f"{issued}T00:00:00Z"
    paper.put(told, "ordered_at", moment, "$", paper.one(root, "cbc:IssueDate"))
    notes = [note.text for note in paper.several(root, "cbc:Note") if note.text]
    paper.put(told, "note", "\n".join(notes) or None, "$", next(iter(root.all("cbc:Note")), None))
    kind = paper.one(root, "cbc:OrderTypeCode")
    if kind is not None and kind.text not in ORDER_TYPES:
        paper.problem(kind, "not_carried_out", "Only orders are taken here: code 220.")
    _parties(paper, told)
    told["charges"] = [_charge(paper, one, n) for n, one in enumerate(paper.several(root, "cac:AllowanceCharge"))]
    told["lines"] = [_line(paper, one, n) for n, one in enumerate(paper.several(root, "cac:OrderLine"))]
    paper.places["$.lines"] = f"{root.path()}/cac:OrderLine"
    _payment(paper, root)
    code = paper.one(root, "cbc:DocumentCurrencyCode")
    named = code.text if code is not None else next((code for _, code in paper.currencies), None)
    paper.put(told, "currency", named, "$", code)
    for found, other in paper.currencies:
        if other != named:
            paper.problem(found, "other_currency", "All amounts of an order are in one currency, that of the document.")
    return told


def complete(
    paper: Paper, told: dict[str, Any], source: str | None, channel: str | None, ship_method: str | None
) -> None:
    """Adds what a UBL order cannot say, or need not; tells what is missing in the end."""
    root = paper.root
    system = source or told["customer"].get("id", "")
    told["source"] = {"system": system, "id": told.get("purchase_order", "")}
    for name, found in (("system", root.all("cac:BuyerCustomerParty")), ("id", root.all("cbc:ID"))):
        if found:
            paper.places[f"$.source.{name}"] = found[0]
    if source is not None:
        paper.places["$.source.system"] = "?source"
    told["channel"] = channel or DEFAULT_CHANNEL
    paper.places["$.channel"] = "?channel"
    if ship_method is not None and "ship_method" not in told:
        told["ship_method"], paper.places["$.ship_method"] = ship_method, "?ship_method"
    for name, where, words in (
        ("ship_method", "cac:Delivery/cac:CarrierParty", "Name the carrier here, or send the query ship_method."),
        ("ship_to", "cac:Delivery/cac:DeliveryLocation/cac:Address", "Say where the goods go."),
        ("currency", "cbc:DocumentCurrencyCode", "Say which currency the amounts are in."),
    ):
        if not told.get(name):
            paper.places[f"$.{name}"] = f"{root.path()}/{where}"
            paper.problem(f"{root.path()}/{where}", "missing", words)


def _parties(paper: Paper, told: dict[str, Any]) -> None:
    root = paper.root
    buyer = party_name(paper, paper.one(root, "cac:BuyerCustomerParty", "cac:Party"))
    delivery = paper.one(root, "cac:Delivery")
    payer = paper.one(root, "cac:AccountingCustomerParty", "cac:Party")
    postal = paper.one(payer, "cac:PostalAddress")
    if postal is not None:
        paper.places["$.bill_to"] = postal
        told["bill_to"] = address(paper, postal, party_name(paper, payer) or buyer, "$.bill_to")
    if delivery is None:
        return
    if ship_to := delivered_to(paper, delivery, "$.ship_to", buyer):
        told["ship_to"] = ship_to
    if asked := requested_day(paper, delivery):
        paper.put(told, "requested_date", asked[1], "$", asked[0])
    carrier = paper.one(delivery, "cac:CarrierParty")
    paper.put(told, "ship_method", party_id(paper, carrier), "$", carrier)


def _charge(paper: Paper, found: Element, index: int) -> dict[str, Any]:
    """A charge of the whole order. A discount of it is not taken: which lines it belongs to matters for a change."""
    path = f"$.charges[{index}]"
    paper.places[path] = found
    told: dict[str, Any] = {}
    indicator = paper.one(found, "cbc:ChargeIndicator")
    if indicator is None or indicator.text != "true":
        words = "A discount of the whole order cannot be carried out; send net prices on the lines."
        paper.problem(indicator or found, "not_carried_out", words)
    amount = paper.one(found, "cbc:Amount")
    if amount is not None:
        currency_of(paper, amount)
        paper.put(told, "amount", amount.text, path, amount)
    reason = paper.one(found, "cbc:AllowanceChargeReason")
    code = paper.one(found, "cbc:AllowanceChargeReasonCode") or reason
    paper.put(told, "code", " ".join(code.text.split()) if code is not None else None, path, code)
    return told


def _line(paper: Paper, found: Element, index: int) -> dict[str, Any]:
    path = f"$.lines[{index}]"
    item = paper.one(found, "cac:LineItem")
    if item is None:
        paper.problem(f"{found.path()}/cac:LineItem", "missing", "This element is required.")
        return {}
    status = paper.one(item, "cbc:LineStatusCode")
    if status is not None and status.text not in NEW:
        paper.problem(status, "not_a_choice", "The lines of an order are new ones; leave this out.")
    told = line_values(paper, item, path)
    paper.put(told, "number", line_number(paper, item), path, paper.one(item, "cbc:ID"))
    return told


def _payment(paper: Paper, root: Element) -> None:
    for means in paper.several(root, "cac:PaymentMeans"):
        code = paper.one(means, "cbc:PaymentMeansCode")
        if code is not None and code.text not in TRANSFERS:
            words = "Orders that come as UBL are paid on terms; by card, place the order as JSON with a token."
            paper.problem(code, "not_carried_out", words)
