"""What of a change is left to be done where the carrier keeps a request (CHG10)."""

from domain.process.calls import Rest
from domain.process.words import ChangeKind
from domain.rest_of_change import cancelled, rest_of

CHANGE = {
    "reason": "the customer called",
    "set": {"ship_to": {"name": "Ann"}, "payment": {"method": "terms"}, "requested_date": None},
    "lines": [
        {"number": 1, "quantity": 5},
        {"add": {"sku": "a", "quantity": 1}},
        {"number": 3, "cancel": True},
        {"add": {"sku": "b", "quantity": 2}},
        {"add": {"sku": "c", "quantity": 3, "number": 9}},
    ],
}


def test_lines_and_fields_are_left_out_and_an_added_line_keeps_the_number_that_it_got() -> None:
    rest = Rest(without_lines=(3, 4), without_fields=(ChangeKind.ADDRESS_OTHER_ZONE, ChangeKind.LATER_DATE))
    assert rest_of(CHANGE, rest, [1, 2, 3]) == {
        "reason": "the customer called",
        "set": {"payment": {"method": "terms"}},
        "lines": [
            {"number": 1, "quantity": 5},
            {"add": {"sku": "b", "quantity": 2, "number": 5}},
            {"add": {"sku": "c", "quantity": 3, "number": 9}},
        ],
    }


def test_a_change_without_lines_or_fields_is_taken_as_it_is() -> None:
    assert rest_of({"lines": [{"number": 2, "quantity": 1}]}, Rest(without_lines=(1,)), [1, 2]) == {
        "set": {},
        "lines": [{"number": 2, "quantity": 1}],
    }
    assert rest_of(
        {"set": {"note": "x", "ship_method": "air"}}, Rest(without_fields=(ChangeKind.SHIP_METHOD,)), []
    ) == {
        "set": {"note": "x"},
        "lines": [],
    }


def test_of_a_cancel_lines_are_cancelled_or_keep_what_goes_on_of_them() -> None:
    assert cancelled({1: 0, 4: 3}) == {"lines": [{"number": 1, "cancel": True}, {"number": 4, "quantity": 3}]}
