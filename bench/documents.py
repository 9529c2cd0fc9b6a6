"""The orders of the bench: two lines each, of as many items as Northwind sells."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

ITEMS = 77
"""With fewer, orders would queue up for the same rows of stock."""
SHIP_TO = {"name": "Ann Lee", "street": "1 Main St", "city": "Reno", "postal_code": "89501", "country": "US"}
DAYS_AHEAD = 21


def skus() -> list[str]:
    """Every item."""
    return [f"item-{number}" for number in range(ITEMS)]


def documents(prefix: str, count: int) -> list[dict[str, Any]]:
    """Orders `<prefix>-<n>`; who asks again with the same prefix gets the same items and quantities."""
    chosen = random.Random(prefix)
    now = datetime.now(UTC)
    return [
        {
            "number": f"{prefix}-{index}",
            "source": {"system": "bench", "id": f"{prefix}-{index}"},
            "channel": "web",
            "currency": "USD",
            "ordered_at": now.isoformat(),
            "customer": {"id": f"C-{chosen.randrange(90)}"},
            "ship_to": SHIP_TO,
            "requested_date": (now + timedelta(days=DAYS_AHEAD)).date().isoformat(),
            "ship_method": "ground",
            "payment": {"method": "card", "token": "tok_bench"},
            "lines": [{"sku": sku, "quantity": chosen.randint(1, 9)} for sku in chosen.sample(skus(), 2)],
        }
        for index in range(count)
    ]
