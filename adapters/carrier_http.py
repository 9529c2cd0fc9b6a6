"""A carrier behind HTTP (SHP1)."""

from datetime import datetime

import aiohttp

from adapters.http_calls import Partner, key_path, moment
from adapters.ports import CarrierCapabilities, Progress, ShipmentAsked, UpdateAsked
from domain.process.outcomes import Outcome

UNKNOWN_REQUEST = "unknown_request"


class HttpCarrier:
    """Implements `adapters.ports.Carrier`; `base_url` without the version, as in CARRIER_URL."""

    def __init__(self, client: aiohttp.ClientSession, base_url: str) -> None:
        self._partner = Partner(client, base_url, "carrier")

    async def capabilities(self) -> CarrierCapabilities:
        """Asked of the carrier; what it does not mention it cannot do."""
        told = (await self._partner.get("/capabilities")).content
        return CarrierCapabilities(
            create=told.get("create") is True,
            update=told.get("update") is True,
            cancel=told.get("cancel") is True,
            inquire=told.get("inquire") is True,
            relabel=told.get("relabel") is True,
        )

    async def request(self, key: str, asked: ShipmentAsked) -> Outcome:
        """POST /shipments."""
        body = {
            "order": asked.order,
            "group": asked.group,
            "method": asked.method,
            "at": asked.at.isoformat(),
            "ship_to": asked.ship_to,
            "lines": asked.lines,
        }
        return (await self._partner.post("/shipments", key, body)).outcome(ref="shipment")

    async def cancel(self, key: str, request_key: str, at: datetime) -> Outcome:
        """POST /cancellations, by the key of the original request: it need not have been answered."""
        body = {"request_key": request_key, "at": at.isoformat()}
        reply = await self._partner.post("/cancellations", key, body)
        return reply.outcome(ref="shipment", code=str(reply.content.get("status", "")))

    async def update(self, key: str, request_key: str, asked: UpdateAsked, at: datetime) -> Outcome:
        """POST /updates, by the key of the original request, with all that it is to be from now on."""
        body = {
            "request_key": request_key,
            "at": at.isoformat(),
            "method": asked.method,
            "ship_to": asked.ship_to,
            "lines": asked.lines,
            **({"instead_of": asked.instead_of} if asked.instead_of is not None else {}),
        }
        reply = await self._partner.post("/updates", key, body, may_be_unknown=True)
        if not reply.found:
            return Outcome(refused=True, code=UNKNOWN_REQUEST, words=f"The carrier has no request {request_key}.")
        return reply.outcome(ref="shipment")

    async def inquire(self, request_key: str) -> Progress | None:
        """GET /requests/{key}."""
        reply = await self._partner.get(f"/requests/{key_path(request_key)}")
        if not reply.found:
            return None
        told = reply.content
        return Progress(str(told.get("status", "")), told.get("shipment"), moment(told.get("at")))
