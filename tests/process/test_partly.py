"""An edit that the carrier lets happen in part is done in part: a line whole or not at all (CHG10, CHG14)."""

from domain.policy.model import CancelRefused
from domain.process.read_model import ChangeAnswer
from domain.process.words import ActionWord, ChangeKind, ChangeOutcome, Operation, Status
from tests.process.begun_anew import resumed
from tests.process.changed import accepted, come_back_but_group_two, ends_well, refused, released, since, under
from tests.process.checks import carried_over
from tests.process.editing import Edit
from tests.process.outside import World
from tests.process.runner import Run

BOTH = Edit(quantity={1: 3, 3: 5})
"""A line of either group."""


def two_groups(groups: int = 2, **world: object) -> Run:
    return under(CancelRefused.APPLY_TO_THE_REST, groups=groups, **world)


def kept(run: Run, *groups: str) -> Run:
    """The carrier keeps the requests of these groups, and gives back all others."""
    for _ in range(200):
        if not run.pending:
            return run
        call = run.pending[0]
        no = call.operation is Operation.CANCEL_SHIPMENT and call.group in groups
        run.finish(call, refuse="too_late" if no else None)
    raise AssertionError("the order never stands still")


def partly(run: Run, change_id: str = "e1") -> ChangeAnswer:
    given = run.answer(change_id)
    assert (given.outcome, given.code) == (ChangeOutcome.PARTLY, "changed_in_part"), given.words
    assert run.world.database.answers[change_id] == given
    return given


def quantities(run: Run) -> dict[int, int]:
    return {number: line.quantity for number, line in run.state.lines.items()}


def test_with_a_line_in_parts_nothing_is_done_in_part() -> None:
    """What would be left out has units in several groups: those that are on their way once went out a second time."""
    run = two_groups()
    run.world.progress[run.key("ship")] = "picked"
    run.edit(Edit(quantity={2: 5}), "e1").settle()
    accepted(run)
    run.world.progress[run.key("ship")] = "released"
    parts = {"1": (1, 2), "2": (3, 4), "3": (2,)}
    assert {group.id: group.lines for group in run.row.groups} == parts

    kept(run.edit(Edit(cancel=(2,), quantity={3: 5}), "e2"), "3")

    refused(run, "too_late", "e2")
    assert {group.id: group.lines for group in run.row.groups} == parts
    assert quantities(run) == {1: 1, 2: 5, 3: 3, 4: 4}
    ends_well(run)


def test_what_can_be_changed_is_and_the_answer_names_the_rest_and_why() -> None:
    run = two_groups()
    kept(run.edit(BOTH), "2")
    given = partly(run)
    assert quantities(run) == {1: 3, 2: 2, 3: 3, 4: 4}
    assert (given.revision, run.state.revision) == (2, 2)
    assert given.words == (
        "Revision 2: line 1 from 1 to 3 units. Still promised for 2026-03-20. The total is 125.00 USD now."
        " Not changed: line 3 from 3 to 5 units: They say too_late."
    )
    (one,) = given.not_done
    assert (one.line, one.what, one.code, one.words) == (
        *(3, "line 3 from 3 to 5 units"),
        *("too_late", "They say too_late."),
    )
    assert given.before is not None
    assert given.after is not None
    assert (given.before.total, given.after.total) == (10500, 12500)
    done = {(action.step, action.do, action.lines) for action in given.plan}
    assert ("ship", ActionWord.CANCEL_AND_CREATE, (1, 2)) in done
    assert ("ship", ActionWord.KEEP, (3, 4)) in done
    assert run.told.count("change.partly") == 1
    assert "change.accepted" not in run.told
    assert sorted(sum(held.values()) for held in run.world.stock.held.values()) == [5, 7]
    assert sorted(run.world._amounts(run.world.held())) == [5500, 7000]
    assert [row.status for row in run.row.groups] == [Status.RELEASED, Status.RELEASED]
    ends_well(run)


