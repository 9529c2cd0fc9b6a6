"""Updates in place, at a carrier that can (CHG7, CHG3): no cancel, no second request; and what becomes of a no."""

from datetime import date

import pytest

from domain.policy.change_rules import ChangeRules
from domain.process.calls import Call, UpdateShipment
from domain.process.events import SkipAsked
from domain.process.skips import refusal as skip_refusal
from domain.process.state import RunState
from domain.process.updates import UPDATED_ANYWAY
from domain.process.words import ChangeKind, ChangeOutcome, Operation, Pattern, Stage, Status
from tests.process.begun_anew import resumed
from tests.process.books import said
from tests.process.changed import accepted, ends_well, refused, since
from tests.process.editing import Edit
from tests.process.ending import is_well
from tests.process.outside import World
from tests.process.runner import Run
from tests.process.updating import FEWER, Updates

AIR = Edit(fields={ChangeKind.SHIP_METHOD: "air"})
SOONER = Edit(fields={ChangeKind.EARLIER_DATE: date(2026, 3, 16)})
KEY = "O-1/ship/1/r1/request_shipment/1"
OTHER = "O-1/ship/2/r1/request_shipment/1"
UPDATE = "ship/1/r1/update_shipment/1"
ASKED = ["change/e1/revise", "ship/1/r1/inquire_shipment/1"]

Cells = dict[ChangeKind, dict[Stage, Pattern]]


def able(*, relabels: bool = False, cells: Cells | None = None, groups: int = 1) -> Run:
    """An order whose shipments are asked for, at a carrier that takes updates."""
    run = Run(world=World(updates=Updates(able=True, relabels=relabels), groups=groups))
    run.world.rules = ChangeRules(cells=cells or {})
    return run.begin().settle()


def carried(run: Run, key: str = KEY) -> tuple[str, dict[int, int]]:
    """What the carrier has of a request: method, and units by line."""
    work = run.world.done[key].work
    return work.method, work.lines  # type: ignore[union-attr]


def ship(run: Run, change_id: str = "e1") -> list[tuple[str, str]]:
    """What the answer says of the shipment requests."""
    return [(str(one.do), one.adapter) for one in run.answer(change_id).plan if one.step == "ship"]


def to_update(run: Run) -> Call:
    return run.up_to(Operation.UPDATE_SHIPMENT)


def as_it_was(run: Run) -> None:
    """The one request stands as it was asked for, and the order ends as if nothing had been."""
    assert carried(run) == ("ground", {1: 1, 2: 2})
    assert (run.step("ship").snapshot.method, run.row.revision) == ("ground", 1)
    ends_well(run)


# ---- a carrier that can ----------------------------------------------------------------------------------


def test_another_method_is_an_update_of_the_request_that_there_is() -> None:
    run = able()
    before = len(run.calls)
    run.edit(AIR).settle()
    accepted(run)
    assert since(run, before) == [*ASKED, UPDATE]
    assert carried(run) == ("air", {1: 1, 2: 2})
    assert run.world.live(Operation.SHIP) == [KEY]
    assert (run.step("ship").snapshot.method, run.step("ship").snapshot.revision) == ("air", 2)
    assert ship(run) == [("update", "carrier")]
    assert run.answer("e1").actions == ("shipment request updated at the carrier",)
    assert run.answer("e1").cost == 0
    assert run.told.count("shipment.updated") == 1
    assert "shipment.cancelled" not in run.told
    ends_well(run)


def test_fewer_units_are_an_update_where_the_policy_says_so() -> None:
    run = able(cells=FEWER)
    run.edit(Edit(quantity={2: 1})).settle()
    accepted(run)
    assert carried(run) == ("ground", {1: 1, 2: 1})
    assert (run.log.count("cancel_shipment"), run.log.count("request_shipment")) == (0, 1)
    assert ship(run) == [("update", "carrier")]
    ends_well(run)


def test_a_cancelled_line_leaves_the_request_and_the_last_one_cancels_it() -> None:
    run = able(cells=FEWER, groups=2)
    run.edit(Edit(cancel=(1,))).settle()
    accepted(run)
    assert carried(run) == ("ground", {2: 2})
    run.edit(Edit(cancel=(2,)), "e2").settle()
    accepted(run, "e2")
    assert (run.log.count("update_shipment"), run.log.count("cancel_shipment")) == (1, 1)
    assert run.world.live(Operation.SHIP) == [OTHER]
    ends_well(run)


