"""Further units of what is on its way go by themselves: a line in parts (CHG3, CHG8, CHG11, PRC3, I5).

The orders have 1 unit of line 1 and 2 of line 2 at 10.00, and 5.00 of freight.
"""

from datetime import date

import pytest

from domain.base import Lines
from domain.policy.change_rules import ChangeRules
from domain.process.calls import AuthorizePayment, CapturePayment, CreateInvoice, RequestShipment
from domain.process.draft import Draft
from domain.process.events import RefuseAsked
from domain.process.words import ChangeKind, ChangeOutcome, Operation, Pattern, Stage, Status
from tests.process.begun_anew import resumed
from tests.process.changed import accepted, ends_well, refused, released, since
from tests.process.editing import Edit
from tests.process.runner import Run
from tests.process.splitting import ShortRun, ShortWorld

UP = Edit(quantity={2: 5})
STAGES = ("picked", "shipped", "invoiced")


def at(stage: str, groups: int = 1) -> Run:
    """An order of which the first group is so far; it is still open."""
    run = released(groups=groups)
    key = run.key("ship")
    if stage == "picked":
        run.world.progress[key] = stage
    elif stage == "shipped":
        run.carrier("shipped")  # and the money is still to be taken
    elif stage == "invoiced":
        run.carrier("shipped")
        run.settle()
    return run


def units(run: Run) -> dict[str, Lines]:
    """The units of each line by group."""
    draft = Draft(run.state, run.at)
    return {group.id: draft.quantities(group) for group in run.state.groups.values() if group.lines}


def amounts(run: Run, kind: type) -> list[tuple[str, int]]:
    """What was authorized, captured or billed, by group."""
    works = [(call.group, call.work) for call in run.calls if isinstance(call.work, kind)]
    return [(group, getattr(work, "amount", 0) or work.goods + work.charges) for group, work in works]  # type: ignore[attr-defined]


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_on_its_way_stays_and_the_further_units_go_by_themselves(stage: str) -> None:
    run = at(stage, groups=2)
    before, row = len(run.calls), run.row.groups[0]
    run.edit(UP).settle()
    accepted(run)
    assert units(run) == {"1": {1: 1, 2: 2}, "2": {3: 3, 4: 4}, "3": {2: 3}}
    made = [key for key in since(run, before) if "/3/" in key]
    assert made == [
        *("reserve/3/r1/reserve_stock/1", "authorize/3/r1/authorize_payment/1"),
        "ship/3/r2/request_shipment/1",
    ]
    assert not [key for key in since(run, before) if "cancel_shipment" in key or "void" in key or "trim" in key]
    assert run.row.groups[0].lines == row.lines
    assert run.state.lines[2].amount == 5000
    assert amounts(run, AuthorizePayment)[-1] == ("3", 3000)
    ends_well(run)
    assert sorted(amounts(run, CapturePayment)) == [("1", 3500), ("2", 7000), ("3", 3000)]
    assert sorted(amounts(run, CreateInvoice)) == [("1", 3500), ("2", 7000), ("3", 3000)]
    assert run.row.counts == {Status.COMPLETED: 4}


def test_it_is_held_and_paid_for_before_it_is_answered_or_refused_with_nothing_touched() -> None:
    run = at("picked")
    run.world.stock.available["main", "sku-2"] = 2
    row = run.row
    run.edit(UP).settle()
    refused(run, "out_of_stock")
    run.world.stock.available["main", "sku-2"] = 3
    run.edit(UP, "e2")
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    run.settle()
    refused(run, "declined", "e2")
    assert run.row == row
    assert run.world.stock.available == {("main", "sku-2"): 3}
    assert run.world.held() == {"O-1/authorize/1/r1/authorize_payment/1"}
    run.edit(UP, "e3").settle()
    accepted(run, "e3")
    assert run.world.stock.available == {("main", "sku-2"): 0}
    ends_well(run)


def test_a_group_that_got_all_of_a_line_stays_where_it_is_when_the_one_that_it_was_founded_for_moves() -> None:
    run = at("picked")
    run.edit(UP).settle()
    run.edit(Edit(fields={ChangeKind.EARLIER_DATE: date(2026, 3, 10)}), "e2").settle()
    accepted(run, "e2")
    run.world.progress[run.key("ship", "2")] = "picked"
    run.edit(Edit(quantity={2: 3}), "e3").settle()
    accepted(run, "e3")
    assert units(run) == {"1": {1: 1}, "2": {2: 3}}
    before = len(run.calls)
    run.edit(Edit(move={1: "east"}), "e4").settle()
    accepted(run, "e4")
    assert [(group.id, group.location) for group in run.state.groups.values()] == [("1", "east"), ("2", "main")]
    assert not [key for key in since(run, before) if "/2/" in key]
    ends_well(run)