def test_what_was_held_for_the_rest_goes_back_before_the_answer() -> None:
    run = two_groups()
    run.edit(BOTH)
    before = len(run.calls)
    kept(run, "2")
    asked = since(run, before)
    assert "change/e1/revise/rest" in asked
    assert "reserve/2/r1/trim_reservation/1" in asked
    assert [key for key in asked if key.startswith("ship/1/r2/")] == ["ship/1/r2/request_shipment/2"]
    assert not [key for key in asked if key.startswith("ship/2/r2/")]


def test_if_nothing_can_be_changed_it_is_refused() -> None:
    run = two_groups()
    stock = list(run.world.stock.held.values())
    kept(run.edit(BOTH), "1", "2")
    assert refused(run, "too_late") == "Cannot be changed any more: They say too_late. The order goes on as it was."
    assert (list(run.world.stock.held.values()), len(run.world.held())) == (stock, 2)
    assert run.answer("e1").not_done == ()
    ends_well(run)


def test_a_line_is_changed_whole_or_not_at_all() -> None:
    """Another price needs no request back; of a line whose quantity cannot be changed it stays too."""
    run = two_groups()
    kept(run.edit(Edit(quantity={3: 5}, price={3: 4000, 4: 9000})), "2")
    given = partly(run)
    assert [one.what for one in given.not_done] == ["line 3 from 3 to 5 units, another price for line 3"]
    assert (run.state.lines[3].amount, run.state.lines[4].amount) == (3000, 9000)
    ends_well(run)


def test_what_is_of_the_whole_order_is_left_out_whole_and_what_was_given_back_is_sent_as_it_was() -> None:
    run = two_groups()
    kept(run.edit(Edit(quantity={1: 3}, fields={ChangeKind.SHIP_METHOD: "air"})), "2")
    given = partly(run)
    assert [(one.line, one.what) for one in given.not_done] == [(None, "another ship method")]
    assert (quantities(run)[1], run.state.facts and run.state.facts.ship_method) == (3, "ground")
    ends_well(run)


def test_an_address_alone_that_one_group_cannot_have_is_refused_for_all() -> None:
    run = two_groups()
    kept(run.edit(Edit(fields={ChangeKind.ADDRESS_OTHER_ZONE: "CA"})), "2")
    refused(run, "too_late")
    assert len(run.world.live(Operation.SHIP)) == 2
    ends_well(run)


def test_another_payment_needs_no_request_back() -> None:
    run = two_groups()
    kept(run.edit(Edit(quantity={3: 5}, fields={ChangeKind.PAYMENT: "card"})), "2")
    given = partly(run)
    assert [one.line for one in given.not_done] == [3]
    assert quantities(run)[3] == 3
    ends_well(run)


def test_a_line_that_would_leave_with_what_is_held_fast_stays_where_it_is() -> None:
    run = two_groups()
    run.world.stock.available |= {("east", f"sku-{n}"): 9 for n in range(1, 9)}
    kept(run.edit(Edit(quantity={1: 3}, move={3: "east"})), "2")
    given = partly(run)
    assert [one.what for one in given.not_done] == ["another warehouse for line 3"]
    assert [(row.id, row.lines, row.warehouse) for row in run.row.groups] == [
        ("1", (1, 2), "main"),
        ("2", (3, 4), "main"),
    ]
    assert not [held for held in run.world.stock.held.values() if any(place == "east" for _, place, _ in held)]
    ends_well(run)


def test_a_group_that_is_founded_for_less_than_was_held_is_held_for_anew() -> None:
    """Lines of both groups would have left together from elsewhere; now one of them does."""
    run = two_groups()
    run.world.stock.available |= {("east", f"sku-{n}"): 9 for n in range(1, 9)}
    kept(run.edit(Edit(move={2: "east", 3: "east"})), "2")
    given = partly(run)
    assert [one.line for one in given.not_done] == [3]
    assert [(row.id, row.lines, row.warehouse) for row in run.row.groups if row.lines] == [
        *(("1", (1,), "main"), ("2", (3, 4), "main"), ("3", (2,), "east")),
    ]
    ends_well(run)


