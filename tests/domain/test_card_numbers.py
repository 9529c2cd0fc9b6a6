"""Card numbers are found by issuer prefix, length and check digit; other long numbers pass (ISO/IEC 7812)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.card_numbers import contains_card_number, is_card_number

CARDS = {
    "Visa": "4111111111111111",
    "Visa of 13 digits": "4222222222222",
    "Mastercard": "5555555555554444",
    "Mastercard, second range": "2223003122003222",
    "American Express": "378282246310005",
    "Discover": "6011111111111117",
    "Diners Club": "30569309025904",
    "JCB": "3530111333300000",
    "UnionPay": "6200000000000005",
    "Maestro": "6304000000000000",
}


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS.keys())
@pytest.mark.parametrize(
    "text",
    ["{0}", "card {0} please", "x{0}y", "{1}", "{2}", "{3}", "No. 12, {0}", "{0} exp 12/27", "{1} 123"],
)
def test_a_card_number_is_found(number: str, text: str) -> None:
    in_fours = [number[place : place + 4] for place in range(0, len(number), 4)]
    forms = (number, " ".join(in_fours), "-".join(in_fours), ".".join(in_fours))
    assert contains_card_number(text.format(*forms))


def test_digits_of_other_scripts_are_digits() -> None:
    assert contains_card_number("４１１１ １１１１ １１１１ １１１１")
    assert contains_card_number("4111\u00a01111\u00a01111\u00a01111")


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # check digit
        "1111111111111117",  # no issuer
        "411111111111111",  # length
        "41111111111111111111111",  # a longer number is another number
        "+49 30 901820 1234",
        "2026-05-06T09:00:00+02:00",
        "1Z 999 AA1 01 2345 6784",
        "tok_4111",
        "",
    ],
)
def test_other_numbers_pass(text: str) -> None:
    assert not contains_card_number(text)


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    assert contains_card_number(text) in (True, False)


@given(
    st.text(alphabet="abc ,", max_size=30),
    st.sampled_from(list(CARDS.values())),
    st.text(alphabet="abc ,", max_size=30),
)
def test_words_around_do_not_hide_it(before: str, number: str, after: str) -> None:
    assert contains_card_number(before + number + after)


@given(st.sampled_from(list(CARDS.values())), st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_is_no_card(number: str, place: int, step: int) -> None:
    place %= len(number)
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert not is_card_number(wrong)


def test_a_page_of_digits_is_read_quickly() -> None:
    assert not contains_card_number("0 " * 500_000)