def test_the_plan_names_the_new_steps_and_the_preview_says_the_same() -> None:
    run = at("picked")
    seen = run.preview(UP)
    assert run.state.revision == 1
    run.edit(UP, token=seen.token).settle()
    accepted(run)
    assert run.answer("e1").plan == seen.plan
    assert [(action.step, str(action.do), action.lines, action.reason) for action in seen.plan] == [
        (step, "do", (2,), "quantity up")
        for step in ("schedule", "reserve", "authorize", "ship", "wait_for_shipped", "capture", "invoice")
    ]
    assert (seen.cost, seen.assumptions[-1]) == (0, "30.00 USD can be authorized.")


def test_the_next_units_join_what_can_still_be_taken_back_and_else_go_by_themselves_again() -> None:
    run = at("picked")
    run.edit(UP).settle()
    run.edit(Edit(quantity={2: 6}), "e2").settle()
    accepted(run, "e2")
    assert units(run) == {"1": {1: 1, 2: 2}, "2": {2: 4}}
    assert [key for key in run.world.gone if "ship" in key] == ["O-1/ship/2/r2/request_shipment/1"]
    run.world.progress[run.key("ship", "2")] = "picked"
    run.edit(Edit(quantity={2: 7}), "e3").settle()
    accepted(run, "e3")
    assert units(run) == {"1": {1: 1, 2: 2}, "2": {2: 4}, "3": {2: 1}}
    ends_well(run)
    assert sum(amount for _, amount in amounts(run, CreateInvoice)) == 8500


def test_fewer_units_are_taken_from_what_is_least_far_and_then_from_the_next() -> None:
    run = at("picked")
    run.edit(UP).settle()
    run.edit(Edit(quantity={2: 4}), "e2").settle()
    accepted(run, "e2")
    assert units(run) == {"1": {1: 1, 2: 2}, "2": {2: 2}}
    run.world.progress[run.key("ship", "2")] = "packed"
    run.world.progress[run.key("ship")] = "released"
    run.edit(Edit(quantity={2: 3}), "e3").settle()
    accepted(run, "e3")
    assert units(run) == {"1": {1: 1, 2: 1}, "2": {2: 2}}
    ends_well(run)


def test_as_many_as_before_are_one_group_again() -> None:
    run = at("picked")
    run.edit(UP).settle()
    before = len(run.calls)
    run.edit(Edit(quantity={2: 2}), "e2").settle()
    accepted(run, "e2")
    assert units(run) == {"1": {1: 1, 2: 2}}
    assert run.state.groups["1"].parts is None
    assert [key for key in since(run, before) if key.startswith("ship/1")] == ["ship/1/r2/inquire_shipment/2"]
    assert [group.status for group in run.row.groups] == [Status.RELEASED, Status.CANCELLED]
    assert run.world.held() == {"O-1/authorize/1/r1/authorize_payment/1"}
    assert list(run.world.stock.held) == ["O-1/reserve/1/r1/reserve_stock/1"]
    ends_well(run)


def test_fewer_than_can_be_taken_back_ask_what_the_rules_say_of_the_other_part() -> None:
    run = at("picked")
    run.edit(UP).settle()
    now = units(run)
    run.edit(Edit(quantity={2: 1}), "e2").settle()
    assert run.row.waiting[-1].why == "Waits to be approved: Quantity down while picked (line 1, 2)."
    run.feed(RefuseAsked(change_id="e2", reason="no", at=run.at))
    run.settle()
    run.carrier("shipped")
    run.settle()
    run.edit(Edit(quantity={2: 1}), "e3").settle()
    refused(run, "use_return", "e3")
    assert units(run) == now
    ends_well(run)


