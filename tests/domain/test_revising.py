"""A change applied to an order document: the new document, how it differs, and what makes no sense (CHG1, CHG11)."""

from copy import deepcopy
from typing import Any

import pytest

from domain.problems import ProblemsFound
from domain.process.outcomes import LineChange
from domain.process.words import ChangeKind
from domain.revising import NewVersion, Progress, revise, unknown_items

ADDRESS = {
    "name": "Ada Abel",
    "street": "Elm Road 1",
    "city": "Boise",
    "region": "ID",
    "postal_code": "83702",
    "country": "US",
}
DOCUMENT: dict[str, Any] = {
    "number": "O-1",
    "currency": "USD",
    "ordered_at": "2026-05-06T09:00:00Z",
    "ship_to_country": "US",
    "ship_to_region": "ID",
    "requested_date": "2026-05-20",
    "ship_method": "speedy-express",
    "warehouse": None,
    "purchase_order": None,
    "payment_method": "card",
    "lines": [
        {"number": 1, "sku": "A", "quantity": 5, "unit_price": "10.00"},
        {"number": 2, "sku": "B", "quantity": 3, "discount": "0.1"},
        {"number": 4, "sku": "C", "quantity": 2, "ship_set": "gift", "requested_date": "2026-06-01"},
    ],
}
PARTY: dict[str, Any] = {"ship_to": ADDRESS, "bill_to": None, "payment": {"token": "tok_ok"}, "note": None}
PROGRESS = {1: Progress(), 2: Progress(), 4: Progress()}


def changed(change: dict[str, Any], **progress: Progress) -> NewVersion:
    at = PROGRESS | {int(name.removeprefix("line")): one for name, one in progress.items()}
    document, party = deepcopy(DOCUMENT), deepcopy(PARTY)
    new = revise(document, party, change, at)
    assert (document, party) == (DOCUMENT, PARTY), "the arguments stay as they are"
    return new


def problems(change: dict[str, Any], **progress: Progress) -> list[tuple[str, str]]:
    with pytest.raises(ProblemsFound) as found:
        changed(change, **progress)
    return [(problem.path, problem.code) for problem in found.value.problems]


def line_of(new: NewVersion, number: int) -> dict[str, Any]:
    (found,) = [line for line in new.document["lines"] if line["number"] == number]
    return dict(found)


def told(new: NewVersion) -> list[tuple[int, ChangeKind, int, int]]:
    return [(one.number, one.kind, one.before, one.after) for one in new.revised.lines]


# ---- lines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "line", "kinds"),
    [
        ({"quantity": 8}, {"quantity": 8}, [(ChangeKind.QUANTITY_UP, 5, 8)]),
        ({"quantity": 2}, {"quantity": 2}, [(ChangeKind.QUANTITY_DOWN, 5, 2)]),
        ({"unit_price": "9.5"}, {"unit_price": "9.50"}, [(ChangeKind.PRICE, 5, 5)]),
        ({"discount": "0.2"}, {"discount": "0.2"}, [(ChangeKind.PRICE, 5, 5)]),
        ({"requested_date": "2026-05-25"}, {"requested_date": "2026-05-25"}, [(ChangeKind.LATER_DATE, 5, 5)]),
        ({"requested_date": "2026-05-10"}, {"requested_date": "2026-05-10"}, [(ChangeKind.EARLIER_DATE, 5, 5)]),
        ({"warehouse": "north"}, {"warehouse": "north"}, [(ChangeKind.WAREHOUSE, 5, 5)]),
        (
            {"quantity": 6, "warehouse": "north"},
            {"quantity": 6, "warehouse": "north"},
            [(ChangeKind.QUANTITY_UP, 5, 6), (ChangeKind.WAREHOUSE, 5, 6)],
        ),
    ],
)
def test_a_line_gets_new_values(
    entry: dict[str, Any], line: dict[str, Any], kinds: list[tuple[ChangeKind, int, int]]
) -> None:
    new = changed({"lines": [{"number": 1, **entry}]})
    assert line_of(new, 1) == {"number": 1, "sku": "A", "quantity": 5, "unit_price": "10.00", **line}
    assert told(new) == [(1, kind, before, after) for kind, before, after in kinds]
    assert new.revised.fields == ()
    assert [line for line in new.document["lines"] if line["number"] != 1] == DOCUMENT["lines"][1:]
    assert new.party == PARTY


def test_another_item_loses_the_price_that_was_agreed_for_the_first() -> None:
    assert line_of(changed({"lines": [{"number": 1, "sku": "X"}]}), 1) == {"number": 1, "sku": "X", "quantity": 5}
    new = changed({"lines": [{"number": 1, "sku": "X", "unit_price": "7"}]})
    assert line_of(new, 1) == {"number": 1, "sku": "X", "quantity": 5, "unit_price": "7.00"}
    assert told(new) == [(1, ChangeKind.ITEM, 5, 5)]


