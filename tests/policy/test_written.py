"""Values that are written as one piece of text."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.cells import Cell
from domain.policy.model import Duration, Reaction, Unit


@pytest.mark.parametrize(
    ("text", "duration", "canonical"),
    [
        ("30s", Duration(30, Unit.SECOND), "30s"),
        ("4h", Duration(4, Unit.HOUR), "4h"),
        ("4 hours", Duration(4, Unit.HOUR), "4h"),
        ("2m", Duration(2, Unit.MINUTE), "2m"),
        ("0d", Duration(0, Unit.DAY), "0 days"),
        ("30 days", Duration(30, Unit.DAY), "30 days"),
        ("1 week", Duration(1, Unit.WEEK), "1 week"),
        ("1 business day", Duration(1, Unit.BUSINESS_DAY), "1 business day"),
        ("2 business days", Duration(2, Unit.BUSINESS_DAY), "2 business days"),
    ],
)
def test_a_duration_is_read_and_written(text: str, duration: Duration, canonical: str) -> None:
    assert Duration.parse(text) == duration
    assert str(duration) == canonical


@given(st.builds(Duration, st.integers(0, 99_999), st.sampled_from(Unit)))
def test_a_duration_comes_back_from_its_text(duration: Duration) -> None:
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize("text", ["", "4", "h", "-4h", "1.5h", "4 moons", "4hh", "999999h", "٤h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration; write 30s, 4h, 30 days or 2 business days"):
        Duration.parse(text)


def test_a_business_day_has_no_fixed_length() -> None:
    assert Duration.parse("36h").span == timedelta(days=1, hours=12)
    with pytest.raises(ValueError, match=r"^2 business days has no fixed length; use the calendar$"):
        _ = Duration.parse("2 business days").span


@pytest.mark.parametrize("text", ["hold", "alert", "skip", "cancel", "continue", "ask csr"])
def test_a_reaction_comes_back_from_its_text(text: str) -> None:
    assert str(Reaction.parse(text)) == text


@pytest.mark.parametrize(
    ("cell", "value", "expected"),
    [
        ("any", None, True),
        ("gold", "gold", True),
        ("gold, silver", "bronze", False),
        ("not gold, silver", "bronze", True),
        ("not gold", None, None),
        ("10..99", Decimal(10), True),
        ("10..99", Decimal("99.01"), False),
        ("at least 5", 5, True),
        ("over 5", Decimal(5), False),
        ("up to 5.50", Decimal("5.5"), True),
        ("under -1", Decimal(-2), True),
        ("5", Decimal("5.00"), True),
        ("yes", True, True),
        ("no", True, False),
        ("over 5", "7", None),
        ("over 5", True, None),
    ],
)
def test_a_cell_compares(cell: str, value: object, expected: bool | None) -> None:
    assert Cell.parse(cell).matches(value) is expected
    assert str(Cell.parse(cell)) == cell
