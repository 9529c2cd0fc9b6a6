"""The functions of the condition language."""

FUNCTIONS = {
    "any": "any(l.quantity > 10 for l in order.lines)",
    "all": "all(l.quantity > 10 for l in order.lines)",
    "sum": "sum(l.quantity for l in order.lines)",
    "count": "count(l.quantity > 10 for l in order.lines)",
    "min": "min(l.quantity for l in order.lines)",
    "max": "max(l.quantity for l in order.lines)",
    "has": "has(order.requested_date)",
    "coalesce": "coalesce(line.warehouse, order.warehouse)",
    "lower": "lower(order.channel)",
    "round": "round(order.total, 2)",
    "percent": "percent(5)",
    "hours": "hours(4)",
    "days": "days(2)",
    "date": 'date("2026-03-01")',
}
"""Each function with an example of its use, for messages and for the docs."""
