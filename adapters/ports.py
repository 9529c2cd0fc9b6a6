"""What the product asks of the outside world, whoever is there: a carrier, a payment provider.

Every method is safe to repeat with the same key: the outside answers as it did the first time. A yes or a no comes
back as an `Outcome`; `UnavailableError` means that nobody knows, and asking again by the same key finds out.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain.process.outcomes import Outcome


class UnavailableError(Exception):
    """No answer, or "try again later". What was asked for may have happened. The text is for people."""


class BrokenContractError(Exception):
    """An answer that the other side's contract does not have: a bug here or there, never mended by trying again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something is on the other side."""

    status: str
    ref: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class CarrierCapabilities:
    """What a carrier can do with a shipment request. `relabel`: it updates address and method also once picked."""

    create: bool
    update: bool
    cancel: bool
    inquire: bool
    relabel: bool = False


@dataclass(frozen=True, slots=True)
class PaymentCapabilities:
    """What a payment provider can do."""

    authorize: bool
    increase: bool
    capture: bool
    void: bool
    refund: bool


@dataclass(frozen=True, slots=True)
class ShipmentAsked:
    """A request to ship. `lines` have line, sku, quantity and ordered; `ship_to` is personal and goes nowhere else."""

    order: str
    group: str
    method: str
    ship_to: dict[str, Any]
    lines: list[dict[str, Any]]
    at: datetime


@dataclass(frozen=True, slots=True)
class UpdateAsked:
    """What a request is to be from now on: method, address and lines, as in `ShipmentAsked`.

    `instead_of` is the key of an earlier update that this one takes back: if that comes only now, it is refused.
    """

    method: str
    ship_to: dict[str, Any]
    lines: list[dict[str, Any]]
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class AuthorizationAsked:
    """A request to hold money. `amount` in minor units; `token` is the provider's own name of a card."""

    order: str
    amount: int
    currency: str
    token: str
    at: datetime


class Carrier(Protocol):
    """Ships what it is asked to, and tells by webhook how far it is (SHP1)."""

    async def capabilities(self) -> CarrierCapabilities:
        """What this carrier can do now."""
        ...

    async def request(self, key: str, asked: ShipmentAsked) -> Outcome:
        """Ask for a shipment; `ref` is the carrier's name of it."""
        ...

    async def cancel(self, key: str, request_key: str, at: datetime) -> Outcome:
        """Cancel the request of that key. Code `cancelled`, or `never_requested`: it will be refused if it comes."""
        ...

    async def update(self, key: str, request_key: str, asked: UpdateAsked, at: datetime) -> Outcome:
        """Change the request of that key in place, whole or not at all; it keeps its name (CHG7).

        Refused where the carrier cannot, or is too far, or never saw the request: code `unknown_request`.
        """
        ...

    async def inquire(self, request_key: str) -> Progress | None:
        """How far the request of that key is, None if the carrier never saw it."""
        ...


class Payments(Protocol):
    """Holds, takes and gives back money (PAY2)."""

    async def capabilities(self) -> PaymentCapabilities:
        """What this provider can do now."""
        ...

    async def authorize(self, key: str, asked: AuthorizationAsked) -> Outcome:
        """Hold an amount; with `expires_at`."""
        ...

    async def capture(self, key: str, authorization_key: str, amount: int, at: datetime, shipment: str) -> Outcome:
        """Take part of what the authorization of that key holds."""
        ...

    async def void(self, key: str, authorization_key: str, at: datetime) -> Outcome:
        """Give back what is not captured. Code `voided`, or `never_authorized`: it will be refused if it comes."""
        ...

    async def refund(self, key: str, capture_key: str, amount: int, at: datetime) -> Outcome:
        """Give back captured money. Code `refunded`, or `never_captured`: there is nothing to give back."""
        ...

    async def inquire(self, key: str) -> Progress | None:
        """What became of the request of that key, None if the provider never saw it."""
        ...
