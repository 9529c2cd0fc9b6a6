"""A cancel of the order whose carrier keeps a request is done for the rest, if the policy says so (CHG10, CHG14).

The orders have two groups: 1 unit of line 1 and 2 of line 2, and 3 of line 3 and 4 of line 4, at 10.00. The first group
bears 5.00 of freight.
"""

import pytest

from domain.base import Lines
from domain.policy.model import CancelRefused
from domain.process.calls import CreateInvoice
from domain.process.draft import Draft
from domain.process.events import HoldAsked
from domain.process.read_model import ChangeAnswer
from domain.process.words import ActionWord, ChangeOutcome, Operation, Status
from tests.process.begun_anew import resumed
from tests.process.changed import come_back_but_group_two, ends_well, released, since, under
from tests.process.checks import carried_over
from tests.process.editing import Edit
from tests.process.outside import World
from tests.process.policies import Steps, process, standard
from tests.process.runner import Run
from tests.process.test_partly import kept


def two_groups(groups: int = 2, **world: object) -> Run:
    return under(CancelRefused.APPLY_TO_THE_REST, groups=groups, **world)


def cancelled_but(run: Run, *groups: str) -> Run:
    """The order is cancelled, and the carrier keeps the requests of these groups."""
    run.cancel()
    return kept(run, *groups)


def in_part(run: Run, change_id: str = "c1") -> ChangeAnswer:
    given = run.answer(change_id)
    assert (given.kind, given.outcome, given.code) == ("cancel", ChangeOutcome.PARTLY, "cancelled_in_part"), given.words
    assert run.world.database.answers[change_id] == given
    assert run.told.count("change.partly") == 1
    assert "order.cancelled" not in run.told
    return given


def refused(run: Run, change_id: str = "c1") -> str:
    given = run.answer(change_id)
    assert (given.kind, given.outcome, given.not_done) == ("cancel", ChangeOutcome.REFUSED, ()), given.words
    assert given.revision == run.state.revision
    return f"{given.code}: {given.words}"


def units(run: Run) -> dict[str, Lines]:
    draft = Draft(run.state, run.at)
    return {group.id: draft.quantities(group) for group in run.state.groups.values() if group.lines}


def test_what_is_given_back_is_cancelled_and_the_answer_names_the_rest_and_why() -> None:
    run = two_groups()
    before = len(run.calls)
    cancelled_but(run, "2")
    given = in_part(run)
    assert (given.revision, run.state.revision, units(run)) == (2, 2, {"2": {3: 3, 4: 4}})
    assert given.words == (
        "Revision 2: line 1 cancelled, line 2 cancelled. Still promised for 2026-03-20. The total is 75.00 USD now."
        " Not done: line 3 cancelled, line 4 cancelled: They say too_late."
    )
    assert [(one.line, one.what, one.code, one.words) for one in given.not_done] == [
        (3, "line 3 cancelled", "too_late", "They say too_late."),
        (4, "line 4 cancelled", "too_late", "They say too_late."),
    ]
    assert given.before is not None
    assert given.after is not None
    assert (given.before.total, given.after.total, given.cost) == (10500, 7500, 0)
    assert given.actions == ("shipment request by ground cancelled",)
    done = {(action.step, action.do, action.lines) for action in given.plan}
    assert {("reserve", ActionWord.UNDO, ()), ("ship", ActionWord.KEEP, (3, 4))} <= done
    assert since(run, before) == [
        *("ship/2/r1/cancel_shipment/1", "ship/1/r1/cancel_shipment/1", "change/c1/revise/rest/1"),
        "authorize/2/r1/authorize_payment/2",
        *("authorize/1/r2/void_authorization/1", "reserve/1/r2/release_stock/1", "authorize/2/r2/void_authorization/1"),
    ]
    assert [(row.id, row.status) for row in run.row.groups] == [("1", Status.CANCELLED), ("2", Status.RELEASED)]
    assert run.row.counts == {Status.RELEASED: 2, Status.CANCELLED: 2}
    ends_well(run)
    billed = [call.work for call in run.calls if isinstance(call.work, CreateInvoice)]
    assert [(work.goods, work.charges) for work in billed] == [(7000, 500)]


def test_what_is_kept_is_not_touched_where_it_comes_to_no_more_than_before() -> None:
    run = two_groups()
    before = len(run.calls)
    cancelled_but(run, "1")
    given = in_part(run)
    assert ([one.line for one in given.not_done], units(run)) == ([1, 2], {"1": {1: 1, 2: 2}})
    assert [key for key in since(run, before) if "/1/" in key] == ["ship/1/r1/cancel_shipment/1"]
    assert run.world.held() == {"O-1/authorize/1/r1/authorize_payment/1"}
    assert [sum(held.values()) for held in run.world.stock.held.values()] == [3]
    ends_well(run)


