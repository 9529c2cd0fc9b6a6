"""The demo's hand in the outside world: it sets the simulators up, and alone tells the carrier shipping dates."""

from typing import Any

import httpx

from cli.demo_truth import Truth
from cli.errors import CommandError
from settings import Settings

TIMEOUT_SECONDS = 30.0
AUTHORIZATION_DAYS = 60
"""Business days an authorization lives in the demo: the slowest Northwind order took 37 days to ship."""


async def set_up(settings: Settings, truth: Truth) -> None:
    """Sets payment provider and carrier up and hands over the shipping dates; doing it again changes nothing."""
    async with _client() as client:
        await _send(client, "PUT", f"{settings.carrier_url}/admin/config", {"mode": "manual"})
        life = {"authorization_days": AUTHORIZATION_DAYS, "authorization_kind": "business"}
        await _send(client, "PUT", f"{settings.payment_url}/admin/config", life)
        plan = [{"order": number, "shipped_at": at.isoformat()} for number, at in truth.shipped.items()]
        await _send(client, "POST", f"{settings.carrier_url}/admin/plan", {"orders": plan})


async def violations(settings: Settings) -> list[str]:
    """What the simulators' own books hold against us, in words: none, if every request outside was in order."""
    found = []
    async with _client() as client:
        for name, url in (("carrier", settings.carrier_url), ("payment provider", settings.payment_url)):
            books = await _send(client, "GET", f"{url}/admin/books?summary=1")
            found += [f"the {name}: {violation}" for violation in books.get("violations", [])]
    return found


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)


async def _send(client: httpx.AsyncClient, method: str, url: str, body: Any = None) -> dict[str, Any]:
    try:
        response = await client.request(method, url, json=body)
    except httpx.HTTPError as error:
        raise CommandError(f"the simulator at {url} does not answer: {error or type(error).__name__}") from error
    if not response.is_success:
        raise CommandError(f"the simulator at {url} answered {response.status_code}: {response.text[:200]}")
    return dict(response.json())
