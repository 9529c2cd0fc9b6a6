"""Speaks to the simulators over HTTP in the words of the tests."""

from typing import Any

import httpx

AT = "1996-07-04T09:00:00+00:00"
ADDRESS = {
    "name": "Vins et alcools Chevalier",
    "street": "59 rue de l'Abbaye",
    "city": "Reims",
    "region": None,
    "postal_code": "51100",
    "country": "FR",
}


def line(number: int = 1, quantity: int = 12, ordered: int | None = None) -> dict[str, Any]:
    """A line to request; all that is ordered unless told otherwise."""
    return {"line": number, "sku": f"sku-{number}", "quantity": quantity, "ordered": ordered or quantity}


class Partner:
    """One simulator: `kind` is carrier, payments or supplier."""

    def __init__(self, client: httpx.Client, kind: str) -> None:
        self._client = client
        self.kind = kind

    def post(self, path: str, key: str | None, **body: Any) -> httpx.Response:
        """A request with an effect."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._client.post(f"/{self.kind}/v1/{path}", json={"at": AT, **body}, headers=headers)

    def get(self, path: str) -> httpx.Response:
        """A question."""
        return self._client.get(f"/{self.kind}/v1/{path}")

    def admin(self, path: str, **body: Any) -> Any:
        """An admin's word that must be taken."""
        response = self._client.post(f"/{self.kind}/admin/{path}", json=body)
        assert response.is_success, response.text
        return response.json()

    def try_admin(self, path: str, **body: Any) -> httpx.Response:
        """An admin's word that may be refused."""
        return self._client.post(f"/{self.kind}/admin/{path}", json=body)

    def config(self, **settings: Any) -> httpx.Response:
        """Change settings."""
        return self._client.put(f"/{self.kind}/admin/config", json=settings)

    def settings(self) -> Any:
        """The settings in force."""
        return self._client.get(f"/{self.kind}/admin/config").json()

    def faults(self) -> Any:
        """The faults in force."""
        return self._client.get(f"/{self.kind}/admin/faults").json()

    def books(self, query: str = "") -> Any:
        """The books."""
        return self._client.get(f"/{self.kind}/admin/books{query}").json()

    def violations(self) -> list[str]:
        """The codes of the violations in the books."""
        return [violation["code"] for violation in self.books("?summary=1")["violations"]]

    def ship(
        self, key: str, order: str = "10248", lines: list[dict[str, Any]] | None = None, **more: Any
    ) -> httpx.Response:
        """Request a shipment."""
        body = {"order": order, "group": 1, "method": "federal-shipping", "ship_to": ADDRESS, **more}
        return self.post("shipments", key, **{**body, "lines": [line()] if lines is None else lines})

    def cancel(self, key: str, request_key: str) -> httpx.Response:
        """Cancel by the key of the request."""
        return self.post("cancellations", key, request_key=request_key)

    def authorize(self, key: str, amount: int = 47_238, **more: Any) -> httpx.Response:
        """Hold an amount."""
        body = {"order": "10248", "currency": "USD", "token": "tok_visa", **more}
        return self.post("authorizations", key, amount=amount, **body)

    def capture(self, key: str, authorization_key: str, amount: int, **more: Any) -> httpx.Response:
        """Take held money."""
        return self.post("captures", key, authorization_key=authorization_key, amount=amount, **more)

    def void(self, key: str, authorization_key: str) -> httpx.Response:
        """Release held money."""
        return self.post("voids", key, authorization_key=authorization_key)

    def refund(self, key: str, capture_key: str, amount: int) -> httpx.Response:
        """Give captured money back."""
        return self.post("refunds", key, capture_key=capture_key, amount=amount)


def no(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which must explain itself."""
    body = response.json()
    assert set(body) == {"code", "detail"}, body
    assert body["detail"], body
    return response.status_code, body["code"]
