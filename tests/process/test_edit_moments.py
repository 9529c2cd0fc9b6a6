"""Changes at awkward moments: before anything, amid calls, while something is parked (CHG6, CHG8, ORC19)."""

import pytest

from domain.process.words import ChangeKind, Operation, Status
from tests.process.changed import UP, accepted, ends_well, released, since, stopped_at
from tests.process.editing import Edit
from tests.process.outside import World
from tests.process.policies import standard
from tests.process.runner import Run

# ---- not sent yet --------------------------------------------------------------------------------------


def test_before_the_order_is_open_it_waits_and_then_nothing_is_done_twice() -> None:
    run = Run().begin()
    run.edit(UP)
    assert run.state.waiting_changes
    run.settle()
    accepted(run)
    assert since(run, 0) == [
        *("open", "change/e1/revise", "reserve/1/r2/reserve_stock/1", "authorize/1/r2/authorize_payment/1"),
        "ship/1/r2/request_shipment/1",
    ]
    ends_well(run)


def test_while_stock_is_being_reserved_what_comes_of_it_is_made_larger() -> None:
    run, call = stopped_at(Operation.RESERVE)
    run.edit(UP)
    assert run.stops == []
    run.finish(call)
    run.settle()
    accepted(run)
    assert since(run, 1) == [
        *("reserve/1/r1/reserve_stock/1", "change/e1/revise", "reserve/1/r1/reserve_stock/2"),
        *("authorize/1/r2/authorize_payment/1", "ship/1/r2/request_shipment/1"),
    ]
    ends_well(run)


@pytest.mark.parametrize("operation", [Operation.AUTHORIZE, Operation.SHIP])
@pytest.mark.parametrize("how", ["done", "no effect", "unknown effect"])
def test_a_call_that_still_retries_is_cut_short(operation: Operation, how: str) -> None:
    run, call = stopped_at(operation)
    run.edit(UP)
    run.finish(next(one for one in run.pending if one.operation is Operation.REVISE))
    assert run.stops == [call.key]
    run.finish(call, fault=how != "done", effect=how == "unknown effect")
    run.settle()
    accepted(run)
    assert not [waiting for waiting in run.row.waiting if waiting.parked]
    ends_well(run)


def test_a_call_of_another_group_is_not_cut_short_and_that_group_goes_on() -> None:
    run, _ = stopped_at(Operation.SHIP, World(groups=2))
    calls = {call.group: call for call in run.pending}
    run.edit(Edit(quantity={1: 3}))
    run.finish(next(one for one in run.pending if one.operation is Operation.REVISE))
    assert run.stops == [calls["1"].key]
    run.finish(calls["2"])
    run.carrier("shipped", run.key("ship", "2"))
    run.finish(run.calls[-1])
    assert [call.operation for call in run.calls[-2:]] == [Operation.CAPTURE, Operation.INVOICE]
    assert run.state.change is not None
    ends_well(run)


def test_a_fault_of_another_group_is_parked_as_ever_and_can_be_retried_meanwhile() -> None:
    run, _ = stopped_at(Operation.SHIP, World(groups=2))
    calls = {call.group: call for call in run.pending}
    run.edit(Edit(quantity={1: 3}))
    run.finish(next(one for one in run.pending if one.operation is Operation.REVISE))
    run.finish(calls["2"], fault=True, effect=False)
    assert [waiting.code for waiting in run.row.waiting] == ["outside_unavailable"]
    run.retry()
    assert run.pending[-1].key == calls["2"].key
    assert run.state.change is not None
    ends_well(run)


@pytest.mark.parametrize(
    ("field", "again"),
    [
        ({ChangeKind.ADDRESS_SAME_ZONE: None}, []),
        ({ChangeKind.SHIP_METHOD: "air"}, []),
        ({ChangeKind.ADDRESS_OTHER_ZONE: "CA"}, ["authorize/1/r2/authorize_payment/2"]),
    ],
)
def test_what_is_not_sent_goes_out_as_it_is_now(field: dict[ChangeKind, str], again: list[str]) -> None:
    run = Run().begin()
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    run.settle()
    before = len(run.calls)
    run.edit(Edit(fields=field)).settle()
    accepted(run)
    assert since(run, before)[1:2] == again
    run.retry()
    ends_well(run)
    ship = next(call for call in run.calls if call.operation is Operation.SHIP)
    assert ship.revision == 2
    assert ship.work.method == ("air" if ChangeKind.SHIP_METHOD in field else "ground")  # type: ignore[union-attr]