def test_money_for_the_freight_is_held_before_anything_is_given_up_and_if_it_is_not_to_be_had_all_goes_on() -> None:
    run = two_groups()
    stock = [dict(held) for held in run.world.stock.held.values()]
    run.cancel()
    while not (run.pending and run.pending[0].operation is Operation.AUTHORIZE):
        call = run.pending[0]
        no = call.operation is Operation.CANCEL_SHIPMENT and call.group == "2"
        run.finish(call, refuse="too_late" if no else None)
    assert len(run.world.held()) == 2
    assert [dict(held) for held in run.world.stock.held.values()] == stock
    run.finish(run.pending[0], refuse="declined")
    run.settle()
    assert refused(run) == "declined: They say declined. Nothing was changed."
    assert (run.state.revision, units(run)) == (1, {"1": {1: 1, 2: 2}, "2": {3: 3, 4: 4}})
    assert len(run.world.live(Operation.SHIP)) == 2
    assert len(run.world.held()) == 2
    ends_well(run)


def test_what_was_never_sent_is_cancelled_as_well() -> None:
    run = Run(world=World(cancel_refused=CancelRefused.APPLY_TO_THE_REST, groups=3)).begin()
    run.feed(HoldAsked(id="h1", code="credit", line=5, step="ship", reason="over the limit", at=run.at))
    run.settle()
    assert len(run.world.live(Operation.SHIP)) == 2
    cancelled_but(run, "1")
    given = in_part(run)
    assert ([one.line for one in given.not_done], list(units(run))) == ([1, 2], ["1"])
    assert [sum(held.values()) for held in run.world.stock.held.values()] == [3]
    ends_well(run)


def test_where_the_carrier_keeps_all_it_is_refused_as_ever() -> None:
    run = two_groups()
    row = run.row
    cancelled_but(run, "1", "2")
    assert refused(run) == "too_late: Cannot be cancelled any more: They say too_late. The order goes on."
    assert (run.row, run.state.revision) == (row, 1)
    assert "revise_order" not in run.log
    ends_well(run)


@pytest.mark.parametrize(
    ("word", "code", "back"),
    [
        (CancelRefused.REFUSE, "too_late", {}),
        (CancelRefused.LET_SHIP_THEN_RETURN, "use_return", {3: 3, 4: 4}),
        (CancelRefused.ASK, "needs_a_person", {}),
    ],
)
def test_by_any_other_word_nothing_is_cancelled(word: CancelRefused, code: str, back: Lines) -> None:
    run = under(word, groups=2)
    cancelled_but(run, "2")
    given = run.answer()
    assert (given.kind, given.code, given.to_return, given.not_done) == ("cancel", code, back, ())
    assert (run.state.revision, units(run)) == (1, {"1": {1: 1, 2: 2}, "2": {3: 3, 4: 4}})
    assert len(run.world.live(Operation.SHIP)) == 2


def test_an_order_of_an_older_release_refuses() -> None:
    run = two_groups()
    run.state = run.state.model_copy(update={"release": 9})
    cancelled_but(run, "2")
    assert refused(run).startswith("too_late: ")
    ends_well(run)


def test_of_a_line_in_parts_the_units_are_cancelled_that_are_given_back() -> None:
    run = two_groups()
    run.world.progress[run.key("ship")] = "picked"
    run.edit(Edit(quantity={2: 5})).settle()
    assert units(run) == {"1": {1: 1, 2: 2}, "2": {3: 3, 4: 4}, "3": {2: 3}}
    cancelled_but(run, "1")
    given = in_part(run)
    assert (units(run), run.state.lines[2].quantity, run.state.lines[2].amount) == ({"1": {1: 1, 2: 2}}, 2, 2000)
    assert given.words.startswith("Revision 3: line 2 from 5 to 2 units, line 3 cancelled, line 4 cancelled.")
    assert given.words.endswith("Not done: line 1 cancelled, 2 units of line 2 cancelled: They say too_late.")
    assert [one.line for one in given.not_done] == [1, 2]
    ends_well(run)


def test_of_a_line_in_parts_the_further_units_may_be_what_is_kept() -> None:
    run = two_groups()
    run.world.progress[run.key("ship")] = "picked"
    run.edit(Edit(quantity={2: 5})).settle()
    cancelled_but(run, "3")
    in_part(run)
    assert (units(run), run.state.lines[2].quantity) == ({"3": {2: 3}}, 3)
    assert run.world.database.opened is not None
    assert [(plan.id, plan.lines) for plan in run.world.database.opened.groups] == [("3", (2,))]
    ends_well(run)


