"""A UBL 2.1 OrderResponse, the answer for those who asked for XML (CHG14)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from adapters.ubl.documents import Document, DocumentType
from adapters.ubl.xml import PREFIXES, ROOT, Element

RECEIVED = "AB"
ACCEPTED = "AP"
REJECTED = "RE"
IN_PART = "CA"
"""UNCL 4343: message acknowledged, the answer comes later; accepted; rejected; conditionally accepted."""
_PARTY = ("cbc:EndpointID", "cac:PartyIdentification", "cac:PartyName")
_NAMES = frozenset({"schemeID", "schemeAgencyID", "schemeName", "languageID"})


def order_response(document: Document, code: str, notes: Iterable[str], number: str | None, at: datetime) -> bytes:
    """The answer to a document. `number` is our number of the order, if it has one; parties are as they were sent."""
    moment = at.astimezone(UTC)
    lines = [
        _leaf("cbc:UBLVersionID", "2.1"),
        _leaf("cbc:ID", f"response-{document.change_id}"),
        _leaf("cbc:IssueDate", moment.date().isoformat()),
        _leaf("cbc:IssueTime", f"{moment:%H:%M:%S}Z"),
        _leaf("cbc:OrderResponseCode", code),
        *(_leaf("cbc:Note", note) for note in notes),
        "<cac:OrderReference>",
        _leaf("cbc:ID", document.order_id or "NA"),
        *([_leaf("cbc:SalesOrderID", number)] if number is not None else []),
        "</cac:OrderReference>",
    ]
    if document.type is not DocumentType.ORDER:
        about = _leaf("cbc:ID", document.id or "NA") + _leaf("cbc:DocumentType", document.type)
        lines.append(f"<cac:AdditionalDocumentReference>{about}</cac:AdditionalDocumentReference>")
    parties = ("cac:SellerSupplierParty", "cac:BuyerCustomerParty")
    lines += [f"<{name}>{_party(document.paper.root, name)}</{name}>" for name in parties]
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for uri, prefix in PREFIXES.items() if prefix != "ext")
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<OrderResponse xmlns="{ROOT}OrderResponse-2"{spaces}>'
    return "\n".join([head, *lines, "</OrderResponse>\n"]).encode()


def _leaf(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _party(root: Element, name: str) -> str:
    """What a party is known by; no addresses, no contacts."""
    parties = [party for role in root.all(name)[:1] for party in role.all("cac:Party")[:1]]
    told = "".join(_copy(child) for party in parties for child in party.children if child.name in _PARTY)
    return f"<cac:Party>{told}</cac:Party>"


def _copy(element: Element) -> str:
    told = (f" {name}={quoteattr(text)}" for name, text in element.attributes.items() if name in _NAMES)
    ours = [child for child in element.children if child.name.startswith(("cac:", "cbc:"))]
    inside = "".join(map(_copy, ours)) if element.children else escape(element.text)
    return f"<{element.name}{''.join(told)}>{inside}</{element.name}>"
