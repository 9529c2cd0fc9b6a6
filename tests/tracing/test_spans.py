"""What leaves in a span, what is taken over from outside, and that nothing is loaded while tracing is off (OPS6)."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SpanExportResult

from adapters.ports import UnavailableError
from settings import PROJECT_ROOT
from tests.adapters.wire import HangUpError, Line, partner_of
from tests.support.collector import Collector, running_collector
from tracing.careful import SEND_SECONDS, CarefulExporter
from tracing.spans import PROPAGATOR, Tracing

CALLERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OFF = """
import sys
{imports}
import tracing
from settings import Settings
tracing.set_up(Settings.from_env({{}}).otlp_endpoint, "ordito-test")
with tracing.delivering("start", "O-1", None, "{kept}"):
    assert (tracing.trace_id(), tracing.traceparent()) == (None, None)
assert (tracing.interceptors(), tracing.http_hooks("carrier")) == ([], [])
print(*sorted(name for name in sys.modules if name.partition(".")[0] == "opentelemetry"))
"""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running


def loaded(imports: str) -> list[str]:
    """Modules of OpenTelemetry in a process that imported this and traces nothing."""
    code = OFF.format(imports=imports, kept=CALLERS)
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_worker_without_a_collector_loads_no_opentelemetry() -> None:
    assert loaded("import worker, workflows.order, activities.registry") == []


def test_api_and_relay_without_a_collector_load_no_more_of_it_than_fastapi_does() -> None:
    assert loaded("import api.app, api.relay, api.__main__") == loaded("import fastapi, fastapi.telemetry")
    assert not [name for name in loaded("import api.app, api.relay") if "sdk" in name or "exporter" in name]


def test_nothing_but_the_trace_is_taken_over_from_a_caller() -> None:
    sent = {"traceparent": CALLERS, "tracestate": "shop=ann.lee", "baggage": "customer=ann.lee"}
    handed_on: dict[str, str] = {}

    PROPAGATOR.inject(handed_on, PROPAGATOR.extract(sent))

    assert handed_on == {"traceparent": CALLERS}


def test_no_words_of_an_exception_and_no_address_leave_in_a_span(collector: Collector) -> None:
    tracing = Tracing(collector.url, "ordito-careful")
    tracer = tracing._provider.get_tracer("a library")
    told = {"url.query": "customer=ann.lee", "url.full": "http://c/ann.lee", "http.route": "/v1/orders"}
    linked = trace.Link(trace.SpanContext(7, 8, is_remote=True), {"who": "ann.lee"})

    with (
        pytest.raises(ValueError, match=r"ann\.lee"),
        tracer.start_as_current_span("GET", attributes=told, links=[linked]),
    ):
        raise ValueError("the card of ann.lee was declined")
    tracing.end()

    (seen,) = (span for span in collector.spans if span.service == "ordito-careful")
    assert seen.attributes == {"http.route": "/v1/orders"}
    assert seen.events == (("exception", {"exception.type": "ValueError"}),)
    assert (seen.failed, seen.words) == (True, "")
    assert seen.links == ((f"{7:032x}", f"{8:016x}"),)
    assert not any(b"ann.lee" in body for body in collector.bodies)


async def test_a_partner_is_told_the_trace_of_the_call(collector: Collector) -> None:
    tracing = Tracing(collector.url, "ordito-calls")

    async def answers(line: Line) -> None:
        await line.answer("503 Service Unavailable")

    async def hangs_up(line: Line) -> None:
        raise HangUpError

    async with partner_of(answers, hooks=tracing.http_hooks("carrier")) as (partner, wire):
        with tracing.delivering("start", "O-7", None, CALLERS), pytest.raises(UnavailableError):
            await partner.get("/shipments/O-7/ship/1/r1/request_shipment/1")
    async with partner_of(hangs_up, hooks=tracing.http_hooks("carrier")) as (partner, _):
        with tracing.delivering("start", "O-8", None, None), pytest.raises(UnavailableError):
            await partner.get("/shipments/O-8/ship/1/r1/request_shipment/1")
    tracing.end()

    call, hung_up = (span for span in collector.spans if span.name == "GET carrier")
    told = f"\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-{call.id}-01\r\n"
    assert told.encode() in wire.heard[0].lower()
    assert b"tracestate" not in wire.heard[0].lower()
    common = {"http.request.method": "GET", "peer.service": "carrier"}
    assert call.attributes == {**common, "ordito.order": "O-7", "http.response.status_code": 503}
    assert hung_up.attributes == {**common, "ordito.order": "O-8", "error.type": "ServerDisconnectedError"}
    assert (call.failed, hung_up.failed) == (True, True)


async def test_a_collector_that_never_answers_is_waited_for_once_and_not_for_long(collector: Collector) -> None:
    tracing = Tracing(collector.url, "ordito-silent")
    tracer = tracing._provider.get_tracer("a library")
    span = tracer.start_span("GET")
    span.end()
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as silent:
        exporter = CarefulExporter(f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}")
        began = time.monotonic()
        first = await asyncio.to_thread(exporter.export, [span])
        waited = time.monotonic() - began
        exporter.end_soon()
        began = time.monotonic()
        second = await asyncio.to_thread(exporter.export, [span])

    assert (first, second) == (SpanExportResult.FAILURE, SpanExportResult.FAILURE)
    assert SEND_SECONDS * 0.9 < waited < SEND_SECONDS + 2
    assert time.monotonic() - began < 0.5
    tracing.end()
