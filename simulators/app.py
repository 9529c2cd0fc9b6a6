"""The three simulators as one ASGI application over one data directory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.carrier.messages import CarrierConfig
from simulators.carrier.routes import carrier_routes
from simulators.carrier.shelf import TABLES as CARRIER_TABLES
from simulators.desk import Desk
from simulators.errors import Refusal
from simulators.messages import answer, answer_no
from simulators.payment.ledger import TABLES as PAYMENT_TABLES
from simulators.payment.messages import PaymentConfig
from simulators.payment.routes import payment_routes
from simulators.supplier.desk import TABLES as SUPPLIER_TABLES
from simulators.supplier.messages import SupplierConfig
from simulators.supplier.routes import supplier_routes


@dataclass(frozen=True, slots=True)
class Start:
    """Configurations to start with; what is kept in the books wins."""

    carrier: CarrierConfig = field(default_factory=CarrierConfig)
    payment: PaymentConfig = field(default_factory=PaymentConfig)
    supplier: SupplierConfig = field(default_factory=SupplierConfig)


async def healthz(request: Request) -> Response:
    """Answers once the books are open."""
    return answer({"status": "ok"}).response()


async def say_no(request: Request, error: Exception) -> Response:
    """Unknown routes and wrong methods in the same shape as every other no."""
    assert isinstance(error, HTTPException)
    return answer_no(
        Refusal(error.status_code, "no_such_route", f"{request.method} {request.url.path}: {error.detail}.")
    ).response()


def build(data: Path, start: Start) -> Starlette:
    """The application; opens the books now, sends webhooks and moves shipments while it runs."""
    carrier = Desk("carrier", data, CARRIER_TABLES, start.carrier)
    payment = Desk("payment", data, PAYMENT_TABLES, start.payment)
    supplier = Desk("supplier", data, SUPPLIER_TABLES, start.supplier)
    desks: list[Desk[CarrierConfig] | Desk[PaymentConfig] | Desk[SupplierConfig]] = [carrier, payment, supplier]
    carrier_mount, start_progress = carrier_routes(carrier)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        for desk in desks:
            desk.sender.start()
        progress = start_progress()
        yield
        progress.cancel()
        await asyncio.gather(progress, return_exceptions=True)
        for desk in desks:
            await desk.close()

    routes = [Route("/healthz", healthz), carrier_mount, payment_routes(payment), supplier_routes(supplier)]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: say_no})
