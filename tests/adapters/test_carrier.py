"""Conformance of a carrier's adapter, held against the carrier simulator over HTTP (SHP1)."""

import asyncio
from datetime import UTC, datetime

import pytest

from adapters.ports import BrokenContractError, CarrierCapabilities, Progress, ShipmentAsked, UnavailableError
from domain.process.outcomes import Outcome
from tests.adapters.outside import Outside

AT = datetime(2026, 5, 6, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 5, 7, 8, 0, tzinfo=UTC)
KEY = "O-1/ship/1/r1/request_shipment/1"
ADDRESS = {
    "name": "Mercedes Alba",
    "street": "Calle Olmo 12",
    "city": "Burgos",
    "region": None,
    "postal_code": "09003",
    "country": "ES",
}


def asked(quantity: int = 5, order: str = "O-1") -> ShipmentAsked:
    lines = [{"line": 1, "sku": "41", "quantity": quantity, "ordered": 5}]
    return ShipmentAsked(order, "1", "speedy-express", ADDRESS, lines, AT)


def live(outside: Outside) -> int:
    """Requests in the carrier's books that are not cancelled."""
    return sum(request["status"] != "cancelled" for request in outside.books("carrier")["requests"])


async def test_a_request_is_taken_on(outside: Outside) -> None:
    outcome = await outside.carrier.request(KEY, asked())
    (request,) = outside.books("carrier")["requests"]
    assert outcome == Outcome(ref=request["shipment"], at=AT)
    assert (request["request_key"], request["method"], request["ship_to"]) == (KEY, "speedy-express", ADDRESS)
    assert request["lines"] == [{"line": 1, "sku": "41", "quantity": 5, "ordered": 5, "shipped": 0}]


async def test_a_repeat_gives_the_first_answer_and_one_request(outside: Outside) -> None:
    outcomes = await asyncio.gather(*(outside.carrier.request(KEY, asked()) for _ in range(5)))
    assert len({outcome.ref for outcome in outcomes}) == 1
    assert live(outside) == 1
    assert outside.books("carrier")["violations"] == []


@pytest.mark.parametrize("fault", ["timeout_after_success", "drop_connection_after_success"])
async def test_an_answer_that_is_lost_is_unavailable_and_a_repeat_finds_it(outside: Outside, fault: str) -> None:
    outside.fault("carrier", "shipments", fault)
    with pytest.raises(UnavailableError, match="carrier"):
        await outside.carrier.request(KEY, asked())
    assert live(outside) == 1
    outcome = await outside.carrier.request(KEY, asked())
    assert outcome.ref == outside.books("carrier")["requests"][0]["shipment"]
    assert live(outside) == 1


@pytest.mark.parametrize("fault", ["unavailable", "timeout_before"])
async def test_a_carrier_that_is_away_did_nothing_and_does_it_later(outside: Outside, fault: str) -> None:
    outside.fault("carrier", "shipments", fault)
    with pytest.raises(UnavailableError):
        await outside.carrier.request(KEY, asked())
    assert live(outside) == 0
    assert not (await outside.carrier.request(KEY, asked())).refused
    assert live(outside) == 1


async def test_a_slow_answer_within_our_patience_is_an_answer(outside: Outside) -> None:
    outside.fault("carrier", "shipments", "slow", seconds=0.2)
    assert not (await outside.carrier.request(KEY, asked())).refused


async def test_a_carrier_that_is_not_there_is_unavailable(outside: Outside) -> None:
    outside.simulators.kill()
    try:
        with pytest.raises(
            UnavailableError, match=r"The carrier cannot be reached or hung up \(ClientConnectorError\)."
        ):
            await outside.carrier.request(KEY, asked())
    finally:
        outside.simulators.start()
    assert not (await outside.carrier.request(KEY, asked())).refused


async def test_a_connection_to_a_carrier_that_was_killed_is_given_up_and_a_repeat_finds_the_request(
    outside: Outside,
) -> None:
    ref = (await outside.carrier.request(KEY, asked())).ref
    outside.simulators.kill()
    outside.simulators.start()
    with pytest.raises(UnavailableError, match="The carrier cannot be reached or hung up"):
        await outside.carrier.request(KEY, asked())
    assert (await outside.carrier.request(KEY, asked())).ref == ref
    assert live(outside) == 1


