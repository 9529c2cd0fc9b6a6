"""Reading change documents: strict, all problems at once with their places (CHG1, CAP4, OPS5)."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.change_document import edit_of, read_change
from domain.exact_json import loads
from domain.problems import ProblemsFound

ADDRESS = {"name": "Ana", "street": "Elm 1", "city": "Burgos", "postal_code": "09003", "country": "ES"}
CARD = "4111 1111 1111 1111"


def problems(raw: Any, currency: str | None = "USD") -> list[tuple[str, str]]:
    """Path and code of everything wrong with a change."""
    try:
        read_change(raw, currency)
    except ProblemsFound as found:
        return [(problem.path, problem.code) for problem in found.problems]
    return []


def edit(raw: dict[str, Any], currency: str | None = "USD") -> dict[str, Any]:
    """The change as it is kept."""
    change = read_change(raw, currency)
    return edit_of(change.set, change.lines, currency)


def test_a_change_of_everything_is_kept_as_it_was_meant() -> None:
    raw = {
        "change_id": "c-1",
        "base_revision": 3,
        "reason": "The customer called.",
        "set": {
            "ship_to": ADDRESS,
            "requested_date": "2026-06-01",
            "ship_method": "federal-shipping",
            "warehouse": "east",
            "payment": {"method": "terms"},
            "purchase_order": "PO 2",
            "note": "one\ntwo",
        },
        "lines": [
            {"number": 1, "quantity": 5, "unit_price": "12.5", "discount": "0.1"},
            {"number": 2, "cancel": True},
            {"number": 3, "sku": "42", "requested_date": "2026-06-02", "warehouse": "west"},
            {"add": {"sku": "11", "quantity": 2, "unit_price": 7}},
        ],
    }
    change = read_change(loads(json.dumps(raw)), "USD")
    assert (change.change_id, change.base_revision, change.reason, change.kind) == (
        "c-1",
        3,
        "The customer called.",
        "edit",
    )
    assert edit(raw) == {
        "set": {
            "ship_to": {**ADDRESS, "region": None},
            "requested_date": "2026-06-01",
            "ship_method": "federal-shipping",
            "warehouse": "east",
            "payment": {"method": "terms", "token": None},
            "purchase_order": "PO 2",
            "note": "one\ntwo",
        },
        "lines": [
            {"number": 1, "quantity": 5, "unit_price": "12.50", "discount": "0.1"},
            {"number": 2, "cancel": True},
            {"number": 3, "sku": "42", "warehouse": "west", "requested_date": "2026-06-02"},
            {"add": {"sku": "11", "quantity": 2, "unit_price": "7.00"}},
        ],
    }


def test_what_is_left_out_stays_and_null_takes_away() -> None:
    nulls = {"bill_to": None, "requested_date": None, "warehouse": None, "purchase_order": None, "note": None}
    line = {"number": 1, "unit_price": None, "discount": None, "warehouse": None, "requested_date": None}
    assert edit({"set": nulls, "lines": [line]}) == {"set": nulls, "lines": [line]}
    assert edit({"set": {"note": None}}) == {"set": {"note": None}, "lines": []}


def test_what_an_order_cannot_be_without_is_not_taken_away() -> None:
    raw = {
        "set": {"ship_to": None, "ship_method": None, "payment": None},
        "lines": [{"number": 1, "quantity": None, "sku": None}],
    }
    assert problems(raw) == [
        ("$.set.ship_to", "missing"),
        ("$.set.ship_method", "missing"),
        ("$.set.payment", "missing"),
        ("$.lines[0].quantity", "missing"),
        ("$.lines[0].sku", "missing"),
    ]


def test_the_whole_order_is_cancelled_by_one_word() -> None:
    change = read_change({"cancel": True}, None)
    assert (change.kind, change.change_id, change.base_revision, change.reason) == ("cancel", None, None, None)
    assert problems({"cancel": True, "lines": [{"number": 1, "quantity": 2}]}) == [("$.cancel", "contradiction")]
    assert problems({"cancel": True, "set": {}, "lines": []}) == []


@pytest.mark.parametrize("raw", [{}, {"set": {}}, {"lines": []}, {"cancel": False}, {"set": None, "reason": "none"}])
def test_a_change_that_asks_for_nothing_is_refused(raw: dict[str, Any]) -> None:
    assert problems(raw) == [("$", "nothing_asked")]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ({}, [("$.lines[0].number", "missing"), ("$.lines[0]", "nothing_asked")]),
        ({"number": 1}, [("$.lines[0]", "nothing_asked")]),
        ({"number": 1, "cancel": False}, [("$.lines[0]", "nothing_asked")]),
        ({"quantity": 1}, [("$.lines[0].number", "missing")]),
        ({"cancel": True}, [("$.lines[0].number", "missing")]),
        ({"number": 1, "cancel": True, "quantity": 2}, [("$.lines[0]", "contradiction")]),
        ({"number": 1, "add": {"sku": "11", "quantity": 1}}, [("$.lines[0]", "contradiction")]),
        ({"add": {"sku": "11"}}, [("$.lines[0].add.quantity", "missing")]),
        ({"add": {"sku": "11", "quantity": 1, "price": "1"}}, [("$.lines[0].add.price", "unknown_field")]),
        ({"number": 1, "quantity": 0}, [("$.lines[0].quantity", "out_of_range")]),
        ({"number": 1, "quantity": 1.5}, [("$.lines[0].quantity", "wrong_type")]),
        ({"number": 1, "cancel": "yes"}, [("$.lines[0].cancel", "wrong_type")]),
        ({"number": 1, "ship_set": "A"}, [("$.lines[0].ship_set", "unknown_field")]),
        ({"number": 1, "unit_price": "1.005"}, [("$.lines[0].unit_price", "too_many_decimals")]),
        ("x", [("$.lines[0]", "wrong_type")]),
    ],
)
def test_a_line_is_added_or_cancelled_or_changed(line: Any, found: list[tuple[str, str]]) -> None:
    assert problems({"lines": [line]}) == found


def test_everything_wrong_is_named_with_its_place() -> None:
    raw = {
        "change_id": "a/b",
        "base_revision": 0,
        "reason": "",
        "requested_by": "boss",
        "set": {
            "ship_to": {"name": "Ana", "street": CARD, "city": "Burgos", "country": "UK"},
            "bill_to": {**ADDRESS, "postal_code": None},
            "ship_metod": "x",
            "payment": {"method": "card"},
            "note": f"\x07 {CARD}",
        },
        "lines": [
            {"number": 1, "quantity": 2},
            {"number": 1, "cancel": True},
            {"add": {"number": 1, "sku": "4111111111111111", "quantity": 1, "unit_price": "1.005"}},
        ],
    }
    assert problems(raw) == [
        ("$.set.note", "control_character"),
        ("$.set.ship_to.street", "card_number"),
        ("$.set.note", "card_number"),
        ("$.change_id", "wrong_form"),
        ("$.base_revision", "out_of_range"),
        ("$.reason", "empty"),
        ("$.set.ship_to.country", "unknown_country"),
        ("$.set.ship_metod", "unknown_field"),
        ("$.requested_by", "unknown_field"),
        ("$.set.ship_to.postal_code", "missing"),
        ("$.set.bill_to.postal_code", "missing"),
        ("$.set.payment.token", "missing"),
        ("$.lines[2].add.unit_price", "too_many_decimals"),
        ("$.lines[1].number", "repeated_line"),
        ("$.lines[2].add.number", "repeated_line"),
    ]
    with pytest.raises(ProblemsFound) as refused:
        read_change(raw, "USD")
    assert "Did you mean `ship_method`?" in str(refused.value.problems)
    assert "4111" not in str(refused.value.problems)


def test_prices_are_measured_by_the_orders_currency() -> None:
    raw = {"lines": [{"number": 1, "unit_price": "10.5"}]}
    assert problems(raw, "JPY") == [("$.lines[0].unit_price", "too_many_decimals")]
    assert problems(raw, None) == []
    assert edit(raw, None)["lines"] == [{"number": 1, "unit_price": "10.5"}]


def test_at_most_2000_lines() -> None:
    entries = [{"number": number, "quantity": 1} for number in range(1, 2002)]
    assert problems({"lines": entries}) == [("$.lines", "too_many")]
    assert problems({"lines": entries[:2000]}) == []


@pytest.mark.parametrize("raw", [None, [], 1, "x", True, {"lines": {"a": 1}}, {"set": []}, {"lines": [[[]]]}])
def test_whatever_it_is_it_is_refused(raw: Any) -> None:
    assert problems(raw) != []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["change_id", "base_revision", "reason", "cancel", "set", "lines"]
LINE = st.dictionaries(st.sampled_from(["number", "quantity", "sku", "unit_price", "cancel", "add"]), JSON)


@given(st.dictionaries(st.sampled_from(NAMES), JSON), st.none() | st.lists(LINE, max_size=3))
@settings(max_examples=100, deadline=None)
def test_any_document_is_read_or_refused(raw: dict[str, Any], lines: list[dict[str, Any]] | None) -> None:
    """Reading never breaks, and what it takes can be written as JSON."""
    raw = raw if lines is None else {**raw, "lines": lines}
    found = problems(raw)
    assert all(path.startswith("$") and code for path, code in found)
    if not found:
        json.dumps(edit(raw))
