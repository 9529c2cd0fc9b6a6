"""Structured logs: one JSON object a line, with request id, order and principal where there are any (OPS6)."""

import logging
import sys
from typing import Any

import structlog

import tracing


def set_up_logs(level: str) -> None:
    """Write log lines of `level` and above to standard error. Other libraries' logs come out the same way."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([_say_trace] if tracing.is_on() else []),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.EventRenamer("message"), structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.EventRenamer("message"),
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


def _say_trace(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The line with the trace it was written in."""
    found = tracing.trace_id()
    return {**line, "trace_id": found} if found else line
