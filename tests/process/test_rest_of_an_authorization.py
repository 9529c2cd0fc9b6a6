"""A change makes an order cost less than is authorized: what was not captured is given back (PAY2, I2)."""

from domain.process.words import Operation
from tests.process.editing import Edit
from tests.process.runner import Run


def cheaper() -> Run:
    run = Run().begin().settle()
    return run.edit(Edit(price={1: 500})).settle()


def test_the_rest_is_voided_after_the_capture_and_then_the_order_completes() -> None:
    run = cheaper()
    (old,) = run.world.live(Operation.AUTHORIZE)
    run.carrier("shipped", run.world.live(Operation.SHIP)[0])
    run.settle()
    (void,) = [call for call in run.calls if call.operation is Operation.VOID]
    assert (void.work.of, void.summary) == (old, "authorization of 5.00 USD voided")  # type: ignore[union-attr]
    captures = [call.work.amount for call in run.calls if call.operation is Operation.CAPTURE]  # type: ignore[union-attr]
    assert captures == [3000]
    assert run.state.finished
    assert [call.operation for call in run.calls if call.operation is Operation.AUTHORIZE] == [Operation.AUTHORIZE]


def test_nothing_is_given_back_where_all_is_captured() -> None:
    run = Run().begin().settle()
    run.carrier("shipped")
    run.settle()
    assert run.state.finished
    assert [call for call in run.calls if call.operation is Operation.VOID] == []


def test_the_order_is_not_over_while_the_provider_is_away() -> None:
    run = cheaper()
    run.carrier("shipped", run.world.live(Operation.SHIP)[0])
    run.finish(run.up_to(Operation.VOID), fault=True, effect=False)
    run.settle()
    assert not run.state.finished
    assert [waiting.code for waiting in run.row.waiting] == ["undo_failed"]
    run.retry()
    run.settle()
    assert run.state.finished
