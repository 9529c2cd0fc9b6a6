"""The workflow is lost amid an update, and the carrier then takes it back no more (CHG7, CHG9, ORC16)."""

import pytest

from domain.process import releases
from domain.process.events import SkipAsked
from domain.process.updates import UPDATED_ANYWAY
from domain.process.words import ChangeKind, ChangeOutcome, Operation, Status
from tests.process import books
from tests.process.begun_anew import resumed
from tests.process.editing import Edit
from tests.process.ending import is_well
from tests.process.runner import Run
from tests.process.splitting import ShortRun, ShortWorld
from tests.process.test_updates import AIR, KEY, OTHER, carried, since, to_update
from tests.process.updating import FEWER_IN_PLACE, Updates

ONE_OF_TWO = Edit(quantity={2: 1})
"""One unit of line 2, of which there are two."""
LEFT = {1: 1, 2: 1}
"""What the carrier carries then."""
REST = "1.2"
REQUEST_OF_REST = f"O-1/ship/{REST}/r1/request_shipment/1"
NOT_TAKEN_BACK = ["ship/1/r1/update_shipment/2", "ship/1/r1/cancel_shipment/1"]


def lost_amid(edit: Edit, groups: int = 1) -> ShortRun:
    """The carrier has updated the request, and nobody heard of it: the workflow was lost, and the order begins anew."""
    run = ShortRun(world=ShortWorld(updates=Updates(able=True, relabels=True), groups=groups))
    run.world.rules = FEWER_IN_PLACE
    run.begin().settle()
    run.edit(edit)
    run.world.answer(to_update(run))
    return begun_anew(run)


def begun_anew(run: ShortRun) -> ShortRun:
    again = resumed(run)
    assert isinstance(again, ShortRun)
    return again


def picked_and_kept(run: ShortRun) -> None:
    """The carrier has picked what it carries: it neither puts the update back nor cancels the request."""
    run.carrier("picked", KEY)
    run.finish(run.up_to(Operation.UPDATE_SHIPMENT), refuse="too_late")
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT), refuse="too_late")
    run.settle()
    is_for_a_person(run)


def has_left(run: ShortRun) -> None:
    """All that the carrier carries of the request has left, at whatever moment, so that nothing more comes of it."""
    Run.carrier(run, "shipped", KEY)
    run.world.short(KEY, LEFT, REST, {1: 1, 2: 2})


def is_for_a_person(run: Run) -> None:
    """The change was refused, and somebody is told that the carrier has what it asked for."""
    assert run.answer("e1").outcome is ChangeOutcome.REFUSED
    (waiting,) = [one for one in run.row.waiting if one.parked]
    assert (waiting.code, waiting.step, waiting.group) == (UPDATED_ANYWAY, "ship", "1")


def settled_by_a_person(run: Run) -> None:
    run.feed(SkipAsked(step="ship", group="1", reason="the customer is content", requested_by="ann", at=run.at))
    run.settle()


def ends_in_two_parts(run: Run) -> None:
    """The unit that the update left out is sent, captured and invoiced by itself."""
    run.settle()
    is_for_a_person(run)
    books.at_rest(run, books.Opening())
    assert carried(run) == ("ground", LEFT)
    assert run.world.live(Operation.SHIP) == [REQUEST_OF_REST]
    assert carried(run, REQUEST_OF_REST) == ("ground", {2: 1})
    assert [row.status for row in run.row.groups] == [Status.SHIPPED, Status.RELEASED]
    settled_by_a_person(run)
    assert run.row.status is not Status.COMPLETED, "a unit has not left"
    run.carrier("shipped", REQUEST_OF_REST, id_="rest")
    run.settle()
    assert run.row.status is Status.COMPLETED
    is_well(run)


def test_a_method_that_left_before_it_was_put_back_is_for_a_person() -> None:
    run = lost_amid(AIR)
    run.carrier("shipped", KEY)
    run.settle()
    assert [key for key in since(run, 0) if key in NOT_TAKEN_BACK] == NOT_TAKEN_BACK
    is_for_a_person(run)
    assert run.row.status is Status.SHIPPED, "it does not end before somebody has settled that"
    assert (carried(run)[0], run.step("ship").snapshot.method) == ("air", "ground")
    books.at_rest(run, books.Opening())
    settled_by_a_person(run)
    books.at_rest(run, books.Opening())
    assert run.row.status is Status.COMPLETED
    is_well(run)


@pytest.mark.parametrize("forgotten", ["telling", "asking to put it back", "asking to cancel"])
def test_the_judge_takes_another_method_for_a_mistake_unless_all_was_tried_and_somebody_told(forgotten: str) -> None:
    run = lost_amid(AIR)
    run.carrier("shipped", KEY)
    run.settle()
    if forgotten == "telling":
        run.world.database.events.clear()
    elif forgotten == "asking to put it back":
        del run.world.outcomes[f"O-1/{NOT_TAKEN_BACK[0]}"]
    else:
        run.world.not_voided.clear()
    with pytest.raises(AssertionError, match="the carrier has another"):
        books.at_rest(run, books.Opening())


def test_units_that_a_lost_update_left_out_are_sent_when_the_rest_has_left() -> None:
    run = lost_amid(ONE_OF_TWO)
    picked_and_kept(run)
    books.at_rest(run, books.Opening())
    assert run.world.live(Operation.SHIP) == [KEY], "nothing is sent anew before the carrier has shipped"
    has_left(run)
    ends_in_two_parts(run)


def test_units_that_a_lost_update_left_out_are_sent_when_the_rest_left_before_the_order_came_back() -> None:
    run = lost_amid(ONE_OF_TWO)
    has_left(run)
    ends_in_two_parts(run)
    assert [key for key in since(run, 0) if key in NOT_TAKEN_BACK] == NOT_TAKEN_BACK


