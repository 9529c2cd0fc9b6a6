"""What a call's save writes, and what it leaves alone when it comes twice or late (I8, I11, CHG14)."""

import asyncio
from datetime import date

from activities.orders import Orders
from domain.process.read_model import ChangeAnswer, GroupRow, Save, Waiting
from domain.process.words import ChangeOutcome, Operation, Status
from tests.store.shop import AT, Shop, key_of, saving, told

WAITING = Waiting(what="Goods", why="The carrier has not collected.", who="fulfillment_lead", step="wait", group="1")


async def save(shop: Shop, save: Save) -> None:
    await shop.run(Orders(shop.pool).save_order, shop.saved("O-1", save))


def answer(outcome: ChangeOutcome, words: str, change_id: str = "c-1") -> ChangeAnswer:
    return ChangeAnswer(
        change_id=change_id,
        kind="cancel",
        outcome=outcome,
        revision=1,
        code="x",
        words=words,
        at=AT,
        requested_by="ana",
    )


async def placed(shop: Shop) -> None:
    await shop.item("1", on_hand=10)
    await shop.place("O-1", {1: 4})


async def test_the_read_model_is_written_whole(shop: Shop) -> None:
    await placed(shop)
    group = GroupRow(id="1", process="standard", status=Status.RELEASED, lines=(1,), promise_date=date(2026, 5, 20))
    parked = WAITING.model_copy(update={"parked": True})
    whole = saving(7, Status.RELEASED, at_risk=True, waiting=(WAITING, parked), groups=(group,))
    row = whole.row.model_copy(update={"promise_date": date(2026, 5, 20), "revision": 2})
    await save(shop, whole.model_copy(update={"row": row}))
    ((stored, *columns),) = await shop.rows(
        "SELECT row, version, revision, status, finished, at_risk, parked, promise_date FROM sales_order"
    )
    assert columns == [7, 2, "released", False, True, True, date(2026, 5, 20)]
    assert type(row).model_validate(stored) == row


async def test_an_older_save_changes_no_row_but_its_events_are_kept(shop: Shop) -> None:
    await placed(shop)
    await save(shop, saving(5, Status.SHIPPED, told("b", "Shipped.")))
    await save(shop, saving(4, Status.RELEASED, told("a", "Released.")))
    assert await shop.rows("SELECT version, status FROM sales_order") == [(5, "shipped")]
    assert await shop.rows("SELECT words FROM event ORDER BY id") == [("Shipped.",), ("Released.",)]


async def test_saves_at_the_same_time_end_with_the_newest(shop: Shop) -> None:
    await placed(shop)
    order = [7, 3, 9, 1, 8, 2, 6, 4, 5]
    await asyncio.gather(*(save(shop, saving(n, Status.RELEASED, told(f"e{n}", "told"))) for n in order))
    assert await shop.rows("SELECT version FROM sales_order") == [(9,)]
    assert await shop.one("SELECT count(*) FROM event") == 9


async def test_an_event_is_told_once_with_its_first_words_in_the_order_it_was_told(shop: Shop) -> None:
    await placed(shop)
    await save(shop, saving(1, Status.RESERVED, told("b", "First."), told("a", "Second.")))
    await save(shop, saving(2, Status.RESERVED, told("b", "Other words."), told("c", "Third.")))
    assert await shop.rows("SELECT key, words, type, at, why, data, correlation FROM event ORDER BY id") == [
        ("b", "First.", "test.told", AT, "", {}, "O-1"),
        ("a", "Second.", "test.told", AT, "", {}, "O-1"),
        ("c", "Third.", "test.told", AT, "", {}, "O-1"),
    ]


async def test_an_event_of_an_effect_gets_its_reference_even_when_told_by_a_later_save(shop: Shop) -> None:
    await placed(shop)
    await shop.invoice("O-1", {1: 4}, goods=4000)
    event = told(key_of("O-1", "invoice", Operation.INVOICE), "Billed.")
    event = event.model_copy(update={"data": {"group": "1"}})
    await save(shop, saving(1, Status.SHIPPED, event))
    assert await shop.rows("SELECT data FROM event") == [({"group": "1", "ref": "1"},)]


async def test_an_answer_is_given_once_a_provisional_one_may_become_final(shop: Shop) -> None:
    await placed(shop)
    await shop.write(
        "INSERT INTO change_request (order_number, change_id, kind, document, requested_by)"
        " VALUES ('O-1', 'c-1', 'cancel', '{\"reason\": \"too late\"}', 'bo')"
    )
    plain = saving(1, Status.RESERVED)
    steps = (
        (1, answer(ChangeOutcome.IN_PROGRESS, "Undoing.")),
        (2, answer(ChangeOutcome.ACCEPTED, "Cancelled.")),
        (3, answer(ChangeOutcome.REFUSED, "Something else.")),
    )
    for version, given in steps:
        await save(shop, plain.model_copy(update={"version": version, "answers": (given,)}))
    await save(shop, plain.model_copy(update={"version": 4, "answers": (answer(ChangeOutcome.REFUSED, "No.", "c-2"),)}))
    assert await shop.rows(
        "SELECT change_id, outcome, answer ->> 'words', requested_by, document FROM change_request ORDER BY change_id"
    ) == [
        ("c-1", "accepted", "Cancelled.", "bo", {"reason": "too late"}),
        ("c-2", "refused", "No.", "ana", {}),
    ]


async def test_cancelled_units_only_go_up_and_leave_the_rest_open(shop: Shop) -> None:
    await placed(shop)
    plain = saving(1, Status.CANCELLED)
    for version, units in ((2, 3), (1, 1), (3, 3)):
        await save(shop, plain.model_copy(update={"version": version, "cancelled": {1: units}}))
    assert await shop.rows("SELECT quantity, shipped, cancelled, open FROM order_line") == [(4, 0, 3, 1)]


async def test_saving_takes_no_row_of_the_effects_ledger(shop: Shop) -> None:
    await placed(shop)
    await save(shop, saving(1, Status.RESERVED))
    assert await shop.rows("SELECT * FROM effect") == []
