"""Every kind of change while the shipment is asked for and has not left (CHG2, CHG3, CHG4)."""

from datetime import date

import pytest

from domain.policy.model import Choose
from domain.process.read_model import Terms
from domain.process.words import ChangeKind, ChangeOutcome, Operation, Status
from tests.process.changed import ends_well, released, since
from tests.process.editing import Edit
from tests.process.policies import SHAPES, Steps, choosing


def test_fewer_units_give_stock_back_after_the_request_is_cancelled() -> None:
    run = released()
    run.world.stock.available["main", "sku-2"] = 0
    before = len(run.calls)
    run.edit(Edit(quantity={2: 1})).settle()
    assert since(run, before) == [
        "change/e1/revise",
        "ship/1/r1/inquire_shipment/1",
        "ship/1/r1/cancel_shipment/1",
        "reserve/1/r2/trim_reservation/1",
        "ship/1/r2/request_shipment/2",
    ]
    assert run.world.stock.available["main", "sku-2"] == 1
    assert run.world.held() == {"O-1/authorize/1/r1/authorize_payment/1"}  # 35.00 cover the 25.00
    assert run.answer("e1").after == Terms(promise_date=date(2026, 3, 20), total=2500, currency="USD")
    ends_well(run)


def test_another_item_is_held_beside_the_old_one_until_that_is_not_needed() -> None:
    run = released()
    run.edit(Edit(item={2: "other"}))
    run.up_to(Operation.CANCEL_SHIPMENT)
    assert run.world.stock.held["O-1/reserve/1/r1/reserve_stock/2"] == {
        (1, "main", "sku-1"): 1,
        (2, "main", "sku-2"): 2,
        (2, "main", "other"): 2,
    }
    run.settle()
    assert run.world.stock.held["O-1/reserve/1/r1/reserve_stock/2"] == {
        (1, "main", "sku-1"): 1,
        (2, "main", "other"): 2,
    }
    ends_well(run)


def test_one_of_two_lines_cancelled() -> None:
    run = released()
    run.edit(Edit(cancel=(2,))).settle()
    assert run.answer("e1").words == (
        "Revision 2: line 2 cancelled. Still promised for 2026-03-20. The total is 15.00 USD now."
    )
    assert run.state.groups["1"].lines == (1,)
    assert run.world.stock.held == {"O-1/reserve/1/r1/reserve_stock/1": {(1, "main", "sku-1"): 1}}
    ends_well(run)


def test_the_last_line_of_a_group_closes_it_and_the_freight_goes_with_the_next() -> None:
    run = released(groups=2)
    before = len(run.calls)
    run.edit(Edit(cancel=(1, 2))).settle()
    assert since(run, before) == [
        *("change/e1/revise", "ship/1/r1/inquire_shipment/1"),
        "authorize/2/r1/authorize_payment/2",
        "ship/1/r1/cancel_shipment/1",
        "authorize/1/r2/void_authorization/1",
        "reserve/1/r2/release_stock/1",
        "authorize/2/r2/void_authorization/1",
    ]
    assert run.state.groups["1"].cancelled
    assert [row.status for row in run.row.groups] == [Status.CANCELLED, Status.RELEASED]
    assert run.world.worth("2", 2) == 7500
    assert run.world.live(Operation.SHIP) == ["O-1/ship/2/r1/request_shipment/1"]
    ends_well(run)


def test_a_line_added_while_released_goes_by_itself() -> None:
    run = released()
    run.edit(Edit(add={3: 2})).settle()
    assert run.world.live(Operation.SHIP) == ["O-1/ship/1/r1/request_shipment/1", "O-1/ship/2/r2/request_shipment/1"]
    assert run.world.database.opened is not None
    assert {line.number: line.group for line in run.world.database.opened.lines} == {1: "1", 2: "1", 3: "2"}
    assert run.answer("e1").words == (
        "Revision 2: line 3 added with 2 units. Still promised for 2026-03-20. The total is 55.00 USD now."
    )
    ends_well(run)


def test_a_line_added_beside_a_change_that_cancels_the_request_goes_by_itself_too() -> None:
    run = released()
    run.edit(Edit(quantity={1: 2}, add={3: 2})).settle()
    assert {group.id: group.lines for group in run.state.groups.values()} == {"1": (1, 2), "2": (3,)}
    ends_well(run)


@pytest.mark.parametrize(
    "field",
    [
        {ChangeKind.ADDRESS_SAME_ZONE: None},
        {ChangeKind.ADDRESS_OTHER_ZONE: "CA"},
        {ChangeKind.SHIP_METHOD: "air"},
        {ChangeKind.LATER_DATE: date(2026, 4, 1)},
        {ChangeKind.EARLIER_DATE: date(2026, 3, 5)},
    ],
)
def test_what_the_carrier_was_told_is_told_anew_and_nothing_else_is_touched(field: dict[ChangeKind, object]) -> None:
    run = released()
    before = len(run.calls)
    run.edit(Edit(fields=field)).settle()  # type: ignore[arg-type]
    assert since(run, before) == [
        *("change/e1/revise", "ship/1/r1/inquire_shipment/1", "ship/1/r1/cancel_shipment/1"),
        "ship/1/r2/request_shipment/2",
    ]
    ends_well(run)


