"""Shipments move when told, by a plan, or by themselves; each status is written with its business time and told."""

import time

import pytest

from tests.simulators.partner import AT, Partner, line, no
from tests.simulators.receiver import SECRET, Receiver, wait_until

PICKED, PACKED, SHIPPED, DELIVERED = (f"1996-07-{day}T12:00:00+00:00" for day in (10, 11, 16, 18))
ORDINARY = ["shipment.released", "shipment.picked", "shipment.packed", "shipment.shipped", "shipment.delivered"]


@pytest.fixture
def told(carrier: Partner, receiver: Receiver) -> Receiver:
    """The receiver of this carrier's webhooks."""
    carrier.config(webhook_url=receiver.url, webhook_secret=SECRET)
    return receiver


def test_each_status_is_told_once_and_in_order(carrier: Partner, told: Receiver) -> None:
    shipment = carrier.ship("a", lines=[line(1, 5), line(2, 7)]).json()["shipment"]
    for status, at in (("picked", PICKED), ("packed", PACKED), ("shipped", SHIPPED), ("delivered", DELIVERED)):
        carrier.admin("advance", shipment=shipment, to=status, at=at)
    events = told.wait_for(5)
    assert told.types() == ORDINARY
    assert [event["at"] for event in events] == [AT, PICKED, PACKED, SHIPPED, DELIVERED]
    assert [event["sequence"] for event in events] == [1, 2, 3, 4, 5]
    assert len({event["id"] for event in events}) == 5
    assert [set(event) for event in events[:2]] == [
        {"id", "type", "at", "shipment", "request_key", "order", "lines", "sequence"}
    ] * 2
    parcel = events[3]
    assert (parcel["shipment"], parcel["request_key"], parcel["order"]) == (shipment, "a", "10248")
    assert parcel["lines"] == [{"line": 1, "sku": "sku-1", "quantity": 5}, {"line": 2, "sku": "sku-2", "quantity": 7}]
    assert parcel["tracking_number"].startswith("TRK_")
    assert "tracking_number" not in events[1]
    assert carrier.books("?summary=1")["webhooks"] == {"recorded": 5, "acknowledged": 5}


def test_a_manual_carrier_moves_nothing_by_itself_and_never_back(carrier: Partner) -> None:
    shipment = carrier.ship("a").json()["shipment"]
    assert carrier.get("requests/a").json()["status"] == "released"
    assert len(carrier.admin("advance", shipment=shipment, to="shipped", at=SHIPPED)) == 1
    assert carrier.admin("advance", shipment=shipment, to="shipped", at=DELIVERED) == []
    assert carrier.admin("advance", shipment=shipment, to="picked", at=DELIVERED) == []
    shown = carrier.get("requests/a").json()
    assert (shown["status"], shown["at"]) == ("shipped", SHIPPED)
    assert [step["event"] for step in shown["history"]] == ["released", "shipped"]


def test_a_cancelled_shipment_does_not_move(carrier: Partner) -> None:
    shipment = carrier.ship("a").json()["shipment"]
    carrier.cancel("c", "a")
    assert no(carrier.try_admin("advance", shipment=shipment, to="shipped", at=SHIPPED)) == (409, "wrong_status")
    assert no(carrier.try_admin("advance", order="10248", to="shipped", at=SHIPPED)) == (404, "not_found")
    assert carrier.get("requests/a").json()["lines"][0]["shipped"] == 0


def test_a_plan_told_before_the_request_is_followed_when_it_arrives(carrier: Partner, told: Receiver) -> None:
    plan = [{"order": "10248", "picked_at": PICKED, "shipped_at": SHIPPED}, {"order": "10249", "shipped_at": SHIPPED}]
    assert carrier.admin("plan", orders=plan) == {"planned": 2, "moved": 0}
    assert carrier.ship("a").json()["status"] == "released"
    events = told.wait_for(3)
    assert told.types() == ["shipment.released", "shipment.picked", "shipment.shipped"]
    assert [event["at"] for event in events] == [AT, PICKED, SHIPPED]


def test_a_plan_told_after_the_request_moves_it_at_once_and_only_once(carrier: Partner, told: Receiver) -> None:
    carrier.ship("a", lines=[line(1)])
    carrier.ship("b", lines=[line(2)], group=2)
    carrier.ship("c", order="10250")
    plan = [{"order": "10248", "shipped_at": SHIPPED}]
    assert carrier.admin("plan", orders=plan) == {"planned": 1, "moved": 2}
    assert carrier.admin("plan", orders=plan) == {"planned": 1, "moved": 0}
    told.wait_for(5)
    assert sorted(told.types()) == ["shipment.released"] * 3 + ["shipment.shipped"] * 2
    assert carrier.books("?summary=1")["counts"] == {"released": 1, "shipped": 2}


