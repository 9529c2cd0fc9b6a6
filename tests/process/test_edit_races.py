"""Several changes at once, the same one again, and races with facts (CHG1, CHG12, CHG14)."""

from datetime import date, timedelta

import pytest

from domain.policy.model import CancelRefused
from domain.process.calls import RequestShipment
from domain.process.words import ChangeKind, ChangeOutcome, Operation, Status
from tests.process.changed import UP, accepted, ends_well, refused, released, since
from tests.process.checks import carried_over
from tests.process.editing import Edit
from tests.process.ending import is_well
from tests.process.outside import World
from tests.process.runner import Run
from tests.process.walking import Step, Story, again

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


@pytest.mark.parametrize("sequences", [False, True])
def test_edits_in_line_are_one_cancel_and_one_new_request_with_an_answer_and_a_revision_each(sequences: bool) -> None:
    """The next change in line is taken up before the request of the one before it goes out (CHG12)."""
    run = released()
    run.sequences, before = sequences, len(run.calls)
    run.edit(UP)
    run.edit(Edit(quantity={2: 5}), "e2")
    run.edit(Edit(quantity={2: 99}, refused="out_of_reach"), "e3")
    run.edit(Edit(fields={ChangeKind.SHIP_METHOD: "air"}), "e4")
    run.settle()
    assert [(run.answer(name).code, run.answer(name).revision) for name in ("e1", "e2", "e3", "e4")] == [
        *(("changed", 2), ("changed", 3), ("out_of_reach", 3), ("changed", 4)),
    ]
    assert [key for key in since(run, before) if key.startswith("ship/")] == [
        *("ship/1/r1/inquire_shipment/1", "ship/1/r1/cancel_shipment/1", "ship/1/r4/request_shipment/2"),
    ]
    request = run.world.done[run.key("ship")].work
    assert isinstance(request, RequestShipment)
    assert (request.lines, request.method) == ({1: 3, 2: 5}, "air")
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
    is_well(run)


def test_what_a_hold_would_have_decided_is_not_saved_before_a_cancel_overtakes_it() -> None:
    run = Run().begin()
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    run.settle()
    run.edit(UP)
    hold = run.up_to(Operation.RESERVE)
    run.cancel("c1")
    run.finish(hold)
    run.settle()
    assert refused_for(run, "e1") == "overtaken"
    accepted(run, "c1")
    is_well(run)


def test_changes_behind_a_cancel_are_told_that_the_order_is_closed() -> None:
    run = released()
    run.edit(UP)
    run.edit(Edit(quantity={2: 5}), "e2")
    run.cancel("c1")
    run.settle()
    assert (refused_for(run, "e1"), refused_for(run, "e2")) == ("overtaken", "order_closed")
    accepted(run, "c1")


@pytest.mark.parametrize("word", [CancelRefused.REFUSE, CancelRefused.APPLY_TO_THE_REST])
def test_a_request_that_an_earlier_change_does_not_get_back_is_no_matter_of_the_next(word: CancelRefused) -> None:
    """Its undo had no answer; it is tried again, and refused, amid a change of the other group (CHG9, CHG10)."""
    run = released(groups=2, cancel_refused=word)
    run.edit(Edit(quantity={1: 2, 3: 4}))
    run.up_to(Operation.CANCEL_SHIPMENT)
    first, second = run.pending
    run.cancel("c1")
    run.finish(second, fault=True, effect=False)
    run.carrier("shipped", run.key("ship", "2"))
    run.finish(first)
    run.settle()
    assert refused(run, "overtaken", "e1")
    assert run.answer("c1").code == "already_shipped"

    run.edit(Edit(quantity={1: 3}), "e2")
    run.up_to(Operation.CANCEL_SHIPMENT)
    run.retry()
    again = next(call for call in run.pending if call.key == second.key)
    run.finish(again)
    run.settle()
    answer = run.answer("e2")
    assert (answer.outcome, answer.code, answer.not_done) == (ChangeOutcome.ACCEPTED, "changed", ())
    assert run.world.outcomes[second.key].code == "already_shipped"
    assert run.world.live(Operation.SHIP, "2") == [run.key("ship", "2")], "what the carrier keeps goes on as it is"
    ends_well(run)


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


def test_a_new_version_that_could_not_be_saved_is_saved_with_the_next_try() -> None:
    run = released()
    run.edit(Edit(quantity={2: 1})).settle(lambda call: call.save is not None and call.save.revised is not None)
    before = len(run.calls)
    (save,) = run.pending
    run.finish(save, fault=True, effect=False)
    assert run.world.database.revision == 1
    run.pass_time(timedelta(seconds=5))
    run.finish(save)
    assert run.world.database.revision == 2
    assert since(run, before) == ["reserve/1/r2/trim_reservation/1", "ship/1/r2/request_shipment/2"]
    ends_well(run)


def test_what_got_no_answer_is_sent_again_before_the_next_change_is_worked_out() -> None:
    run = Run(world=World(groups=2)).begin()
    run.settle(lambda call: call.operation is Operation.RESERVE and call.group == "2")
    lost = run.pending[0]
    run.finish(lost, fault=True, effect=True)
    run.settle()
    run.edit(UP).settle(lambda call: call.operation is Operation.SAVE)
    run.pass_time(timedelta(minutes=2))
    run.edit(Edit(quantity={3: 1}), "e2").settle()
    assert [call.key for call in run.calls].count(lost.key) == 2
    assert len(run.world.live(Operation.RESERVE, "2")) == 1
    ends_well(run)


def test_a_request_that_got_no_answer_is_not_sent_again_when_its_money_expires_just_then() -> None:
    run = Run().begin()
    lost = run.up_to(Operation.SHIP)
    run.finish(lost, fault=True, effect=False)
    run.edit(Edit(fields={ChangeKind.REFERENCE: "PO-1"})).settle(
        lambda call: call.save is not None and bool(call.save.revised)
    )
    run.retry()
    run.expire(run.key("authorize"))
    run.finish(run.pending[0])
    assert [call.operation for call in run.pending] == [Operation.AUTHORIZE]
    run.settle()
    assert [call.key for call in run.calls].count(lost.key) == 2
    assert run.world.live(Operation.SHIP) == [lost.key]
    ends_well(run)


def test_a_cancel_that_a_person_agrees_to_goes_before_the_edit_that_is_being_carried_out() -> None:
    """CHG12: the machine's story of an edit that met an approved cancel, and did not let it go first."""
    place = {
        "shape": "watching",
        "groups": 1,
        "method": "terms",
        "as_of": date(2026, 4, 30),
        "requested": date(2026, 3, 20),
        "patience": 8,
        "reserve": "",
        "authorize": "",
        "ship": "cancel",
        "capture": "ask csr",
    }
    steps: list[Step] = [
        ("all_come_back", {}),
        ("change_that_founds", {"what": "add", "which": 4, "more": 2, "fails": "", "again": True}),
        ("change", {"then": 2, "odd": "", "what": "cancel", "also": "close", "which": 0, "more": 2}),
        ("another_card", {"then": 6}),
        ("cancel_beside_a_failed_undo", {"which": 2, "effect": True, "refused": False}),
        ("refused", {"which": 0, "code": 1}),
        ("decide_on_a_change", {"which": 4, "agreed": True}),
    ]
    assert again(Story(0, place), steps) is None
