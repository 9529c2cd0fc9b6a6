"""Conformance of a carrier's adapter that can update a request in place, over HTTP (CHG7)."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.ports import BrokenContractError, CarrierCapabilities, UnavailableError, UpdateAsked
from domain.process.outcomes import Outcome
from tests.adapters.outside import Outside
from tests.adapters.test_carrier import ADDRESS, KEY, LATER, asked

ELSEWHERE = {**ADDRESS, "street": "Calle Olmo 14"}
UPDATE = "O-1/ship/1/r1/update_shipment/1"
BACK = "O-1/ship/1/r1/update_shipment/2"


@pytest.fixture
def able(outside: Outside) -> Iterator[Outside]:
    """A carrier that takes updates and has one request, of 5 units by speedy-express."""
    outside.configure("carrier", capabilities={"update": True})
    yield outside
    outside.configure("carrier", capabilities={})


def wanted(quantity: int = 3, method: str = "united-package", **more: Any) -> UpdateAsked:
    lines = [{"line": 1, "sku": "41", "quantity": quantity, "ordered": 5}]
    return UpdateAsked(method, more.pop("ship_to", ELSEWHERE), lines, **more)


def as_it_is(outside: Outside) -> tuple[Any, ...]:
    """The one request in the carrier's books: key, status, method, street, units."""
    books = outside.books("carrier")
    assert books["violations"] == []
    (one,) = books["requests"]
    units = [line["quantity"] for line in one["lines"]]
    return one["request_key"], one["status"], one["method"], one["ship_to"]["street"], units


UPDATED = (KEY, "released", "united-package", "Calle Olmo 14", [3])
UNTOUCHED = (KEY, "released", "speedy-express", "Calle Olmo 12", [5])


async def test_a_request_is_updated_in_place_and_keeps_its_name(able: Outside) -> None:
    ref = (await able.carrier.request(KEY, asked())).ref
    assert await able.carrier.update(UPDATE, KEY, wanted(), LATER) == Outcome(ref=ref, at=LATER)
    assert as_it_is(able) == UPDATED


async def test_that_it_can_is_declared(able: Outside) -> None:
    can = CarrierCapabilities(create=True, update=True, cancel=True, inquire=True, relabel=False)
    assert await able.carrier.capabilities() == can


async def test_a_repeated_update_gives_the_first_answer_and_is_done_once(able: Outside) -> None:
    await able.carrier.request(KEY, asked())
    outcomes = await asyncio.gather(*(able.carrier.update(UPDATE, KEY, wanted(), LATER) for _ in range(5)))
    assert all(outcome == outcomes[0] and not outcome.refused for outcome in outcomes)
    assert as_it_is(able) == UPDATED
    (one,) = able.books("carrier")["requests"]
    assert [step["event"] for step in one["history"]] == ["released", "updated"]


@pytest.mark.parametrize("fault", ["timeout_after_success", "drop_connection_after_success"])
async def test_an_update_whose_answer_is_lost_is_unavailable_and_a_repeat_finds_it(able: Outside, fault: str) -> None:
    await able.carrier.request(KEY, asked())
    able.fault("carrier", "updates", fault)
    with pytest.raises(UnavailableError, match="carrier"):
        await able.carrier.update(UPDATE, KEY, wanted(), LATER)
    assert as_it_is(able) == UPDATED
    assert not (await able.carrier.update(UPDATE, KEY, wanted(), LATER)).refused
    assert as_it_is(able) == UPDATED


@pytest.mark.parametrize("fault", ["unavailable", "timeout_before"])
async def test_a_carrier_that_is_away_did_not_update_and_does_it_later(able: Outside, fault: str) -> None:
    await able.carrier.request(KEY, asked())
    able.fault("carrier", "updates", fault)
    with pytest.raises(UnavailableError):
        await able.carrier.update(UPDATE, KEY, wanted(), LATER)
    assert as_it_is(able) == UNTOUCHED
    assert not (await able.carrier.update(UPDATE, KEY, wanted(), LATER)).refused
    assert as_it_is(able) == UPDATED


