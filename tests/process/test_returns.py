"""What the carrier does not give back goes out and has to come back: that is on record (CHG10, FLW7)."""

from domain.policy.model import CancelRefused
from domain.process.words import ChangeKind, ChangeOutcome, Operation, Status
from tests.process.changed import ends_well, no, refused, released, under
from tests.process.editing import Edit

DOWN = Edit(quantity={2: 1})


def test_what_goes_out_all_the_same_has_to_come_back_and_that_is_on_record() -> None:
    run = under(CancelRefused.LET_SHIP_THEN_RETURN)
    before, stock = len(run.told), dict(run.world.stock.held)
    no(run.edit(DOWN))
    words = refused(run, "use_return")
    assert words == (
        "Cannot be changed any more: They say too_late. The goods go out as they are, and a return is requested:"
        " 1 of line 2."
    )
    assert run.answer("e1").to_return == {2: 1}
    assert run.told[before:] == ["change.refused", "return.requested"]
    event = run.world.database.events["change/e1/return"]
    assert event.words == "Return requested: 1 of line 2."
    assert event.data == {"change_id": "e1", "units": 1, "lines": "1 of line 2"}
    assert list(run.world.stock.held.values()) == list(stock.values())
    assert (run.state.revision, run.row.status) == (1, Status.RELEASED)
    ends_well(run)


def test_all_of_another_item_and_of_a_cancelled_line_has_to_come_back() -> None:
    run = under(CancelRefused.LET_SHIP_THEN_RETURN)
    no(run.edit(Edit(item={2: "sku-9"}, cancel=(1,))))
    refused(run, "use_return")
    assert run.answer("e1").to_return == {1: 1, 2: 2}


def test_only_what_the_carrier_keeps_has_to_come_back() -> None:
    """The other group's request is given back, and is sent again as it was: it may be changed by itself."""
    run = under(CancelRefused.LET_SHIP_THEN_RETURN, groups=2)
    run.edit(Edit(quantity={2: 1, 4: 1}))
    run.finish(run.up_to(Operation.CANCEL_SHIPMENT), refuse="too_late")
    run.settle()
    refused(run, "use_return")
    assert run.answer("e1").to_return == {2: 1}
    assert len(run.world.live(Operation.SHIP)) == 2
    ends_well(run)


def test_where_a_change_takes_nothing_away_no_return_is_asked_for() -> None:
    run = under(CancelRefused.LET_SHIP_THEN_RETURN)
    no(run.edit(Edit(fields={ChangeKind.SHIP_METHOD: "air"})))
    refused(run, "too_late")
    assert (run.answer("e1").to_return, "return.requested" in run.told) == ({}, False)


def test_a_cancel_of_the_order_asks_for_all_that_the_carrier_keeps() -> None:
    run = under(CancelRefused.LET_SHIP_THEN_RETURN)
    run.cancel()
    run.cancel("c2")
    no(run)
    for change_id in ("c1", "c2"):
        given = run.answer(change_id)
        assert (given.outcome, given.code, given.to_return) == (ChangeOutcome.REFUSED, "use_return", {1: 1, 2: 2})
    assert run.told.count("return.requested") == 1
    assert run.row.status == Status.RELEASED
    ends_well(run)


def test_the_word_return_of_the_change_rules_records_a_return_as_well() -> None:
    run = released()
    run.carrier("shipped", lines={1: 1})
    run.edit(DOWN).settle()
    words = refused(run, "use_return")
    assert words.startswith("Quantity down cannot be done on line 1, 2 any more: it has left; send the goods back")
    assert run.answer("e1").to_return == {2: 1}
    assert run.world.database.events["change/e1/return"].words == "Return requested: 1 of line 2."


def test_a_preview_of_it_asks_for_nothing() -> None:
    run = released()
    run.carrier("shipped", lines={1: 1})
    seen = run.preview(DOWN)
    assert (seen.code, seen.to_return) == ("use_return", {2: 1})
    assert "return.requested" not in run.told