async def test_a_refusal_is_an_outcome_with_the_carriers_code_and_words(outside: Outside) -> None:
    outside.fault("carrier", "shipments", "refuse", code="no_such_street")
    outcome = await outside.carrier.request(KEY, asked())
    assert (outcome.refused, outcome.code, outcome.ref) == (True, "no_such_street", None)
    assert outcome.words
    assert await outside.carrier.request(KEY, asked()) == outcome
    assert live(outside) == 0


async def test_the_carriers_own_books_refuse_a_second_live_request(outside: Outside) -> None:
    await outside.carrier.request(KEY, asked())
    outcome = await outside.carrier.request(KEY.replace("/1", "/2"), asked())
    assert (outcome.refused, outcome.code) == (True, "line_already_requested")
    assert live(outside) == 1


async def test_one_key_for_two_different_requests_is_a_bug(outside: Outside) -> None:
    await outside.carrier.request(KEY, asked())
    with pytest.raises(BrokenContractError, match="HTTP 422 key_reused"):
        await outside.carrier.request(KEY, asked(quantity=4))
    assert live(outside) == 1


async def test_cancelling_works_by_the_requests_key_and_repeats(outside: Outside) -> None:
    ref = (await outside.carrier.request(KEY, asked())).ref
    for key in ("cancel/1", "cancel/1", "cancel/2"):
        outcome = await outside.carrier.cancel(key, KEY, LATER)
        assert (outcome.refused, outcome.code, outcome.ref) == (False, "cancelled", ref)
    assert live(outside) == 0


async def test_a_cancel_that_overtakes_its_request_keeps_it_out(outside: Outside) -> None:
    outcome = await outside.carrier.cancel("cancel/1", KEY, LATER)
    assert (outcome.refused, outcome.code) == (False, "never_requested")
    late = await outside.carrier.request(KEY, asked())
    assert (late.refused, late.code) == (True, "cancelled_before_arrival")
    assert live(outside) == 0


async def test_a_late_cancel_is_refused_and_the_shipment_goes_on(outside: Outside) -> None:
    await outside.carrier.request(KEY, asked())
    outside.tell("carrier", "advance", order="O-1", to="picked", at=LATER.isoformat())
    refused = await outside.carrier.cancel("cancel/1", KEY, LATER)
    assert (refused.refused, refused.code) == (True, "too_late")
    outside.tell("carrier", "advance", order="O-1", to="shipped", at=LATER.isoformat())
    refused = await outside.carrier.cancel("cancel/2", KEY, LATER)
    assert (refused.refused, refused.code) == (True, "already_shipped")
    assert live(outside) == 1


async def test_inquiring_says_how_far_a_key_is(outside: Outside) -> None:
    assert await outside.carrier.inquire(KEY) is None
    ref = (await outside.carrier.request(KEY, asked())).ref
    assert await outside.carrier.inquire(KEY) == Progress("released", ref, AT)
    outside.tell("carrier", "advance", order="O-1", to="shipped", at=LATER.isoformat())
    assert await outside.carrier.inquire(KEY) == Progress("shipped", ref, LATER)


async def test_capabilities_are_declared_and_what_is_missing_is_refused(outside: Outside) -> None:
    able = CarrierCapabilities(create=True, update=False, cancel=True, inquire=True, relabel=False)
    assert await outside.carrier.capabilities() == able
    await outside.carrier.request(KEY, asked())
    outside.configure("carrier", capabilities={"create": True, "update": False, "cancel": False, "inquire": True})
    assert (await outside.carrier.capabilities()).cancel is False
    refused = await outside.carrier.cancel("cancel/1", KEY, LATER)
    assert (refused.refused, refused.code) == (True, "not_supported")
    outside.configure("carrier", capabilities={"create": True, "update": False, "cancel": True, "inquire": True})
