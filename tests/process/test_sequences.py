"""What a change asks of the world before its answer goes out in one activity (CHG8, CHG9, CHG12, CHG14)."""

from domain.process.calls import Call
from domain.process.words import ChangeKind, ChangeOutcome, Operation
from tests.process.changed import UP, accepted, ends_well, refused, since
from tests.process.editing import Edit
from tests.process.outside import World
from tests.process.runner import Run

INQUIRE, HOLD = "ship/1/r1/inquire_shipment/1", "reserve/1/r1/reserve_stock/2"
FUND, CANCEL = "authorize/1/r1/authorize_payment/2", "ship/1/r1/cancel_shipment/1"


def changing() -> Run:
    """An order that waits for the carrier and is being changed; its sequence has been sent."""
    run = Run(world=World(), sequences=True).begin().settle()
    run.edit(UP)
    run.up_to(Operation.INQUIRE)
    return run


def calls(run: Run) -> list[Call]:
    assert run.underway is not None
    return list(run.underway.sequence.calls)


def test_all_that_a_change_needs_goes_out_at_once_and_its_last_call_saves_the_answer() -> None:
    run = changing()
    sent = calls(run)
    assert [call.key.removeprefix("O-1/") for call in sent] == [INQUIRE, HOLD, FUND, CANCEL]
    assert [call.save is not None for call in sent] == [False, False, False, True]
    save = sent[-1].save
    assert save is not None
    assert save.revised is not None
    assert (save.revised.number, save.revised.change_id) == (2, "e1")
    assert [(answer.change_id, answer.outcome) for answer in save.answers] == [("e1", ChangeOutcome.ACCEPTED)]
    run.settle()
    accepted(run)
    assert run.answer("e1") == save.answers[0]
    assert run.world.database.answers["e1"] == save.answers[0]
    assert run.log[-4:] == ["cancel_shipment", "request_shipment", "void_authorization", "save_order"]
    ends_well(run)


def test_an_order_of_an_earlier_release_asks_call_by_call() -> None:
    run = Run(world=World(), sequences=True)
    run.state = run.state.model_copy(update={"release": 9})
    run.begin().settle().edit(UP)
    run.up_to(Operation.INQUIRE)
    assert run.underway is None
    run.settle()
    accepted(run)


def test_it_stops_where_the_carrier_is_further_than_was_known() -> None:
    run = changing()
    run.world.progress[run.key("ship")] = "picked"
    before = len(run.calls)
    run.settle()
    accepted(run)
    assert since(run, before) == [
        "reserve/2/r1/reserve_stock/1",
        "authorize/2/r1/authorize_payment/1",
        "ship/2/r2/request_shipment/1",
    ]
    ends_well(run)


def test_it_stops_where_the_stock_is_short_and_nobody_is_asked_for_money() -> None:
    run = changing()
    before = len(run.calls)
    run.finish(run.pending[0])
    run.finish(run.pending[0], refuse="out_of_stock")
    assert since(run, before) == [HOLD]
    run.settle()
    refused(run, "out_of_stock")
    ends_well(run)


def test_a_cancel_that_the_carrier_refuses_leaves_the_order_as_it_was() -> None:
    run = changing()
    for _ in range(3):
        run.finish(run.pending[0])
    run.finish(run.pending[0], refuse="too_late")
    assert "e1" not in run.world.database.answers
    run.settle()
    assert run.state.revision == 1
    refused(run, "too_late")
    assert len(run.world.held()) == 1
    ends_well(run)


def test_a_call_without_an_answer_goes_on_by_itself_and_answers_nobody_in_advance() -> None:
    run = changing()
    for _ in range(3):
        run.finish(run.pending[0])
    run.finish(run.pending[0], fault=True, effect=True)
    (alone,) = run.pending
    assert (alone.key, run.underway) == (f"O-1/{CANCEL}", None)
    assert alone.save is None or not alone.save.answers
    run.cancel("c1")
    run.settle()
    assert (run.answer("e1").outcome, run.answer("e1").code) == (ChangeOutcome.REFUSED, "overtaken")
    assert run.answer("c1").outcome is ChangeOutcome.ACCEPTED
    assert not run.world.held()


def test_a_question_without_an_answer_is_asked_on_and_then_the_rest_goes_out_at_once() -> None:
    run = changing()
    run.finish(run.pending[0], fault=True, effect=False)
    (alone,) = run.pending
    assert (alone.key, run.underway) == (f"O-1/{INQUIRE}", None)
    run.finish(alone)
    assert [call.key.removeprefix("O-1/") for call in calls(run)] == [HOLD, FUND, CANCEL]
    run.settle()
    accepted(run)


def test_edits_that_come_amid_a_sequence_are_in_line_when_it_is_back() -> None:
    """The new order goes to the carrier once, for all of them (CHG12)."""
    run = changing()
    before = len(run.calls)
    run.finish(run.pending[0])
    run.edit(Edit(quantity={2: 5}), "e2")
    run.finish(run.pending[0])
    run.edit(Edit(fields={ChangeKind.SHIP_METHOD: "air"}), "e3")
    assert not run.state.waiting_changes
    run.settle()
    assert [(run.answer(name).code, run.answer(name).revision) for name in ("e1", "e2", "e3")] == [
        *(("changed", 2), ("changed", 3), ("changed", 4)),
    ]
    assert [key for key in since(run, before) if "shipment" in key] == [CANCEL, "ship/1/r4/request_shipment/2"]
    ends_well(run)


def test_an_order_of_release_10_hears_of_edits_behind_a_sequence() -> None:
    run = Run(world=World(), sequences=True)
    run.state = run.state.model_copy(update={"release": 10})
    run.begin().settle().edit(UP)
    run.up_to(Operation.INQUIRE)
    run.edit(Edit(quantity={2: 5}), "e2")
    assert run.underway is None
    assert (run.state.revision, run.answer("e1").code) == (2, "changed")


def test_a_cancel_that_comes_meanwhile_is_heard_behind_it() -> None:
    run = changing()
    run.finish(run.pending[0])
    run.cancel("c1")
    run.settle()
    accepted(run)
    assert run.answer("c1").outcome is ChangeOutcome.ACCEPTED
    assert run.answer("c1").revision == 3
    assert not run.world.held()
    assert not run.world.live(Operation.SHIP)
    assert not run.world.live(Operation.RESERVE)