def test_null_takes_away_what_a_line_may_be_without() -> None:
    entry = {"number": 4, "requested_date": None}
    new = changed({"lines": [entry, {"number": 2, "discount": None}, {"number": 1, "unit_price": None}]})
    assert line_of(new, 4) == {"number": 4, "sku": "C", "quantity": 2, "ship_set": "gift"}
    assert line_of(new, 2) == {"number": 2, "sku": "B", "quantity": 3}
    assert line_of(new, 1) == {"number": 1, "sku": "A", "quantity": 5}
    assert told(new) == [
        (4, ChangeKind.EARLIER_DATE, 2, 2),  # the order's own day counts again, and that is earlier
        (2, ChangeKind.PRICE, 3, 3),
        (1, ChangeKind.PRICE, 5, 5),
    ]


def test_a_cancelled_line_leaves_the_document() -> None:
    new = changed({"lines": [{"number": 2, "cancel": True}]})
    assert [line["number"] for line in new.document["lines"]] == [1, 4]
    assert new.revised.lines == (LineChange(number=2, kind=ChangeKind.CANCELLED, before=3, after=0),)


def test_of_a_partly_shipped_line_the_rest_is_cancelled() -> None:
    new = changed({"lines": [{"number": 1, "cancel": True}]}, line1=Progress(shipped=2))
    assert line_of(new, 1) == {"number": 1, "sku": "A", "quantity": 2, "unit_price": "10.00"}
    assert told(new) == [(1, ChangeKind.CANCELLED, 5, 2)]


def test_added_lines_get_numbers_that_were_never_given() -> None:
    added = [{"add": {"sku": "X", "quantity": 1, "unit_price": "3.5"}}, {"add": {"sku": "Y", "quantity": 2}}]
    new = changed({"lines": added}, line6=Progress(cancelled=4))
    assert new.document["lines"][3:] == [
        {"number": 7, "sku": "X", "quantity": 1, "unit_price": "3.50"},
        {"number": 8, "sku": "Y", "quantity": 2},
    ]
    assert told(new) == [(7, ChangeKind.ADDED, 0, 1), (8, ChangeKind.ADDED, 0, 2)]


def test_behind_the_highest_number_of_all_the_lowest_free_one_is_given() -> None:
    new = changed({"lines": [{"add": {"sku": "X", "quantity": 1}}]}, line999999=Progress(shipped=1))
    assert new.document["lines"][-1]["number"] == 3


def test_an_added_line_may_bring_its_number() -> None:
    new = changed({"lines": [{"add": {"number": 3, "sku": "X", "quantity": 1, "ship_set": "gift"}}]})
    assert new.document["lines"][-1] == {"number": 3, "sku": "X", "quantity": 1, "ship_set": "gift"}
    assert problems({"lines": [{"add": {"number": 1, "sku": "X", "quantity": 1}}]}) == [
        ("$.lines[0].add.number", "repeated_line")
    ]


# ---- the order's own fields --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "kinds", "document", "party"),
    [
        ({"requested_date": "2026-05-21"}, ["later_date"], {"requested_date": "2026-05-21"}, {}),
        ({"requested_date": None}, ["later_date"], {"requested_date": None}, {}),
        ({"requested_date": "2026-05-19"}, ["earlier_date"], {"requested_date": "2026-05-19"}, {}),
        ({"ship_method": "freight"}, ["ship_method"], {"ship_method": "freight"}, {}),
        ({"warehouse": "north"}, ["warehouse"], {"warehouse": "north"}, {}),
        ({"purchase_order": "P-7"}, ["reference"], {"purchase_order": "P-7"}, {}),
        ({"note": "Ring twice.", "bill_to": ADDRESS}, ["reference"], {}, {"note": "Ring twice.", "bill_to": ADDRESS}),
        (
            {"payment": {"method": "card", "token": "tok_new"}},
            ["payment"],
            {},
            {"payment": {"token": "tok_new"}},
        ),
        (
            {"payment": {"method": "terms"}},
            ["payment"],
            {"payment_method": "terms"},
            {"payment": {"token": None}},
        ),
        (
            {"ship_to": {**ADDRESS, "street": "Oak Road 2"}},
            ["address_same_zone"],
            {},
            {"ship_to": {**ADDRESS, "street": "Oak Road 2"}},
        ),
        (
            {"ship_to": {**ADDRESS, "region": "UT"}},
            ["address_other_zone"],
            {"ship_to_region": "UT"},
            {"ship_to": {**ADDRESS, "region": "UT"}},
        ),
        (
            {"ship_to": {**ADDRESS, "region": None, "country": "IE"}},
            ["address_other_zone"],
            {"ship_to_country": "IE", "ship_to_region": None},
            {"ship_to": {**ADDRESS, "region": None, "country": "IE"}},
        ),
    ],
)
def test_the_orders_own_fields(
    fields: dict[str, Any], kinds: list[str], document: dict[str, Any], party: dict[str, Any]
) -> None:
    new = changed({"set": fields})
    assert new.revised.fields == tuple(ChangeKind(kind) for kind in kinds)
    assert new.revised.lines == ()
    assert new.document == {**DOCUMENT, **document}
    assert new.party == {**PARTY, **party}


