"""The simulated outside world as a test arranges it: settings, faults, and a look into the books."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import httpx

from adapters.carrier_http import HttpCarrier
from adapters.http_calls import create_client
from adapters.payment_http import HttpPayments
from tests.support.simulators import Simulators, running_simulators

PATIENCE = 0.5
"""Seconds that these tests wait for an answer; a fault that hangs does so for longer."""
NOTHING_SENT: dict[str, Any] = {"events": []}


class Outside:
    """Carrier and payment provider: our adapters to them, and their administrators' means."""

    def __init__(self, simulators: Simulators, client: aiohttp.ClientSession) -> None:
        self.simulators = simulators
        self.carrier = HttpCarrier(client, f"{simulators.url}/carrier")
        self.payments = HttpPayments(client, f"{simulators.url}/payments")
        self._admin = httpx.Client(base_url=simulators.url, trust_env=False, timeout=10)

    def close(self) -> None:
        self._admin.close()

    def tell(self, kind: str, path: str, /, **body: Any) -> Any:
        """An administrator's word to a simulator (`carrier` or `payments`)."""
        response = self._admin.post(f"/{kind}/admin/{path}", json=body)
        assert response.is_success, response.text
        return response.json()

    def configure(self, kind: str, **settings: Any) -> None:
        """Change settings."""
        assert self._admin.put(f"/{kind}/admin/config", json=settings).is_success

    def fault(self, kind: str, operation: str, fault: str, **more: Any) -> None:
        """Switch a fault on; one that hangs does so for just longer than our patience."""
        self.tell(kind, "faults", operation=operation, kind=fault, **{"seconds": 3 * PATIENCE, **more})

    def books(self, kind: str) -> dict[str, Any]:
        """All requests, counts and violations."""
        found = self._admin.get(f"/{kind}/admin/books").json()
        assert isinstance(found, dict)
        return found


@contextmanager
def simulated(folder: Path) -> Iterator[Simulators]:
    """The process, which sends no webhook."""
    with running_simulators(folder) as simulators:
        yield simulators


@asynccontextmanager
async def outside_of(simulators: Simulators) -> AsyncIterator[Outside]:
    """Emptied books and plain settings, and our adapters with little patience."""
    async with create_client(timeout=PATIENCE) as client:
        outside = Outside(simulators, client)
        for kind in ("carrier", "payments"):
            outside.tell(kind, "reset")
            outside.configure(kind, **NOTHING_SENT)
        outside.configure("carrier", mode="manual", refuse_cancel_once_picked=True)
        yield outside
        outside.close()
