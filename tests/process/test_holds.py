"""Holds keep steps from being begun and cut nothing short (CAP9, I7)."""

from datetime import timedelta

import pytest

from domain.process.events import HoldAsked, ReleaseAsked
from domain.process.holds import refusal, release_refusal
from domain.process.rows import row_of
from domain.process.speak import details, promise_of
from domain.process.state import OrderState
from domain.process.words import ChangeOutcome, Operation, Status
from tests.process.checks import carried_over
from tests.process.editing import Edit
from tests.process.outside import World
from tests.process.runner import Run, fresh
from workflows.attributes import held


def hold(run: Run, id_: str = "h1", **more: object) -> None:
    given = {"id": id_, "code": "credit", "reason": "over the limit", "requested_by": "ann", "at": run.at, **more}
    run.feed(HoldAsked.model_validate(given))


def release(run: Run, id_: str = "h1", **more: object) -> None:
    given = {"id": id_, "reason": "paid up", "requested_by": "bob", "at": run.at, **more}
    run.feed(ReleaseAsked.model_validate(given))


def refused(run: Run, **more: object) -> tuple[str, str] | None:
    given = {"id": "h1", "code": "credit", "reason": "why", "at": run.at, **more}
    return refusal(run.state, HoldAsked.model_validate(given))


def done(run: Run) -> Run:
    run.settle()
    for key in run.world.live(Operation.SHIP):
        run.carrier("shipped", key)
        run.settle()
    assert run.state.finished, run.row
    return run


def opened(**world: object) -> Run:
    """An order that has just been opened: its first call is on its way."""
    run = Run(world=World(**world)).begin()  # type: ignore[arg-type]
    run.finish(run.up_to(Operation.OPEN))
    return run


# ---- what is held ----------------------------------------------------------------------------------------


def test_a_held_order_lets_calls_on_their_way_end_and_begins_nothing_more() -> None:
    run = opened()
    assert [call.operation for call in run.pending] == [Operation.RESERVE]
    hold(run)
    assert run.stops == []
    run.settle()
    assert run.row.status is Status.RESERVED
    assert Operation.AUTHORIZE not in {call.operation for call in run.calls}
    (wait,) = run.row.waiting
    assert (wait.what, wait.code, wait.who, wait.parked, wait.hold) == ("hold h1", "credit", "operations", True, "h1")
    assert wait.why == "On hold: nothing more is begun until it is released."
    assert wait.until == run.row.holds[0].at + timedelta(days=1)
    assert held(run.row) == "credit"
    release(run)
    done(run)
    assert run.row.holds == ()
    assert run.told == [
        "order.scheduled",
        "stock.reserved",
        "hold.placed",
        "hold.released",
        "payment.authorized",
        "shipment.requested",
        "payment.captured",
        "invoice.created",
        "order.completed",
    ]


def test_a_named_step_alone_is_held_by_name_or_task() -> None:
    for step in ("ship", "authorize"):
        run = opened()
        hold(run, step=step)
        assert run.row.waiting[0].why == f"On hold: {step} is not begun until it is released."
        run.settle()
        reached = {call.operation for call in run.calls}
        assert Operation.SHIP not in reached
        assert (Operation.AUTHORIZE in reached) == (step == "ship")
        release(run)
        done(run)


def test_a_hold_for_when_a_step_is_reached_says_nothing_before() -> None:
    run = opened()
    hold(run, step="ship", when="reached")
    assert (run.row.waiting, held(run.row), len(run.row.holds)) == ((), "none", 1)
    run.settle()
    (wait,) = run.row.waiting
    assert (wait.step, wait.group, run.row.status) == ("ship", "1", Status.RESERVED)
    release(run)
    done(run)


def test_what_is_at_the_carrier_ships_and_is_neither_captured_nor_invoiced_on_hold() -> None:
    run = Run().begin().settle()
    hold(run)
    run.carrier("shipped")
    run.settle()
    assert run.row.status is Status.SHIPPED
    assert not {Operation.CAPTURE, Operation.INVOICE} & {call.operation for call in run.calls}
    release(run)
    run.settle()
    assert run.row.status is Status.COMPLETED


def test_the_group_of_a_held_line_stands_still_and_the_others_go_on() -> None:
    run = opened(groups=2)
    hold(run, line=3)
    run.settle()
    assert [group.status for group in run.row.groups] == [Status.RELEASED, Status.RESERVED]
    assert [wait.group for wait in run.row.waiting] == ["2", "1"]
    run.carrier("shipped")
    run.settle()
    assert [group.status for group in run.row.groups] == [Status.COMPLETED, Status.RESERVED]
    release(run)
    done(run)


def test_several_holds_are_released_one_by_one() -> None:
    run = opened()
    hold(run)
    hold(run, "h2", code="fraud", step="ship")
    run.settle()
    release(run)
    run.settle()
    assert [wait.hold for wait in run.row.waiting] == ["h2"]
    assert Operation.AUTHORIZE in {call.operation for call in run.calls}
    release(run, "h2")
    done(run)


def test_before_the_order_is_open_it_can_be_held() -> None:
    run = Run().begin()
    hold(run)
    run.settle()
    assert run.row.status is Status.ACCEPTED
    release(run)
    done(run)


def test_an_unanswered_shipment_is_not_asked_for_again_on_hold() -> None:
    run = Run().begin()
    run.finish(run.up_to(Operation.SHIP), fault=True, effect=False)
    run.settle()
    hold(run)
    run.settle()
    sent = len(run.calls)
    run.retry()
    run.settle()
    assert Operation.SHIP not in {call.operation for call in run.calls[sent:]}
    release(run)
    done(run)


