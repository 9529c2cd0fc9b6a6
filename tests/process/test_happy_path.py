"""An order on its usual way: what is asked of the world, what is told, what is not."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.process.calls import AuthorizePayment, CapturePayment, CreateInvoice
from domain.process.rows import next_alarm, row_of
from domain.process.state import RunState
from domain.process.words import REMOTE, Operation, Status
from tests.process.outside import MORNING, World
from tests.process.policies import SHAPES
from tests.process.runner import Run, fresh

USUAL = [
    *("open_order", "reserve_stock", "authorize_payment", "request_shipment"),
    *("capture_payment", "create_invoice"),
]


def shipped(run: Run) -> Run:
    run.begin().settle()
    for group in run.state.groups:
        run.carrier("shipped", run.key("ship", group))
        run.settle()
    return run


def test_three_local_and_three_remote_calls_and_no_save() -> None:
    run = shipped(Run())
    assert run.log == USUAL
    assert [call.operation in REMOTE for call in run.calls] == [False, False, True, True, True, False]
    assert run.state.finished
    assert run.row.status == Status.COMPLETED
    assert run.told == [
        *("order.scheduled", "stock.reserved", "payment.authorized", "shipment.requested"),
        *("payment.captured", "invoice.created", "order.completed"),
    ]


def test_every_call_carries_the_save_of_the_state_it_leads_to() -> None:
    run = Run().begin()
    assert run.calls[0].save is None
    run.up_to(Operation.SHIP)
    save = run.pending[0].save
    assert save is not None
    assert save.row.status == Status.RELEASED
    assert save.row.waiting[0].step == "wait_for_shipped"
    run.settle()
    assert run.row == save.row
    assert run.state.version == save.version


def test_keys_are_derived_from_order_step_group_revision_operation_and_n() -> None:
    run = shipped(Run())
    assert [call.key for call in run.calls] == [
        "O-1/open",
        "O-1/reserve/1/r1/reserve_stock/1",
        "O-1/authorize/1/r1/authorize_payment/1",
        "O-1/ship/1/r1/request_shipment/1",
        "O-1/capture/1/r1/capture_payment/1",
        "O-1/invoice/1/r1/create_invoice/1",
    ]


def test_another_revision_has_keys_of_its_own() -> None:
    run = Run(state=fresh().model_copy(update={"revision": 2})).begin().settle()
    assert run.key("reserve") == "O-1/reserve/1/r2/reserve_stock/1"


def test_the_first_group_carries_charges_and_each_group_its_goods() -> None:
    run = shipped(Run(world=World(groups=2)))
    amounts = {(c.group, c.operation): c.work.amount for c in run.calls if isinstance(c.work, AuthorizePayment)}
    assert amounts == {("1", Operation.AUTHORIZE): 3500, ("2", Operation.AUTHORIZE): 7000}
    captures = {c.group: (c.work.amount, c.work.shipment) for c in run.calls if isinstance(c.work, CapturePayment)}
    assert captures == {
        "1": (3500, "O-1/ship/1/r1/request_shipment/1"),
        "2": (7000, "O-1/ship/2/r1/request_shipment/1"),
    }
    invoices = {c.group: (c.work.goods, c.work.charges) for c in run.calls if isinstance(c.work, CreateInvoice)}
    assert invoices == {"1": (3000, 500), "2": (7000, 0)}


def test_on_terms_nothing_is_authorized_or_captured() -> None:
    run = shipped(Run(world=World(method="terms")))
    assert run.log == ["open_order", "reserve_stock", "request_shipment", "create_invoice"]
    assert run.step("authorize").state is RunState.SKIPPED
    assert run.step("capture").state is RunState.SKIPPED
    work = run.calls[-1].work
    assert isinstance(work, CreateInvoice)
    assert not work.paid
    assert run.row.status == Status.COMPLETED


def test_status_of_a_group_moves_step_by_step() -> None:
    run = Run().begin()
    seen = [run.row.status]
    while run.pending:
        run.finish(run.pending[0])
        seen.append(run.row.status)
    run.carrier("shipped")
    seen.append(run.row.status)
    run.settle()
    assert [*seen, run.row.status] == [
        *("accepted", "scheduled", "reserved", "reserved", "released", "shipped", "completed"),
    ]


def test_roll_up_keeps_lowest_highest_and_counts() -> None:
    run = Run(world=World(groups=3)).begin().settle()
    run.carrier("shipped", run.key("ship", "2"))
    run.settle()
    row = run.row
    assert (row.status, row.lowest, row.highest) == (Status.RELEASED, Status.RELEASED, Status.COMPLETED)
    assert row.counts == {Status.RELEASED: 4, Status.COMPLETED: 2}
    assert not row.finished
    assert [(group.id, group.status, group.step) for group in row.groups] == [
        ("1", Status.RELEASED, "wait_for_shipped"),
        ("2", Status.COMPLETED, None),
        ("3", Status.RELEASED, "wait_for_shipped"),
    ]


def test_the_order_stands_where_its_least_advanced_open_group_stands() -> None:
    run = Run(world=World(groups=3)).begin()
    run.settle(lambda call: call.operation is Operation.AUTHORIZE)
    run.finish(run.pending[1], refuse="declined")
    run.settle()
    run.carrier("shipped", run.key("ship", "1"))
    run.settle()
    row = run.row
    assert (row.status, row.lowest, row.highest) == (Status.RESERVED, Status.RESERVED, Status.COMPLETED)
    assert row.counts == {Status.COMPLETED: 2, Status.RESERVED: 2, Status.RELEASED: 2}


def test_groups_run_side_by_side_and_are_saved_when_all_calls_are_back() -> None:
    run = Run(world=World(groups=2)).begin()
    run.finish(run.pending[0])
    assert [(call.operation, call.group, call.save) for call in run.pending] == [
        (Operation.RESERVE, "1", None),
        (Operation.RESERVE, "2", None),
    ]
    run.settle()
    assert run.log.count("save_order") == 1
    assert run.row == run.world.database.row


def test_a_group_that_waits_does_not_hold_the_other_up() -> None:
    run = Run(world=World(groups=2)).begin().settle()
    run.carrier("shipped", run.key("ship", "2"))
    run.settle()
    assert run.step("invoice", "2").state is RunState.DONE
    assert "capture" not in run.state.groups["1"].runs
    assert not run.state.finished
    assert "order.completed" not in run.told


def test_choose_takes_the_first_path_that_is_true() -> None:
    run = shipped(Run(world=World(process=SHAPES["choosing"](), groups=2)))
    assert run.state.groups["1"].choices == {"payment": "by_card", "size": "small"}
    assert run.state.groups["2"].choices == {"payment": "by_card", "size": "large"}
    assert "hand_over" not in run.state.groups["1"].runs
    assert run.step("hand_over", "2").state is RunState.DONE
    chosen = [event for event in run.world.database.events.values() if event.type == "path.chosen"]
    assert next((event.words, event.why) for event in chosen if "payment" in event.key) == (
        "Takes the path by card at payment.",
        'order.payment.method == "card" is true',
    )


def test_choose_takes_otherwise_when_nothing_is_true() -> None:
    run = shipped(Run(world=World(process=SHAPES["choosing"](), method="terms")))
    assert run.state.groups["1"].choices["payment"] == "on_terms"
    assert "authorize" not in run.state.groups["1"].runs
    assert run.row.status == Status.COMPLETED


def test_together_begins_all_paths_and_goes_on_when_all_are_done() -> None:
    run = Run(world=World(process=SHAPES["beside"]())).begin()
    run.finish(run.pending[0])
    assert [call.operation for call in run.pending] == [Operation.RESERVE, Operation.AUTHORIZE]
    run.finish(run.pending[1])
    assert [call.operation for call in run.pending] == [Operation.RESERVE]
    run.finish(run.pending[0])
    assert [call.operation for call in run.pending] == [Operation.SHIP]


def test_a_wait_for_delivered_does_not_end_with_shipped() -> None:
    run = Run(world=World(process=SHAPES["watching"]())).begin().settle()
    assert [waiting.step for waiting in run.row.waiting] == ["wait_for_picked"]
    run.carrier("picked")
    assert [waiting.step for waiting in run.row.waiting] == ["wait_for_shipped"]
    assert run.row.status == Status.RELEASED
    run.settle()
    run.carrier("shipped")
    run.settle()
    assert run.row.status == Status.SHIPPED
    assert [waiting.step for waiting in run.row.waiting] == ["wait_for_delivered"]
    assert "create_invoice" not in run.log
    run.carrier("delivered")
    run.settle()
    assert run.state.finished


@pytest.mark.parametrize(("requested", "promised"), [(date(2026, 3, 20), date(2026, 3, 20)), (None, date(2026, 3, 3))])
def test_promise_is_as_requested_or_as_early_as_lead_times_allow(requested: date | None, promised: date) -> None:
    run = Run(world=World(requested=requested)).begin().settle()
    assert run.row.promise_date == promised
    assert not run.row.at_risk


def test_a_promise_later_than_requested_puts_the_order_at_risk() -> None:
    run = Run(world=World(requested=date(2026, 3, 2))).begin().settle()
    assert run.row.promise_date == date(2026, 3, 3)
    assert run.row.at_risk
    run.carrier("shipped")
    run.settle()
    assert not run.row.at_risk


def test_a_live_order_arms_its_deadline_then_is_overdue_once() -> None:
    run = Run().begin().settle()
    deadline = datetime(2026, 3, 21, 4, 59, 59, tzinfo=UTC)  # the end of 20 March in Chicago
    assert next_alarm(run.state) == deadline
    run.pass_time(deadline - run.at - timedelta(seconds=1))
    assert not run.row.at_risk
    assert run.log == USUAL[:4]
    run.pass_time(timedelta(seconds=1))
    run.settle()
    waiting = run.row.waiting[0]
    assert (waiting.code, waiting.who, waiting.until) == ("overdue", "fulfillment_lead", deadline)
    assert run.row.at_risk
    assert next_alarm(run.state) is None
    run.pass_time(timedelta(days=30))
    assert run.told.count("order.overdue") == 1
    assert run.log == [*USUAL[:4], "save_order"]


@pytest.mark.parametrize(("as_of", "late"), [(date(2026, 3, 21), True), (date(2026, 3, 20), False)])
def test_an_imported_orders_deadline_is_judged_and_never_armed(as_of: date, late: bool) -> None:
    run = Run(world=World(as_of=as_of)).begin().settle()
    assert run.row.at_risk is late
    assert "order.overdue" not in run.told, "the carrier may yet say that it shipped in time"
    assert run.row.waiting[0].code == ("overdue" if late else "waiting")
    assert next_alarm(run.state) is None
    run.pass_time(timedelta(days=365))
    assert run.row.at_risk is late
    assert run.log == USUAL[:4]


def test_business_time_of_an_imported_order_stands_still_between_facts() -> None:
    run = Run(world=World(as_of=date(2026, 3, 19))).begin().settle()
    assert {call.at for call in run.calls} == {MORNING}
    run.at += timedelta(days=9)
    run.carrier("shipped")
    assert run.pending[0].at == run.at


def test_finished_order_does_nothing_any_more() -> None:
    run = shipped(Run())
    run.carrier("delivered")
    run.carrier("lost")
    run.retry()
    run.pass_time(timedelta(days=100))
    assert run.log == USUAL
    assert run.state.finished
    assert row_of(run.state).finished