def test_cancelling_the_line_is_judged_by_each_part() -> None:
    run = at("picked")
    run.edit(UP).settle()
    run.edit(Edit(cancel=(2,)), "e2").settle()
    assert run.answer("e2").outcome is ChangeOutcome.PENDING_APPROVAL
    run.feed(RefuseAsked(change_id="e2", reason="no", at=run.at))
    run.settle()
    run.world.progress[run.key("ship")] = "released"
    run.edit(Edit(cancel=(2,)), "e3").settle()
    accepted(run, "e3")
    assert units(run) == {"1": {1: 1}}
    ends_well(run)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (Edit(fields={ChangeKind.ADDRESS_OTHER_ZONE: "CA"}), "too_late"),
        (Edit(item={2: "sku-9"}), "too_late"),
        (Edit(move={1: "east", 2: "east"}), "too_late"),
    ],
)
def test_another_change_is_judged_by_the_progress_of_each_part(edit: Edit, code: str) -> None:
    run = at("picked")
    run.edit(UP).settle()
    before = len(run.calls)
    run.edit(edit, "e2").settle()
    refused(run, code, "e2")
    assert not [key for key in since(run, before) if "cancel_shipment" in key]
    ends_well(run)


def test_another_item_while_both_parts_can_be_taken_back() -> None:
    run = at("picked")
    run.edit(UP).settle()
    run.world.progress[run.key("ship")] = "released"
    run.edit(Edit(item={2: "sku-9"}), "e2").settle()
    accepted(run, "e2")
    held = {place: units for holds in run.world.stock.held.values() for place, units in holds.items()}
    assert held[2, "main", "sku-9"] == 3
    assert (2, "main", "sku-2") not in held
    ends_well(run)


def test_another_price_is_shared_by_the_parts_to_the_cent() -> None:
    run = at("picked")
    run.edit(UP).settle()
    run.edit(Edit(price={2: 5003}), "e2").settle()
    accepted(run, "e2")
    parts = {group.id: group.parts[2].amount for group in run.state.groups.values() if group.parts}
    assert parts == {"1": 2001, "2": 3002}
    ends_well(run)
    assert sorted(amounts(run, CreateInvoice)) == [("1", 3501), ("2", 3002)]


def test_a_higher_price_of_what_is_billed_is_too_late() -> None:
    run = at("invoiced", groups=2)
    run.edit(UP).settle()
    run.edit(Edit(price={2: 6000}), "e2").settle()
    refused(run, "too_late", "e2")
    ends_well(run)


def test_a_line_added_with_it_goes_in_the_same_parcel() -> None:
    run = at("picked")
    run.edit(Edit(quantity={2: 5}, add={7: 1})).settle()
    accepted(run)
    assert units(run) == {"1": {1: 1, 2: 2}, "2": {2: 3, 7: 1}}
    assert [call.work.lines for call in run.calls if isinstance(call.work, RequestShipment)] == [
        {1: 1, 2: 2},
        {2: 3, 7: 1},
    ]
    ends_well(run)


def test_two_lines_of_two_groups_go_by_themselves_beside_each() -> None:
    run = at("picked", groups=2)
    run.world.progress[run.key("ship", "2")] = "picked"
    run.edit(Edit(quantity={1: 2, 3: 5})).settle()
    accepted(run)
    assert units(run) == {"1": {1: 1, 2: 2}, "2": {3: 3, 4: 4}, "3": {1: 1}, "4": {3: 2}}
    ends_well(run)


def test_the_whole_order_is_cancelled_with_all_of_its_parts() -> None:
    run = at("picked")
    run.edit(UP).settle()
    run.world.progress[run.key("ship")] = "released"
    run.cancel()
    run.settle()
    assert run.answer("c1").outcome is ChangeOutcome.ACCEPTED
    assert run.world.database.cancelled == {1: 1, 2: 5}
    assert not run.world.held()
    assert not run.world.stock.held


def test_an_order_that_is_over_answers_as_ever() -> None:
    run = at("invoiced")
    assert run.state.finished
    run.edit(UP).settle()
    refused(run, "order_closed")


def test_an_order_of_an_earlier_release_turns_it_down() -> None:
    run = at("picked")
    run.state = run.state.model_copy(update={"release": 9})
    before, row = len(run.calls), run.row
    run.edit(UP).settle()
    assert refused(run, "use_added_line") == (
        "Quantity up cannot be done on line 1, 2 any more: it is on its way as it is; ask for the further units as a"
        " line of their own. Nothing was changed."
    )
    assert run.row == row
    assert [key for key in since(run, before) if "reserve" in key or "authorize" in key] == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_resumed_order_knows_which_units_go_with_which_group(stage: str) -> None:
    run = at(stage, groups=2)
    run.edit(UP).settle()
    now = units(run)
    done = [key for key in run.world.done if "trim" not in key]
    run = resumed(run)
    run.settle()
    assert units(run) == now
    assert [key for key in run.world.done if "trim" not in key] == done
    run.edit(Edit(quantity={2: 6}), "e2").settle()
    accepted(run, "e2")
    assert units(run)["3"] == {2: 4}
    ends_well(run)


