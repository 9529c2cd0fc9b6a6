"""`python -m simulators --port P --data DIR`: serve carrier, payment provider and supplier until SIGTERM."""

import argparse
import os
import sqlite3
import sys
from pathlib import Path

import structlog
import uvicorn
from pydantic import ValidationError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulators.app import Start, build
from simulators.carrier.messages import CarrierConfig
from simulators.exchange import HANG_UP
from simulators.messages import describe
from simulators.payment.messages import PaymentConfig
from simulators.supplier.messages import SupplierConfig

SHUTDOWN_SECONDS = 1
KEEP_ALIVE_SECONDS = 75
"""Longer than HTTP clients keep an idle connection, so that none closes under a request."""


class Protocol(HttpToolsProtocol):
    """HTTP with a way to close a connection without an answer, for the faults that need it."""

    def on_message_begin(self) -> None:
        """Begin a request; its scope carries the way to hang up."""
        super().on_message_begin()
        self.scope["extensions"] = {HANG_UP: {"abort": self.transport.abort}}


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line; addresses and the secret of webhooks may come from the environment."""
    parser = argparse.ArgumentParser(prog="python -m simulators", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    parser.add_argument("--data", type=Path, required=True, help="directory of the books")
    for partner in ("carrier", "payment", "supplier"):
        url = os.environ.get(f"ORDITO_{partner.upper()}_WEBHOOK_URL") or None
        parser.add_argument(
            f"--{partner}-webhook", metavar="URL", default=url, help=f"where the {partner}'s webhooks go"
        )
        parser.add_argument(
            f"--{partner}-events", metavar="TYPES", help="webhooks to send, separated by commas (default: all)"
        )
    secret = os.environ.get("ORDITO_WEBHOOK_SECRET") or None
    parser.add_argument("--secret", metavar="WHSEC", default=secret, help="secret that signs the webhooks (whsec_...)")
    return parser.parse_args(argv)


def start_of(options: argparse.Namespace) -> Start:
    """The configurations that the command line asks for."""

    def common(partner: str) -> dict[str, object]:
        events = getattr(options, f"{partner}_events")
        return {
            "webhook_url": getattr(options, f"{partner}_webhook"),
            "webhook_secret": options.secret,
            "events": None if events is None else [event for event in events.split(",") if event],
        }

    return Start(
        carrier=CarrierConfig.model_validate(common("carrier")),
        payment=PaymentConfig.model_validate(common("payment")),
        supplier=SupplierConfig.model_validate(common("supplier")),
    )


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; 2 for a bad command line, 1 if the books cannot be opened."""
    options = arguments(argv)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        start = start_of(options)
    except ValidationError as error:
        print(f"simulators: {describe(error)}", file=sys.stderr)
        return 2
    try:
        app = build(options.data, start)
    except (sqlite3.DatabaseError, OSError) as error:
        hint = "; is another one running on them?" if "locked" in str(error) else ""
        print(f"simulators: the books in {options.data} cannot be opened: {error}{hint}", file=sys.stderr)
        return 1
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        http=Protocol,
        loop="uvloop",
        log_level="warning",
        access_log=False,
        ws="none",
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = uvicorn.Server(config)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
