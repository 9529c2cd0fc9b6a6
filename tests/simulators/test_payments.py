"""The payment provider holds, takes and gives back money, judged by its own books."""

from datetime import datetime
from typing import Any

import pytest

from simulators.payment.ledger import expiry
from tests.simulators.partner import AT, Partner, no
from tests.simulators.receiver import SECRET, Receiver


@pytest.fixture
def told(payments: Partner, receiver: Receiver) -> Receiver:
    """The receiver of this provider's webhooks."""
    payments.config(webhook_url=receiver.url, webhook_secret=SECRET)
    return receiver


def test_an_authorization_holds_an_amount_for_seven_days(payments: Partner) -> None:
    given = payments.authorize("a", 47_238)
    assert given.status_code == 201
    assert given.json() == {
        "authorization": given.json()["authorization"],
        "status": "authorized",
        "amount": 47_238,
        "currency": "USD",
        "expires_at": "1996-07-11T09:00:00+00:00",
        "at": AT,
    }
    shown = payments.get("requests/a").json()
    assert (shown["operation"], shown["status"], shown["captured"]) == ("authorizations", "authorized", 0)
    assert payments.books()["totals"] == [
        {"currency": "USD", "authorizations": 1, "authorized": 47_238, "captured": 0, "held": 47_238}
    ]


@pytest.mark.parametrize(
    ("at", "days", "kind", "until"),
    [
        ("1996-07-04T09:00:00+00:00", 7, "calendar", "1996-07-11T09:00:00+00:00"),
        ("1996-07-04T09:00:00+00:00", 1, "business", "1996-07-05T09:00:00+00:00"),
        ("1996-07-05T09:00:00+00:00", 1, "business", "1996-07-08T09:00:00+00:00"),
        ("1996-07-06T09:00:00+00:00", 1, "business", "1996-07-08T09:00:00+00:00"),
        ("1996-07-04T09:00:00+00:00", 60, "business", "1996-09-26T09:00:00+00:00"),
        ("1996-07-04T23:30:00-05:00", 0, "business", "1996-07-04T23:30:00-05:00"),
    ],
)
def test_business_days_are_monday_to_friday(at: str, days: int, kind: str, until: str) -> None:
    assert expiry(datetime.fromisoformat(at), days, kind).isoformat() == until


def test_an_authorization_is_captured_to_its_last_instant_and_not_after(payments: Partner) -> None:
    payments.config(authorization_days=60, authorization_kind="business")
    assert payments.authorize("a", 100).json()["expires_at"] == "1996-09-26T09:00:00+00:00"
    assert payments.capture("c1", "a", 40, at="1996-09-26T09:00:00+00:00").status_code == 201
    assert no(payments.capture("c2", "a", 60, at="1996-09-26T09:00:01+00:00")) == (409, "authorization_expired")
    assert payments.get("requests/a").json()["captured"] == 40
    assert payments.violations() == []


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("tok_declined", "declined"),
        ("tok_insufficient", "insufficient_funds"),
        ("tok_expired_card", "expired_card"),
        ("visa", "unknown_token"),
    ],
)
def test_some_cards_decline(payments: Partner, token: str, code: str) -> None:
    assert no(payments.authorize("a", token=token)) == (402, code)
    assert payments.books()["authorizations"] == []
    assert payments.get("requests/a").json()["status"] == "refused"


def test_a_card_that_declines_once_per_order_works_under_a_new_key(payments: Partner) -> None:
    for order in ("10248", "10249"):
        first: dict[str, Any] = {"order": order, "token": "tok_declined_once"}
        assert no(payments.authorize(f"{order}/1", **first)) == (402, "declined")
        assert no(payments.authorize(f"{order}/1", **first)) == (402, "declined")
        assert payments.authorize(f"{order}/2", **first).status_code == 201


@pytest.mark.parametrize("token", ["4111111111111111", "tok_4111 1111 1111 1111", "378282246310005"])
def test_a_card_number_is_never_taken_nor_repeated(payments: Partner, token: str) -> None:
    refused = payments.authorize("a", token=token)
    assert no(refused) == (422, "invalid")
    assert "1111" not in refused.text
    assert payments.books()["authorizations"] == []


@pytest.mark.parametrize("bad", [{"amount": 0}, {"amount": 1.5}, {"amount": "10"}, {"currency": "usd"}])
def test_bad_amounts_and_currencies_are_refused(payments: Partner, bad: dict[str, object]) -> None:
    assert no(payments.authorize("a", **{"amount": 1, **bad})) == (422, "invalid")  # type: ignore[arg-type]