def by_policy() -> Run:
    """A released order whose change rules let further units go by themselves as soon as the carrier knows of it."""
    run = released()
    rules = ChangeRules(cells={ChangeKind.QUANTITY_UP: {Stage.RELEASED: Pattern.ADDED_LINE}})
    assert run.state.policy is not None
    assert run.world.database.opened is not None
    policy = run.state.policy.model_copy(update={"change": rules})
    run.state = run.state.model_copy(update={"policy": policy})
    run.world.database.opened = run.world.database.opened.model_copy(update={"policy": policy})
    return run


def test_a_policy_may_let_them_go_by_themselves_as_soon_as_the_request_is_out() -> None:
    run = by_policy()
    before = len(run.calls)
    run.edit(UP).settle()
    accepted(run)
    assert units(run) == {"1": {1: 1, 2: 2}, "2": {2: 3}}
    assert not [key for key in since(run, before) if "inquire" in key or "cancel" in key]
    run.edit(Edit(quantity={2: 6}), "e2").settle()
    accepted(run, "e2")
    assert units(run) == {"1": {1: 1, 2: 2}, "2": {2: 3}, "3": {2: 1}}
    ends_well(run)


@pytest.mark.parametrize("edit", [Edit(quantity={2: 5}, item={2: "sku-9"}), Edit(quantity={2: 5}, move={2: "east"})])
def test_a_line_has_one_item_and_one_place(edit: Edit) -> None:
    run = by_policy()
    row = run.row
    run.edit(edit).settle()
    refused(run, "use_added_line")
    assert run.row == row
    ends_well(run)


def short() -> ShortRun:
    """An order that was raised from 2 to 5 units of line 2 while the carrier had picked the first ones."""
    run = ShortRun(world=ShortWorld())
    run.begin().settle()
    run.world.progress[run.key("ship")] = "picked"
    run.edit(UP).settle()
    accepted(run)
    return run


@pytest.mark.parametrize(("group", "left", "rest"), [("1", {1: 1, 2: 1}, {2: 1}), ("2", {2: 1}, {2: 2})])
def test_either_part_can_be_split_and_the_rest_goes_on(group: str, left: Lines, rest: Lines) -> None:
    run = short()
    run.ships_no_more(run.key("ship", group), left, f"{group}.2")
    run.settle()
    now = {"1": {1: 1, 2: 2}, "2": {2: 3}}
    assert units(run) == now | {group: left, f"{group}.2": rest}
    for name in ("1", "2", "1.2", "2.2"):
        if name in run.state.groups and name != group:
            run.carrier("shipped", run.key("ship", name))
            run.settle()
    assert run.state.finished
    assert sum(amount for _, amount in amounts(run, CreateInvoice)) == 6500
    assert sum(amount for _, amount in amounts(run, CapturePayment)) == 6500
    assert [call for call in run.calls if call.operation is Operation.RELEASE] == []


def test_more_and_fewer_units_after_a_split_of_the_first_part() -> None:
    run = short()
    run.ships_no_more(run.key("ship"), {1: 1, 2: 1}, "1.2")
    run.settle()
    run.edit(Edit(quantity={2: 6}), "e2")
    run.world.units["1.2"] = {2: 2}
    run.settle()
    accepted(run, "e2")
    assert units(run) == {"1": {1: 1, 2: 1}, "1.2": {2: 2}, "2": {2: 3}}, "of two as far, the newest gets them"
    run.edit(Edit(quantity={2: 1}), "e3").settle()
    accepted(run, "e3")
    assert units(run) == {"1": {1: 1, 2: 1}}
    assert run.state.finished
    assert [group.status for group in run.row.groups] == [Status.COMPLETED, Status.CANCELLED, Status.CANCELLED]
    assert sum(amount for _, amount in amounts(run, CreateInvoice)) == 2500


def test_more_units_of_a_line_of_which_all_has_left_with_a_split_group() -> None:
    run = ShortRun(world=ShortWorld())
    run.begin().settle()
    run.ships_no_more(run.key("ship"), {2: 2}, "1.2")
    run.settle()
    run.edit(UP).settle()
    accepted(run)
    assert units(run) == {"1": {2: 2}, "1.2": {1: 1}, "2": {2: 3}}
    run.edit(Edit(quantity={2: 6}), "e2").settle()
    accepted(run, "e2")
    assert units(run)["2"] == {2: 4}
