"""The typed search attributes of an order's workflow (OPS1). `ordito up` registers them at the server."""

from datetime import UTC, datetime, time
from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from domain.process.messages import OrderRow, Start

STATUS = SearchAttributeKey.for_keyword("OrderStatus")
CUSTOMER = SearchAttributeKey.for_keyword("CustomerId")
CHANNEL = SearchAttributeKey.for_keyword("Channel")
PROMISE_DATE = SearchAttributeKey.for_datetime("PromiseDate")
AT_RISK = SearchAttributeKey.for_bool("AtRisk")
HOLD = SearchAttributeKey.for_keyword("Hold")
REVISION = SearchAttributeKey.for_int("Revision")

NOTHING_HELD = "none"


def at_start(start: Start) -> TypedSearchAttributes:
    """What is known of an order before it runs."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(STATUS, "accepted"),
            SearchAttributePair(CUSTOMER, start.customer),
            SearchAttributePair(CHANNEL, start.channel),
            SearchAttributePair(REVISION, 1),
        ]
    )


def shown(row: OrderRow) -> tuple[object, ...]:
    """What an upsert is worth: the attributes are written again only when this changes."""
    return row.status, row.at_risk, row.revision, held(row)


def held(row: OrderRow) -> str:
    """Why the order needs a person, as a code; `none` if it does not."""
    return next((waiting.code for waiting in row.waiting if waiting.parked), NOTHING_HELD)


def updates(row: OrderRow) -> list[SearchAttributeUpdate[Any]]:
    """The attributes of a row, as one upsert."""
    changes: list[SearchAttributeUpdate[Any]] = [
        STATUS.value_set(str(row.status)),
        AT_RISK.value_set(row.at_risk),
        HOLD.value_set(held(row)),
        REVISION.value_set(row.revision),
    ]
    if row.promise_date is not None:
        changes.append(PROMISE_DATE.value_set(datetime.combine(row.promise_date, time(), tzinfo=UTC)))
    return changes
