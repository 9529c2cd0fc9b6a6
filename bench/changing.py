"""Our side of the measures of changes: orders that wait for the carrier, and the doors by which they are changed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from temporalio.client import Client

from bench.ground import Ground, until
from bench.happened import Happened, rests_at, since

UP, DOWN = 1, -1
PATIENCE = 60.0
WAITS = """
SELECT count(*) FROM sales_order
WHERE number = %s AND revision = %s AND status = 'released' AND jsonb_array_length(row -> 'waiting') > 0
"""


@dataclass
class ChangingShop:
    """A change is measured from rest to rest: the next one begins when nothing of the one before is on its way."""

    ground: Ground
    http: aiohttp.ClientSession
    temporal: Client
    _at: dict[str, int] = field(default_factory=dict)
    """Number of the last event of each order's history when it came to rest."""

    async def place(self, placed: Sequence[dict[str, Any]]) -> None:
        """Places the orders, and waits until all wait for the carrier."""
        for order in placed:
            (await self.ground.api.post("/v1/orders", json=order)).raise_for_status()
        for order in placed:
            await self._come_to_rest(order["number"], 1)

    async def change(self, order: dict[str, Any], by: int) -> tuple[float, Happened]:
        """Moves the quantity of line 1; milliseconds until the answer, and what the history has of it at rest.

        RuntimeError unless the answer is that the change is accepted.
        """
        number, line = order["number"], order["lines"][0]
        line["quantity"] += by
        revision = order["revision"] = order.get("revision", 1) + 1
        lines = [{"number": 1, "quantity": line["quantity"]}]
        body = {"change_id": f"to-{revision}", "base_revision": revision - 1, "lines": lines}
        headers = {"Authorization": f"Bearer {self.ground.settings.api_key}"}
        url = f"{self.ground.settings.api_url}/v1/orders/{number}/changes"
        before, started = self._at[number], time.perf_counter()
        async with self.http.post(url, json=body, headers=headers) as response:
            answer = await response.json()
        took = (time.perf_counter() - started) * 1000
        if response.status != 200 or answer["outcome"] != "accepted":
            raise RuntimeError(f"the change of {number} was not accepted at once: {response.status} {answer}")
        await self._come_to_rest(number, revision)
        return took, await since(self.temporal.get_workflow_handle(f"order-{number}"), before)

    async def _come_to_rest(self, number: str, revision: int) -> None:
        handle = self.temporal.get_workflow_handle(f"order-{number}")

        async def rests() -> bool:
            if not await self.ground.count(WAITS, number, revision):
                return False
            at = await rests_at(handle)
            if at is not None:
                self._at[number] = at
            return at is not None

        await until(rests, PATIENCE, f"{number} waits for the carrier at revision {revision}")
