"""The carrier takes requests on, judges them by its own books per order line, and cancels what has not gone too far."""

import pytest

from tests.simulators.partner import AT, Partner, line, no

LATER = "1996-07-16T00:00:00+00:00"


def test_a_request_is_released_and_can_be_asked_about_by_shipment_and_by_key(carrier: Partner) -> None:
    given = carrier.ship("10248/ship/1/r1/create/1")
    assert given.status_code == 201
    shipment = given.json()["shipment"]
    assert given.json() == {"shipment": shipment, "status": "released", "at": AT}
    shown = carrier.get(f"shipments/{shipment}").json()
    assert (shown["order"], shown["group"], shown["status"]) == ("10248", 1, "released")
    assert shown["lines"] == [{"line": 1, "sku": "sku-1", "quantity": 12, "ordered": 12, "shipped": 0}]
    assert carrier.get("requests/10248/ship/1/r1/create/1").json() == {"operation": "shipments", **shown}


def test_what_was_never_seen_is_not_found(carrier: Partner) -> None:
    assert no(carrier.get("requests/10248/ship/1/r1/create/9")) == (404, "not_found")
    assert no(carrier.get("shipments/shp_none")) == (404, "not_found")


def test_a_line_has_one_live_request_at_most(carrier: Partner) -> None:
    carrier.ship("a", lines=[line(1, 2, 10), line(2, 3)])
    assert no(carrier.ship("b", lines=[line(3), line(1, 2, 10)])) == (409, "line_already_requested")
    assert carrier.ship("c", order="10249", lines=[line(1)]).status_code == 201
    assert carrier.ship("d", lines=[line(3)]).status_code == 201
    assert carrier.violations() == ["line_already_requested"]
    assert [request["request_key"] for request in carrier.books("?order=10248")["requests"]] == ["a", "d"]


def test_two_groups_may_have_a_part_of_a_line_each(carrier: Partner) -> None:
    assert carrier.ship("a", lines=[line(1, 3, 3)]).status_code == 201
    assert no(carrier.ship("b", lines=[line(1, 3, 5)], group=2)) == (409, "more_than_ordered")
    assert carrier.ship("c", lines=[line(1, 2, 5)], group=2).status_code == 201
    assert no(carrier.ship("d", lines=[line(1, 1, 9)], group=2)) == (409, "line_already_requested")
    carrier.admin("advance", order="10248", to="shipped", at=LATER)
    assert carrier.violations() == ["more_than_ordered", "line_already_requested"]


def test_a_request_that_is_late_may_tell_of_fewer_ordered_than_another_group_did(carrier: Partner) -> None:
    assert carrier.ship("b", lines=[line(1, 2, 5)], group=2).status_code == 201
    assert carrier.ship("a", lines=[line(1, 3, 3)], group=1).status_code == 201
    assert carrier.violations() == []
    assert no(carrier.ship("c", lines=[line(1, 1, 5)], group=3)) == (409, "more_than_ordered")


def test_never_more_ships_than_was_ordered(carrier: Partner) -> None:
    assert no(carrier.ship("a", lines=[line(1, 11, 10)])) == (409, "more_than_ordered")
    carrier.ship("b", lines=[line(1, 6, 10)])
    carrier.admin("advance", order="10248", to="shipped", at=LATER)
    assert no(carrier.ship("c", lines=[line(1, 5, 10)])) == (409, "more_than_ordered")
    assert carrier.ship("d", lines=[line(1, 4, 10)]).status_code == 201
    assert carrier.violations() == ["more_than_ordered", "more_than_ordered"]


def test_a_cancelled_request_makes_room_for_its_successor(carrier: Partner) -> None:
    carrier.ship("a")
    assert carrier.cancel("a-cancel", "a").json()["status"] == "cancelled"
    assert carrier.ship("b").status_code == 201
    assert carrier.violations() == []
    assert carrier.books()["counts"] == {"cancelled": 1, "released": 1}


def test_cancelling_twice_is_cancelling_once(carrier: Partner) -> None:
    shipment = carrier.ship("a").json()["shipment"]
    first, second = carrier.cancel("c1", "a"), carrier.cancel("c2", "a")
    assert first.status_code == second.status_code == 200
    assert first.json() == {"status": "cancelled", "request_key": "a", "shipment": shipment, "at": AT} == second.json()
    assert [step["event"] for step in carrier.get("requests/a").json()["history"]] == ["released", "cancelled"]


@pytest.mark.parametrize("status", ["picked", "packed"])
def test_a_cancel_after_picking_is_too_late(carrier: Partner, status: str) -> None:
    carrier.ship("a")
    carrier.admin("advance", order="10248", to=status, at=LATER)
    assert no(carrier.cancel("c", "a")) == (409, "too_late")
    assert carrier.get("requests/a").json()["status"] == status


def test_a_lenient_carrier_cancels_what_is_picked(carrier: Partner) -> None:
    carrier.config(refuse_cancel_once_picked=False)
    carrier.ship("a")
    carrier.admin("advance", order="10248", to="packed", at=LATER)
    assert carrier.cancel("c", "a").json()["status"] == "cancelled"


@pytest.mark.parametrize("status", ["shipped", "delivered"])
def test_what_has_left_is_not_cancelled(carrier: Partner, status: str) -> None:
    carrier.config(refuse_cancel_once_picked=False)
    carrier.ship("a")
    carrier.admin("advance", order="10248", to=status, at=LATER)
    assert no(carrier.cancel("c", "a")) == (409, "already_shipped")
    assert carrier.get("requests/a").json()["status"] == status


