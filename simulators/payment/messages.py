"""What the payment provider understands. Amounts are integer minor units of the currency."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from simulators.config import CommonConfig
from simulators.messages import AdminBody, Body, Count, Instant, Label, Text

CARD_LIKE = re.compile(r"(?:\d[ -]?){12,18}\d")


class Authorization(Body):
    """Hold an amount on the card behind a token."""

    order: Text
    amount: Count
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    token: Text
    at: Instant

    @field_validator("token")
    @classmethod
    def _is_a_token(cls, token: str) -> str:
        if CARD_LIKE.search(token):
            raise ValueError("looks like a card number; send a token, never the number")
        return token


class Capture(Body):
    """Take an amount that is held, for one shipment if it names one."""

    authorization_key: Text
    amount: Count
    at: Instant
    shipment: Label | None = None


class Void(Body):
    """Release what is held and not captured."""

    authorization_key: Text
    at: Instant


class Increase(Body):
    """Raise the amount held to a new total."""

    authorization_key: Text
    amount: Count
    at: Instant


class Refund(Body):
    """Give back an amount that was captured."""

    capture_key: Text
    amount: Count
    at: Instant


class Capabilities(BaseModel):
    """What this provider can do."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    authorize: bool = True
    capture: bool = True
    void: bool = True
    refund: bool = True
    increase: bool = False
    inquire: bool = True


class PaymentConfig(CommonConfig):
    """The provider's settings: an authorization lives `authorization_days` days, counted Mon-Fri when `business`."""

    authorization_days: int = Field(default=7, ge=0, le=3660)
    authorization_kind: Literal["calendar", "business"] = "calendar"
    capabilities: Capabilities = Capabilities()


class Expire(AdminBody):
    """Let authorizations expire: of an order, by key, or all whose life ends before `at`."""

    order: Text | None = None
    authorization_key: Text | None = None
    at: Instant


class Chargeback(AdminBody):
    """The card holder takes money back."""

    order: Text | None = None
    capture_key: Text | None = None
    amount: Count | None = None
    at: Instant

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if (self.order is None) == (self.capture_key is None):
            raise ValueError("name either an order or a capture_key")
        return self