# ---- while something is parked ---------------------------------------------------------------------------


def test_out_of_stock_then_fewer_are_wanted_goes_on_by_itself() -> None:
    run = Run(world=World())
    run.world.stock.available["main", "sku-2"] = 1
    run.begin().settle()
    assert [waiting.code for waiting in run.row.waiting] == ["out_of_stock"]
    run.edit(Edit(quantity={2: 1})).settle()
    accepted(run)
    assert run.row.status == Status.RELEASED
    ends_well(run)


def test_a_declined_card_is_replaced_and_the_order_goes_on_by_itself() -> None:
    run = Run().begin()
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    run.settle()
    run.edit(Edit(fields={ChangeKind.PAYMENT: "card"})).settle()
    accepted(run)
    assert run.row.status == Status.RELEASED
    ends_well(run)


def test_a_refused_method_is_replaced_and_the_order_goes_on_by_itself() -> None:
    run = Run().begin()
    run.finish(run.up_to(Operation.SHIP), refuse="no_such_method")
    run.settle()
    run.edit(Edit(fields={ChangeKind.SHIP_METHOD: "air"})).settle()
    accepted(run)
    assert run.row.status == Status.RELEASED
    ends_well(run)


@pytest.mark.parametrize("effect", [True, False])
@pytest.mark.parametrize("edit", [UP, Edit(price={1: 1500})])
def test_an_unanswered_authorization_of_the_old_amount_is_voided_and_made_anew(effect: bool, edit: Edit) -> None:
    run = Run().begin()
    run.finish(run.up_to(Operation.AUTHORIZE), fault=True, effect=effect)
    run.settle()
    run.edit(edit).settle()
    accepted(run)
    assert run.world.held() == {"O-1/authorize/1/r2/authorize_payment/2"}
    assert run.log.count("void_authorization") == 1
    ends_well(run)


@pytest.mark.parametrize("effect", [True, False])
@pytest.mark.parametrize("edit", [UP, Edit(fields={ChangeKind.SHIP_METHOD: "air"}), Edit(cancel=(1,))])
def test_an_unanswered_request_is_asked_after_and_cancelled_first(effect: bool, edit: Edit) -> None:
    run = Run().begin()
    run.finish(run.up_to(Operation.SHIP), fault=True, effect=effect)
    run.settle()
    run.edit(edit).settle()
    accepted(run)
    said = "released" if effect else "unknown"
    assert run.answer("e1").assumptions == (f"The carrier said the request was {said}.",)
    assert run.world.live(Operation.SHIP) == ["O-1/ship/1/r2/request_shipment/2"]
    ends_well(run)


def test_a_refused_capture_gets_another_card() -> None:
    run = released()
    run.carrier("shipped")
    run.finish(run.up_to(Operation.CAPTURE), refuse="stolen_card")
    run.settle()
    run.edit(Edit(fields={ChangeKind.PAYMENT: "card"})).settle()
    accepted(run)
    ends_well_now(run)


def ends_well_now(run: Run) -> None:
    assert run.state.finished
    ends_well(run)


def test_lines_that_needed_no_stock_get_it_when_they_do() -> None:
    lines = 'line.sku != "warranty"'
    process = standard()
    steps = tuple(
        step.model_copy(update={"lines": lines}) if step.step in ("reserve", "ship") else step  # type: ignore[union-attr]
        for step in process.steps
    )
    world = World(process=process.model_copy(update={"steps": steps}))
    run = Run(world=world).begin()
    run.edit(Edit(item={1: "warranty", 2: "warranty"})).settle(lambda call: call.operation is Operation.CAPTURE)
    assert "reserve_stock" not in run.log
    assert run.step("ship").state == "skipped"
