"""A resumed order that does not get on: holds, faults and lapsed money between the walk and what it had done."""

from datetime import date

import pytest

from domain.process.calls import AuthorizePayment, Undo
from domain.process.events import CallFailed, HoldAsked, ReleaseAsked
from domain.process.read_model import Hold
from domain.process.words import REMOTE, ChangeKind, ChangeOutcome, Operation, Status
from tests.process.begun_anew import resumed
from tests.process.changed import accepted, ends_well
from tests.process.editing import Edit
from tests.process.outside import World
from tests.process.policies import SHAPES, standard
from tests.process.runner import Run
from tests.process.test_resuming_changes import nothing_stands
from tests.process.walking import Step, Story, again


def hold(run: Run, step: str | None) -> None:
    run.feed(HoldAsked(id="h1", code="credit", step=step, reason="over the limit", requested_by="ann", at=run.at))


def kinds(keys: set[str]) -> set[str]:
    return {key.split("/")[-2] for key in keys}


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("step", [None, "reserve", "authorize", "ship"])
@pytest.mark.parametrize("placed", ["before it is lost", "after"])
def test_a_hold_keeps_it_from_nothing_that_it_had_done(shape: str, step: str | None, placed: str) -> None:
    run = Run(world=World(process=SHAPES[shape]())).begin().settle()
    before = set(run.world.done)
    if placed == "before it is lost" and step is None:
        hold(run, step)
        run.settle()
        assert [held.id for held in run.state.holds] == ["h1"]
    run = resumed(run)
    run.finish(run.pending[0])
    if not run.state.holds:
        hold(run, step)
    run.settle()
    assert run.key("ship") in run.world.live(Operation.SHIP), "it has come to the request that stands"
    assert kinds(set(run.world.done) - before) <= {"trim_reservation"}, "nothing was done anew"
    run.cancel()
    nothing_stands(run.settle())


def test_a_hold_keeps_it_from_what_it_had_not_done() -> None:
    run = Run().begin()
    run.up_to(Operation.SHIP)
    run.world.database.row = run.row.model_copy(
        update={"holds": (Hold(id="h1", code="credit", reason="over the limit", at=run.at, until=run.at),)}
    )
    run = resumed(run).settle()
    assert run.world.live(Operation.AUTHORIZE) == [run.key("authorize")]
    assert not run.world.live(Operation.SHIP)
    assert [wait.what for wait in run.row.waiting if wait.parked] == ["hold h1"]
    run.feed(ReleaseAsked(id="h1", reason="paid up", requested_by="bob", at=run.at))
    run.settle()
    assert run.world.live(Operation.SHIP) == [run.key("ship")]


def test_money_that_could_not_be_taken_of_a_lapsed_authorization_is_taken_of_the_next() -> None:
    run = Run().begin().settle()
    lapsed = run.key("authorize")
    run.world.expired.add(lapsed)
    run.carrier("shipped")
    run.world.answer(run.up_to(Operation.CAPTURE))  # refused, and the answer is lost with the workflow
    assert run.world.known_expired == {lapsed}
    run = resumed(run).settle()
    assert run.world.held() == set()
    assert [work.authorization for work in run.world.captured().values()] == [run.key("authorize")]
    assert run.key("authorize") != lapsed
    assert run.log.count("authorize_payment") == 1, "one new authorization, and no other beside it"
    run.carrier("delivered", id_="f2")
    run.settle()
    assert run.row.status == Status.COMPLETED


def changed(run: Run) -> Run:
    return run.edit(Edit(quantity={2: 1}), "e1").settle()


def test_an_answered_change_that_is_sent_again_before_it_is_opened_comes_to_nothing() -> None:
    run = changed(Run().begin().settle())
    assert run.answer("e1").outcome == ChangeOutcome.ACCEPTED
    answered = run.world.database.answers["e1"]
    facts = list(run.facts)
    run = resumed(run)
    run.facts = []
    run.feed(facts[0])
    run.settle()
    assert "revise" not in run.log
    assert run.state.waiting_changes == ()
    assert (run.state.revision, run.world.database.answers["e1"]) == (2, answered)


