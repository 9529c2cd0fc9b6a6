"""Conformance of a payment provider's adapter, held against the payment simulator over HTTP (PAY2)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.ports import AuthorizationAsked, BrokenContractError, PaymentCapabilities, Progress, UnavailableError
from domain.process.outcomes import Outcome
from tests.adapters.outside import Outside

AT = datetime(2026, 5, 6, 9, 30, tzinfo=UTC)
LATER = AT + timedelta(days=3)
TOO_LATE = AT + timedelta(days=8)
KEY = "O-1/authorize/1/r1/authorize_payment/1"


def asked(amount: int = 5000, token: str = "tok_ok") -> AuthorizationAsked:
    return AuthorizationAsked("O-1", amount, "USD", token, AT)


async def authorize(outside: Outside, key: str = KEY) -> Outcome:
    return await outside.payments.authorize(key, asked())


async def capture(outside: Outside, amount: int = 5000, key: str = "capture/1", at: datetime = LATER) -> Outcome:
    return await outside.payments.capture(key, KEY, amount, at, "shipment/1")


def held(outside: Outside) -> list[tuple[str, int, int]]:
    """Status, amount and captured of every authorization in the provider's books."""
    return [(a["status"], a["amount"], a["captured"]) for a in outside.books("payments")["authorizations"]]


async def test_an_amount_is_held_until_it_expires(outside: Outside) -> None:
    outcome = await authorize(outside)
    (found,) = outside.books("payments")["authorizations"]
    assert outcome == Outcome(ref=found["authorization"], at=AT, expires_at=AT + timedelta(days=7))
    assert held(outside) == [("authorized", 5000, 0)]


async def test_a_repeat_gives_the_first_answer_and_one_authorization(outside: Outside) -> None:
    outcomes = await asyncio.gather(*(authorize(outside) for _ in range(5)))
    assert len({outcome.ref for outcome in outcomes}) == 1
    assert held(outside) == [("authorized", 5000, 0)]


@pytest.mark.parametrize("fault", ["timeout_after_success", "drop_connection_after_success"])
async def test_an_answer_that_is_lost_is_unavailable_and_a_repeat_finds_it(outside: Outside, fault: str) -> None:
    outside.fault("payments", "authorizations", fault)
    with pytest.raises(UnavailableError, match="payment provider"):
        await authorize(outside)
    outside.fault("payments", "captures", fault)
    assert not (await authorize(outside)).refused
    with pytest.raises(UnavailableError):
        await capture(outside)
    assert held(outside) == [("authorized", 5000, 5000)]
    assert not (await capture(outside)).refused
    assert held(outside) == [("authorized", 5000, 5000)]
    assert outside.books("payments")["violations"] == []


@pytest.mark.parametrize("fault", ["unavailable", "timeout_before"])
async def test_a_provider_that_is_away_did_nothing_and_does_it_later(outside: Outside, fault: str) -> None:
    outside.fault("payments", "authorizations", fault)
    with pytest.raises(UnavailableError):
        await authorize(outside)
    assert held(outside) == []
    assert not (await authorize(outside)).refused


async def test_a_slow_answer_within_our_patience_is_an_answer(outside: Outside) -> None:
    outside.fault("payments", "authorizations", "slow", seconds=0.2)
    assert not (await authorize(outside)).refused


@pytest.mark.parametrize(
    ("token", "code"),
    [("tok_declined", "declined"), ("tok_insufficient", "insufficient_funds"), ("tok_expired_card", "expired_card")],
)
async def test_a_decline_is_an_outcome_with_the_providers_code(outside: Outside, token: str, code: str) -> None:
    outcome = await outside.payments.authorize(KEY, asked(token=token))
    assert (outcome.refused, outcome.code, outcome.ref) == (True, code, None)
    assert outcome.words
    assert held(outside) == []


async def test_one_key_for_two_different_requests_is_a_bug(outside: Outside) -> None:
    await authorize(outside)
    with pytest.raises(BrokenContractError, match="HTTP 422 key_reused"):
        await outside.payments.authorize(KEY, asked(amount=1))
    assert held(outside) == [("authorized", 5000, 0)]


async def test_never_more_is_captured_than_is_authorized(outside: Outside) -> None:
    await authorize(outside)
    assert not (await capture(outside, 3000)).refused
    refused = await capture(outside, 2001, "capture/2")
    assert (refused.refused, refused.code) == (True, "more_than_authorized")
    assert held(outside) == [("authorized", 5000, 3000)]


async def test_an_authorization_that_expired_cannot_be_captured(outside: Outside) -> None:
    await authorize(outside)
    refused = await capture(outside, at=TOO_LATE)
    assert (refused.refused, refused.code) == (True, "authorization_expired")
    assert [captured for _, _, captured in held(outside)] == [0]


async def test_voiding_works_by_the_authorizations_key_and_repeats(outside: Outside) -> None:
    ref = (await authorize(outside)).ref
    for key in ("void/1", "void/1", "void/2"):
        outcome = await outside.payments.void(key, KEY, LATER)
        assert (outcome.refused, outcome.code, outcome.ref) == (False, "voided", ref)
    refused = await capture(outside)
    assert (refused.refused, refused.code) == (True, "voided")
    assert held(outside) == [("voided", 5000, 0)]


async def test_a_void_that_overtakes_its_authorization_keeps_it_out(outside: Outside) -> None:
    outcome = await outside.payments.void("void/1", KEY, LATER)
    assert (outcome.refused, outcome.code) == (False, "never_authorized")
    late = await authorize(outside)
    assert (late.refused, late.code) == (True, "voided_before_arrival")
    assert held(outside) == []


async def test_a_void_after_all_is_captured_is_refused(outside: Outside) -> None:
    await authorize(outside)
    await capture(outside)
    refused = await outside.payments.void("void/1", KEY, LATER)
    assert (refused.refused, refused.code) == (True, "already_captured")


async def test_captured_money_is_given_back_once_and_never_more_than_was_captured(outside: Outside) -> None:
    await authorize(outside)
    await capture(outside, 3000)
    for _ in range(2):
        outcome = await outside.payments.refund("refund/1", "capture/1", 2000, LATER)
        assert (outcome.refused, outcome.code) == (False, "refunded")
    refused = await outside.payments.refund("refund/2", "capture/1", 1001, LATER)
    assert refused.refused
    (authorization,) = outside.books("payments")["authorizations"]
    assert [c["refunded"] for c in authorization["captures"]] == [2000]


async def test_refunding_what_was_never_captured_is_done(outside: Outside) -> None:
    outcome = await outside.payments.refund("refund/1", "capture/1", 2000, LATER)
    assert (outcome.refused, outcome.code, outcome.ref) == (False, "never_captured", None)


async def test_inquiring_says_what_became_of_a_key(outside: Outside) -> None:
    assert await outside.payments.inquire(KEY) is None
    ref = (await authorize(outside)).ref
    assert await outside.payments.inquire(KEY) == Progress("authorized", ref, AT)


async def test_capabilities_are_declared(outside: Outside) -> None:
    assert await outside.payments.capabilities() == PaymentCapabilities(
        authorize=True, increase=False, capture=True, void=True, refund=True
    )