@pytest.mark.parametrize("hears_first", [True, False])
def test_what_a_lost_update_left_out_is_still_known_after_another_change_and_another_loss(hears_first: bool) -> None:
    run = lost_amid(ONE_OF_TWO, groups=2)
    picked_and_kept(run)
    settled_by_a_person(run)
    run.edit(Edit(quantity={4: 3}), "e2").settle()
    assert (run.answer("e2").outcome, run.row.revision) == (ChangeOutcome.ACCEPTED, 2)
    run = begun_anew(run)
    if hears_first:
        has_left(run)
    run.settle()
    books.at_rest(run, books.Opening())
    if not hears_first:
        assert run.world.live(Operation.SHIP) == [KEY, OTHER]
        has_left(run)
        run.settle()
    rest = f"O-1/ship/{REST}/r2/request_shipment/1"
    assert run.world.live(Operation.SHIP) == [OTHER, rest]
    assert (carried(run), carried(run, OTHER), carried(run, rest)) == (
        ("ground", LEFT),
        ("ground", {3: 3, 4: 3}),
        ("ground", {2: 1}),
    )
    for key in (OTHER, rest):
        run.carrier("shipped", key, id_=key)
        run.settle()
    assert (run.row.status, run.row.waiting) == (Status.COMPLETED, ())
    is_well(run)


def test_a_later_update_is_what_the_carrier_carries_then() -> None:
    run = lost_amid(ONE_OF_TWO)
    picked_and_kept(run)
    run.carrier("released", KEY)
    run.edit(Edit(cancel=(2,)), "e2").settle()
    assert (run.answer("e2").outcome, carried(run)) == (ChangeOutcome.ACCEPTED, ("ground", {1: 1}))
    books.at_rest(run, books.Opening())
    settled_by_a_person(run)
    run.carrier("shipped", KEY)
    run.settle()
    assert (run.row.status, list(run.state.groups)) == (Status.COMPLETED, ["1"])
    is_well(run)


def test_what_a_lost_update_left_out_is_not_missed_when_it_is_put_back() -> None:
    run = lost_amid(ONE_OF_TWO)
    run.settle()
    assert run.answer("e1").outcome is ChangeOutcome.ACCEPTED, "the change is made anew"
    assert (carried(run), run.step("ship").snapshot.lines) == (("ground", LEFT), LEFT)
    run.carrier("shipped", KEY)
    run.settle()
    assert (run.row.status, list(run.state.groups)) == (Status.COMPLETED, ["1"])
    is_well(run)


def test_units_that_an_accepted_update_left_out_are_nobodys_once_the_workflow_is_lost() -> None:
    run = ShortRun(world=ShortWorld(updates=Updates(able=True)))
    run.world.rules = FEWER_IN_PLACE
    run.begin().settle()
    run.edit(ONE_OF_TWO).settle()
    run = begun_anew(run)
    run.carrier("shipped", KEY)
    run.settle()
    assert not {"update_shipment", "cancel_shipment"} & set(run.log)
    assert (run.row.status, list(run.state.groups), run.world.live(Operation.SHIP)) == (Status.COMPLETED, ["1"], [KEY])
    is_well(run)


def test_an_order_that_was_resumed_by_an_earlier_release_goes_on_as_it_did() -> None:
    run = lost_amid(ONE_OF_TWO)
    run.state = run.state.model_copy(update={"release": releases.UPDATED_UNITS_ARE_KNOWN - 1})
    has_left(run)
    run.settle()
    is_for_a_person(run)
    assert run.world.live(Operation.SHIP, REST) == []
    assert run.row.status is Status.RELEASED


@pytest.mark.parametrize("put_back", [True, False], ids=["put back", "not put back"])
def test_a_cancel_that_comes_while_an_update_is_put_back_goes_before_the_change(put_back: bool) -> None:
    run = lost_amid(AIR)
    back = to_update(run)
    run.cancel()
    run.finish(back, refuse=None if put_back else "too_late")
    run.settle()
    assert [(run.answer(id_).outcome, run.answer(id_).code) for id_ in ("e1", "c1")] == [
        (ChangeOutcome.REFUSED, "overtaken"),
        (ChangeOutcome.ACCEPTED, "cancelled"),
    ]
    assert not {"revise", "inquire_shipment"} & set(run.log), "nothing more is done for the change"
    assert run.log.count("cancel_shipment") == 1
    assert run.row.status is Status.CANCELLED
    is_well(run)


def test_a_put_back_without_an_answer_is_asked_for_again_after_another_change_and_another_loss() -> None:
    run = lost_amid(Edit(quantity={2: 1}, fields={ChangeKind.SHIP_METHOD: "air"}), groups=2)
    back = to_update(run)
    run.carrier("picked", KEY)
    run.finish(back, fault=True, effect=False)
    run.settle()
    assert [one.code for one in run.row.waiting if one.parked] == ["update_failed", "needs_a_person"]
    run.edit(Edit(cancel=(3, 4)), "e2").settle()
    assert (run.answer("e2").outcome, run.row.revision) == (ChangeOutcome.ACCEPTED, 2)
    run = begun_anew(run)
    run.finish(run.up_to(Operation.UPDATE_SHIPMENT), refuse="too_late")
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT), refuse="too_late")
    run.settle()
    assert [call.key for call in run.calls if call.operation is Operation.UPDATE_SHIPMENT] == [back.key]
    assert [one.code for one in run.row.waiting if one.parked] == [UPDATED_ANYWAY], "a person is told of the method"
    assert (run.answer("e1").outcome, run.answer("e1").code) == (ChangeOutcome.REFUSED, "too_late")
    books.at_rest(run, books.Opening())
    assert carried(run) == ("air", LEFT)
