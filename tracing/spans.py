"""Spans by OpenTelemetry: the process's provider, what every span says, and the way of a trace from part to part.

HTTP requests get theirs from FastAPI, workflows and activities from Temporal's interceptor. All of them take over the
trace of a `traceparent`, and nothing else that came with it: a caller's own notes have no place in a history.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp
import structlog
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import CarrierT, Getter, default_getter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio.client import Interceptor

from tracing.careful import CarefulExporter

ORDER, CHANGE = "ordito.order", "ordito.change"
WORKFLOW_ID = "temporalWorkflowID"
WORKFLOW_OF_ORDER = "order-"
HEADER = "traceparent"
LONGEST = 200
"""Characters of a number or an id: what is longer came in an address and is none."""


class OnlyTraceparent(TraceContextTextMapPropagator):
    """W3C trace context without `tracestate`, and without baggage."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """The context that `carrier` names."""
        found = getter.get(carrier, HEADER)
        return super().extract({HEADER: found[0]} if found else {}, context)


PROPAGATOR = OnlyTraceparent()


class Labels(SpanProcessor):
    """A span says what a log line would say at its place: the order, and the change where there is one."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Label a span that begins."""
        told = structlog.contextvars.get_contextvars()
        workflow = str((span.attributes or {}).get(WORKFLOW_ID, ""))
        if workflow.startswith(WORKFLOW_OF_ORDER):
            told = {**told, "order": workflow.removeprefix(WORKFLOW_OF_ORDER)}
        _label(span, told)


def _label(span: trace.Span, told: Mapping[str, Any]) -> None:
    for key, name in ((ORDER, "order"), (CHANGE, "change")):
        value = told.get(name)
        if isinstance(value, str) and value.isprintable() and 0 < len(value) <= LONGEST:
            span.set_attribute(key, value)


class Tracing:
    """The spans of this process."""

    def __init__(self, endpoint: str, service: str) -> None:
        self._exporter = CarefulExporter(endpoint)
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
        self._provider.add_span_processor(Labels())
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("ordito")

    def install(self) -> None:
        """For the libraries of this process too: FastAPI looks for a provider, and for who reads `traceparent`."""
        trace.set_tracer_provider(self._provider)
        propagate.set_global_textmap(PROPAGATOR)
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # `CarefulExporter` says what there is to say

    def end(self) -> None:
        """Send what is left."""
        self._exporter.end_soon()
        self._provider.shutdown()

    def trace_id(self) -> str | None:
        """See `tracing.trace_id`."""
        context = trace.get_current_span().get_span_context()
        return trace.format_trace_id(context.trace_id) if context.is_valid else None

    def traceparent(self) -> str | None:
        """See `tracing.traceparent`."""
        carrier: dict[str, str] = {}
        PROPAGATOR.inject(carrier)
        return carrier.get(HEADER)

    @contextmanager
    def delivering(self, kind: str, order: str, change: str | None, kept: str | None) -> Iterator[None]:
        """See `tracing.delivering`."""
        context = PROPAGATOR.extract({HEADER: kept} if kept else {}, Context())
        told = {"order": order, **({"change": change} if change else {})}
        with (
            structlog.contextvars.bound_contextvars(**told),
            self._tracer.start_as_current_span(f"deliver {kind}", context, SpanKind.CONSUMER),
        ):
            yield

    def answering(self, path: Mapping[str, Any]) -> None:
        """See `tracing.answering`."""
        of_path = {"order": path.get("number"), "change": path.get("change_id")}
        _label(trace.get_current_span(), {**of_path, **structlog.contextvars.get_contextvars()})

    def interceptors(self) -> list[Interceptor]:
        """See `tracing.interceptors`."""
        from tracing.temporal import OrderTracing

        return [OrderTracing(self._tracer)]

    def http_hooks(self, partner: str) -> list[aiohttp.TraceConfig]:
        """See `tracing.http_hooks`."""
        hooks = aiohttp.TraceConfig()

        async def starts(_: Any, call: SimpleNamespace, params: aiohttp.TraceRequestStartParams) -> None:
            told = {"http.request.method": params.method, "peer.service": partner}
            call.span = self._tracer.start_span(f"{params.method} {partner}", kind=SpanKind.CLIENT, attributes=told)
            PROPAGATOR.inject(params.headers, trace.set_span_in_context(call.span))

        async def ends(_: Any, call: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:
            status = params.response.status
            call.span.set_attribute("http.response.status_code", status)
            if status >= 500:  # a no, like a declined card, is an answer
                call.span.set_status(StatusCode.ERROR)
            call.span.end()

        async def fails(_: Any, call: SimpleNamespace, params: aiohttp.TraceRequestExceptionParams) -> None:
            call.span.set_attribute("error.type", type(params.exception).__name__)
            call.span.set_status(StatusCode.ERROR)
            call.span.end()

        hooks.on_request_start.append(starts)
        hooks.on_request_end.append(ends)
        hooks.on_request_exception.append(fails)
        return [hooks]