@pytest.mark.parametrize("edit", [Edit(quantity={1: 3}), Edit(add={3: 1})], ids=["more", "added"])
def test_more_than_was_asked_for_is_another_request(edit: Edit) -> None:
    kind = ChangeKind.QUANTITY_UP if edit.quantity else ChangeKind.ADDED
    run = able(cells={kind: {Stage.RELEASED: Pattern.UPDATE}})
    run.edit(edit).settle()
    accepted(run)
    assert (run.log.count("update_shipment"), run.log.count("cancel_shipment")) == (0, 1)
    assert ship(run) == [("cancel_and_create", "carrier")]
    ends_well(run)


@pytest.mark.parametrize("edit", [AIR, SOONER], ids=["method", "date"])
def test_what_is_picked_is_updated_where_the_carrier_relabels(edit: Edit) -> None:
    run = able(relabels=True)
    run.carrier("picked")
    run.edit(edit).settle()
    accepted(run)
    assert ship(run) == [("update", "carrier")]
    assert (run.log.count("update_shipment"), run.log.count("cancel_shipment")) == (1, 0)
    ends_well(run)


@pytest.mark.parametrize(("can", "relabels", "status"), [(False, False, "released"), (True, False, "picked")])
def test_a_carrier_that_cannot_is_not_asked_to(can: bool, relabels: bool, status: str) -> None:
    run = able(relabels=relabels)
    run.world.updates.able = can
    run.carrier(status)
    before = len(run.calls)
    run.edit(AIR).settle()
    accepted(run)
    assert since(run, before) == [*ASKED, "ship/1/r1/cancel_shipment/1", "ship/1/r2/request_shipment/2"]
    assert ship(run) == [("cancel_and_create", "carrier")]
    ends_well(run)


def test_a_change_that_no_update_could_carry_out_asks_for_none() -> None:
    run = able()
    run.edit(Edit(item={1: "sku-9"})).settle()
    inquiry = next(call for call in run.calls if call.operation is Operation.INQUIRE)
    assert inquiry.work.updates is None  # type: ignore[union-attr]
    assert "update_shipment" not in run.log


# ---- a carrier that refuses, or does not answer ------------------------------------------------------------


def test_a_refused_update_is_a_cancel_and_another_request() -> None:
    run = able()
    before = len(run.calls)
    run.edit(AIR)
    run.finish(to_update(run), refuse="no_such_service")
    run.settle()
    accepted(run)
    assert since(run, before) == [*ASKED, UPDATE, "ship/1/r1/cancel_shipment/1", "ship/1/r2/request_shipment/2"]
    assert ship(run) == [("cancel_and_create", "carrier")]
    assert "shipment.updated" not in run.told
    ends_well(run)


def test_a_refused_update_and_a_refused_cancel_refuse_the_change() -> None:
    run = able()
    run.edit(AIR)
    run.finish(to_update(run), refuse="too_late")
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT), refuse="too_late")
    run.settle()
    refused(run, "too_late")
    assert run.log.count("update_shipment") == 1, "there was nothing to put back"
    as_it_was(run)


@pytest.mark.parametrize("effect", [True, False])
def test_a_time_out_does_not_mean_no(effect: bool) -> None:
    """A person has it tried again, under the same key; nothing is cancelled meanwhile."""
    run = able()
    run.edit(AIR)
    run.finish(to_update(run), fault=True, effect=effect)
    run.settle()
    (waiting,) = [one for one in run.row.waiting if one.parked]
    assert (waiting.code, waiting.who) == ("update_failed", "fulfillment_lead")
    assert waiting.why == "The request could not be updated: No answer."
    assert "e1" not in run.state.answers
    run.retry()
    run.settle()
    accepted(run)
    assert [call.key for call in run.calls if isinstance(call.work, UpdateShipment)] == [f"O-1/{UPDATE}"] * 2
    assert "cancel_shipment" not in run.log
    assert carried(run)[0] == "air"
    ends_well(run)