def test_a_first_date_counts_as_earlier() -> None:
    new = revise({**DOCUMENT, "requested_date": None}, PARTY, {"set": {"requested_date": "2030-01-01"}}, PROGRESS)
    assert new.revised.fields == (ChangeKind.EARLIER_DATE,)


# ---- what makes no sense -----------------------------------------------------------------------------


def test_everything_wrong_is_told_at_once_with_its_place() -> None:
    change = {
        "lines": [
            {"number": 9, "quantity": 1},
            {"number": 3, "quantity": 1},
            {"number": 1, "quantity": 2},
            {"number": 1, "cancel": True},
            {"number": 4, "sku": "X"},
            {"add": {"sku": "Y", "quantity": 1, "unit_price": "1.234"}},
        ]
    }
    at = {
        "line1": Progress(shipped=3),
        "line3": Progress(cancelled=1),
        "line4": Progress(shipped=1),
    }
    assert problems(change, **at) == [
        ("$.lines[0].number", "unknown_line"),
        ("$.lines[1].number", "line_closed"),
        ("$.lines[2].quantity", "below_shipped"),
        ("$.lines[3].number", "repeated_line"),
        ("$.lines[4].sku", "partly_shipped"),
        ("$.lines[5].add.unit_price", "too_many_decimals"),
    ]


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"quantity": 6}, ChangeKind.QUANTITY_UP),
        ({"quantity": 4}, ChangeKind.QUANTITY_DOWN),
        ({"sku": "X"}, ChangeKind.ITEM),
        ({"cancel": True}, ChangeKind.CANCELLED),
        ({"unit_price": "9.00"}, ChangeKind.PRICE),
    ],
)
def test_what_becomes_of_a_line_that_has_left_is_for_the_matrix_to_say(entry: dict[str, Any], kind: ChangeKind) -> None:
    """CHG5."""
    new = changed({"lines": [{"number": 1, **entry}]}, line1=Progress(shipped=5))
    assert [change.kind for change in new.revised.lines] == [kind]


def test_the_words_say_what_to_do() -> None:
    with pytest.raises(ProblemsFound) as found:
        changed({"lines": [{"number": 1, "quantity": 2}]}, line1=Progress(shipped=3))
    assert [problem.words for problem in found.value.problems] == [
        "3 of line 1 have left; the quantity cannot be less. Ask for a return instead."
    ]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"set": {}, "lines": []},
        {"set": {"ship_to": ADDRESS, "requested_date": "2026-05-20", "note": None, "ship_method": "speedy-express"}},
        {"set": {"payment": {"method": "card", "token": "tok_ok"}}},
        {"lines": [{"number": 1, "quantity": 5, "sku": "A", "unit_price": "10"}, {"number": 2, "discount": "0.10"}]},
    ],
)
def test_what_is_so_already_is_no_change(change: dict[str, Any]) -> None:
    assert problems(change) == [("$", "nothing_changed")]


def test_an_order_keeps_at_least_one_line() -> None:
    every = [{"number": number, "cancel": True} for number in (1, 2, 4)]
    assert problems({"lines": every}) == [("$.lines", "nothing_left")]
    new = changed({"lines": every}, line1=Progress(shipped=1))
    assert [line["quantity"] for line in new.document["lines"]] == [1]


def test_an_order_has_no_more_lines_by_changes_than_at_once() -> None:
    added = [{"add": {"sku": "X", "quantity": 1}} for _ in range(1_998)]
    assert problems({"lines": added}) == [("$.lines", "too_many")]
    assert len(changed({"lines": added[1:]}).document["lines"]) == 2_000


def test_ship_sets_and_warehouses_stay_limited() -> None:
    added = [{"add": {"sku": "X", "quantity": 1, "ship_set": f"s{n}"}} for n in range(199)]
    assert problems({"lines": added}) == [("$.lines", "too_many")]


def test_unknown_items_are_named_where_the_change_names_them() -> None:
    new = changed({"lines": [{"number": 2, "sku": "X"}, {"add": {"sku": "Y", "quantity": 1}}]})
    found = [(problem.path, problem.code) for problem in unknown_items(new, {"A", "C"})]
    assert found == [("$.lines[0].sku", "unknown_sku"), ("$.lines[1].add.sku", "unknown_sku")]
    assert unknown_items(new, {"A", "C", "X", "Y"}) == []
