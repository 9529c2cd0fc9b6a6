"""A step may pick its lines; the others pass through: a warranty is billed and not shipped (ORC4)."""

from domain.process.calls import CreateInvoice, RequestShipment, ReserveStock
from domain.process.words import Operation, Status
from tests.process.outside import World
from tests.process.policies import Steps, process
from tests.process.runner import Run


def world(lines: str, **more: object) -> World:
    s = Steps()
    picks = {"lines": lines}
    reserve, ship = s.reserve.model_copy(update=picks), s.ship.model_copy(update=picks)
    return World(
        process=process(s.schedule, reserve, s.authorize, ship, s.shipped, s.capture, s.invoice),
        **more,  # type: ignore[arg-type]
    )


def work_of(run: Run, operation: Operation) -> object:
    (call,) = [call for call in run.world.done.values() if call.operation is operation]
    return call.work


def test_a_line_that_is_not_picked_is_billed_and_neither_reserved_nor_shipped() -> None:
    run = Run(world=world('line.sku != "sku-2"')).begin().settle()
    reserved, shipment = work_of(run, Operation.RESERVE), work_of(run, Operation.SHIP)
    assert isinstance(reserved, ReserveStock)
    assert isinstance(shipment, RequestShipment)
    assert reserved.lines == shipment.lines == {1: 1}
    run.carrier("shipped", lines={1: 1})
    run.settle()
    assert run.row.status == Status.COMPLETED
    invoice = work_of(run, Operation.INVOICE)
    assert isinstance(invoice, CreateInvoice)
    assert set(invoice.lines) == {1, 2}
    assert invoice.goods == sum(line.amount for line in run.state.lines.values())
    assert len(run.world.captured()) == 1


def test_an_order_of_nothing_to_ship_is_billed_at_once() -> None:
    run = Run(world=world("line.quantity > 1000")).begin().settle()
    assert run.row.status == Status.COMPLETED
    assert Operation.RESERVE not in run.log
    assert Operation.SHIP not in run.log
    invoice = work_of(run, Operation.INVOICE)
    assert isinstance(invoice, CreateInvoice)
    assert invoice.shipment == "O-1/1/not-shipped"
    assert len(run.world.captured()) == 1


def test_a_cancel_undoes_what_was_done_for_the_picked_lines() -> None:
    run = Run(world=world('line.sku != "sku-2"')).begin().settle()
    run.cancel()
    run.settle()
    assert run.row.status == Status.CANCELLED
    assert run.world.held() == set()