def stuck(state: str) -> Run:
    """The request stands at the carrier, or may; the payment provider does not answer when it is asked again."""
    run = Run().begin()
    if state == "done":
        run.settle()
    else:
        run.world.answer(run.up_to(Operation.SHIP), fault=True, effect=False)
    run = resumed(run)
    call = run.up_to(Operation.AUTHORIZE)
    run.pending.remove(call)
    run.feed(CallFailed(key=call.key, words="No answer.", at=run.at))
    return run.settle()


def test_a_change_that_finds_it_stuck_knows_of_the_request_that_stands() -> None:
    run = stuck("done")
    (request,) = run.world.live(Operation.SHIP)
    run.cancel()
    run.settle()
    assert run.world.done[request].operation is Operation.SHIP
    nothing_stands(run)
    assert run.log.count("cancel_shipment") == 1


def test_a_change_that_finds_it_stuck_has_the_higher_total_held_before_the_request_is_cancelled() -> None:
    run = stuck("done")
    before = len(run.calls)
    run.edit(Edit(quantity={1: 3}), "e1").settle()
    assert run.answer("e1").outcome == ChangeOutcome.ACCEPTED
    sent = [call.operation for call in run.calls[before:]]
    assert sent.index(Operation.AUTHORIZE) < sent.index(Operation.CANCEL_SHIPMENT)
    run.retry()
    run.settle()
    held = [run.world.done[key].work for key in run.world.held()]
    assert [work.amount for work in held if isinstance(work, AuthorizePayment)] == [5500]


def test_a_change_waits_while_nobody_knows_whether_the_request_arrived() -> None:
    run = stuck("may have arrived")
    run.cancel()
    run.settle()
    assert [one.change_id for one in run.state.waiting_changes] == ["c1"]
    assert run.world.live(Operation.AUTHORIZE), "nothing was taken back yet"
    run.retry()
    nothing_stands(run.settle())


def test_stuck_on_one_authorization_the_other_is_voided_before_a_change() -> None:
    """A change to another card was cut short: its authorization is left beside that of the order."""
    run = Run().begin().settle()
    run.edit(Edit(fields={ChangeKind.PAYMENT: "card"}), "e1")
    run.world.answer(run.up_to(Operation.AUTHORIZE))
    first, second = run.world.live(Operation.AUTHORIZE)
    run = resumed(run)
    call = run.up_to(Operation.AUTHORIZE)
    run.pending.remove(call)
    run.feed(CallFailed(key=call.key, words="No answer.", at=run.at))
    run.settle()
    assert call.key == first
    assert run.answer("e1").outcome == ChangeOutcome.ACCEPTED
    (void,) = [call for call in run.calls if isinstance(call.work, Undo) and call.work.of == second]
    (revise,) = [call for call in run.calls if call.operation is Operation.REVISE]
    assert run.calls.index(void) < run.calls.index(revise)
    assert {first, second} <= run.world.gone, "both were voided, and the card that is now the order's holds the money"
    assert run.world.held() == {run.key("authorize")}


def test_a_change_waits_while_money_was_taken_that_the_walk_has_not_come_to() -> None:
    run = Run().begin().settle()
    run.carrier("shipped")
    run.settle()
    (taken,) = run.world.captured().values()
    run = resumed(run)
    call = run.up_to(Operation.AUTHORIZE)
    run.pending.remove(call)
    run.feed(CallFailed(key=call.key, words="No answer.", at=run.at))
    run.settle()
    run.edit(Edit(fields={ChangeKind.PAYMENT: "card"}), "e1").settle()
    assert [one.change_id for one in run.state.waiting_changes] == ["e1"]
    run.retry()
    run.settle()
    assert run.answer("e1").outcome == ChangeOutcome.REFUSED
    assert list(run.world.captured().values()) == [taken]
    assert run.world.gone == set()


def test_a_cancel_that_was_accepted_with_a_lost_answer_is_carried_out_when_it_is_resumed() -> None:
    run = Run().begin().settle()
    run.edit(Edit(move={1: "east", 2: "east"})).settle()  # the stock is younger than the money now, and goes before it
    run.cancel()
    run.settle(lambda call: call.save is not None and "order.cancelled" in {one.type for one in call.save.events})
    run.finish(run.pending[0], fault=True, effect=True)
    run.settle()
    assert run.world.database.answers["c1"].outcome is ChangeOutcome.ACCEPTED
    assert [wait.code for wait in run.row.waiting if wait.parked] == ["undo_failed"]
    run = resumed(run).settle()
    nothing_stands(run)
    assert (run.row.status, run.state.finished) == (Status.CANCELLED, True)
    assert run.log.count("request_shipment") == 0, "nothing is sent again"


