"""Orders as conditions see them, for tests."""

from typing import Any

from domain.conditions.order_model import LineFacts, OrderFacts


def order(**changes: Any) -> OrderFacts:
    """A card order of two lines, with any field changed."""
    facts: dict[str, Any] = {
        "number": "10248",
        "channel": "web",
        "currency": "USD",
        "ordered_at": "2026-03-02T09:30:00-06:00",
        "total": "500.10",
        "customer": {"id": "VINET", "segment": "gold"},
        "ship_to": {"country": "FR"},
        "payment": {"method": "card"},
        "lines": [
            {"number": 1, "sku": "A", "quantity": 5, "unit_price": "10.00", "amount": "50.00"},
            {"number": 2, "sku": "B", "quantity": 50, "unit_price": "9.002", "amount": "450.10"},
        ],
    }
    return OrderFacts.model_validate(facts | changes)


def line(**changes: Any) -> LineFacts:
    """A line of an order."""
    return LineFacts.model_validate({"number": 1, "sku": "A", "quantity": 5} | changes)
