"""The calls to the outside that a change makes before it is answered, as anyone would write them."""

from datetime import UTC, datetime
from typing import Any

import aiohttp

from settings import Settings

AMOUNT = 10_000
"""What a bare order comes to, in cents."""


async def inquire(http: aiohttp.ClientSession, settings: Settings, number: str) -> None:
    """How far is the shipment?"""
    async with http.get(f"{settings.carrier_url}/v1/requests/{number}/ship") as response:
        response.raise_for_status()
        await response.json()


async def authorize_more(http: aiohttp.ClientSession, settings: Settings, number: str) -> None:
    """Has a higher amount held."""
    body = {"order": number, "amount": AMOUNT + 1, "currency": "USD", "token": "tok_bench", "at": _now()}
    await _post(http, f"{settings.payment_url}/v1/authorizations", f"{number}/more", body)


async def cancel(http: aiohttp.ClientSession, settings: Settings, number: str) -> None:
    """Takes the shipment request back."""
    body = {"request_key": f"{number}/ship", "at": _now()}
    await _post(http, f"{settings.carrier_url}/v1/cancellations", f"{number}/cancel", body)


async def _post(http: aiohttp.ClientSession, url: str, key: str, body: dict[str, Any]) -> None:
    async with http.post(url, json=body, headers={"Idempotency-Key": key}) as response:
        response.raise_for_status()
        await response.json()


def _now() -> str:
    return datetime.now(UTC).isoformat()