def test_what_is_billed_before_anything_ships_is_not_paid_back_for_a_part() -> None:
    """The first group has nothing to ship; it is paid, and its bill stands on a hold."""
    steps = Steps()
    goods = steps.ship.model_copy(update={"when": "group.amount > 40"})
    shipped = steps.shipped.model_copy(update={"when": "group.amount > 40"})
    shape = process(steps.schedule, steps.reserve, steps.authorize, goods, shipped, steps.capture, steps.invoice)
    run = Run(world=World(process=shape, cancel_refused=CancelRefused.APPLY_TO_THE_REST, groups=2)).begin()
    run.feed(HoldAsked(id="h1", code="credit", step="invoice", reason="over the limit", at=run.at))
    run.settle()
    assert len(run.world.live(Operation.CAPTURE)) == 1
    cancelled_but(run, "2")
    assert refused(run) == "too_late: Cannot be cancelled any more: They say too_late. The order goes on."
    assert len(run.world.live(Operation.CAPTURE)) == 1


def test_a_second_cancel_is_asked_of_the_carrier_again() -> None:
    run = two_groups()
    run.cancel()
    run.cancel("c2")
    kept(run, "2")
    in_part(run)
    assert refused(run, "c2") == "too_late: Cannot be cancelled any more: They say too_late. The order goes on."
    asked = [call.key for call in run.calls if call.operation is Operation.CANCEL_SHIPMENT and call.group == "2"]
    assert len(asked) == 2
    run.cancel("c3")
    run.settle()
    assert (run.answer("c3").outcome, run.row.status) == (ChangeOutcome.ACCEPTED, Status.CANCELLED)


def test_a_cancel_that_comes_late_does_not_go_before_the_rest_of_the_first() -> None:
    run = two_groups()
    run.cancel()
    while not any(call.operation is Operation.REVISE for call in run.pending):
        call = run.pending[0]
        no = call.operation is Operation.CANCEL_SHIPMENT and call.group == "2"
        run.finish(call, refuse="too_late" if no else None)
    run.cancel("c2")
    kept(run, "2")
    in_part(run)
    assert refused(run, "c2").startswith("too_late: ")
    ends_well(run)


def test_a_change_in_line_is_judged_against_what_is_left() -> None:
    run = two_groups()
    run.cancel()
    run.edit(Edit(quantity={1: 3}), "e1")
    run.edit(Edit(quantity={3: 2}), "e2", base_revision=1)
    kept(run, "2")
    in_part(run)
    assert [run.answer(name).code for name in ("e1", "e2")] == ["unknown_line", "stale_revision"]
    ends_well(run)


def test_the_same_cancel_again_gets_the_first_answer() -> None:
    run = cancelled_but(two_groups(), "2")
    first, calls = in_part(run), len(run.calls)
    run.cancel()
    run.settle()
    assert (run.answer(), len(run.calls)) == (first, calls)


def test_a_cancel_that_the_policy_asks_for_is_done_in_part_too() -> None:
    """The money of one group is declined, which cancels the order; the carrier keeps the other group."""
    run = Run(
        world=World(standard(authorize="cancel"), groups=2, cancel_refused=CancelRefused.APPLY_TO_THE_REST)
    ).begin()
    run.settle(lambda call: call.operation is Operation.AUTHORIZE and call.group == "1")
    late = run.pending.pop(0)
    run.settle()
    assert run.world.live(Operation.SHIP) == ["O-1/ship/2/r1/request_shipment/1"]
    run.pending.append(late)
    run.finish(late, refuse="declined")
    kept(run, "2")
    (change_id,) = run.state.answers
    assert change_id.startswith("policy/")
    assert [one.line for one in in_part(run, change_id).not_done] == [3, 4]
    assert list(units(run)) == ["2"]
    ends_well(run)


def test_it_is_carried_over_and_resumed_at_any_moment() -> None:
    for results in range(30):
        run = two_groups()
        run.cancel()
        come_back_but_group_two(run, results)
        run.state = carried_over(run.state)
        quiet = not run.pending
        run = kept(resumed(run), "2")
        given = run.world.database.answers["c1"]
        assert (given.outcome, [one.line for one in given.not_done]) == (ChangeOutcome.PARTLY, [3, 4]), results
        assert units(run) == {"2": {3: 3, 4: 4}}
        ends_well(run)
        if quiet:
            return
    raise AssertionError("the cancel never came to rest")


def test_one_group_alone_is_refused_as_ever() -> None:
    run = released(cancel_refused=CancelRefused.APPLY_TO_THE_REST)
    cancelled_but(run, "1")
    assert refused(run).startswith("too_late: ")
    ends_well(run)