def test_a_lapsed_authorization_is_made_anew_after_the_release() -> None:
    run = Run().begin().settle()
    hold(run)
    run.expire()
    run.settle()
    assert len([call for call in run.calls if call.operation is Operation.AUTHORIZE]) == 1
    release(run)
    run.settle()
    assert len(run.world.held()) == 1
    done(run)


def test_a_promise_is_told_of_an_order_on_hold() -> None:
    run = Run().begin()
    hold(run)
    run.settle()
    promised = promise_of(run.state)
    assert promised is not None
    assert [wait.hold for wait in promised.waiting] == ["h1"]


def test_the_words_for_the_temporal_ui_name_the_way_out() -> None:
    run = opened()
    hold(run)
    run.settle()
    assert "**Waits at hold h1** (credit): On hold: nothing more is begun" in details(run.state)
    assert "`ordito order release O-1 h1 --reason ...`" in details(run.state)
    assert "order retry" not in details(run.state)


# ---- changes on hold --------------------------------------------------------------------------------------


def test_a_held_order_can_be_cancelled() -> None:
    run = Run().begin().settle()
    hold(run)
    run.cancel()
    run.settle()
    assert run.answer().outcome is ChangeOutcome.ACCEPTED
    assert run.state.finished
    assert (run.row.waiting, run.row.holds) == ((), ())


def test_a_held_order_can_be_changed_and_nothing_new_is_sent_until_the_release() -> None:
    run = Run().begin().settle()
    hold(run)
    run.edit(Edit(quantity={1: 3})).settle()
    assert run.answer("e1").outcome is ChangeOutcome.ACCEPTED
    assert run.world.live(Operation.SHIP) == []
    assert run.row.status is Status.RESERVED
    release(run)
    done(run)


def test_a_cancel_that_is_refused_leaves_the_order_on_hold() -> None:
    run = Run().begin().settle()
    hold(run)
    run.cancel()
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT), refuse="too_late")
    run.settle()
    assert run.answer().outcome is ChangeOutcome.REFUSED
    assert "h1" in [wait.hold for wait in run.row.waiting]
    release(run)
    done(run)


# ---- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"line": 9}, "The order has no line 9."),
        ({"step": "paint"}, "There is no step 'paint'. There are: schedule, reserve"),
        ({"step": "reserve"}, "Reserve is behind the order already."),
        ({"when": "reached"}, "Say which step is to be held when it is reached."),
        ({"reason": " "}, "Say why the order is to be held"),
    ],
)
def test_what_cannot_be_held_is_refused_and_changes_nothing(asked: dict[str, object], words: str) -> None:
    run = Run().begin().settle()
    found = refused(run, **asked)
    assert found is not None
    assert found[0] == "not_holdable"
    assert found[1].startswith(words)
    told = list(run.told)
    hold(run, **asked)
    run.settle()
    assert (run.state.holds, run.told) == ((), told)


def test_an_order_that_has_ended_has_nothing_to_hold() -> None:
    run = done(Run().begin())
    assert refused(run) == ("not_holdable", "The order has come to its end; there is nothing to hold.")


def test_the_same_hold_twice_is_one_and_another_under_its_id_is_refused() -> None:
    run = opened()
    hold(run)
    hold(run)
    run.settle()
    assert len(run.state.holds) == 1
    assert run.told.count("hold.placed") == 1
    assert refused(run) is None
    assert refused(run, code="fraud") == ("hold_id_reused", "Hold h1 is there already, and is another one.")


def test_no_more_holds_than_the_limit() -> None:
    run = opened()
    for n in range(50):
        hold(run, f"h{n}")
    assert refused(run, id="one more") == ("not_holdable", "The order has 50 holds; release one first.")


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ((), "role_missing"),
        (("operations",), "role_missing"),
        (("policies:write",), None),
        (("admin",), None),
        (None, None),
    ],
)
def test_only_the_role_that_a_hold_names_releases_it(roles: tuple[str, ...] | None, code: str | None) -> None:
    run = opened()
    hold(run, role="policies:write")
    run.settle()
    asked = ReleaseAsked(id="h1", reason="why", roles=roles, at=run.at)
    found = release_refusal(run.state, asked)
    assert (found and found[0]) == code
    release(run, roles=roles)
    assert len(run.state.holds) == (0 if code is None else 1)


def test_an_unknown_hold_is_not_released() -> None:
    run = opened()
    hold(run)
    asked = ReleaseAsked(id="h7", reason="why", at=run.at)
    assert release_refusal(run.state, asked) == ("hold_unknown", "There is no hold h7. There are: h1.")
    silent = ReleaseAsked(id="h1", at=run.at)
    assert (release_refusal(run.state, silent) or ("",))[0] == "reason_missing"


# ---- kept -------------------------------------------------------------------------------------------------


def test_holds_are_carried_over_and_come_back_with_a_resumed_order() -> None:
    run = opened()
    hold(run)
    run.settle()
    assert carried_over(run.state).holds == run.state.holds
    resumed = fresh(version=7, holds=row_of(run.state).holds)
    assert resumed.holds == run.state.holds
    again = Run(world=run.world, state=resumed).begin().settle()
    assert again.row.waiting[0].hold == "h1"
    assert Operation.AUTHORIZE not in {call.operation for call in again.calls}


def test_a_state_of_before_there_were_holds_is_read() -> None:
    old = Run().begin().settle().state.model_dump(mode="json", exclude={"holds"})
    assert OrderState.model_validate(old).holds == ()