def test_captures_never_exceed_the_authorization(payments: Partner, told: Receiver) -> None:
    payments.authorize("a", 100)
    assert payments.capture("c1", "a", 60, shipment="shp_1").json()["amount"] == 60
    assert no(payments.capture("c2", "a", 41)) == (409, "more_than_authorized")
    assert payments.capture("c3", "a", 40).status_code == 201
    assert no(payments.capture("c4", "a", 1)) == (409, "more_than_authorized")
    assert payments.violations() == ["more_than_authorized", "more_than_authorized"]
    assert [taken["amount"] for taken in payments.get("requests/a").json()["captures"]] == [60, 40]
    settled = told.wait_for(2)
    assert told.types() == ["capture.settled", "capture.settled"]
    assert settled[0] == {
        "id": settled[0]["id"],
        "type": "capture.settled",
        "at": AT,
        "order": "10248",
        "authorization_key": "a",
        "amount": 60,
        "currency": "USD",
        "capture": settled[0]["capture"],
        "capture_key": "c1",
        "shipment": "shp_1",
    }


def test_a_capture_of_nothing_known_may_come_again(payments: Partner) -> None:
    assert no(payments.capture("c", "a", 1)) == (404, "not_found")
    payments.authorize("a", 1)
    assert payments.capture("c", "a", 1).status_code == 201


def test_a_void_releases_what_is_not_captured_once(payments: Partner) -> None:
    payments.authorize("a", 100)
    payments.capture("c1", "a", 30)
    assert (payments.void("v1", "a").json()["status"], payments.void("v1", "a").json()["released"]) == ("voided", 70)
    assert payments.void("v2", "a").json()["released"] == 0
    assert no(payments.capture("c2", "a", 1)) == (409, "voided")
    assert payments.books()["totals"][0]["held"] == 0
    assert payments.violations() == ["voided"]


def test_what_is_captured_in_full_is_not_voided(payments: Partner) -> None:
    payments.authorize("a", 100)
    payments.capture("c", "a", 100)
    assert no(payments.void("v", "a")) == (409, "already_captured")


def test_an_authorization_that_arrives_after_its_void_is_fenced_off(payments: Partner) -> None:
    assert payments.void("v", "a").json()["status"] == "never_authorized"
    assert no(payments.authorize("a", 100)) == (409, "voided_before_arrival")
    assert payments.books()["authorizations"] == []


def test_a_declined_authorization_has_nothing_to_void(payments: Partner) -> None:
    payments.authorize("a", token="tok_declined")
    assert payments.void("v", "a").json()["status"] == "never_authorized"


def test_refunds_never_exceed_the_capture(payments: Partner, told: Receiver) -> None:
    payments.authorize("a", 100)
    payments.capture("c", "a", 100)
    assert payments.refund("r1", "c", 30).status_code == 201
    assert no(payments.refund("r2", "c", 71)) == (409, "more_than_captured")
    assert payments.refund("r3", "c", 70).status_code == 201
    assert payments.books("?summary=1")["refunded"] == 100
    assert payments.violations() == ["more_than_captured"]
    told.wait_for(3)
    assert told.types() == ["capture.settled", "refund.settled", "refund.settled"]
    assert no(payments.refund("r4", "nothing", 1)) == (404, "not_found")


def test_an_increase_needs_the_capability(payments: Partner) -> None:
    payments.authorize("a", 100)
    increase = {"authorization_key": "a", "amount": 150}
    assert no(payments.post("increases", "i1", **increase)) == (409, "not_supported")
    payments.config(capabilities={"increase": True})
    assert payments.post("increases", "i2", **increase).json()["amount"] == 150
    assert payments.capture("c", "a", 150).status_code == 201


def test_an_authorization_can_be_made_to_expire(payments: Partner, told: Receiver) -> None:
    payments.authorize("a", 100)
    payments.authorize("b", 50, order="10249")
    payments.capture("c", "a", 40)
    at = "1996-07-20T00:00:00+00:00"
    assert payments.admin("expire", order="10248", at=at) == {"expired": ["a"]}
    assert payments.admin("expire", order="10248", at=at) == {"expired": []}
    told.wait_for(2)
    assert [(event["type"], event["amount"]) for event in told.events] == [
        ("capture.settled", 40),
        ("authorization.expired", 60),
    ]
    assert no(payments.capture("c2", "a", 1)) == (409, "authorization_expired")
    assert payments.void("v", "a").json()["released"] == 0
    assert payments.get("requests/b").json()["status"] == "authorized"


def test_all_that_is_overdue_expires_by_the_business_clock(payments: Partner) -> None:
    payments.authorize("a", 1)
    payments.authorize("b", 1, at="1996-07-05T09:00:00+00:00")
    assert payments.admin("expire", at="1996-07-11T09:00:00+00:00") == {"expired": []}
    assert payments.admin("expire", at="1996-07-11T10:00:00+00:00") == {"expired": ["a"]}
    assert payments.admin("expire", authorization_key="b", at=AT) == {"expired": ["b"]}


def test_a_chargeback_takes_back_what_is_left(payments: Partner, told: Receiver) -> None:
    payments.authorize("a", 100)
    payments.capture("c", "a", 100)
    payments.refund("r", "c", 10)
    assert payments.admin("chargeback", order="10248", at=AT) == {"capture_key": "c", "amount": 90}
    assert told.wait_for(3)[2]["type"] == "chargeback"
    assert no(payments.try_admin("chargeback", capture_key="c", at=AT)) == (422, "invalid")
    assert no(payments.refund("r2", "c", 1)) == (409, "more_than_captured")
