"""What callers may ask of the payment provider: authorize, increase, capture, void, refund, inquire."""

import sqlite3
from datetime import datetime

from starlette.requests import Request

from simulators.books import Books, new_id
from simulators.config import KeptConfig
from simulators.desk import inquiry
from simulators.errors import Refusal, breach, unknown
from simulators.messages import Answer, answer, answer_no
from simulators.payment.ledger import authorization, capture, describe, expiry, tell
from simulators.payment.messages import Authorization, Capture, Increase, PaymentConfig, Refund, Void

DECLINES = {
    "tok_declined": ("declined", "The card was declined."),
    "tok_insufficient": ("insufficient_funds", "The card has not enough funds."),
    "tok_expired_card": ("expired_card", "The card has expired."),
}

DECLINED_ONCE = "tok_declined_once"


class Provider:
    """The provider's desk. Every method that writes runs inside the exchange's transaction."""

    def __init__(self, books: Books, config: KeptConfig[PaymentConfig]) -> None:
        self._books = books
        self._config = config

    def authorize(self, body: Authorization, key: str) -> Answer:
        """Hold the amount, unless the token's card declines (402)."""
        books, config = self._books, self._config.now
        if books.is_fenced(key):
            raise breach("voided_before_arrival", f"The authorization '{key}' was voided before it arrived.")
        declined = self._declined(body)
        if declined is not None:
            return answer_no(declined)
        expires_at = expiry(body.at, config.authorization_days, config.authorization_kind).isoformat()
        held = {
            "authorization": new_id("aut"),
            "status": "authorized",
            "amount": body.amount,
            "currency": body.currency,
        }
        books.run(
            "INSERT INTO authorization (key, id, order_number, amount, currency, status, at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, 'authorized', ?, ?)",
            *(key, held["authorization"], body.order, body.amount, body.currency, body.at.isoformat(), expires_at),
        )
        return answer({**held, "expires_at": expires_at, "at": body.at.isoformat()}, 201)

    def _declined(self, body: Authorization) -> Refusal | None:
        """The card's no, if it says so. It is returned, not raised, so that the first decline of an order is kept."""
        if not body.token.startswith("tok_"):
            return Refusal(402, "unknown_token", "No card is known by that token.")
        if body.token in DECLINES:
            return Refusal(402, *DECLINES[body.token])
        if body.token == DECLINED_ONCE:
            first = self._books.run("INSERT OR IGNORE INTO declined_once VALUES (?)", body.order).rowcount == 1
            return Refusal(402, *DECLINES["tok_declined"]) if first else None
        return None

    def capture(self, body: Capture, key: str) -> Answer:
        """Take part of what is held; never more than is authorized, never after its life or a void."""
        held, at = self._alive(body.authorization_key, body.at), body.at.isoformat()
        if held["captured"] + body.amount > held["amount"]:
            detail = f"{held['captured']} captured and {body.amount} more of {held['amount']} authorized."
            raise breach("more_than_authorized", detail)
        taken = new_id("cap")
        self._books.run(
            "UPDATE authorization SET captured = captured + ? WHERE key = ?", body.amount, body.authorization_key
        )
        self._books.run(
            "INSERT INTO capture (key, id, authorization_key, shipment, amount, at) VALUES (?, ?, ?, ?, ?, ?)",
            *(key, taken, body.authorization_key, body.shipment, body.amount, at),
        )
        tell(
            *(self._books, self._config.now, "capture.settled", held, body.amount, at),
            capture=taken,
            capture_key=key,
            shipment=body.shipment,
        )
        content = {
            "capture": taken,
            "status": "captured",
            "amount": body.amount,
            "currency": held["currency"],
            "at": at,
        }
        return answer(content, 201)

    def increase(self, body: Increase, key: str) -> Answer:
        """Hold a higher amount, where the provider has this capability."""
        if not self._config.now.capabilities.increase:
            raise Refusal(409, "not_supported", "This provider cannot increase an authorization.")
        held = self._alive(body.authorization_key, body.at)
        if body.amount < held["amount"]:
            raise Refusal(409, "not_an_increase", f"{held['amount']} is held already, more than {body.amount}.")
        self._books.run("UPDATE authorization SET amount = ? WHERE key = ?", body.amount, body.authorization_key)
        return answer(
            {"authorization": held["id"], "status": "authorized", "amount": body.amount, "at": body.at.isoformat()}
        )

    def _alive(self, key: str, at: datetime) -> sqlite3.Row:
        """The authorization, if money can still be taken from it at this business time."""
        held = authorization(self._books, key)
        if held is None:
            raise unknown("authorization", key)
        if held["status"] == "voided":
            raise breach("voided", f"The authorization '{key}' was voided.")
        if held["status"] == "expired" or at > datetime.fromisoformat(held["expires_at"]):
            raise Refusal(409, "authorization_expired", f"The authorization '{key}' lived until {held['expires_at']}.")
        return held

    def void(self, body: Void, key: str) -> Answer:
        """Release what is not captured; a key never authorized is fenced off."""
        books, at = self._books, body.at.isoformat()
        held = authorization(books, body.authorization_key)
        named = {"authorization_key": body.authorization_key, "at": at}
        if held is None:
            books.fence(body.authorization_key, at)
            return answer({"status": "never_authorized", "released": 0, **named})
        if held["captured"] == held["amount"]:
            raise Refusal(409, "already_captured", f"All of the authorization '{body.authorization_key}' is captured.")
        released = held["amount"] - held["captured"] if held["status"] == "authorized" else 0
        if held["status"] == "authorized":
            books.run("UPDATE authorization SET status = 'voided' WHERE key = ?", body.authorization_key)
        return answer({"status": "voided", "released": released, "authorization": held["id"], **named})

    def refund(self, body: Refund, key: str) -> Answer:
        """Give captured money back, never more than is left of the capture."""
        books, at = self._books, body.at.isoformat()
        taken = capture(books, body.capture_key)
        left = taken["amount"] - taken["refunded"] - taken["charged_back"]
        if body.amount > left:
            raise breach(
                "more_than_captured", f"{left} of the capture '{body.capture_key}' is left, not {body.amount}."
            )
        given = new_id("ref")
        books.run("UPDATE capture SET refunded = refunded + ? WHERE key = ?", body.amount, body.capture_key)
        books.run("INSERT INTO refund VALUES (?, ?, ?, ?, ?)", key, given, body.capture_key, body.amount, at)
        held = authorization(books, taken["authorization_key"])
        assert held is not None, "a capture has its authorization"
        tell(
            books, self._config.now, "refund.settled", held, body.amount, at, refund=given, capture_key=body.capture_key
        )
        content = {"refund": given, "status": "refunded", "amount": body.amount, "currency": held["currency"], "at": at}
        return answer(content, 201)

    def capabilities(self, request: Request) -> Answer:
        """What this provider can do."""
        return answer(self._config.now.capabilities.model_dump())

    def inquire(self, request: Request) -> Answer:
        """What became of an idempotency key: the authorization as it is now, or the answer that was given."""
        key = request.path_params["key"]
        held = authorization(self._books, key)
        if held is not None:
            return answer({"operation": "authorizations", **describe(self._books, held)})
        given = inquiry(self._books, key)
        if given is None:
            raise unknown("request", key)
        return given
