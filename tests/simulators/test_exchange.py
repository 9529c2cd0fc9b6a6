"""Idempotency keys and faults: one effect per key whatever goes wrong on the way."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.simulators.partner import Partner, line, no
from tests.simulators.receiver import wait_until
from tests.support.simulators import Simulators


def test_the_same_key_hears_the_first_answer_again(carrier: Partner) -> None:
    first, second = carrier.ship("a"), carrier.ship("a")
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert len(carrier.books()["requests"]) == 1
    assert carrier.books()["webhooks"]["recorded"] == 1


def test_a_refusal_is_an_answer_too(carrier: Partner) -> None:
    carrier.ship("a")
    assert no(carrier.ship("b")) == (409, "line_already_requested")
    carrier.cancel("c", "a")
    assert no(carrier.ship("b")) == (409, "line_already_requested")
    assert carrier.ship("d").status_code == 201


def test_a_key_is_for_one_request(carrier: Partner, payments: Partner) -> None:
    carrier.ship("a")
    assert no(carrier.ship("a", lines=[line(1, 13)])) == (422, "key_reused")
    assert no(carrier.cancel("a", "a")) == (422, "key_reused")
    assert carrier.violations() == ["key_reused", "key_reused"]
    assert carrier.get("requests/a").json()["status"] == "released"
    assert payments.authorize("a").status_code == 201


@pytest.mark.parametrize("key", [None, "", "k" * 301])
def test_a_request_without_a_proper_key_is_refused(carrier: Partner, key: str | None) -> None:
    assert no(carrier.post("shipments", key)) == (422, "key_missing")


def test_unknown_routes_and_large_bodies_are_refused_in_the_same_shape(client: httpx.Client) -> None:
    assert no(client.get("/carrier/v1/nothing")) == (404, "no_such_route")
    assert no(client.get("/carrier/v1/shipments")) == (405, "no_such_route")
    large = client.post("/carrier/v1/shipments", content=b" " * (8 * 1024 * 1024 + 1), headers={"Idempotency-Key": "a"})
    assert no(large) == (413, "too_large")


def test_one_key_at_the_same_time_has_one_effect(shared: Simulators, payments: Partner) -> None:
    def authorize(_: int) -> str:
        with httpx.Client(base_url=shared.url, trust_env=False) as client:
            return Partner(client, "payments").authorize("a", 100).text

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(authorize, range(64)))
    assert len(answers) == 1
    assert payments.books()["totals"][0]["authorized"] == 100


def test_rival_requests_for_a_line_have_one_winner(shared: Simulators, carrier: Partner) -> None:
    def ship(number: int) -> int:
        with httpx.Client(base_url=shared.url, trust_env=False) as client:
            return Partner(client, "carrier").ship(f"key-{number}").status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = sorted(pool.map(ship, range(32)))
    assert statuses == [201] + [409] * 31
    assert carrier.books()["counts"] == {"released": 1}


def test_unavailable_strikes_as_often_as_told_and_has_no_effect(carrier: Partner) -> None:
    carrier.admin("faults", operation="shipments", kind="unavailable", times=2)
    assert no(carrier.ship("a")) == (503, "unavailable")
    assert [fault["times"] for fault in carrier.faults()] == [1]
    assert no(carrier.ship("a")) == (503, "unavailable")
    assert carrier.faults() == []
    assert carrier.books()["requests"] == []
    assert carrier.ship("a").status_code == 201


def test_a_fault_for_ever_ends_when_cleared(payments: Partner, client: httpx.Client) -> None:
    payments.admin("faults", operation="authorizations", kind="unavailable", times=-1)
    assert [payments.authorize("a").status_code for _ in range(5)] == [503] * 5
    assert client.delete("/payments/admin/faults").json() == []
    assert payments.authorize("a").status_code == 201


def test_a_fault_may_let_some_pass_and_mean_one_order(payments: Partner) -> None:
    payments.admin("faults", operation="captures", kind="refuse", code="blocked", after=1, order="10248")
    payments.authorize("a", 100)
    payments.authorize("b", 100, order="10249")
    assert [payments.capture(key, "b", 1).status_code for key in ("b1", "b2", "b3")] == [201, 201, 201]
    assert payments.capture("a1", "a", 1).status_code == 201
    assert no(payments.capture("a2", "a", 1)) == (409, "blocked")
    assert payments.capture("a3", "a", 1).status_code == 201
    assert no(payments.capture("a2", "a", 1)) == (409, "blocked")
    assert payments.get("requests/a").json()["captured"] == 2


@pytest.mark.parametrize("kind", ["timeout_after_success", "drop_connection_after_success"])
def test_no_answer_does_not_mean_no_effect(carrier: Partner, kind: str) -> None:
    carrier.admin("faults", operation="shipments", kind=kind, seconds=0.1)
    with pytest.raises(httpx.RemoteProtocolError):
        carrier.ship("a")
    assert carrier.get("requests/a").json()["status"] == "released"
    assert carrier.ship("a").status_code == 201
    assert len(carrier.books()["requests"]) == 1


def test_a_cancel_whose_answer_is_lost_is_still_one_cancel(carrier: Partner) -> None:
    carrier.ship("a")
    carrier.admin("faults", operation="cancellations", kind="drop_connection_after_success", order="10248")
    with pytest.raises(httpx.RemoteProtocolError):
        carrier.cancel("c", "a")
    assert carrier.cancel("c", "a").json()["status"] == "cancelled"
    assert [step["event"] for step in carrier.get("requests/a").json()["history"]] == ["released", "cancelled"]


def test_a_request_that_times_out_on_the_way_has_no_effect(carrier: Partner) -> None:
    carrier.admin("faults", operation="shipments", kind="timeout_before", seconds=0.1)
    with pytest.raises(httpx.RemoteProtocolError):
        carrier.ship("a")
    assert no(carrier.get("requests/a")) == (404, "not_found")
    assert carrier.books()["requests"] == []


def test_a_caller_that_stops_waiting_finds_the_effect_by_its_key(carrier: Partner, shared: Simulators) -> None:
    carrier.admin("faults", operation="shipments", kind="timeout_after_success", seconds=60)
    with (
        httpx.Client(base_url=shared.url, timeout=0.2, trust_env=False) as impatient,
        pytest.raises(httpx.ReadTimeout),
    ):
        Partner(impatient, "carrier").ship("a")
    assert carrier.get("requests/a").json()["status"] == "released"


def test_a_slow_answer_is_an_answer(carrier: Partner) -> None:
    carrier.admin("faults", operation="shipments", kind="slow", seconds=0.3)
    given = carrier.ship("a")
    assert given.status_code == 201
    assert given.elapsed.total_seconds() >= 0.3


def test_questions_meet_faults_too(carrier: Partner) -> None:
    carrier.admin("faults", operation="requests", kind="unavailable")
    carrier.ship("a")
    assert no(carrier.get("requests/a")) == (503, "unavailable")
    assert carrier.get("requests/a").status_code == 200


def test_a_refused_order_leaves_the_others_alone(carrier: Partner) -> None:
    carrier.admin("faults", operation="shipments", kind="refuse", times=-1, order="10248", code="address_unknown")
    assert no(carrier.ship("a")) == (409, "address_unknown")
    assert carrier.ship("b", order="10249").status_code == 201
    assert [request["order"] for request in carrier.books()["requests"]] == ["10249"]


def test_mistakes_in_settings_and_faults_are_named(carrier: Partner) -> None:
    unknown = carrier.config(mod="auto")
    assert no(unknown) == (422, "invalid")
    assert "mod:" in unknown.json()["detail"]
    assert no(carrier.config(webhook_secret="whsec_")) == (422, "invalid")
    assert no(carrier.config(step_seconds=-1)) == (422, "invalid")
    assert no(carrier.try_admin("faults", operation="shipments", kind="explode")) == (422, "invalid")
    assert carrier.settings()["mode"] == "manual"


def test_a_second_process_does_not_share_the_books(shared: Simulators, tmp_path: Path) -> None:
    second = Simulators(shared.data, {})
    with pytest.raises(RuntimeError, match="is another one running"):
        second.start()
    wait_until(lambda: httpx.get(f"{shared.url}/healthz").status_code == 200, 5, lambda: "the first to serve")