def test_an_added_line_goes_by_itself_whatever_the_carrier_keeps() -> None:
    run = two_groups()
    kept(run.edit(Edit(quantity={3: 5}, add={9: 1})), "2")
    given = partly(run)
    assert ([one.line for one in given.not_done], quantities(run)[9]) == ([3], 1)
    ends_well(run)


def test_it_does_so_as_well_where_the_request_of_its_group_was_given_back_for_nothing() -> None:
    run = two_groups()
    kept(run.edit(Edit(add={9: 1}, fields={ChangeKind.ADDRESS_OTHER_ZONE: "CA"})), "2")
    given = partly(run)
    assert [one.what for one in given.not_done] == ["another address in another zone"]
    assert [(row.id, row.lines) for row in run.row.groups] == [("1", (1, 2)), ("2", (3, 4)), ("3", (9,))]
    ends_well(run)


def test_the_cost_is_that_of_what_was_taken_back() -> None:
    run = two_groups(3)
    assert run.state.policy is not None
    rules = run.state.policy.change.model_copy(update={"costs": {"released": 500}})
    policy = run.state.policy.model_copy(update={"change": rules})
    assert run.world.database.opened is not None
    run.world.database.opened = run.world.database.opened.model_copy(update={"policy": policy})
    kept(run.edit(Edit(quantity={1: 3, 3: 5, 5: 7})), "2")
    assert partly(run).cost == 1000
    ends_well(run)


def test_a_change_with_a_token_is_not_done_in_part() -> None:
    run = two_groups()
    seen = run.preview(BOTH)
    assert (seen.outcome, seen.not_done) == (ChangeOutcome.ACCEPTED, ())
    assert "The carrier takes the shipment request back." in seen.assumptions
    kept(run.edit(BOTH, token=seen.token), "2")
    refused(run, "too_late")
    assert run.state.revision == 1
    ends_well(run)


def test_a_cancel_of_the_order_goes_before_the_rest_of_it() -> None:
    run = two_groups()
    run.edit(BOTH)
    while not any(call.operation is Operation.REVISE and call.key.endswith("/rest") for call in run.pending):
        call = run.pending[0]
        no = call.operation is Operation.CANCEL_SHIPMENT and call.group == "2"
        run.finish(call, refuse="too_late" if no else None)
    run.cancel()
    run.settle()
    assert (run.answer("e1").code, run.answer("c1").outcome) == ("overtaken", ChangeOutcome.ACCEPTED)
    assert run.row.status is Status.CANCELLED


def test_a_card_that_is_declined_refuses_all_before_the_carrier_is_asked() -> None:
    run = two_groups()
    run.edit(BOTH)
    run.finish(run.up_to(Operation.AUTHORIZE), refuse="declined")
    kept(run, "2")
    refused(run, "declined")
    assert Operation.CANCEL_SHIPMENT not in run.log
    ends_well(run)


def test_it_is_carried_over_and_resumed_at_any_moment() -> None:
    left_alone = kept(two_groups().edit(BOTH), "2")
    for results in range(30):
        run = two_groups()
        run.edit(BOTH)
        come_back_but_group_two(run, results)
        run.state = carried_over(run.state)
        quiet = not run.pending
        run = kept(resumed(run), "2")
        given = run.world.database.answers["e1"]
        assert (given.outcome, [one.line for one in given.not_done]) == (ChangeOutcome.PARTLY, [3]), results
        assert quantities(run) == quantities(left_alone)
        ends_well(run)
        if quiet:
            return
    raise AssertionError("the change never came to rest")


def test_an_order_of_an_older_release_refuses() -> None:
    run = two_groups()
    run.state = run.state.model_copy(update={"release": 9})
    kept(run.edit(BOTH), "2")
    refused(run, "too_late")
    ends_well(run)


def test_one_group_alone_is_refused_as_ever() -> None:
    run = released(cancel_refused=CancelRefused.APPLY_TO_THE_REST)
    kept(run.edit(Edit(quantity={1: 3, 2: 1})), "1")
    refused(run, "too_late")
    assert isinstance(run.world, World)
    ends_well(run)
