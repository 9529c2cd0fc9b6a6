"""A payment provider behind HTTP (PAY2). No card number passes here, only the provider's token."""

from datetime import datetime

import aiohttp

from adapters.http_calls import Partner, key_path, moment
from adapters.ports import AuthorizationAsked, PaymentCapabilities, Progress
from domain.process.outcomes import Outcome


class HttpPayments:
    """Implements `adapters.ports.Payments`; `base_url` without the version, as in PAYMENT_URL."""

    def __init__(self, client: aiohttp.ClientSession, base_url: str) -> None:
        self._partner = Partner(client, base_url, "payment provider")

    async def capabilities(self) -> PaymentCapabilities:
        """Asked of the provider; what it does not mention it cannot do."""
        told = (await self._partner.get("/capabilities")).content
        return PaymentCapabilities(
            authorize=told.get("authorize") is True,
            increase=told.get("increase") is True,
            capture=told.get("capture") is True,
            void=told.get("void") is True,
            refund=told.get("refund") is True,
        )

    async def authorize(self, key: str, asked: AuthorizationAsked) -> Outcome:
        """POST /authorizations."""
        body = {
            "order": asked.order,
            "amount": asked.amount,
            "currency": asked.currency,
            "token": asked.token,
            "at": asked.at.isoformat(),
        }
        return (await self._partner.post("/authorizations", key, body)).outcome(ref="authorization")

    async def capture(self, key: str, authorization_key: str, amount: int, at: datetime, shipment: str) -> Outcome:
        """POST /captures."""
        body = {
            "authorization_key": authorization_key,
            "amount": amount,
            "at": at.isoformat(),
            "shipment": shipment,
        }
        return (await self._partner.post("/captures", key, body)).outcome(ref="capture")

    async def void(self, key: str, authorization_key: str, at: datetime) -> Outcome:
        """POST /voids, by the key of the original authorization: it need not have been answered."""
        body = {"authorization_key": authorization_key, "at": at.isoformat()}
        reply = await self._partner.post("/voids", key, body)
        return reply.outcome(ref="authorization", code=str(reply.content.get("status", "")))

    async def refund(self, key: str, capture_key: str, amount: int, at: datetime) -> Outcome:
        """POST /refunds."""
        body = {"capture_key": capture_key, "amount": amount, "at": at.isoformat()}
        reply = await self._partner.post("/refunds", key, body, may_be_unknown=True)
        if not reply.found:
            return Outcome(code="never_captured", at=at)
        return reply.outcome(ref="refund", code="refunded")

    async def inquire(self, key: str) -> Progress | None:
        """GET /requests/{key}."""
        reply = await self._partner.get(f"/requests/{key_path(key)}")
        if not reply.found:
            return None
        told = reply.content
        ref = told.get("authorization") or told.get("capture") or told.get("refund")
        return Progress(str(told.get("status", "")), ref, moment(told.get("at")))
