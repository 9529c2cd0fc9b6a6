"""Changes at awkward moments: before anything, amid calls, while something is parked (CHG6, CHG8, ORC19)."""

from datetime import date, timedelta

import pytest

from domain.process.words import ChangeKind, ChangeOutcome, Operation, Status
from tests.process.changed import UP, ends_well, refused, released, since, stopped_at
from tests.process.checks import carried_over
from tests.process.editing import Edit
from tests.process.outside import World
from tests.process.policies import standard
from tests.process.runner import Run


def accepted(run: Run, change_id: str = "e1") -> None:
    assert run.answer(change_id).outcome is ChangeOutcome.ACCEPTED, run.answer(change_id).words


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
    assert run.calls[-1].operation is Operation.CAPTURE
    run.finish(run.calls[-1])
    assert run.calls[-1].operation is Operation.INVOICE
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
def test_an_unanswered_authorization_of_the_old_amount_is_voided_and_made_anew(effect: bool) -> None:
    run = Run().begin()
    run.finish(run.up_to(Operation.AUTHORIZE), fault=True, effect=effect)
    run.settle()
    run.edit(UP).settle()
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


# ---- several changes, and the same one again ---------------------------------------------------------------


def test_a_second_change_is_queued_and_judged_against_the_new_version() -> None:
    run = released()
    run.edit(UP, base_revision=1)
    run.edit(Edit(quantity={1: 2}), "e2")
    run.edit(Edit(quantity={2: 4}), "e3", base_revision=1)
    run.settle()
    accepted(run)
    accepted(run, "e2")
    assert run.answer("e2").words.startswith("Revision 3: line 1 from 3 to 2 units.")
    assert refused_for(run, "e3") == "stale_revision"
    assert "the order is at revision 2" in run.answer("e3").words
    assert run.world.stock.held[run.key("reserve")] == {(1, "main", "sku-1"): 2, (2, "main", "sku-2"): 2}
    ends_well(run)


def refused_for(run: Run, change_id: str) -> str:
    assert run.answer(change_id).outcome is ChangeOutcome.REFUSED
    return run.answer(change_id).code


def test_the_same_change_again_gets_the_first_answer_and_is_done_once() -> None:
    run = released()
    run.edit(UP)
    run.edit(UP)
    run.settle()
    first, calls = run.answer("e1"), len(run.calls)
    run.edit(UP, base_revision=7)
    assert run.answer("e1") == first
    assert (len(run.calls), run.state.revision) == (calls, 2)
    ends_well(run)


EVERY_POINT = [
    *(Operation.REVISE, Operation.INQUIRE, Operation.RESERVE, Operation.AUTHORIZE),
    *(Operation.CANCEL_SHIPMENT, Operation.SHIP, Operation.VOID),
]


@pytest.mark.parametrize("operation", EVERY_POINT)
@pytest.mark.parametrize("fault", [False, True])
def test_a_cancel_goes_first_at_every_point(operation: Operation, fault: bool) -> None:
    run = released()
    run.edit(UP)
    call = run.up_to(operation)
    run.cancel("c1")
    run.finish(call, fault=fault)
    run.pass_time(timedelta(seconds=61))
    run.settle()
    for _ in range(3):
        run.retry()
        run.settle()
    over = operation in (Operation.SHIP, Operation.VOID)
    assert run.answer("e1").code == ("changed" if over else "overtaken")
    accepted(run, "c1")
    assert run.state.finished
    assert run.row.status == Status.CANCELLED
    assert run.state.revision == (3 if over else 2)
    assert not run.world.stock.held
    assert not run.world.held()
    assert not run.world.live(Operation.SHIP)


def test_changes_behind_a_cancel_are_told_that_the_order_is_closed() -> None:
    run = released()
    run.edit(UP)
    run.edit(Edit(quantity={2: 5}), "e2")
    run.cancel("c1")
    run.settle()
    assert (refused_for(run, "e1"), refused_for(run, "e2")) == ("overtaken", "order_closed")
    accepted(run, "c1")


# ---- races with facts ----------------------------------------------------------------------------------------


def test_shipped_while_the_cancel_is_on_its_way_wins() -> None:
    run = released()
    run.edit(UP)
    run.up_to(Operation.CANCEL_SHIPMENT)
    run.carrier("shipped")
    run.settle()
    assert refused(run, "already_shipped").endswith("The order goes on as it was.")
    assert run.state.finished
    ends_well(run)
    assert run.log.count("request_shipment") == 1


@pytest.mark.parametrize("operation", [Operation.INQUIRE, Operation.AUTHORIZE, Operation.CANCEL_SHIPMENT])
def test_the_old_authorization_expires_during_a_change(operation: Operation) -> None:
    run = released()
    run.edit(UP)
    run.up_to(operation)
    run.expire()
    run.settle()
    accepted(run)
    assert len(run.world.held()) == 1
    ends_well(run)


def test_the_new_authorization_expires_before_the_change_is_through() -> None:
    run = released()
    run.edit(UP)
    run.up_to(Operation.CANCEL_SHIPMENT)
    run.expire("O-1/authorize/1/r1/authorize_payment/2")
    run.settle()
    accepted(run)
    ends_well(run)


def test_continued_as_new_at_every_rest_it_goes_on_the_same() -> None:
    run = released(groups=2)
    run.edit(Edit(quantity={1: 3}, fields={ChangeKind.LATER_DATE: date(2026, 4, 1)}))
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT), fault=True, effect=False)
    run.settle()
    run.state = carried_over(run.state)
    run.retry()
    run.settle()
    accepted(run)
    run.state = carried_over(run.state)
    ends_well(run)
