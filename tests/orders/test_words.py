"""For each waiting state the Temporal UI names what, why, who and until when (OPS1, I6)."""

import pytest

from tests.orders import scenarios
from tests.orders.scenarios import Scenario
from tests.support.shop import Shop

EXPECTED: dict[Scenario, tuple[str, str, str]] = {
    scenarios.waiting_for_the_carrier: (
        "Waits at wait for shipped",
        "The carrier has the request and has not shipped yet.",
        "fulfillment lead",
    ),
    scenarios.card_declined: ("Waits at authorize", "declined", "csr"),
    scenarios.out_of_stock: ("Waits at reserve", "3 wanted, 1 available", "fulfillment lead"),
    scenarios.carrier_away: ("Waits at ship", "The carrier is not available", "fulfillment lead"),
    scenarios.carrier_refuses: ("Waits at ship", "(no_service_there)", "fulfillment lead"),
    scenarios.capture_refused: ("Waits at capture", "(under_review)", "finance manager"),
    scenarios.parcel_lost: ("Waits at wait for shipped", "The carrier reports the shipment", "fulfillment lead"),
    scenarios.on_hold: ("Waits at hold h-1", "On hold: capture is not begun", "operations"),
    scenarios.undo_failed: ("Waits at authorize", "Could not be taken back", "csr"),
    scenarios.overdue: ("Waits at wait for shipped", "**Overdue.**", "fulfillment lead"),
}


def test_every_waiting_scenario_has_its_words() -> None:
    assert set(EXPECTED) == set(scenarios.WAITING)


@pytest.mark.parametrize("scenario", scenarios.WAITING, ids=lambda scenario: scenario.__name__)
async def test_a_waiting_order_says_what_why_who_and_until_when(shop: Shop, scenario: Scenario) -> None:
    number = await scenario(shop)
    what, why, who = EXPECTED[scenario]

    details = await shop.details(number)
    summary = await (await shop.workflow(number).describe()).static_summary()
    order = await shop.order(number)

    assert summary == f"Order {number} of customer C-1, by web"
    assert f"**Order {number}:" in details
    assert f"**{what}**" in details
    assert why in details
    assert f"Owner: {who} until 20" in details
    (waiting,) = order["waiting"]
    assert waiting["why"] in details
    assert waiting["until"] is not None
    await scenarios.leave_nothing_broken(shop)
