"""`ordito order ...` as a person types it."""

import json
from pathlib import Path

from temporalio.client import WorkflowExecutionStatus

from tests.support.shop import Shop


async def test_place_show_list_and_timeline(shop: Shop, tmp_path: Path) -> None:
    sku = await shop.stocked(price="10.00")
    document = shop.document([(sku, 3)], customer={"id": "C-CLI"})
    file = tmp_path / "order.json"
    file.write_text(json.dumps(document))
    number = document["number"]

    placed = await shop.cli("order", "place", str(file), "--wait", "promised")
    again = await shop.cli("order", "place", str(file))
    await shop.until_status(number, "released")
    shown = await shop.cli("order", "show", number)
    listed = await shop.cli("order", "list", "--customer", "C-CLI", "--status", "released")
    told = await shop.cli("order", "timeline", number)

    assert placed[0] == 0, placed
    assert f"Order {number} is accepted." in placed[1]
    assert "total 30.00 USD." in placed[1]
    assert again[1].startswith("This order was placed before; nothing changed.")
    assert f"Order {number}: released, revision 1" in shown[1]
    assert "30.00 USD (goods 30.00, charges 0.00, tax 0.00)" in shown[1]
    assert "Owner: fulfillment_lead" in shown[1]
    assert listed[1].splitlines()[-1] == "1 order"
    assert number in listed[1]
    assert "Order accepted from test, channel web, 1 line." in told[1]


async def test_json_is_the_answer_of_the_api(shop: Shop) -> None:
    sku = await shop.stocked()
    number = await shop.place([(sku, 1)])
    await shop.until_status(number, "released")

    shown = await shop.cli("order", "show", number, "--json")
    listed = await shop.cli("order", "list", "--number", number, "--json")

    assert json.loads(shown[1]) == await shop.order(number)
    assert [order["number"] for order in json.loads(listed[1])] == [number]


async def test_a_refused_document_is_told_with_every_path(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text(json.dumps(shop.document([("no-such", 0)], currency="XXQ")))

    code, said, told = await shop.cli("order", "place", str(file))

    assert (code, said) == (1, "")
    assert told.startswith("ordito: The document has problems\n")
    for path in ("  $.currency: ", "  $.lines[0].quantity: ", "  $.lines[0].sku: "):
        assert path in told
    assert "Traceback" not in told


async def test_cancel_undoes_and_a_second_one_gets_a_reason(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 4)])
    await shop.until_status(number, "released")

    cancelled = await shop.cli("order", "cancel", number, "--reason", "ordered twice")
    await shop.until_status(number, "cancelled")
    late = await shop.cli("order", "cancel", number)

    assert cancelled[0] == 0, cancelled
    assert await shop.stock(sku) == {"on_hand": 10, "reserved": 0, "available": 10}
    assert late[0] == 1
    assert "ordito: The order is closed" in late[2]


async def test_retry_and_unknown_numbers_are_answered_in_words(shop: Shop) -> None:
    sku = await shop.stocked()
    number = await shop.place([(sku, 1)])
    await shop.until_status(number, "released")

    nothing = await shop.cli("order", "retry", number)
    unknown = await shop.cli("order", "show", "no-such")
    away = await shop.cli("order", "show", number, "--api", "http://127.0.0.1:9")

    assert nothing[0] == 1
    assert "Nothing is parked" in nothing[2]
    assert unknown[0] == 1
    assert "There is no such order" in unknown[2]
    assert away[0] == 1
    assert "the API at http://127.0.0.1:9 does not answer" in away[2]


async def test_a_terminated_order_is_found_by_the_audit_and_resumed_without_a_second_effect(shop: Shop) -> None:
    sku = await shop.stocked(10)
    number = await shop.place([(sku, 4)])
    before = await shop.until_status(number, "released")
    running = await shop.cli("order", "resume", number)
    await shop.workflow(number).terminate("by an operator, in the Temporal UI")
    # the carrier ships while nobody runs the order
    await shop.ship(number)

    broken = await shop.cli("audit")
    resumed = await shop.cli("order", "resume", number)
    done = await shop.until_status(number, "completed")
    whole = await shop.cli("audit", "--json")
    finished = await shop.cli("order", "resume", number)

    assert running[0] == 1
    assert "The order is being run" in running[2]
    assert broken[0] == 1
    assert f"{number} is not finished, and its workflow was terminated; mend: ordito order resume {number}" in broken[1]
    assert resumed[0] == 0, resumed
    assert done["version"] > before["version"]
    assert len(done["shipments"]) == len(done["authorizations"]) == len(done["captures"]) == len(done["invoices"]) == 1
    assert done["shipments"][0]["key"] == before["shipments"][0]["key"]
    assert await shop.stock(sku) == {"on_hand": 6, "reserved": 0, "available": 6}
    assert len((await shop.books("carrier", number))["requests"]) == 1
    assert await shop.violations() == []
    assert whole[0] == 0, whole[1]
    assert {verdict["state"] for verdict in json.loads(whole[1])} == {"ok"}
    assert finished[0] == 1
    assert "is completed; there is nothing to go on with" in finished[2]
    description = await shop.workflow(number).describe()
    assert description.status is WorkflowExecutionStatus.COMPLETED
