"""The typed search attributes of an order's workflow (OPS1). `ordito up` registers them at the server."""

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

if TYPE_CHECKING:  # what registers the attributes needs none of the domain
    from domain.process.doors import Start
    from domain.process.read_model import OrderRow

STATUS = SearchAttributeKey.for_keyword("OrderStatus")
CUSTOMER = SearchAttributeKey.for_keyword("CustomerId")
CHANNEL = SearchAttributeKey.for_keyword("Channel")
PROMISE_DATE = SearchAttributeKey.for_datetime("PromiseDate")
AT_RISK = SearchAttributeKey.for_bool("AtRisk")
HOLD = SearchAttributeKey.for_keyword("Hold")
REVISION = SearchAttributeKey.for_int("Revision")

NOTHING_HELD = "none"


Shown = dict[str, object]
"""Values by the name of their attribute."""

FIRST: Shown = {STATUS.name: "accepted", AT_RISK.name: False, HOLD.name: NOTHING_HELD, REVISION.name: 1}
"""What every order's workflow starts with, beside its customer and channel."""


def at_start(start: "Start") -> TypedSearchAttributes:
    """What is known of an order before it runs."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(STATUS, "accepted"),
            SearchAttributePair(AT_RISK, False),
            SearchAttributePair(HOLD, NOTHING_HELD),
            SearchAttributePair(REVISION, 1),
            SearchAttributePair(CUSTOMER, start.customer),
            SearchAttributePair(CHANNEL, start.channel),
        ]
    )


def shown(row: "OrderRow") -> Shown:
    """The attributes of a row."""
    promised = row.promise_date
    return {
        STATUS.name: str(row.status),
        AT_RISK.name: row.at_risk,
        HOLD.name: held(row),
        REVISION.name: row.revision,
        **({PROMISE_DATE.name: datetime.combine(promised, time(), tzinfo=UTC)} if promised else {}),
    }


def held(row: "OrderRow") -> str:
    """Why the order needs a person, as a code; `none` if it does not."""
    return next((waiting.code for waiting in row.waiting if waiting.parked), NOTHING_HELD)


def updates(now: Shown, before: Shown) -> list[SearchAttributeUpdate[Any]]:
    """Those that have changed, as one upsert: the server keeps the others."""
    keys: tuple[SearchAttributeKey[Any], ...] = (STATUS, AT_RISK, HOLD, REVISION, PROMISE_DATE)
    return [key.value_set(now[key.name]) for key in keys if key.name in now and now[key.name] != before.get(key.name)]
