"""The orders' workflows in their traces: Temporal's own interceptor, with our labels.

Its spans inside a workflow end as they begin, so that an order that waits for weeks is seen meanwhile, and draw nothing
from the workflow: only headers differ between a history with traces and one without, and a replay makes no span.
"""

from collections.abc import Sequence
from typing import Any

import structlog
from opentelemetry import trace
from temporalio.contrib.opentelemetry import TracingInterceptor, TracingWorkflowInboundInterceptor
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    HandleUpdateInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from tracing.spans import CHANGE, PROPAGATOR

KEY = "ordito.key"


class OrderTracing(TracingInterceptor):
    """For a client, and for the worker on it."""

    def __init__(self, tracer: trace.Tracer) -> None:
        super().__init__(tracer)
        self.text_map_propagator = PROPAGATOR

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """A span around each run of an activity, which says the call's key."""
        return super().intercept_activity(_Activity(next))

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type["OrderWorkflowTracing"]:  # noqa: A002
        """What runs with a workflow."""
        super().workflow_interceptor_class(input)
        return OrderWorkflowTracing


class _Activity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        call = input.args[0]
        trace.get_current_span().set_attribute(KEY, call.key)
        structlog.contextvars.bind_contextvars(order=call.order)
        return await super().execute_activity(input)


class OrderWorkflowTracing(TracingWorkflowInboundInterceptor):
    """The spans of one workflow."""

    def __init__(self, next: WorkflowInboundInterceptor) -> None:  # noqa: A002
        super().__init__(next)
        self.text_map_propagator = PROPAGATOR
        self._change: str | None = None

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002
        """A request of the order, with the change it is about."""
        self._change = _change_of(input.args)
        return await super().handle_update_handler(input)

    def _completed_span(self, span_name: str, **more: Any) -> None:
        if self._change is not None and span_name.startswith("HandleUpdate:"):
            more["additional_attributes"] = {CHANGE: self._change}
            self._change = None
        super()._completed_span(span_name, **more)


def _change_of(arguments: Sequence[Any]) -> str | None:
    return getattr(arguments[0], "change_id", None) if arguments else None
