"""Groups that a change founds: held and funded before it is answered, like those that are there (CHG8, CHG13, I14)."""

import pytest

from domain.process import releases
from domain.process.words import ChangeKind, ChangeOutcome, Operation, Status
from tests.process.changed import accepted, ends_well, refused, released, since
from tests.process.checks import carried_over
from tests.process.editing import Edit
from tests.process.runner import Run

ADDED = Edit(add={3: 2})
MOVED = Edit(move={2: "east"})
LINES_OF = {"added": (3, "main", "sku-3"), "moved": (2, "east", "sku-2")}
BOTH = pytest.mark.parametrize(("edit", "line"), [(ADDED, "added"), (MOVED, "moved")], ids=["added", "moved"])


def test_an_added_line_is_held_and_funded_before_the_answer_and_goes_on_with_that() -> None:
    run = released()
    before, told = len(run.calls), len(run.told)
    run.edit(ADDED).settle()
    assert since(run, before) == [
        "change/e1/revise",
        "reserve/2/r1/reserve_stock/1",
        "authorize/2/r1/authorize_payment/1",
        "ship/2/r2/request_shipment/1",
    ]
    assert run.told[told:] == [
        *("stock.reserved", "payment.authorized", "order.scheduled", "change.accepted", "shipment.requested"),
    ]
    group = run.state.groups["2"]
    assert {name: step.key for name, step in group.runs.items() if step.key} == {
        "reserve": "O-1/reserve/2/r1/reserve_stock/1",
        "authorize": "O-1/authorize/2/r1/authorize_payment/1",
        "ship": "O-1/ship/2/r2/request_shipment/1",
    }
    assert {step.snapshot.revision for step in group.runs.values()} == {2}
    assert run.world.stock.held[run.key("reserve", "2")] == {(3, "main", "sku-3"): 2}
    ends_well(run)


def test_a_line_that_moves_is_held_there_before_the_old_request_is_cancelled() -> None:
    run = released()
    before = len(run.calls)
    run.edit(MOVED).settle()
    assert since(run, before)[:6] == [
        "change/e1/revise",
        "ship/1/r1/inquire_shipment/1",
        "reserve/2/r1/reserve_stock/1",
        "authorize/2/r1/authorize_payment/1",
        "ship/1/r1/cancel_shipment/1",
        "reserve/1/r2/trim_reservation/1",
    ]
    assert run.world.stock.held == {
        "O-1/reserve/1/r1/reserve_stock/1": {(1, "main", "sku-1"): 1},
        "O-1/reserve/2/r1/reserve_stock/1": {(2, "east", "sku-2"): 2},
    }
    ends_well(run)


@BOTH
def test_short_stock_refuses_it_with_nothing_touched(edit: Edit, line: str) -> None:
    run = released()
    _, place, sku = LINES_OF[line]
    run.world.stock.available[place, sku] = 1
    before, row = len(run.calls), run.row
    run.edit(edit).settle()
    assert since(run, before)[-1] == "reserve/2/r1/reserve_stock/1"
    assert refused(run, "out_of_stock") == "They say out_of_stock. Nothing was changed."
    assert run.row == row
    assert [group.id for group in run.row.groups] == ["1"]
    assert run.world.stock.available == {(place, sku): 1}
    assert run.world.live(Operation.SHIP) == ["O-1/ship/1/r1/request_shipment/1"]
    ends_well(run)


@BOTH
@pytest.mark.parametrize("how", ["declined", "no answer"])
def test_money_that_is_not_to_be_had_gives_the_stock_back(edit: Edit, line: str, how: str) -> None:
    run = released()
    _, place, sku = LINES_OF[line]
    run.world.stock.available[place, sku] = 2
    before, row = len(run.calls), run.row
    run.edit(edit)
    authorize = run.up_to(Operation.AUTHORIZE)
    run.finish(authorize, refuse="declined" if how == "declined" else None, fault=how == "no answer")
    run.settle()
    undone = ["reserve/2/r1/release_stock/1"]
    if how == "no answer":
        undone = ["authorize/2/r1/void_authorization/1", *undone]
    asked = [key for key in since(run, before)[1:] if "inquire" not in key]
    assert asked == ["reserve/2/r1/reserve_stock/1", "authorize/2/r1/authorize_payment/1", *undone]
    refused(run, "declined" if how == "declined" else "payment_unavailable")
    assert run.row == row
    assert run.world.stock.available == {(place, sku): 2}
    assert run.world.held() == {"O-1/authorize/1/r1/authorize_payment/1"}
    assert "shipment.cancelled" not in run.told
    ends_well(run)


def test_a_refused_cancel_gives_back_what_the_new_group_had() -> None:
    run = released()
    row = run.row
    run.edit(MOVED)
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT), refuse="too_late")
    run.settle()
    refused(run, "too_late")
    assert run.row == row
    assert run.world.held() == {"O-1/authorize/1/r1/authorize_payment/1"}
    assert list(run.world.stock.held) == ["O-1/reserve/1/r1/reserve_stock/1"]
    ends_well(run)


