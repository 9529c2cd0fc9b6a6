"""Webhooks are signed, repeated until acknowledged, in order per shipment, and outlive kill -9."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor, wait

import httpx

from tests.simulators.partner import Partner, line
from tests.simulators.receiver import SECRET, Receiver, in_json, wait_until
from tests.support.simulators import Simulators

PLAN = [{"order": "10248", "picked_at": "1996-07-10T00:00:00Z", "shipped_at": "1996-07-16T00:00:00Z"}]


def client_of(simulators: Simulators) -> httpx.Client:
    return httpx.Client(base_url=simulators.url, timeout=10, trust_env=False)


def test_a_webhook_is_repeated_until_acknowledged_and_the_next_waits_for_it(
    carrier: Partner, receiver: Receiver
) -> None:
    receiver.refuse_next = 2
    carrier.config(webhook_url=receiver.url, webhook_secret=SECRET)
    carrier.admin("plan", orders=PLAN)
    carrier.ship("a")
    receiver.wait_for(3)
    assert receiver.types() == ["shipment.released", "shipment.picked", "shipment.shipped"]
    assert [in_json(event) for event in receiver.refused] == [in_json(receiver.events[0])] * 2
    assert carrier.books("?summary=1")["webhooks"] == {"recorded": 3, "acknowledged": 3}


def test_a_shipment_in_trouble_does_not_hold_the_others(carrier: Partner, receiver: Receiver) -> None:
    receiver.refuse_next = 1
    carrier.config(webhook_url=receiver.url, webhook_secret=SECRET, events=["released"])
    carrier.ship("a", order="10248")
    wait_until(lambda: len(receiver.refused) == 1, 5, lambda: "the refused webhook")
    carrier.ship("b", order="10249")
    events = receiver.wait_for(2)
    assert [event["order"] for event in events] == ["10249", "10248"]


def test_what_was_recorded_without_a_receiver_goes_out_when_there_is_one(carrier: Partner, receiver: Receiver) -> None:
    carrier.ship("a")
    assert carrier.books("?summary=1")["webhooks"] == {"recorded": 1, "acknowledged": 0}
    carrier.config(webhook_url=receiver.url, webhook_secret=SECRET)
    assert receiver.wait_for(1)[0]["type"] == "shipment.released"


def test_every_nth_webhook_comes_twice_with_the_same_id(carrier: Partner, receiver: Receiver) -> None:
    carrier.config(webhook_url=receiver.url, webhook_secret=SECRET, duplicate_every=2, events=["released"])
    for number in range(6):
        carrier.ship(f"key-{number}", lines=[line(number)])
    receiver.wait_for(9)
    time.sleep(0.2)
    ids = [event["id"] for event in receiver.events]
    assert (len(ids), len(set(ids))) == (9, 6)
    assert carrier.books("?summary=1")["webhooks"] == {"recorded": 6, "acknowledged": 6}


def test_shuffled_webhooks_come_the_newest_first_and_none_is_missing(carrier: Partner, receiver: Receiver) -> None:
    carrier.config(webhook_url=receiver.url, webhook_secret=SECRET, shuffle=True)
    carrier.admin("plan", orders=PLAN)
    carrier.ship("a")
    assert [event["sequence"] for event in receiver.wait_for(3)] == [3, 2, 1]


def test_reset_forgets_what_was_not_delivered_and_keeps_the_settings(carrier: Partner, receiver: Receiver) -> None:
    carrier.config(mode="auto", step_seconds=60)
    carrier.ship("a")
    carrier.admin("faults", operation="shipments", kind="unavailable")
    carrier.admin("reset")
    assert carrier.faults() == []
    assert carrier.books() == {
        "counts": {},
        "violations": [],
        "requests": [],
        "webhooks": {"recorded": 0, "acknowledged": 0},
    }
    assert carrier.settings()["step_seconds"] == 60
    carrier.config(webhook_url=receiver.url, webhook_secret=SECRET)
    assert carrier.ship("a").status_code == 201
    assert [event["request_key"] for event in receiver.wait_for(1)] == ["a"]


def test_kill_9_loses_no_webhook_no_plan_no_fault_and_no_effect(fresh: Simulators, receiver: Receiver) -> None:
    receiver.refuse_next = 1_000_000
    with client_of(fresh) as client:
        carrier, payments = Partner(client, "carrier"), Partner(client, "payments")
        carrier.config(duplicate_every=0, refuse_cancel_once_picked=False)
        carrier.admin("plan", orders=[{"order": "10250", "shipped_at": "1996-07-16T00:00:00Z"}])
        carrier.admin("faults", operation="updates", kind="unavailable", times=3)
        first = carrier.ship("a").json()
        carrier.cancel("c9", "never-seen")
        payments.authorize("p", 100)
        payments.capture("k", "p", 100)
        wait_until(lambda: len(receiver.refused) >= 2, 5, lambda: "the first attempts")
    fresh.kill()
    receiver.refuse_next = 0
    fresh.start()
    receiver.wait_for(2)
    assert sorted(receiver.types()) == ["capture.settled", "shipment.released"]
    refused = {in_json(event) for event in receiver.refused}
    assert refused == {in_json(event) for event in receiver.events}
    with client_of(fresh) as client:
        carrier, payments = Partner(client, "carrier"), Partner(client, "payments")
        assert carrier.ship("a").json() == first
        assert carrier.ship("never-seen", order="10249").json()["code"] == "cancelled_before_arrival"
        assert carrier.settings()["refuse_cancel_once_picked"] is False
        assert [fault["times"] for fault in carrier.faults()] == [3]
        carrier.ship("b", order="10250")
        assert carrier.get("requests/b").json()["status"] == "shipped"
        assert payments.capture("k2", "p", 1).json()["code"] == "more_than_authorized"
        wait_until(lambda: len(receiver.events) == 4, 5, lambda: "the webhooks of the planned order")
        told = {"recorded": 3, "acknowledged": 3}
        wait_until(lambda: carrier.books("?summary=1")["webhooks"] == told, 5, lambda: "the last one acknowledged")


def test_every_answer_given_before_kill_9_is_in_the_books_after_it(fresh: Simulators) -> None:
    answered: dict[str, str] = {}

    def authorize(worker: int) -> None:
        with client_of(fresh) as client, contextlib.suppress(httpx.TransportError):
            for number in range(10_000):
                key = f"{worker}/{number}"
                answered[key] = Partner(client, "payments").authorize(key, 100).text

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(authorize, worker) for worker in range(4)]
        wait_until(lambda: len(answered) > 100, 10, lambda: "a hundred answers")
        fresh.kill()
        wait(workers)
    fresh.start()
    with client_of(fresh) as client:
        payments = Partner(client, "payments")
        assert {key: payments.authorize(key, 100).text for key in answered} == answered
        held = payments.books("?summary=1")["totals"][0]["authorizations"]
        assert len(answered) <= held <= len(answered) + 4


def test_what_was_acknowledged_before_kill_9_is_not_sent_again(fresh: Simulators, receiver: Receiver) -> None:
    with client_of(fresh) as client:
        Partner(client, "carrier").ship("a")
        receiver.wait_for(1)
        wait_until(
            lambda: Partner(client, "carrier").books()["webhooks"]["acknowledged"] == 1,
            5,
            lambda: "the acknowledgement",
        )
    fresh.kill()
    fresh.start()
    time.sleep(0.5)
    assert receiver.types() == ["shipment.released"]


def test_automatic_progress_goes_on_after_kill_9(fresh: Simulators, receiver: Receiver) -> None:
    with client_of(fresh) as client:
        carrier = Partner(client, "carrier")
        carrier.config(mode="auto", step_seconds=0.4)
        carrier.ship("a")
        fresh.kill()
        fresh.start()
        wait_until(lambda: carrier.get("requests/a").json()["status"] == "delivered", 10, lambda: "delivery")
        # Killed between sending and noting the acknowledgement, it sends again: at least once, the same id.
        wait_until(lambda: carrier.books("?summary=1")["webhooks"]["acknowledged"] == 5, 10, lambda: "all webhooks")
    sequences = {event["id"]: event["sequence"] for event in receiver.events}
    assert list(sequences.values()) == [1, 2, 3, 4, 5]


def test_sigterm_stops_within_two_seconds_even_while_a_request_hangs(fresh: Simulators, receiver: Receiver) -> None:
    receiver.delay_seconds = 5
    with client_of(fresh) as client:
        carrier = Partner(client, "carrier")
        carrier.admin("faults", operation="shipments", kind="timeout_after_success", seconds=60)
        client.timeout = httpx.Timeout(0.3)
        with contextlib.suppress(httpx.ReadTimeout):
            carrier.ship("a")
        began = time.monotonic()
        fresh.stop()
        assert time.monotonic() - began < 2.0
