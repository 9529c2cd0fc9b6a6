"""The supplier takes purchase orders on, acknowledges and ships them when told, and fences what was cancelled first."""

from tests.simulators.partner import AT, Partner, no
from tests.simulators.receiver import SECRET, Receiver

LINES = [{"line": 1, "sku": "11", "quantity": 40}]
PROMISED = "1996-08-01T00:00:00+00:00"


def test_a_purchase_order_is_received_acknowledged_and_shipped(supplier: Partner, receiver: Receiver) -> None:
    supplier.config(webhook_url=receiver.url, webhook_secret=SECRET)
    name = supplier.post("purchase_orders", "p", order="10248", lines=LINES).json()["purchase_order"]
    assert supplier.get(f"purchase_orders/{name}").json()["status"] == "received"
    supplier.admin("advance", purchase_order=name, to="acknowledged", at=AT, promised_at=PROMISED)
    supplier.admin("advance", purchase_order=name, to="shipped", at=PROMISED)
    supplier.admin("advance", purchase_order=name, to="shipped", at=PROMISED)
    events = receiver.wait_for(2)
    assert receiver.types() == ["purchase_order.acknowledged", "purchase_order.shipped"]
    assert [(event["sequence"], event["promised_at"]) for event in events] == [(1, PROMISED), (2, PROMISED)]
    assert supplier.get("requests/p").json()["status"] == "shipped"
    assert no(supplier.post("cancellations", "c", request_key="p")) == (409, "already_shipped")


def test_a_purchase_order_is_cancelled_before_it_ships(supplier: Partner) -> None:
    name = supplier.post("purchase_orders", "p", lines=LINES).json()["purchase_order"]
    assert supplier.post("cancellations", "c1", request_key="p").json()["status"] == "cancelled"
    assert supplier.post("cancellations", "c2", request_key="p").json()["status"] == "cancelled"
    assert no(supplier.try_admin("advance", purchase_order=name, to="shipped", at=AT)) == (409, "wrong_status")
    assert no(supplier.get("purchase_orders/po_none")) == (404, "not_found")


def test_a_purchase_order_that_arrives_after_its_cancellation_is_fenced_off(supplier: Partner) -> None:
    assert supplier.post("cancellations", "c", request_key="p").json()["status"] == "never_requested"
    assert no(supplier.post("purchase_orders", "p", lines=LINES)) == (409, "cancelled_before_arrival")
    assert supplier.books()["purchase_orders"] == []
