"""A short shipment splits its group: what left is billed, the rest goes on by itself (ORC16, CHG11)."""

import pytest

from domain.base import Lines
from domain.process.calls import CapturePayment, CreateInvoice, RequestShipment
from domain.process.words import Operation, Status
from tests.process.course import Course
from tests.process.editing import Edit
from tests.process.policies import SHAPES
from tests.process.rules_splits import to_be_closed
from tests.process.splitting import ShortRun, ShortWorld


def waiting(shape: str = "standard") -> ShortRun:
    """Line 1 with one unit and line 2 with two, all of which the carrier is to ship; 10.00 a unit, 5.00 of charges."""
    run = ShortRun(world=ShortWorld(process=SHAPES[shape]()))
    run.begin().settle()
    return run


def works(run: ShortRun, kind: type) -> list[tuple[str, Lines, int]]:
    found = []
    for call in run.calls:
        if isinstance(call.work, kind):
            lines = getattr(call.work, "lines", {})
            amount = getattr(call.work, "amount", 0) or getattr(call.work, "goods", 0) + getattr(
                call.work, "charges", 0
            )
            found.append((call.group, lines, amount))
    return found


@pytest.mark.parametrize("shape", ["standard", "choosing", "beside"])
def test_what_left_is_billed_and_the_rest_is_sent_anew(shape: str) -> None:
    run = waiting(shape)
    run.ships_no_more(run.key("ship"), {2: 1}, "1.2")
    run.settle()
    assert {id_: group.lines for id_, group in run.state.groups.items()} == {"1": (2,), "1.2": (1, 2)}
    assert [row.units for row in run.row.groups] == [{2: 1}, {2: 1}]
    assert run.row.counts == {Status.RELEASED: 2}
    assert works(run, RequestShipment) == [("1", {1: 1, 2: 2}, 0), ("1.2", {1: 1, 2: 1}, 0)]
    assert works(run, CapturePayment) == [("1", {}, 1500)]
    assert works(run, CreateInvoice) == [("1", {2: 1}, 1500)]
    run.carrier("shipped", run.key("ship", "1.2"))
    run.settle()
    assert works(run, CapturePayment) == [("1", {}, 1500), ("1.2", {}, 2000)]
    assert works(run, CreateInvoice) == [("1", {2: 1}, 1500), ("1.2", {1: 1, 2: 1}, 2000)]
    assert run.state.finished
    assert run.row.counts == {Status.COMPLETED: 2}
    assert [call.operation for call in run.calls if call.operation is Operation.RESERVE] == [Operation.RESERVE]
    assert Operation.RELEASE not in {call.operation for call in run.calls}


def test_it_is_told_in_words_and_once() -> None:
    run = waiting()
    fact = run.ships_no_more(run.key("ship"), {1: 1, 2: 1}, "1.2")
    run.feed(fact)
    run.settle()
    run.feed(fact)
    run.settle()
    told = [event.words for event in run.world.database.events.values() if event.type == "order.split"]
    assert told == ["2 of 3 units have left. The rest goes on by itself as group 1.2: 1 of line 2."]
    assert list(run.state.groups) == ["1", "1.2"]
    assert len(works(run, RequestShipment)) == 2


def test_the_rest_can_be_short_again() -> None:
    run = waiting()
    run.ships_no_more(run.key("ship"), {1: 1}, "1.2")
    run.settle()
    run.ships_no_more(run.key("ship", "1.2"), {2: 1}, "1.3")
    run.settle()
    run.carrier("shipped", run.key("ship", "1.3"))
    run.settle()
    assert run.state.finished
    assert [lines for _, lines, _ in works(run, CreateInvoice)] == [{1: 1}, {2: 1}, {2: 1}]
    assert sum(amount for *_, amount in works(run, CapturePayment)) == 3500


def test_a_part_of_which_the_rest_follows_splits_nothing() -> None:
    run = waiting()
    run.carrier("shipped", lines={2: 1})
    run.settle()
    assert list(run.state.groups) == ["1"]
    assert works(run, CapturePayment) == []


def test_nothing_is_split_off_where_all_has_left() -> None:
    run = waiting()
    key = run.key("ship")
    run.world.shipped[key] = {1: 1, 2: 2}
    fact = run.ships_no_more(key, {1: 1, 2: 2}, "1.2")
    assert fact.short
    run.settle()
    assert list(run.state.groups) == ["1"]
    assert run.state.finished


def test_a_fact_before_the_answer_is_kept_until_the_request_is_known() -> None:
    run = ShortRun(world=ShortWorld())
    run.begin()
    call = run.up_to(Operation.SHIP)
    fact = run.ships_no_more(call.key, {1: 1}, "1.2")
    assert list(run.state.groups) == ["1"]
    assert run.state.early == (fact,)
    run.finish(call)
    run.world.short(call.key, {1: 1}, "1.2")
    run.settle()
    assert list(run.state.groups) == ["1", "1.2"]
    assert run.state.early == ()


def test_a_cancel_that_the_carrier_refuses_comes_before_the_split() -> None:
    run = waiting()
    key = run.key("ship")
    run.cancel()
    fact = run.ships_no_more(key, {1: 1}, "1.2")
    assert run.state.early == (fact,)
    run.settle()
    assert run.answer().outcome == "refused"
    assert list(run.state.groups) == ["1", "1.2"]


def test_the_rest_is_made_smaller_and_what_has_left_stays() -> None:
    run = waiting()
    run.ships_no_more(run.key("ship"), {2: 1}, "1.2")
    run.settle()
    run.edit(Edit(quantity={2: 1}))
    run.world.units["1.2"], run.world.amounts["1.2"] = {1: 1}, {1: 1000}
    run.settle()
    assert run.answer("e1").outcome == "accepted", run.answer("e1").words
    assert {id_: group.lines for id_, group in run.state.groups.items()} == {"1": (2,), "1.2": (1,)}
    run.carrier("shipped", run.key("ship", "1.2"))
    run.settle()
    assert works(run, CreateInvoice) == [("1", {2: 1}, 1500), ("1.2", {1: 1}, 1000)]
    assert run.state.finished


def test_the_rest_is_cancelled() -> None:
    run = waiting()
    run.ships_no_more(run.key("ship"), {1: 1, 2: 1}, "1.2")
    run.settle()
    run.edit(Edit(quantity={2: 1})).settle()
    assert run.answer("e1").outcome == "accepted", run.answer("e1").words
    assert run.row.counts == {Status.COMPLETED: 2}
    assert run.state.finished
    released = [call for call in run.calls if call.operation is Operation.RELEASE]
    assert len(released) == 1


def test_a_change_of_what_has_left_is_turned_down() -> None:
    run = waiting()
    run.ships_no_more(run.key("ship"), {1: 1}, "1.2")
    run.settle()
    run.edit(Edit(item={1: "sku-9"})).settle()
    assert run.answer("e1").outcome == "refused"
    assert list(run.state.groups) == ["1", "1.2"]


def test_the_machine_closes_no_request_while_an_edit_may_come_back() -> None:
    """Its modelled outside knows of no change of what was split; one whose answer is lost is worked out again."""
    run = waiting()
    course = Course(run)
    assert to_be_closed(course) == [run.key("ship")]
    run.edit(Edit(quantity={9: 1}))
    assert run.up_to(Operation.REVISE) == run.pending[0]
    run.finish(run.pending[0])
    assert (run.answer("e1").code, [call.operation for call in run.pending]) == ("unknown_line", [Operation.SAVE])
    assert to_be_closed(course) == []
    run.settle()
    assert to_be_closed(course) == [run.key("ship")]