def test_part_of_a_shipment_leaves_and_the_rest_stays(carrier: Partner, told: Receiver) -> None:
    shipment = carrier.ship("a", lines=[line(1, 5), line(2, 7)]).json()["shipment"]
    carrier.admin("advance", shipment=shipment, to="shipped", at=SHIPPED, lines=[{"line": 1, "quantity": 2}])
    shown = carrier.get(f"shipments/{shipment}").json()
    assert (shown["status"], [part["shipped"] for part in shown["lines"]]) == ("packed", [2, 0])
    too_much = [{"line": 1, "quantity": 4}]
    refused = carrier.try_admin("advance", shipment=shipment, to="shipped", at=SHIPPED, lines=too_much)
    assert no(refused) == (422, "invalid")
    carrier.admin("advance", shipment=shipment, to="shipped", at=DELIVERED)
    events = told.wait_for(3)
    assert [(event["type"], event.get("complete")) for event in events[1:]] == [
        ("shipment.shipped", False),
        ("shipment.shipped", True),
    ]
    assert events[1]["lines"] == [{"line": 1, "sku": "sku-1", "quantity": 2}]
    assert events[2]["lines"] == [
        {"line": 1, "sku": "sku-1", "quantity": 3},
        {"line": 2, "sku": "sku-2", "quantity": 7},
    ]
    assert events[1]["tracking_number"] != events[2]["tracking_number"]
    assert [part["shipped"] for part in carrier.get(f"shipments/{shipment}").json()["lines"]] == [5, 7]


def test_cancelling_the_rest_of_a_part_shipment_tells_only_the_rest(carrier: Partner, told: Receiver) -> None:
    carrier.config(refuse_cancel_once_picked=False)
    carrier.ship("a", lines=[line(1, 5)])
    carrier.admin("advance", order="10248", to="shipped", at=SHIPPED, lines=[{"line": 1, "quantity": 2}])
    assert carrier.cancel("c", "a").status_code == 200
    assert told.wait_for(3)[2]["lines"] == [{"line": 1, "sku": "sku-1", "quantity": 3}]
    assert no(carrier.ship("b", lines=[line(1, 4, 5)])) == (409, "more_than_ordered")
    assert carrier.ship("d", lines=[line(1, 3, 5)]).status_code == 201


@pytest.mark.parametrize("mishap", ["lost", "damaged"])
def test_goods_that_never_arrive_may_be_sent_again(carrier: Partner, told: Receiver, mishap: str) -> None:
    shipment = carrier.ship("a").json()["shipment"]
    carrier.admin("advance", shipment=shipment, to="shipped", at=SHIPPED)
    assert no(carrier.ship("b")) == (409, "more_than_ordered")
    carrier.admin("report", shipment=shipment, status=mishap, at=DELIVERED)
    assert carrier.ship("c").status_code == 201
    first = [event["type"] for event in told.wait_for(4) if event["shipment"] == shipment]
    assert first == [
        "shipment.released",
        "shipment.shipped",
        f"shipment.{mishap}",
    ]
    assert no(carrier.try_admin("report", shipment=shipment, status="lost", at=DELIVERED)) == (409, "wrong_status")


def test_a_delay_is_told_and_changes_no_status(carrier: Partner, told: Receiver) -> None:
    carrier.ship("a")
    carrier.admin("report", order="10248", status="delayed", at=PICKED, details={"until": SHIPPED})
    assert told.wait_for(2)[1]["details"] == {"until": SHIPPED}
    assert carrier.get("requests/a").json()["status"] == "released"


def test_only_the_chosen_events_are_sent(carrier: Partner, told: Receiver) -> None:
    carrier.config(events=["shipped", "cancelled"])
    carrier.ship("a")
    carrier.admin("advance", order="10248", to="picked", at=PICKED)
    carrier.admin("advance", order="10248", to="shipped", at=SHIPPED)
    assert [event["sequence"] for event in told.wait_for(1)] == [1]
    assert told.types() == ["shipment.shipped"]
    assert carrier.books("?summary=1")["webhooks"] == {"recorded": 1, "acknowledged": 1}


def test_an_automatic_carrier_with_no_step_time_goes_through_at_once(carrier: Partner) -> None:
    carrier.config(mode="auto", step_seconds=0, step_business_seconds=86400, auto_until="shipped")
    carrier.ship("a")
    shown = carrier.get("requests/a").json()
    assert [(step["event"], step["at"]) for step in shown["history"]] == [
        ("released", "1996-07-04T09:00:00+00:00"),
        ("picked", "1996-07-05T09:00:00+00:00"),
        ("packed", "1996-07-06T09:00:00+00:00"),
        ("shipped", "1996-07-07T09:00:00+00:00"),
    ]


def test_an_automatic_carrier_takes_its_time_and_can_be_stopped(carrier: Partner) -> None:
    carrier.ship("a")
    began = time.monotonic()
    carrier.config(mode="auto", step_seconds=0.15)
    wait_until(lambda: carrier.get("requests/a").json()["status"] == "delivered", 10, lambda: "delivery")
    assert time.monotonic() - began >= 0.6
    carrier.config(step_seconds=60)
    carrier.ship("b", order="10249")
    carrier.config(mode="manual")
    assert carrier.get("requests/b").json()["status"] == "released"


def test_an_order_with_a_plan_follows_only_its_plan(carrier: Partner) -> None:
    carrier.config(mode="auto", step_seconds=0)
    carrier.admin("plan", orders=[{"order": "10248", "picked_at": PICKED}])
    carrier.ship("a")
    carrier.ship("b", order="10249")
    assert carrier.get("requests/a").json()["status"] == "picked"
    assert carrier.get("requests/b").json()["status"] == "delivered"