async def test_a_slow_answer_to_an_update_is_an_answer(able: Outside) -> None:
    await able.carrier.request(KEY, asked())
    able.fault("carrier", "updates", "slow", seconds=0.2)
    assert not (await able.carrier.update(UPDATE, KEY, wanted(), LATER)).refused


async def test_a_refused_update_is_an_outcome_with_code_and_words_and_changes_nothing(able: Outside) -> None:
    await able.carrier.request(KEY, asked())
    able.fault("carrier", "updates", "refuse", code="no_such_street")
    outcome = await able.carrier.update(UPDATE, KEY, wanted(), LATER)
    assert (outcome.refused, outcome.code, bool(outcome.words)) == (True, "no_such_street", True)
    assert await able.carrier.update(UPDATE, KEY, wanted(), LATER) == outcome
    assert as_it_is(able) == UNTOUCHED


@pytest.mark.parametrize(
    ("status", "code"), [("picked", "too_late"), ("packed", "too_late"), ("shipped", "already_shipped")]
)
async def test_a_late_update_is_refused(able: Outside, status: str, code: str) -> None:
    await able.carrier.request(KEY, asked())
    able.tell("carrier", "advance", order="O-1", to=status, at=LATER.isoformat())
    outcome = await able.carrier.update(UPDATE, KEY, wanted(), LATER)
    assert (outcome.refused, outcome.code) == (True, code)
    assert as_it_is(able) == (KEY, status, "speedy-express", "Calle Olmo 12", [5])


async def test_where_it_relabels_what_is_picked_gets_another_address_and_no_other_units(able: Outside) -> None:
    able.configure("carrier", capabilities={"update": True, "relabel": True})
    await able.carrier.request(KEY, asked())
    able.tell("carrier", "advance", order="O-1", to="picked", at=LATER.isoformat())
    fewer = await able.carrier.update(UPDATE, KEY, wanted(quantity=3), LATER)
    assert (fewer.refused, fewer.code) == (True, "too_late")
    assert not (await able.carrier.update(BACK, KEY, wanted(quantity=5), LATER)).refused
    assert as_it_is(able) == (KEY, "picked", "united-package", "Calle Olmo 14", [5])


async def test_an_update_that_is_taken_back_before_it_came_is_kept_out(able: Outside) -> None:
    await able.carrier.request(KEY, asked())
    before = wanted(quantity=5, method="speedy-express", ship_to=ADDRESS, instead_of=UPDATE)
    assert not (await able.carrier.update(BACK, KEY, before, LATER)).refused
    late = await able.carrier.update(UPDATE, KEY, wanted(), LATER)
    assert (late.refused, late.code) == (True, "taken_back_before_arrival")
    (one,) = able.books("carrier")["requests"]
    assert (one["method"], one["ship_to"]) == ("speedy-express", ADDRESS)


async def test_a_request_that_the_carrier_never_saw_is_refused_and_not_made(able: Outside) -> None:
    outcome = await able.carrier.update(UPDATE, KEY, wanted(), LATER)
    assert (outcome.refused, outcome.code) == (True, "unknown_request")
    assert able.books("carrier")["requests"] == []


async def test_the_carriers_own_books_refuse_more_than_was_ordered(able: Outside) -> None:
    await able.carrier.request(KEY, asked())
    outcome = await able.carrier.update(UPDATE, KEY, wanted(quantity=6), LATER)
    assert (outcome.refused, outcome.code) == (True, "more_than_ordered")
    assert [line["quantity"] for line in able.books("carrier")["requests"][0]["lines"]] == [5]


async def test_one_key_for_two_different_updates_is_a_bug(able: Outside) -> None:
    await able.carrier.request(KEY, asked())
    await able.carrier.update(UPDATE, KEY, wanted(), LATER)
    with pytest.raises(BrokenContractError, match="HTTP 422 key_reused"):
        await able.carrier.update(UPDATE, KEY, wanted(quantity=2), LATER)


async def test_a_carrier_that_takes_no_updates_refuses(outside: Outside) -> None:
    await outside.carrier.request(KEY, asked())
    outcome = await outside.carrier.update(UPDATE, KEY, wanted(), LATER)
    assert (outcome.refused, outcome.code) == (True, "not_supported")
    assert as_it_is(outside) == UNTOUCHED