def test_what_the_carrier_tells_amid_an_update_is_heard_when_it_is_over() -> None:
    run = able(cells=FEWER)
    run.edit(Edit(quantity={2: 1}))
    update = to_update(run)
    run.world.answer(update)
    run.carrier("shipped")
    assert run.row.status is Status.RELEASED
    run.finish(update)
    run.settle()
    accepted(run)
    assert run.row.status is Status.COMPLETED
    is_well(run)
    assert run.world.shipped == {KEY: {1: 1, 2: 1}}


def test_a_cancel_does_not_go_before_an_update_that_was_asked_for() -> None:
    run = able()
    run.edit(AIR)
    update = to_update(run)
    run.cancel()
    run.finish(update)
    run.settle()
    accepted(run)
    assert run.answer().code == "cancelled"
    assert run.log.count("update_shipment") == 1
    is_well(run)


def test_a_cancel_goes_before_the_edit_whose_update_the_carrier_refuses_meanwhile() -> None:
    run = able()
    before = len(run.calls)
    run.edit(AIR)
    update = to_update(run)
    run.cancel()
    run.finish(update, refuse="no_such_service")
    run.settle()
    assert (run.answer("e1").outcome, run.answer("e1").code) == (ChangeOutcome.REFUSED, "overtaken")
    assert run.answer().code == "cancelled"
    assert "ship/1/r2/request_shipment/2" not in since(run, before)
    assert not run.world.live(Operation.SHIP)
    is_well(run)


def test_a_sequence_stops_where_the_carrier_says_that_it_could_update_the_request() -> None:
    run = able()
    run.sequences = True
    before = len(run.calls)
    run.edit(AIR)
    question = run.up_to(Operation.INQUIRE)
    assert run.underway is not None
    assert [call.operation for call in run.underway.sequence.calls][-1] is Operation.CANCEL_SHIPMENT
    run.finish(question)
    assert run.underway is None
    run.settle()
    accepted(run)
    assert since(run, before) == [*ASKED, UPDATE]
    assert ship(run) == [("update", "carrier")]
    ends_well(run)


# ---- several groups ----------------------------------------------------------------------------------------


def two(*, refuse_cancel: bool) -> Run:
    """Two groups: the first is updated, the second refuses, and perhaps also to be cancelled."""
    run = able(groups=2)
    run.edit(AIR)
    to_update(run)
    first, second = [call for call in run.pending if call.operation is Operation.UPDATE_SHIPMENT]
    run.finish(first)
    run.finish(second, refuse="no_such_service")
    if refuse_cancel:
        run.finish(run.up_to(Operation.CANCEL_SHIPMENT), refuse="too_late")
    return run


def test_one_group_is_updated_and_the_other_sent_anew() -> None:
    run = two(refuse_cancel=False)
    run.settle()
    accepted(run)
    assert ship(run) == [("update", "carrier"), ("cancel_and_create", "carrier")]
    assert carried(run)[0] == "air"
    ends_well(run)


def test_an_update_is_put_back_when_another_group_cannot_be_changed() -> None:
    run = two(refuse_cancel=True)
    run.settle()
    refused(run, "too_late")
    back = run.calls[-2]
    assert isinstance(back.work, UpdateShipment)
    assert (back.work.instead_of, back.work.method, back.work.change_id) == (f"O-1/{UPDATE}", "ground", None)
    assert [carried(run, key)[0] for key in (KEY, OTHER)] == ["ground", "ground"]
    ends_well(run)


def test_what_cannot_be_put_back_is_cancelled_and_sent_anew_as_it_was() -> None:
    run = two(refuse_cancel=True)
    run.finish(to_update(run), refuse="no_such_service")
    run.settle()
    refused(run, "too_late")
    assert sorted(run.world.live(Operation.SHIP)) == ["O-1/ship/1/r1/request_shipment/2", OTHER]
    assert carried(run, "O-1/ship/1/r1/request_shipment/2") == ("ground", {1: 1, 2: 2})
    ends_well(run)


def test_what_can_neither_be_put_back_nor_cancelled_is_for_a_person() -> None:
    run = two(refuse_cancel=True)
    run.finish(to_update(run), refuse="too_late")
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT), refuse="too_late")
    run.settle()
    refused(run, "too_late")
    (waiting,) = [one for one in run.row.waiting if one.parked]
    assert (waiting.code, waiting.step, waiting.group) == (UPDATED_ANYWAY, "ship", "1")
    assert waiting.why.startswith("The carrier had updated the request for a change that was then refused")
    for key in (KEY, OTHER):
        run.carrier("shipped", key)
        run.settle()
    assert run.row.status is Status.SHIPPED, "it does not end before somebody has settled that"
    asked = SkipAsked(step="ship", group="1", reason="the customer is content", at=run.at)
    assert skip_refusal(run.state, asked) is None
    run.feed(asked)
    run.settle()
    assert run.row.status is Status.COMPLETED