@pytest.mark.parametrize("carry", [False, True], ids=["", "continued as new"])
def test_the_next_change_founds_the_group_under_keys_of_its_own(carry: bool) -> None:
    run = released()
    run.edit(ADDED)
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    run.settle()
    refused(run, "declined")
    if carry:
        run.state = carried_over(run.state)
    run.edit(MOVED, "e2").settle()
    accepted(run, "e2")
    assert run.key("reserve", "2") == "O-1/reserve/2/r1/reserve_stock/2"
    assert run.key("authorize", "2") == "O-1/authorize/2/r1/authorize_payment/2"
    assert [(group.id, group.lines, group.warehouse) for group in run.row.groups] == [
        ("1", (1,), "main"),
        ("2", (2,), "east"),
    ]
    ends_well(run)


def test_a_cancel_of_the_whole_order_takes_back_what_was_held_for_the_new_group() -> None:
    run = released()
    run.edit(ADDED)
    run.up_to(Operation.AUTHORIZE)
    run.cancel()
    run.settle()
    assert run.answer("e1").code == "overtaken"
    assert run.answer("c1").outcome is ChangeOutcome.ACCEPTED
    assert run.row.status is Status.CANCELLED
    assert [group.id for group in run.row.groups] == ["1"]
    assert not run.world.held()
    assert not run.world.stock.held


def test_the_plan_names_what_will_be_done_for_it_and_the_preview_says_the_same() -> None:
    run = released()
    seen = run.preview(ADDED)
    run.edit(ADDED, token=seen.token).settle()
    accepted(run)
    answer = run.answer("e1")
    assert answer.plan == seen.plan
    assert [(action.step, str(action.do), action.lines, action.adapter, action.reason) for action in answer.plan] == [
        ("schedule", "do", (3,), "", "added"),
        ("reserve", "do", (3,), "", "added"),
        ("authorize", "do", (3,), "payment provider", "added"),
        ("ship", "do", (3,), "carrier", "added"),
        ("wait_for_shipped", "do", (3,), "", "added"),
        ("capture", "do", (3,), "payment provider", "added"),
        ("invoice", "do", (3,), "", "added"),
    ]
    assert "20.00 USD can be authorized." in seen.assumptions
    ends_well(run)


def test_a_preview_of_a_line_that_is_not_there_is_refused_and_holds_nothing() -> None:
    run = released()
    run.world.stock.available["main", "sku-3"] = 1
    seen = run.preview(ADDED)
    assert (seen.outcome, seen.code, seen.token) == (ChangeOutcome.REFUSED, "out_of_stock", "")
    assert list(run.world.stock.held) == ["O-1/reserve/1/r1/reserve_stock/1"]
    assert list(run.state.groups) == ["1"]


def test_another_card_pays_for_the_new_group_too() -> None:
    run = released()
    run.edit(Edit(add={3: 2}, fields={ChangeKind.PAYMENT: "card"})).settle()
    accepted(run)
    works = [call.work for call in run.calls if call.operation is Operation.AUTHORIZE]
    assert [(work.amount, work.change_id) for work in works] == [  # type: ignore[union-attr]
        *((3500, None), (3500, "e1"), (2000, "e1")),
    ]
    ends_well(run)


def test_nothing_is_held_for_a_new_group_of_an_order_that_holds_nothing_itself() -> None:
    run = Run()
    run.world.stock.available["main", "sku-1"] = 0
    run.begin().settle()
    assert run.row.status is Status.SCHEDULED
    before = len(run.calls)
    run.edit(MOVED).settle()
    accepted(run)
    assert "reserve/2/r2/reserve_stock/1" in since(run, before)
    assert run.answer("e1").after is not None
    run.world.stock.available.clear()
    run.retry()
    ends_well(run)


def test_an_order_of_an_earlier_release_goes_as_it_did() -> None:
    run = released()
    run.state = run.state.model_copy(update={"release": 4})
    before = len(run.calls)
    run.edit(ADDED).settle()
    assert since(run, before) == [
        "change/e1/revise",
        "reserve/2/r2/reserve_stock/1",
        "authorize/2/r2/authorize_payment/1",
        "ship/2/r2/request_shipment/1",
    ]
    assert run.answer("e1").plan == ()
    assert releases.RELEASE > 4
    ends_well(run)


def test_two_lines_for_two_places_found_two_groups_or_neither() -> None:
    run: Run = released(groups=2)
    run.world.stock.available["west", "sku-4"] = 3
    before, row = len(run.calls), run.row
    both = Edit(move={2: "east", 4: "west"})
    run.edit(both).settle()
    asked = since(run, before)
    assert {"reserve/3/r1/reserve_stock/1", "reserve/4/r1/reserve_stock/1"} <= set(asked)
    assert not any("authorize" in key or "cancel_shipment" in key for key in asked)
    refused(run, "out_of_stock")
    assert run.row == row
    run.world.stock.available["west", "sku-4"] = 4
    run.edit(both, "e2").settle()
    accepted(run, "e2")
    assert [group.warehouse for group in run.row.groups] == ["main", "main", "east", "west"]
    ends_well(run)
