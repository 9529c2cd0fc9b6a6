"""One order's trace on the real stack: from the request to its last call outside (OPS6)."""

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.collector import Collector, Seen, running_collector
from tests.support.ports import free_port
from tests.support.shop import SHIP_TO, Shop, running_shop

CALLERS_TRACE, CALLERS_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SOON = "200"
"""Milliseconds between two batches of spans."""
UNTOLD = ("tok_of_ann_lee", "ann.lee@example.org", SHIP_TO["name"], SHIP_TO["street"], SHIP_TO["postal_code"])
OURS = ("api", "relay", "worker")


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def traced(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    home = tmp_path_factory.mktemp("traced")
    async with running_shop(home, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY=SOON) as shop:
        yield shop


def lines_of(shop: Shop, part: str) -> list[dict[str, Any]]:
    text = (shop.up.home / "logs" / f"{part}.log").read_text()
    return [json.loads(line) for line in text.splitlines()]


def tree(spans: list[Seen], above: str, depth: int = 0) -> Iterator[str]:
    """Who called what, a line each."""
    for span in spans:
        if span.parent == above:
            yield f"{'  ' * depth}{span.service.removeprefix('ordito-')}: {span.name}"
            yield from tree(spans, span.id, depth + 1)


ORDERS_TRACE = """\
api: POST /v1/orders
  relay: deliver start
    relay: StartWorkflow:order
      worker: RunWorkflow:order
      worker: StartActivity:open_order
        worker: RunActivity:open_order
      worker: StartActivity:reserve_stock
        worker: RunActivity:reserve_stock
      worker: StartActivity:authorize_payment
        worker: RunActivity:authorize_payment
          worker: POST payment provider
      worker: StartActivity:request_shipment
        worker: RunActivity:request_shipment
          worker: POST carrier
      worker: HandleSignal:carrier
      worker: StartActivity:capture_payment
        worker: RunActivity:capture_payment
          worker: POST payment provider
      worker: StartActivity:create_invoice
        worker: RunActivity:create_invoice
      worker: CompleteWorkflow:order
"""


async def test_one_trace_tells_an_orders_story_though_relay_and_worker_died_on_the_way(
    traced: Shop, collector: Collector
) -> None:
    sku = await traced.stocked(10)
    relay = traced.up.children()["relay"]
    os.kill(relay, signal.SIGSTOP)  # the order is taken, and nobody starts its workflow
    came_with = {
        "traceparent": f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-01",
        "tracestate": "shop=ann.lee@example.org",
        "baggage": "customer=ann.lee@example.org",
    }
    document = traced.document([(sku, 3)], token="tok_of_ann_lee")
    number = (await traced.ok("POST", "/v1/orders", json=document, headers=came_with))["number"]
    await traced.kill("relay")
    await traced.until_status(number, "released")

    def whole() -> list[Seen]:
        return [span for span in collector.about(number) if span.trace == CALLERS_TRACE]

    collector.until(lambda: {"POST carrier", "RunActivity:request_shipment"} <= {span.name for span in whole()})
    await traced.kill("worker")  # the next one replays the order, and tells nothing twice
    await traced.ship(number)
    await traced.until_status(number, "completed")
    collector.until(lambda: any(span.name == "CompleteWorkflow:order" for span in whole()))
    collector.until(lambda: len(whole()) >= len(ORDERS_TRACE.splitlines()))
    spans = whole()
    assert "\n".join(tree(spans, CALLERS_SPAN)) + "\n" == ORDERS_TRACE
    assert not [span.name for span in spans if span.failed]
    assert [span.name for span in collector.spans if span.trace == CALLERS_TRACE and span not in spans] == []
    asked = {span.attributes["ordito.key"] for span in spans if span.name == "RunActivity:request_shipment"}
    assert asked == {f"{number}/ship/1/r1/request_shipment/1"}

    # What comes back from outside is a trace of its own, tied to the order's by a link.
    (heard,) = (span for span in spans if span.name == "HandleSignal:carrier")
    ((of_webhook, _),) = heard.links
    webhook = [span for span in collector.about(number) if span.trace == of_webhook]
    assert list(tree(webhook, "")) == [
        "api: POST /v1/inbox/carrier",
        "  relay: deliver carrier",
        "    relay: SignalWorkflow:carrier",
    ]

    # The log of each part says the same trace.
    accepted = [line for line in lines_of(traced, "api") if line.get("route") == "/v1/orders"]
    assert [(line["order"], line["trace_id"]) for line in accepted] == [(number, CALLERS_TRACE)]
    assert not [line for line in lines_of(traced, "api") if line.get("route") and "trace_id" not in line]


async def test_a_change_says_its_id_and_is_linked_to_the_order(traced: Shop, collector: Collector) -> None:
    sku = await traced.stocked(10)
    number = await traced.place([(sku, 2)])
    await traced.until_status(number, "released")
    change = {"change_id": "more-1", "base_revision": 1, "lines": [{"number": 1, "quantity": 3}]}
    answer = await traced.ok("POST", f"/v1/orders/{number}/changes", json=change)
    assert answer["outcome"] == "accepted"

    # The caller is answered before the update is: its span ends, and is sent, after that of the request.
    wanted = {"HandleUpdate:change", "StartWorkflowUpdate:change", "POST /v1/orders/{number}/changes"}
    collector.until(lambda: wanted <= {span.name for span in collector.about(number)})
    spans = {span.name: span for span in collector.about(number)}
    request, asked = spans["POST /v1/orders/{number}/changes"], spans["StartWorkflowUpdate:change"]
    handled = spans["HandleUpdate:change"]
    assert (asked.trace, asked.parent) == (request.trace, request.id)
    assert handled.links == ((asked.trace, asked.id),)
    assert handled.trace == spans["POST /v1/orders"].trace != request.trace
    assert {span.attributes["ordito.change"] for span in (request, asked, handled)} == {"more-1"}
    collector.until(lambda: "RunActivity:call_in_sequence" in {span.name for span in collector.about(number)})
    assert [span.name for span in collector.about(number) if span.failed] == []


async def test_no_personal_data_no_token_and_no_key_is_in_any_span(traced: Shop, collector: Collector) -> None:
    sku = await traced.stocked(10)
    number = await traced.place([(sku, 1)], token="tok_of_ann_lee", customer={"id": "ann.lee@example.org"})
    await traced.until_status(number, "released")
    await traced.ok("GET", "/v1/orders", params={"customer": "ann.lee@example.org"})
    declined = await traced.place([(sku, 1)], token="tok_decline")
    await traced.until(declined, lambda order: bool(order.get("waiting")))
    nobodys = "/v1/orders/ann.lee@example.org"
    assert (await traced.api.get(nobodys)).status_code == 404
    assert (await traced.api.post(f"{nobodys}/changes", json={"lines": 1})).status_code == 422

    def statuses() -> set[object]:
        return {span.attributes.get("http.response.status_code") for span in collector.spans}

    collector.until(lambda: {404, 422} <= statuses())
    collector.until(lambda: any(span.name == "POST carrier" for span in collector.about(number)))

    settings = traced.settings
    secrets = (settings.api_key, traced.up.stack_file()["environment"].get("ORDITO_WEBHOOK_SECRET"))
    received = b"".join(collector.bodies)
    assert number.encode() in received
    untold = [text for text in (*UNTOLD, *filter(None, secrets)) if text.encode() in received]
    assert untold == []


async def test_nothing_is_traced_that_machines_ask_all_the_time(traced: Shop, collector: Collector) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert (await traced.api.get(path)).status_code == 200
    await traced.ok("GET", "/v1/policies/status")
    collector.until(lambda: any(span.name == "GET /v1/policies/status" for span in collector.spans))
    assert not [s.name for s in collector.spans if re.search("healthz|readyz|metrics", s.name) or s.name == "GET"]


async def test_a_collector_that_is_away_harms_nothing_and_is_told_once(tmp_path: Path) -> None:
    port = free_port()
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_BSP_SCHEDULE_DELAY": SOON}
    async with running_shop(tmp_path / "shop", **variables) as shop:
        sku = await shop.stocked(10)
        number = await shop.place([(sku, 2)])
        await shop.until_status(number, "released")
        await shop.ship(number)
        await shop.until_status(number, "completed")

        def warnings(part: str) -> list[tuple[str, str]]:
            said = [line for line in lines_of(shop, part) if line["level"] in ("warning", "error")]
            return [(line["message"], line["collector"]) for line in said]

        deadline = time.monotonic() + 30
        while not all(warnings(part) for part in OURS):
            assert time.monotonic() < deadline, [warnings(part) for part in OURS]
            await asyncio.sleep(0.2)
        second = await shop.place([(sku, 1)])  # and so are the spans of this one lost, without a word
        await shop.until_status(second, "released")
        await asyncio.sleep(4)
        told = [("traces cannot be delivered; orders go on without them", f"127.0.0.1:{port}")]
        assert {part: warnings(part) for part in OURS} == dict.fromkeys(OURS, told)
        began = time.monotonic()
        assert await shop.up.interrupt() == 0
        assert time.monotonic() - began < 20
        logs = [(shop.up.home / "logs" / f"{part}.log").read_text() for part in OURS]
        assert not [text for text in (shop.up.said, *logs) if "Traceback" in text]