def test_another_date_is_another_promise() -> None:
    run = released()
    run.edit(Edit(fields={ChangeKind.LATER_DATE: date(2026, 4, 1)})).settle()
    answer = run.answer("e1")
    assert answer.words == "Revision 2: another later date. Now promised for 2026-04-01."
    assert answer.after is not None
    assert answer.after.promise_date == run.row.promise_date == date(2026, 4, 1)


def test_another_warehouse_holds_there_before_it_gives_back_here() -> None:
    run = released()
    run.world.stock.available |= {("main", "sku-1"): 0, ("east", "sku-1"): 1}
    run.edit(Edit(fields={ChangeKind.WAREHOUSE: "east"}))
    run.up_to(Operation.CANCEL_SHIPMENT)
    assert run.world.stock.available == {("main", "sku-1"): 0, ("east", "sku-1"): 0}
    run.settle()
    assert run.world.stock.available == {("main", "sku-1"): 1, ("east", "sku-1"): 0}
    assert run.row.groups[0].warehouse == "east"
    ends_well(run)


def test_another_card_is_authorized_then_the_old_one_voided_and_the_shipment_stays() -> None:
    run = released()
    before = len(run.calls)
    run.edit(Edit(fields={ChangeKind.PAYMENT: "card"})).settle()
    assert since(run, before) == [
        *("change/e1/revise", "authorize/1/r1/authorize_payment/2", "authorize/1/r2/void_authorization/1"),
    ]
    work = next(call.work for call in run.calls[before:] if call.operation is Operation.AUTHORIZE)
    assert (work.change_id, work.amount) == ("e1", 3500)  # type: ignore[union-attr]
    ends_well(run)


@pytest.mark.parametrize("shape", ["standard", "choosing"])
def test_from_card_to_terms_the_money_is_given_back(shape: str) -> None:
    run = released(process=SHAPES[shape]())
    run.edit(Edit(fields={ChangeKind.PAYMENT: "terms"})).settle()
    assert run.answer("e1").outcome is ChangeOutcome.ACCEPTED
    assert not run.world.held()
    ends_well(run)
    assert "capture_payment" not in run.log


@pytest.mark.parametrize("shape", ["standard", "choosing"])
def test_from_terms_to_card_money_is_held_before_it_is_agreed(shape: str) -> None:
    run = released(process=SHAPES[shape](), method="terms")
    before = len(run.calls)
    run.edit(Edit(fields={ChangeKind.PAYMENT: "card"}))
    run.up_to(Operation.AUTHORIZE)
    assert not run.state.answers
    run.settle()
    assert since(run, before) == ["change/e1/revise", "authorize/1/r1/authorize_payment/1"]
    ends_well(run)
    assert "capture_payment" in run.log


@pytest.mark.parametrize(("before", "after"), [("card", "terms"), ("terms", "card")])
def test_a_choice_that_hangs_on_what_is_changed_is_made_anew(before: str, after: str) -> None:
    usual = choosing()
    pay = usual.steps[2]
    assert isinstance(pay, Choose)
    card = pay.paths[0].model_copy(update={"steps": (Steps().authorize.model_copy(update={"when": None}),)})
    pay = pay.model_copy(update={"paths": (card, *pay.paths[1:])})
    process = usual.model_copy(update={"steps": (*usual.steps[:2], pay, *usual.steps[3:])})
    run = released(process=process, method=before)
    run.edit(Edit(fields={ChangeKind.PAYMENT: after})).settle()
    assert run.state.groups["1"].choices["payment"] == ("on_terms" if after == "terms" else "by_card")
    assert len(run.world.held()) == (0 if after == "terms" else 1)
    ends_well(run)


def test_of_several_changes_the_gravest_decides() -> None:
    run = released()
    run.edit(Edit(quantity={1: 3}, price={2: 1900})).settle()
    assert run.world.live(Operation.SHIP) == ["O-1/ship/1/r2/request_shipment/2"]
    assert run.answer("e1").words == (
        "Revision 2: line 1 from 1 to 3 units, another price for line 2. Still promised for 2026-03-20."
        " The total is 54.00 USD now."
    )
    ends_well(run)


def test_a_reference_keeps_everything() -> None:
    run = released()
    before = len(run.calls)
    run.edit(Edit(fields={ChangeKind.REFERENCE: "PO-7"})).settle()
    assert since(run, before) == ["change/e1/revise"]
    answer = run.answer("e1")
    assert (answer.words, answer.plan) == ("Revision 2: another reference. Still promised for 2026-03-20.", ())
    assert run.state.facts is not None
    assert run.state.facts.purchase_order == "PO-7"
    ends_well(run)


def test_a_price_moves_no_goods_and_is_billed_as_it_is_now() -> None:
    run = released()
    before = len(run.calls)
    run.edit(Edit(price={1: 1500})).settle()
    assert since(run, before) == [
        *("change/e1/revise", "authorize/1/r1/authorize_payment/2", "authorize/1/r2/void_authorization/1"),
    ]
    ends_well(run)
