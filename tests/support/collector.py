"""A collector of traces, as small as one can be: it takes OTLP/HTTP and remembers every span."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE = 30.0


@dataclass(frozen=True)
class Seen:
    """A span as it came; ids in hexadecimal, "" for none. `links` are (trace, span)."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    links: tuple[tuple[str, str], ...]
    events: tuple[tuple[str, dict[str, Any]], ...]
    failed: bool
    words: str
    start: int


@dataclass
class Collector:
    """What was received: `bodies` as bytes, `spans` understood."""

    url: str
    bodies: list[bytes] = field(default_factory=list)
    spans: list[Seen] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        self.bodies.append(body)
        for of_process in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = _values(of_process.resource.attributes)["service.name"]
            for scope in of_process.scope_spans:
                self.spans += [_seen(service, span) for span in scope.spans]

    def about(self, order: str) -> list[Seen]:
        """The spans that say this order, oldest first."""
        return sorted((s for s in self.spans if s.attributes.get("ordito.order") == order), key=lambda s: s.start)

    def until(self, what: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Waits: spans are sent every few seconds."""
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, sorted((s.service, s.name) for s in self.spans)
            time.sleep(0.1)


def _seen(service: str, span: Any) -> Seen:
    return Seen(
        service=service,
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        attributes=_values(span.attributes),
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        events=tuple((event.name, _values(event.attributes)) for event in span.events),
        failed=span.status.code == span.status.STATUS_CODE_ERROR,
        words=span.status.message,
        start=span.start_time_unix_nano,
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@contextmanager
def running_collector() -> Iterator[Collector]:
    """Listens on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            known = self.path == "/v1/traces" and self.headers["content-type"] == "application/x-protobuf"
            if known:
                collector.take(body)
            self.send_response(200 if known else 404)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