def test_what_is_left_behind_is_undone_though_the_change_that_found_it_stuck_goes_on_waiting() -> None:
    """The old authorization stood as being voided, and nobody was asked to void it."""
    place = {
        "shape": "choosing",
        "groups": 1,
        "method": "card",
        "as_of": date(2026, 3, 10),
        "requested": date(2026, 3, 2),
        "patience": 24,
        "reserve": "",
        "authorize": "",
        "ship": "",
        "capture": "",
        "sequences": True,
    }
    steps: list[Step] = [
        ("all_come_back", {}),
        ("change", {"then": 2, "odd": "", "what": "reference", "also": "up", "which": 3, "more": 3}),
        ("held_when_it_is_tried_again", {"which": 0, "effect": False}),
        ("fault", {"which": 1, "effect": False}),
        ("workflow_lost", {"arrived": 1, "entered": 0}),
        ("out_of_turn", {"which": 4, "times": 2}),
        ("authorization_goes_wrong", {"which": 3, "effect": True, "what": "payment", "more": 1, "then": 6}),
    ]
    assert again(Story(0, place), steps) is None


def test_a_cancel_in_line_is_not_answered_in_advance_with_a_call_beside_which_more_is_told() -> None:
    """It was saved as refused for what one group had shipped, and then given as refused for what two had."""
    place = {
        "shape": "watching",
        "groups": 3,
        "method": "card",
        "as_of": None,
        "requested": date(2026, 3, 2),
        "patience": 21,
        "reserve": "ask csr",
        "authorize": "hold",
        "ship": "",
        "capture": "",
        "sequences": False,
        "fewer_in_place": True,
    }
    steps: list[Step] = [
        ("in_turn", {"times": 2}),
        ("first_group_is_closed", {"then": 8}),
        ("in_turn", {"times": 4}),
        ("money_is_over_when_it_is_asked_again", {"which": 3, "effect": True}),
        ("held_when_it_is_tried_again", {"which": 5, "effect": False}),
        ("changed_once_picked", {"request": 4, "what": "down", "which": 3, "more": 3}),
        ("out_of_turn", {"which": 0, "times": 4}),
        ("release", {"which": 1, "roles": None}),
        ("fewer_in_place", {"what": "down", "also": "down", "which": 3, "more": 4, "then": 3, "lost": ""}),
        ("cancel_amid_a_change", {"then": 5, "another": True, "what": "up", "also": "item", "which": 6, "more": 2}),
        ("carrier_gets_on", {"which": 3, "to": "delivered"}),
        ("workflow_lost", {"arrived": 2, "entered": 0}),
        ("in_turn", {"times": 2}),
        ("held_when_it_is_tried_again", {"which": 0, "effect": False}),
        ("out_of_turn", {"which": 1, "times": 4}),
        ("carrier_gets_on", {"which": 4, "to": "delivered"}),
        ("release", {"which": 1, "roles": ()}),
    ]
    assert again(Story(0, place), steps) is None


def test_nothing_is_shipped_on_money_that_an_earlier_life_was_giving_back() -> None:
    """The policy cancels what the carrier refuses; nobody else asked for that, so the change in line comes about."""
    run = Run(world=World(process=standard(ship="cancel"))).begin()
    run.finish(run.up_to(Operation.SHIP), refuse="no_such_method")
    void = run.up_to(Operation.VOID)
    run.edit(Edit(fields={ChangeKind.SHIP_METHOD: "air"}))
    run.world.answer(void, fault=True, effect=False)
    run = resumed(run).settle()
    accepted(run)
    sent = [call.key.removeprefix("O-1/") for call in run.calls if call.operation in REMOTE]
    assert sent == [
        *("authorize/1/r1/authorize_payment/1", "authorize/1/r2/authorize_payment/2"),
        *("authorize/1/r1/void_authorization/1", "ship/1/r2/request_shipment/2"),
    ]
    ends_well(run)
