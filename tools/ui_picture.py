"""`python -m tools.ui_picture`: pictures of the Temporal UI for the docs: an order that waits, and one that is parked.

It runs a stack of its own in a temporary folder, places two orders, and has a headless Chromium look at their pages.
"""

import asyncio
import socket
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from settings import PROJECT_ROOT, Settings
from stack.errors import StackError
from stack.running import running_stack
from tools.browser import BrowserError, Page, browser

PICTURES = PROJECT_ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1360, 860
PATIENCE_SECONDS = 60.0
PORTS = (
    "ORDITO_POSTGRES_PORT",
    "ORDITO_TEMPORAL_PORT",
    "ORDITO_TEMPORAL_UI_PORT",
    "ORDITO_TEMPORAL_METRICS_PORT",
    "ORDITO_WORKER_METRICS_PORT",
    "ORDITO_API_PORT",
    "ORDITO_SIMULATORS_PORT",
)
ORDERS = (("waiting", "W-1001", "tok_visa"), ("parked", "W-1002", "tok_declined"))
"""Name of the picture, order number, payment token: the simulated provider declines the second card."""


async def take_pictures() -> None:
    """Write every picture."""
    async with browser() as page:  # first: without one there is nothing to start
        with tempfile.TemporaryDirectory(prefix="ordito-picture-", ignore_cleanup_errors=True) as folder:
            ports = dict(zip(PORTS, map(str, _free_ports(len(PORTS))), strict=True))
            settings = Settings.from_env({"ORDITO_HOME": folder, **ports})
            async with running_stack(settings, tell=_tell, handle_signals=False) as stack:
                await _take(stack.settings, page)


async def _take(settings: Settings, page: Page) -> None:
    headers = {"Authorization": f"Bearer {settings.api_key}"}
    async with httpx.AsyncClient(base_url=settings.api_url, headers=headers, timeout=30, trust_env=False) as api:
        await _open_shop(api)
        for _, number, token in ORDERS:
            await _ok(api, "POST", "/v1/orders", _order(number, token))
        for name, number, _ in ORDERS:
            await _until_waiting(api, number)
            await _photograph(settings, page, name, number)


async def _photograph(settings: Settings, page: Page, name: str, number: str) -> None:
    root = f"http://127.0.0.1:{settings.temporal_ui_port}"
    workflow = f"namespaces/{settings.temporal_namespace}/workflows/order-{number}"
    async with httpx.AsyncClient(trust_env=False) as client:
        found = (await client.get(f"{root}/api/v1/{workflow}")).raise_for_status().json()
    run_id = found["workflowExecutionInfo"]["execution"]["runId"]
    path = PICTURES / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    await page.open(f"{root}/{workflow}/{run_id}/user-metadata", WIDTH, HEIGHT)
    await page.until("Current Details")
    await asyncio.sleep(3)  # the details are drawn in a frame that a script cannot look into
    picture = await page.picture()
    await asyncio.to_thread(path.write_bytes, picture)
    _tell(f"{path.relative_to(PROJECT_ROOT)}: {len(picture):,} bytes")


async def _open_shop(api: httpx.AsyncClient) -> None:
    prices = [{"currency": "USD", "amount": "21.00"}]
    await _ok(api, "POST", "/v1/policies", {"note": "for a picture"})
    await _ok(api, "PUT", "/v1/items", {"items": [{"sku": "cabrales", "title": "Queso Cabrales", "prices": prices}]})
    receipt = {"id": "open", "location": "main", "sku": "cabrales", "quantity": 40, "reason": "receipt"}
    await _ok(api, "POST", "/v1/stock/movements", {"movements": [receipt]})


def _order(number: str, token: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    ship_to = {"name": "Sean Byrne", "street": "8 Johnstown Road", "city": "Cork", "country": "IE"}
    return {
        "number": number,
        "source": {"system": "web-shop", "id": number},
        "channel": "web",
        "currency": "USD",
        "ordered_at": now.isoformat(),
        "customer": {"id": "C-21"},
        "ship_to": ship_to,
        "requested_date": (now + timedelta(days=14)).date().isoformat(),
        "ship_method": "speedy-express",
        "charges": [{"code": "freight", "amount": "6.50"}],
        "payment": {"method": "card", "token": token},
        "lines": [{"sku": "cabrales", "quantity": 4}],
    }


async def _until_waiting(api: httpx.AsyncClient, number: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await _ok(api, "GET", f"/v1/orders/{number}"))["waiting"]:
            await asyncio.sleep(0.2)


async def _ok(api: httpx.AsyncClient, method: str, path: str, body: Any = None) -> Any:
    response = await api.request(method, path, json=body)
    if not response.is_success:
        raise StackError(f"{method} {path} was answered with {response.status_code}: {response.text}")
    return response.json()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _tell(words: str) -> None:
    sys.stdout.write(f"{words}\n")


def main() -> None:
    """Exit status 1 with a sentence when the browser or the stack does not come up."""
    try:
        asyncio.run(take_pictures())
    except (BrowserError, StackError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
