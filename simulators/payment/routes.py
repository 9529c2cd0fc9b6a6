"""The payment provider on HTTP: `/v1` for the product, `/admin` for tests and demos."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from simulators.desk import Desk
from simulators.errors import invalid, unknown
from simulators.exchange import speaking
from simulators.messages import answer, read_body
from simulators.payment import messages
from simulators.payment.ledger import authorization, capture, describe, expire, tell
from simulators.payment.provider import Provider

BROKEN = """
SELECT a.key, a.amount AS authorized, a.captured, COALESCE(SUM(c.amount), 0) AS taken
FROM authorization a LEFT JOIN capture c ON c.authorization_key = a.key
GROUP BY a.key HAVING taken <> a.captured OR taken > a.amount
"""
TOTALS = """
SELECT currency, COUNT(*) AS authorizations, SUM(amount) AS authorized, SUM(captured) AS captured,
    SUM(CASE WHEN status = 'authorized' THEN amount - captured ELSE 0 END) AS held
FROM authorization GROUP BY currency ORDER BY currency
"""
CAPTURE_OF_ORDER = """
SELECT c.key FROM capture c JOIN authorization a ON a.key = c.authorization_key
WHERE a.order_number = ? ORDER BY c.at DESC LIMIT 1
"""


class PaymentAdmin:
    """The provider's admin routes."""

    def __init__(self, desk: Desk[messages.PaymentConfig]) -> None:
        self._desk = desk
        self._books = desk.books

    async def expire(self, request: Request) -> Response:
        """Let authorizations expire and tell of it; those not alive are left alone."""
        body = await read_body(request, messages.Expire)
        config, at = self._desk.config.now, body.at.isoformat()
        with self._books.transaction():
            expired = [held["key"] for held in self._meant(body) if expire(self._books, config, held, at)]
        return answer({"expired": expired}).response()

    def _meant(self, body: messages.Expire) -> list[Any]:
        if body.authorization_key is not None:
            held = authorization(self._books, body.authorization_key)
            if held is None:
                raise unknown("authorization", body.authorization_key)
            return [held]
        if body.order is not None:
            return self._books.rows("SELECT * FROM authorization WHERE order_number = ? ORDER BY key", body.order)
        alive = self._books.rows("SELECT * FROM authorization WHERE status = 'authorized' ORDER BY key")
        return [held for held in alive if datetime.fromisoformat(held["expires_at"]) < body.at]

    async def charge_back(self, request: Request) -> Response:
        """Take captured money back on the card holder's behalf, all that is left unless an amount is named."""
        body = await read_body(request, messages.Chargeback)
        key = body.capture_key
        if key is None:
            found = self._books.row(CAPTURE_OF_ORDER, body.order)
            if found is None:
                raise unknown("capture of order", body.order or "")
            key = found["key"]
        taken = capture(self._books, key)
        left = taken["amount"] - taken["refunded"] - taken["charged_back"]
        amount = body.amount or left
        if not 0 < amount <= left:
            raise invalid(f"amount: {left} of the capture '{key}' is left.")
        held = authorization(self._books, taken["authorization_key"])
        assert held is not None, "a capture has its authorization"
        with self._books.transaction():
            self._books.run("UPDATE capture SET charged_back = charged_back + ? WHERE key = ?", amount, key)
            tell(self._books, self._desk.config.now, "chargeback", held, amount, body.at.isoformat(), capture_key=key)
        return answer({"capture_key": key, "amount": amount}).response()

    def books(self, request: Request) -> dict[str, Any]:
        """The whole books, or of one `?order=`, or without the authorizations by `?summary=1`."""
        order = request.query_params.get("order")
        shown = []
        if order is not None:
            shown = self._books.rows("SELECT * FROM authorization WHERE order_number = ? ORDER BY at, key", order)
        elif "summary" not in request.query_params:
            shown = self._books.rows("SELECT * FROM authorization ORDER BY at, key")
        counts = self._books.rows("SELECT status, COUNT(*) AS n FROM authorization GROUP BY status")
        refunded = self._books.row("SELECT COALESCE(SUM(refunded), 0) AS n FROM capture")
        return {
            "counts": {row["status"]: row["n"] for row in counts},
            "totals": [dict(row) for row in self._books.rows(TOTALS)],
            "refunded": refunded["n"] if refunded is not None else 0,
            "violations": self._desk.violations()
            + [{"code": "books_broken", **dict(row)} for row in self._books.rows(BROKEN)],
            "webhooks": self._desk.webhooks(),
            "authorizations": [describe(self._books, row) for row in shown],
        }


def payment_routes(desk: Desk[messages.PaymentConfig]) -> Mount:
    """The routes of the payment provider."""
    provider, admin, exchange = Provider(desk.books, desk.config), PaymentAdmin(desk), desk.exchange

    def order_of_key(key: str) -> str | None:
        held = authorization(desk.books, key)
        return None if held is None else str(held["order_number"])

    def order_of(body: messages.Capture | messages.Void | messages.Increase) -> str | None:
        return order_of_key(body.authorization_key)

    def order_of_capture(body: messages.Refund) -> str | None:
        return order_of_key(capture(desk.books, body.capture_key)["authorization_key"])

    product = [
        Route(
            "/authorizations",
            exchange.effect("authorizations", messages.Authorization, provider.authorize, lambda body: body.order),
            methods=["POST"],
        ),
        Route("/captures", exchange.effect("captures", messages.Capture, provider.capture, order_of), methods=["POST"]),
        Route("/voids", exchange.effect("voids", messages.Void, provider.void, order_of), methods=["POST"]),
        Route(
            "/increases", exchange.effect("increases", messages.Increase, provider.increase, order_of), methods=["POST"]
        ),
        Route(
            "/refunds", exchange.effect("refunds", messages.Refund, provider.refund, order_of_capture), methods=["POST"]
        ),
        Route("/capabilities", exchange.question("capabilities", provider.capabilities), methods=["GET"]),
        Route("/requests/{key:path}", exchange.question("requests", provider.inquire), methods=["GET"]),
    ]
    backstage = [
        Route("/expire", speaking(admin.expire), methods=["POST"]),
        Route("/chargeback", speaking(admin.charge_back), methods=["POST"]),
        *desk.admin_routes(admin.books),
    ]
    return Mount("/payments", routes=[Mount("/v1", routes=product), Mount("/admin", routes=backstage)])