def test_a_put_back_that_gets_no_answer_is_tried_again_by_a_person() -> None:
    run = two(refuse_cancel=True)
    run.finish(to_update(run), fault=True, effect=False)
    run.settle()
    assert "e1" not in run.state.answers, "it is answered when the order is as it was"
    run.retry()
    run.settle()
    refused(run, "too_late")
    assert carried(run)[0] == "ground"
    ends_well(run)


# ---- previews, and orders that are resumed -------------------------------------------------------------------


def test_a_preview_says_that_the_request_is_updated_and_the_change_does_that() -> None:
    run = able()
    seen = run.preview(AIR)
    assert [(str(one.do), one.adapter) for one in seen.plan if one.step == "ship"] == [("update", "carrier")]
    assert "The carrier updates the shipment request as asked." in seen.assumptions
    assert "update_shipment" not in run.log
    run.edit(AIR, token=seen.token).settle()
    assert said(run.answer("e1")) == said(seen)


def test_a_preview_is_stale_once_the_carrier_can_no_longer_update() -> None:
    run = able()
    seen = run.preview(AIR)
    run.world.updates.able = False
    run.edit(AIR, token=seen.token).settle()
    refused(run, "stale_preview")
    instead = run.answer("e1").instead
    assert instead is not None
    assert [str(one.do) for one in instead.plan if one.step == "ship"] == ["cancel_and_create"]
    as_it_was(run)


def test_a_preview_is_stale_when_the_carrier_refuses_and_the_next_one_knows_better() -> None:
    run = able()
    seen = run.preview(AIR)
    run.edit(AIR, token=seen.token)
    run.finish(to_update(run), refuse="no_such_service")
    run.settle()
    refused(run, "stale_preview")
    assert "cancel_shipment" not in run.log
    instead = run.answer("e1").instead
    assert instead is not None
    run.edit(AIR, "e2", token=instead.token).settle()
    accepted(run, "e2")
    assert ship(run, "e2") == [("cancel_and_create", "carrier")]
    ends_well(run)


@pytest.mark.parametrize("answered", [True, False])
def test_a_resumed_order_puts_back_what_its_earlier_life_did_not_finish(answered: bool) -> None:
    run = able()
    run.edit(AIR)
    run.world.answer(to_update(run), fault=not answered, effect=answered)
    run = resumed(run)
    run.settle()
    accepted(run)
    works = [call.work for call in run.calls if isinstance(call.work, UpdateShipment)]
    assert [(work.method, work.instead_of) for work in works] == [("ground", f"O-1/{UPDATE}"), ("air", None)]
    assert run.world.live(Operation.SHIP) == [KEY]
    assert carried(run)[0] == "air"
    ends_well(run)


def test_a_resumed_order_leaves_alone_what_was_accepted() -> None:
    run = able()
    run.edit(AIR).settle()
    accepted(run)
    run = resumed(run)
    run.settle()
    assert "update_shipment" not in run.log
    assert (run.step("ship").key, run.step("ship").snapshot.method, run.row.revision) == (KEY, "air", 2)
    assert run.step("ship").state is RunState.DONE
    ends_well(run)


def test_an_order_of_an_earlier_release_is_changed_as_before() -> None:
    run = able()
    run.state = run.state.model_copy(update={"release": 9})
    run.edit(AIR).settle()
    assert run.answer("e1").outcome is ChangeOutcome.ACCEPTED
    assert ("update_shipment" in run.log, run.log.count("cancel_shipment")) == (False, 1)
    ends_well(run)


def test_payment_and_method_together_reach_the_carrier() -> None:
    run = able()
    run.world.updates.able = False
    run.edit(Edit(fields={ChangeKind.SHIP_METHOD: "air", ChangeKind.PAYMENT: "card"})).settle()
    accepted(run)
    assert [carried(run, key)[0] for key in run.world.live(Operation.SHIP)] == ["air"]
    ends_well(run)