def test_a_request_that_arrives_after_its_cancellation_is_fenced_off(carrier: Partner) -> None:
    assert carrier.cancel("c", "a").json() == {"status": "never_requested", "request_key": "a", "at": AT}
    assert no(carrier.get("requests/a")) == (404, "not_found")
    assert no(carrier.ship("a")) == (409, "cancelled_before_arrival")
    assert carrier.books()["requests"] == []
    assert carrier.get("requests/a").json()["status"] == "refused"
    assert carrier.violations() == ["cancelled_before_arrival"]


def test_a_carrier_without_the_capability_refuses(carrier: Partner) -> None:
    capabilities = {"create": True, "update": True, "relabel": False, "cancel": False, "inquire": True}
    assert carrier.get("capabilities").json() == {**capabilities, "update": False, "cancel": True}
    carrier.ship("a")
    assert no(carrier.post("updates", "u1", request_key="a", method="united-package")) == (409, "not_supported")
    carrier.config(capabilities=capabilities)
    assert carrier.get("capabilities").json() == capabilities
    assert carrier.post("updates", "u2", request_key="a", method="united-package").status_code == 200
    assert carrier.get("requests/a").json()["method"] == "united-package"
    assert no(carrier.cancel("c", "a")) == (409, "not_supported")


def test_an_update_after_picking_is_too_late(carrier: Partner) -> None:
    carrier.config(capabilities={"update": True})
    carrier.ship("a")
    carrier.admin("advance", order="10248", to="picked", at=LATER)
    assert no(carrier.post("updates", "u", request_key="a", method="united-package")) == (409, "too_late")
    assert carrier.get("requests/a").json()["method"] == "federal-shipping"


def able(carrier: Partner, **more: bool) -> None:
    carrier.config(capabilities={"update": True, **more})
    carrier.ship("a", lines=[line(1, 6, 10), line(2, 3)])


def test_an_update_carries_less_or_more_but_never_more_than_was_ordered(carrier: Partner) -> None:
    able(carrier)
    assert carrier.post("updates", "u1", request_key="a", lines=[line(1, 2, 10)]).status_code == 200
    assert carrier.get("requests/a").json()["lines"] == [
        {"line": 1, "sku": "sku-1", "quantity": 2, "ordered": 10, "shipped": 0}
    ]
    assert carrier.ship("b", lines=[line(2, 3)]).status_code == 201
    assert no(carrier.post("updates", "u2", request_key="a", lines=[line(1, 2, 10), line(2, 3)])) == (
        409,
        "line_already_requested",
    )
    assert no(carrier.post("updates", "u3", request_key="a", lines=[line(1, 11, 10)])) == (409, "more_than_ordered")
    assert carrier.post("updates", "u4", request_key="a", lines=[line(1, 10, 10)]).status_code == 200
    assert carrier.violations() == ["line_already_requested", "more_than_ordered"]
    assert [one["event"] for one in carrier.get("requests/a").json()["history"]] == ["released", "updated", "updated"]


def test_a_carrier_that_relabels_updates_what_is_picked_but_not_its_lines(carrier: Partner) -> None:
    able(carrier, relabel=True)
    carrier.admin("advance", order="10248", to="packed", at=LATER)
    kept = [line(1, 6, 10), line(2, 3)]
    assert carrier.post("updates", "u1", request_key="a", method="united-package", lines=kept).status_code == 200
    assert no(carrier.post("updates", "u2", request_key="a", lines=[line(1, 5, 10), line(2, 3)])) == (409, "too_late")
    assert carrier.get("requests/a").json()["method"] == "united-package"
    carrier.admin("advance", order="10248", to="shipped", at=LATER)
    assert no(carrier.post("updates", "u3", request_key="a", method="by-hand")) == (409, "already_shipped")


def test_an_update_that_was_taken_back_before_it_came_is_fenced_off(carrier: Partner) -> None:
    able(carrier)
    assert (
        carrier.post("updates", "back", request_key="a", method="federal-shipping", instead_of="u").status_code == 200
    )
    assert no(carrier.post("updates", "u", request_key="a", method="by-hand")) == (409, "taken_back_before_arrival")
    assert carrier.get("requests/a").json()["method"] == "federal-shipping"
    assert carrier.violations() == ["taken_back_before_arrival"]


BAD = {
    "a naive time": {"at": "1996-07-04T09:00:00"},
    "no lines": {"lines": []},
    "a quantity of zero": {"lines": [{"line": 1, "sku": "x", "quantity": 0, "ordered": 1}]},
    "a quantity as text": {"lines": [{"line": 1, "sku": "x", "quantity": "1", "ordered": 1}]},
    "a line twice": {"lines": [line(1), line(1)]},
    "2001 lines": {"lines": [line(number) for number in range(2001)]},
    "an order without a name": {"order": ""},
    "no address": {"ship_to": None},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_and_may_be_mended_under_the_same_key(carrier: Partner, bad: dict[str, object]) -> None:
    body = {"lines": [line()], **bad}
    assert no(carrier.ship("a", **body)) == (422, "invalid")  # type: ignore[arg-type]
    assert carrier.books()["requests"] == []
    assert carrier.ship("a").status_code == 201
