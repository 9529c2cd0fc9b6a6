"""What no step needs any more is given back, and what was cancelled is counted (CHG4, CAP10, PAY2, I2)."""

from domain.policy.model import TaskWord
from domain.process.state import RunState
from domain.process.words import ActionWord, ChangeKind, Operation, Status
from tests.process.changed import accepted, ends_well, refused, released, stopped_at
from tests.process.editing import Edit
from tests.process.outside import World
from tests.process.policies import CARD, Steps, process, standard, step
from tests.process.runner import Run


def test_stock_that_is_not_required_any_more_is_given_back() -> None:
    """What goes by air comes from elsewhere."""
    s = Steps()
    reserve = step("reserve", TaskWord.RESERVE, when='order.ship_method == "ground"')
    usual = process(s.schedule, reserve, s.authorize, s.ship, s.shipped, s.capture, s.invoice)
    run, call = stopped_at(Operation.AUTHORIZE, World(process=usual))
    run.finish(call, refuse="declined")
    run.edit(Edit(fields={ChangeKind.SHIP_METHOD: "air"}, quantity={1: 3})).settle(
        lambda call: call.operation is Operation.SHIP
    )
    accepted(run)
    assert run.log.count("reserve_stock") == 1, "nothing more is held for a step that is not required"
    assert run.world.stock.held == {}
    assert run.log.count("release_stock") == 1
    (held,) = (action for action in run.answer("e1").plan if action.step == "reserve")
    assert (held.do, held.words) == (ActionWord.UNDO, "Reserve is taken back.")


def test_stock_for_goods_that_are_on_their_way_stays_held() -> None:
    s = Steps()
    reserve = step("reserve", TaskWord.RESERVE, when=CARD)
    run = released(process=process(s.schedule, reserve, s.authorize, s.ship, s.shipped, s.capture, s.invoice))
    run.edit(Edit(fields={ChangeKind.PAYMENT: "terms"})).settle()
    accepted(run)
    assert list(run.world.stock.held) == ["O-1/reserve/1/r1/reserve_stock/1"]


def test_a_capture_that_the_policy_skips_gives_its_authorization_back() -> None:
    run = Run(world=World(process=standard(capture="skip"))).begin().settle()
    run.carrier("shipped")
    run.finish(run.up_to(Operation.CAPTURE), refuse="under_review")
    run.settle()
    assert (run.row.status, run.step("capture").state) == (Status.COMPLETED, RunState.SKIPPED)
    assert not run.world.held()
    assert run.told.count("payment.voided") == 1


def test_from_card_to_terms_the_plan_tells_that_the_money_is_given_back() -> None:
    run = released()
    run.edit(Edit(fields={ChangeKind.PAYMENT: "terms"})).settle()
    accepted(run)
    plan = {action.step: (action.do, action.adapter, action.words) for action in run.answer("e1").plan}
    assert plan["authorize"] == (ActionWord.UNDO, "payment provider", "Authorize is taken back.")
    assert plan["ship"] == (ActionWord.KEEP, "", "Ship stays as it is.")
    ends_well(run)


def test_lines_that_a_change_cancels_are_counted() -> None:
    run = released()
    run.edit(Edit(cancel=(2,))).settle()
    accepted(run)
    assert run.row.counts == {Status.RELEASED: 1, Status.CANCELLED: 1}
    run.edit(Edit(quantity={9: 1}), "e2").settle()
    refused(run, "unknown_line", "e2")
    assert run.row.counts == {Status.RELEASED: 1, Status.CANCELLED: 1}
    run.cancel("c1")
    run.settle()
    assert run.row.counts == {Status.CANCELLED: 2}
