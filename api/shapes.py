"""What OpenAPI says about bodies that our own code reads, and the examples."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Header
from pydantic import BaseModel

from api.answers_mass import OUTCOMES
from domain.process.words import Status
from limits import (
    DEFAULT_PAGE,
    DEFAULT_WAIT_SECONDS,
    MAX_IDEMPOTENCY_KEY,
    MAX_PAGE,
    MAX_REASON,
    MAX_REFERENCE,
    MAX_WAIT_SECONDS,
)

BODY_MODELS: list[type[BaseModel]] = []
"""Models of request bodies, for the components of the OpenAPI document."""


def body_of(model: type[BaseModel], example: Any, *, many: bool = False) -> dict[str, Any]:
    """The `openapi_extra` of a route whose body is one `model`, or a list of it."""
    if model not in BODY_MODELS:
        BODY_MODELS.append(model)
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{model.__name__}"}
    if many:
        schema = {"type": "array", "items": schema, "minItems": 1}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


_UBL = "urn:oasis:names:specification:ubl:schema:xsd"
_CANCELLATION = f"""<OrderCancellation xmlns="{_UBL}:OrderCancellation-2"
    xmlns:cac="{_UBL}:CommonAggregateComponents-2" xmlns:cbc="{_UBL}:CommonBasicComponents-2">
  <cbc:ID>CX-1</cbc:ID>
  <cbc:IssueDate>2026-03-31</cbc:IssueDate>
  <cbc:CancellationNote>The site is closed.</cbc:CancellationNote>
  <cac:OrderReference><cbc:ID>PO-4711</cbc:ID></cac:OrderReference>
  <cac:BuyerCustomerParty><cac:Party><cbc:EndpointID>4098765000010</cbc:EndpointID></cac:Party></cac:BuyerCustomerParty>
  <cac:SellerSupplierParty><cac:Party><cbc:EndpointID>4012345000009</cbc:EndpointID></cac:Party></cac:SellerSupplierParty>
</OrderCancellation>
"""


def xml_body() -> dict[str, Any]:
    """The `openapi_extra` of a route whose body is a UBL document."""
    content = {"application/xml": {"schema": {"type": "string"}, "example": _CANCELLATION}}
    return {"requestBody": {"required": True, "content": content}}


def example_order() -> dict[str, Any]:
    """An order as a web shop would place it."""
    return {
        "source": {"system": "web-shop", "id": "W-20931"},
        "channel": "web",
        "currency": "USD",
        "ordered_at": "2026-03-30T09:15:00-05:00",
        "customer": {"id": "C-1017", "segment": "gold"},
        "ship_to": {
            "name": "Ana Trujillo",
            "street": "Avda. de la Constitución 2222",
            "city": "México D.F.",
            "postal_code": "05021",
            "country": "MX",
        },
        "requested_date": "2026-04-06",
        "ship_method": "speedy-express",
        "purchase_order": "PO 4711",
        "charges": [{"code": "freight", "amount": "12.40"}],
        "payment": {"method": "card", "token": "tok_visa"},
        "lines": [
            {"sku": "11", "quantity": 12, "unit_price": "14.00"},
            {"sku": "42", "quantity": 10, "discount": "0.05"},
        ],
    }


_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_REFERENCE}
_FLAG = {"type": "boolean"}
_MOMENT = {"type": "string", "format": "date-time"}
_REVISION = {"type": "integer", "minimum": 1}
_PARAMETERS: dict[str, tuple[dict[str, Any], str]] = {
    "status": (
        {"type": "array", "items": {"type": "string", "enum": list(Status)}, "maxItems": len(Status)},
        "Only orders of these statuses.",
    ),
    "customer": (_TEXT, "Only orders of this customer."),
    "channel": (_TEXT, "Only orders of this channel."),
    "source_system": (_TEXT, "Only orders of this source."),
    "source_id": (_TEXT, "Only the order with this id at its source."),
    "late": (_FLAG, "Only late orders, or only those that are not."),
    "shipped": (_FLAG, "Only orders that have left whole, or only the others."),
    "parked": (_FLAG, "Only orders that wait for a person, or only the others."),
    "finished": (_FLAG, "Only orders that have ended, or only the others."),
    "number": (_TEXT, "Only orders whose number begins so."),
    "accepted_from": (_MOMENT, "Accepted at this moment or later."),
    "accepted_to": (_MOMENT, "Accepted before this moment."),
    "location": (_TEXT, "Only this location."),
    "sku": ({"type": "array", "items": _TEXT, "maxItems": MAX_PAGE}, "Only these items."),
    "source": (_TEXT, "Source system of the order; when left out, the buyer who sends the document."),
    "ship_method": (_TEXT, "How an order is shipped that names no carrier."),
    "after": ({"type": "string"}, "The `next` of the page before."),
    "limit": ({"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE}, "Entries of the page."),
    "outcome": ({"type": "string", "enum": list(OUTCOMES)}, "Only items with this outcome."),
    "from": (_REVISION, "The older version; without it the one before `to`."),
    "to": (_REVISION, "The newer version; without it the newest one."),
    "reason": ({"type": "string", "minLength": 1, "maxLength": MAX_REASON}, "Why; it is kept with the order."),
    "preview": (_FLAG, "Only tell what the change would come to."),
    "wait": ({"type": "string", "enum": ["promised"]}, "Wait for the promise."),
    "timeout": (
        {"type": "integer", "minimum": 1, "maximum": MAX_WAIT_SECONDS, "default": DEFAULT_WAIT_SECONDS},
        "How many seconds to wait.",
    ),
}


_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key again gives the same answer; with another body it is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_IDEMPOTENCY_KEY, "pattern": "^[ -~]+$"},
}


def parameters(
    *names: str, key: bool = False, words: Mapping[str, str] | None = None, **changed: dict[str, Any]
) -> dict[str, Any]:
    """The `openapi_extra` of a route with these query parameters, and with an Idempotency-Key.

    `words` describe parameters that mean something else here; `changed` alters their schemas.
    """
    described = words or {}
    return {
        "parameters": ([_KEY] if key else [])
        + [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": described.get(name, _PARAMETERS[name][1]),
                "schema": {**_PARAMETERS[name][0], **changed.get(name, {})},
            }
            for name in names
        ]
    }


async def _webhook_headers(
    webhook_id: Annotated[str | None, Header(description="Id of the message.")] = None,
    webhook_timestamp: Annotated[str | None, Header(description="Unix seconds of the sending.")] = None,
    webhook_signature: Annotated[str | None, Header(description="`v1,` and the HMAC-SHA256 in base64.")] = None,
) -> None:
    """Only for the document: the signature is checked with the body."""


def webhook_headers() -> Any:
    """The headers of Standard Webhooks, for the document."""
    return Depends(_webhook_headers)
