"""Reading order documents: exact, strict, all problems at once; personal data parted from the rest (CAP4, OPS5)."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.exact_json import loads
from domain.order_document import read_order, split
from domain.problems import ProblemsFound
from tests.api.desk import order

NOW = datetime(2026, 5, 7, tzinfo=UTC)


def problems(raw: Any) -> list[tuple[str, str]]:
    """Path and code of everything wrong with a document."""
    try:
        read_order(raw, NOW)
    except ProblemsFound as found:
        return [(problem.path, problem.code) for problem in found.problems]
    return []


def test_the_two_parts_of_an_order() -> None:
    document, party = split(read_order(order(note="ring twice", purchase_order="PO 1"), NOW))
    assert document == {
        "number": None,
        "source": {"system": "shop", "id": "W-1"},
        "channel": "web",
        "currency": "USD",
        "ordered_at": "2026-05-06T09:00:00Z",
        "customer": {"id": "C-1", "segment": None},
        "ship_to_country": "ES",
        "ship_to_region": None,
        "requested_date": "2026-05-20",
        "ship_method": "speedy-express",
        "warehouse": None,
        "purchase_order": "PO 1",
        "charges": [{"code": "freight", "amount": "12.40"}],
        "payment_method": "card",
        "lines": [
            {"number": 1, "sku": "11", "quantity": 2, "unit_price": "14.00"},
            {"number": 2, "sku": "42", "quantity": 1},
        ],
        "as_of": None,
    }
    assert party == {
        "ship_to": {
            "name": "Mercedes Alba",
            "street": "Calle Olmo 12",
            "city": "Burgos",
            "region": None,
            "postal_code": "09003",
            "country": "ES",
        },
        "bill_to": None,
        "payment": {"token": "tok_visa"},
        "note": "ring twice",
    }


@pytest.mark.parametrize(
    ("sent", "kept"), [('"12.4"', "12.40"), ("12.4", "12.40"), ("12", "12.00"), ("1.2e1", "12.00")]
)
def test_amounts_are_exact_however_they_are_written(sent: str, kept: str) -> None:
    text = json.dumps(order()).replace('"12.40"', sent)
    document, _ = split(read_order(loads(text), NOW))
    assert document["charges"] == [{"code": "freight", "amount": kept}]


def test_a_number_is_never_read_as_a_binary_fraction() -> None:
    text = json.dumps(order()).replace('"12.40"', "12.4000000000000001")
    assert problems(loads(text)) == [("$.charges[0].amount", "too_many_decimals")]


def test_lines_without_numbers_take_their_place_s() -> None:
    lines = [{"sku": "a", "quantity": 1}, {"sku": "b", "quantity": 1, "number": 7}, {"sku": "c", "quantity": 1}]
    document, _ = split(read_order(order(lines=lines), NOW))
    assert [line["number"] for line in document["lines"]] == [1, 7, 3]


def test_everything_wrong_is_named_with_its_place() -> None:
    raw = order(
        source=None,
        note="\x07 4111 1111 1111 1111",
        currency="USD",
        ordered_at="2026-05-08T00:00:01Z",
        ship_to={"name": "A", "country": "UK", "zip": "1"},
        payment={"method": "cash", "card": 4111111111111111},
        lines=[
            {"sku": "a", "quantity": 0, "unit_price": 1.005, "qantity": 1},
            {"sku": "b", "quantity": True, "number": 1, "discount": "2"},
            "c",
        ],
    )
    assert problems(raw) == [
        ("$.note", "control_character"),
        ("$.payment.card", "card_number"),
        ("$.note", "card_number"),
        ("$.source", "missing"),
        ("$.ship_to.street", "missing"),
        ("$.ship_to.city", "missing"),
        ("$.ship_to.country", "unknown_country"),
        ("$.ship_to.zip", "unknown_field"),
        ("$.payment.method", "not_a_choice"),
        ("$.payment.card", "unknown_field"),
        ("$.lines[0].quantity", "out_of_range"),
        ("$.lines[0].unit_price", "not_an_amount"),
        ("$.lines[0].qantity", "unknown_field"),
        ("$.lines[1].quantity", "wrong_type"),
        ("$.lines[1].discount", "out_of_range"),
        ("$.lines[2]", "wrong_type"),
        ("$.lines[1].number", "repeated_line"),
        ("$.ship_to.postal_code", "missing"),
    ]


def test_an_order_may_be_a_day_ahead_of_the_clock_and_no_more() -> None:
    assert problems(order(ordered_at="2026-05-08T00:00:00Z")) == []
    assert problems(order(ordered_at="2026-05-08T00:00:01Z")) == [("$.ordered_at", "in_the_future")]


@pytest.mark.parametrize("country", ["IE", "HK", "AE"])
def test_some_countries_need_no_postal_code(country: str) -> None:
    address = {"name": "A", "street": "B", "city": "C", "country": country}
    assert problems(order(ship_to=address, bill_to=address)) == []


def test_a_note_may_have_line_breaks_and_a_name_may_not() -> None:
    assert problems(order(note="one\r\ntwo\tthree")) == []
    assert problems(order(ship_to={**order()["ship_to"], "name": "one\ntwo"})) == [
        ("$.ship_to.name", "control_character")
    ]


@pytest.mark.parametrize("text", ["\u202e", "\u2066", "\ud800", "\ufffe", "\x00", "\x7f", "\u2028"])
def test_text_that_deceives_or_cannot_be_stored_is_refused(text: str) -> None:
    assert ("$.purchase_order", "control_character") in problems(order(purchase_order=f"PO{text}1"))


def test_ids_that_are_numbers_are_not_taken_for_cards() -> None:
    ean = "4006381333931"
    number = "4111111111111111"
    raw = order(number=number, source={"system": "shop", "id": number}, customer={"id": number})
    raw["lines"] = [{"sku": ean, "quantity": 1}, {"sku": number, "quantity": 1}]
    assert problems(raw) == []


@pytest.mark.parametrize("raw", [None, [], 1, "x", True, {}, {"lines": [[[]]]}, {"lines": {"a": 1}}, {"ship_to": []}])
def test_whatever_it_is_it_is_refused(raw: Any) -> None:
    assert problems(raw) != []


def test_no_problem_repeats_a_value() -> None:
    secret = "s3cret-value"
    raw = order(currency=secret, requested_date=secret, ordered_at=secret, channel=f"{secret}!", note="x" * 3000)
    raw["payment"] = {"method": secret, "token": "t" * 300}
    with pytest.raises(ProblemsFound) as found:
        read_order(raw, NOW)
    assert secret not in str(found.value.problems) + str(found.value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*order(), "bill_to", "number", "note", "as_of", "warehouse"]), JSON))
@settings(max_examples=100, deadline=None)
def test_any_document_is_read_or_refused(changes: dict[str, Any]) -> None:
    """Reading never breaks, and what it takes can be parted and written as JSON."""
    raw = {**order(), **changes}
    found = problems(raw)
    assert all(path.startswith("$") and code for path, code in found)
    if not found:
        json.dumps(split(read_order(raw, NOW)))


def test_the_largest_order_is_read_in_a_fraction_of_a_second() -> None:
    text = json.dumps(order(lines=[{"sku": "11", "quantity": 1, "unit_price": "1.00", "discount": "0.1"}] * 2000))
    started = time.process_time()
    assert problems(loads(text)) == []
    assert time.process_time() - started < 1
