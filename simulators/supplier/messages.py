"""What the supplier understands."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulators.config import CommonConfig
from simulators.messages import MAX_LINES, AdminBody, Body, Count, Instant, Label, Text


class PurchasedLine(Body):
    """One line of a purchase order."""

    line: Label
    sku: Text
    quantity: Count


class PurchaseOrder(Body):
    """Deliver these lines; `order` names the customer order they are for, if there is one."""

    order: Text | None = None
    at: Instant
    lines: Annotated[list[PurchasedLine], Field(min_length=1, max_length=MAX_LINES)]


class Cancellation(Body):
    """Cancel the purchase order of this idempotency key."""

    request_key: Text
    at: Instant


class Capabilities(BaseModel):
    """What this supplier can do."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    create: bool = True
    update: bool = False
    cancel: bool = True
    inquire: bool = True


class SupplierConfig(CommonConfig):
    """The supplier's settings."""

    capabilities: Capabilities = Capabilities()


class Advance(AdminBody):
    """Acknowledge or ship a purchase order; `promised_at` is the delivery date the supplier gives."""

    purchase_order: Text
    to: Literal["acknowledged", "shipped"]
    at: Instant
    promised_at: Instant | None = None
