"""What the carrier understands: requests of the product, settings, and what admins tell it."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from simulators.config import CommonConfig
from simulators.messages import MAX_LINES, AdminBody, Body, Count, Instant, Label, Text

Progress = Literal["picked", "packed", "shipped", "delivered"]


class Address(Body):
    """Where to ship."""

    name: Text
    street: Text
    city: Text
    region: str | None = None
    postal_code: str | None = None
    country: Text


class RequestedLine(Body):
    """One order line of a request. `ordered` is the line's ordered quantity as far as the caller knows."""

    line: Label
    sku: Text
    quantity: Count
    ordered: Count


def _each_once(lines: list[RequestedLine]) -> list[RequestedLine]:
    if len({line.line for line in lines}) < len(lines):
        raise ValueError("each line may be named once")
    return lines


RequestedLines = Annotated[list[RequestedLine], Field(min_length=1, max_length=MAX_LINES), AfterValidator(_each_once)]


class ShipmentRequest(Body):
    """Ship these lines of an order."""

    order: Text
    group: Label
    method: Text
    at: Instant
    ship_to: Address
    lines: RequestedLines


class Cancellation(Body):
    """Cancel the request of this idempotency key."""

    request_key: Text
    at: Instant


class Update(Body):
    """Change where, how or how much of a request is shipped; what is left out stays as it is.

    `instead_of` is the key of an earlier update that this one takes back: if that has not come, it never will.
    """

    request_key: Text
    at: Instant
    ship_to: Address | None = None
    method: Text | None = None
    lines: RequestedLines | None = None
    instead_of: Text | None = None


class Capabilities(BaseModel):
    """What this carrier can do. `relabel`: address and method may be updated also of what is picked."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    create: bool = True
    update: bool = False
    relabel: bool = False
    cancel: bool = True
    inquire: bool = True


class CarrierConfig(CommonConfig):
    """The carrier's settings.

    `mode` manual moves a request only when told; auto moves it every `step_seconds` real seconds (0: at once) up to
    `auto_until`, each step adding `step_business_seconds` of business time.
    """

    mode: Literal["manual", "auto"] = "manual"
    step_seconds: float = Field(default=1.0, ge=0)
    step_business_seconds: float = Field(default=3600.0, ge=0)
    auto_until: Progress = "delivered"
    refuse_cancel_once_picked: bool = True
    capabilities: Capabilities = Capabilities()


class PlannedOrder(AdminBody):
    """When an order's shipments reach each status, in business time; a status left out is skipped."""

    order: Text
    picked_at: Instant | None = None
    packed_at: Instant | None = None
    shipped_at: Instant | None = None
    delivered_at: Instant | None = None


class Plan(AdminBody):
    """Shipping dates by order."""

    orders: list[PlannedOrder]


class LineQuantity(AdminBody):
    """Part of a line."""

    line: Label
    quantity: Count


class _Named(AdminBody):
    shipment: Text | None = None
    order: Text | None = None
    at: Instant

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if (self.shipment is None) == (self.order is None):
            raise ValueError("name either a shipment or an order")
        return self


class Advance(_Named):
    """Move one shipment, or all live ones of an order, to a status; `lines` ships only a part.

    The `rest` of a part follows under the same request, or is backordered: that request is over then, and whoever
    still wants the rest asks for it anew.
    """

    to: Progress
    lines: Annotated[list[LineQuantity], Field(min_length=1)] | None = None
    rest: Literal["follows", "backordered"] = "follows"

    @model_validator(mode="after")
    def _part_is_shipped(self) -> Self:
        if self.lines is not None and self.to != "shipped":
            raise ValueError("lines can only be named when shipping")
        if self.lines is None and self.rest != "follows":
            raise ValueError("there is a rest only when lines are named")
        return self


class Report(_Named):
    """Something went wrong with a shipment."""

    status: Literal["delayed", "lost", "damaged"]
    details: dict[str, Any] = {}
    expected_on: date | None = None
    """Of a delay: the day on which it is expected now; sent along in the webhook."""

    @model_validator(mode="after")
    def _dates_of_delays(self) -> Self:
        if self.expected_on is not None and self.status != "delayed":
            raise ValueError("only what is delayed is expected on another day")
        return self
