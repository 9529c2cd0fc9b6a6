"""One order's trace: from the request that places it to its last call outside (OPS6). Off unless a collector is named.

OpenTelemetry is loaded by `set_up` alone, and only then: while tracing is off, what is asked here answers at once.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiohttp import TraceConfig
    from temporalio.client import Interceptor

    from tracing.spans import Tracing

_tracing: "Tracing | None" = None


def set_up(endpoint: str | None, service: str) -> None:
    """Send this process's spans to the OTLP/HTTP collector at `endpoint`, as `service`; without one, do nothing."""
    global _tracing
    if endpoint and _tracing is None:
        from tracing.spans import Tracing

        _tracing = Tracing(endpoint, service)
        _tracing.install()


def end() -> None:
    """Send what is left, for a few seconds at most."""
    global _tracing
    if _tracing is not None:
        _tracing.end()
        _tracing = None


def is_on() -> bool:
    """Whether spans are made at all."""
    return _tracing is not None


def trace_id() -> str | None:
    """The trace that this code runs in, as 32 hexadecimal digits; None outside of one."""
    return None if _tracing is None else _tracing.trace_id()


def traceparent() -> str | None:
    """The W3C `traceparent` of where this code is, to be kept beside a message; None outside of a trace."""
    return None if _tracing is None else _tracing.traceparent()


def delivering(kind: str, order: str, change: str | None, kept: str | None) -> AbstractContextManager[None]:
    """A span around the delivery of a message; `kept` is the `traceparent` of the request that wrote it."""
    return nullcontext() if _tracing is None else _tracing.delivering(kind, order, change, kept)


def answering(path: Mapping[str, Any]) -> None:
    """Say on the span of an HTTP request which order, and which change, it was about; `path` has its parameters."""
    if _tracing is not None:
        _tracing.answering(path)


def interceptors() -> "list[Interceptor]":
    """For a Temporal client, and for the worker on it."""
    return [] if _tracing is None else _tracing.interceptors()


def http_hooks(partner: str) -> "list[TraceConfig]":
    """For an HTTP client of one partner: a span around each call, and its `traceparent` in the call's headers."""
    return [] if _tracing is None else _tracing.http_hooks(partner)
