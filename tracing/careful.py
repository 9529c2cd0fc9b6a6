"""What leaves this house in a span, and how a collector that does not answer is taken (OPS6, design rule 7).

Only attributes that are named here go out. Libraries put more into spans: addresses with what was searched for, the
words of an exception. There may be personal data in them.
"""

import threading
from collections.abc import Sequence
from urllib.parse import urlsplit

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status

SEND_SECONDS = 3.0
"""For one batch, whatever goes wrong: it is also what the end of a process may wait for."""
ALLOWED = frozenset(
    {
        "ordito.order",
        "ordito.change",
        "ordito.key",
        "temporalWorkflowID",
        "temporalRunID",
        "temporalActivityID",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "url.scheme",
        "server.address",
        "server.port",
        "peer.service",
        "network.protocol.version",
        "error.type",
    }
)
ALLOWED_IN_EVENTS = frozenset({"exception.type"})


class CarefulExporter(SpanExporter):
    """Sends what is allowed. Says once that it cannot, and once that it can again; nobody waits for it."""

    def __init__(self, endpoint: str, inner: SpanExporter | None = None) -> None:
        self._inner = inner or OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=SEND_SECONDS)
        parts = urlsplit(endpoint)
        self._collector = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
        self._fails = False
        self._ending = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; what cannot be sent is lost."""
        if self._fails and self._ending.is_set():
            return SpanExportResult.FAILURE
        result = self._inner.export([allowed(span) for span in spans])
        fails = result is not SpanExportResult.SUCCESS
        if fails != self._fails:
            log = structlog.get_logger("tracing")
            if fails:
                log.warning("traces cannot be delivered; orders go on without them", collector=self._collector)
            else:
                log.info("traces are delivered again", collector=self._collector)
        self._fails = fails
        return result

    def end_soon(self) -> None:
        """From now on a collector that does not answer is not asked twice."""
        self._ending.set()

    def shutdown(self) -> None:
        """Close the connection."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is kept here."""
        return True


def allowed(span: ReadableSpan) -> ReadableSpan:
    """The span without what is not allowed to leave: other attributes, an exception's words and stack, links' own."""
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={key: value for key, value in (span.attributes or {}).items() if key in ALLOWED},
        events=[_event(event) for event in span.events],
        links=[Link(link.context) for link in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _event(event: Event) -> Event:
    kept = {key: value for key, value in (event.attributes or {}).items() if key in ALLOWED_IN_EVENTS}
    return Event(event.name, kept, event.timestamp)
