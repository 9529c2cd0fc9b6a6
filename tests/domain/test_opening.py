"""Which lines travel together, and from where (ORC6); what an order's process gets to know (design rule 7)."""

import pytest

from domain.grouping import OpeningLine, choose_location, plan_groups
from domain.policy.model import Assigned

ALL = ("ship_set", "process", "warehouse")


def assigned(*numbers: int, process: str = "standard", because: str = "row 1") -> Assigned:
    return Assigned(process=process, because=because, lines=numbers)


def line(number: int, sku: str = "a", quantity: int = 1, **more: str) -> OpeningLine:
    return OpeningLine(number, sku, quantity, **more)


def groups(
    lines: list[OpeningLine], rules: list[Assigned], group_by: tuple[str, ...] = ALL
) -> list[tuple[str, tuple[int, ...]]]:
    return [(group.id, group.lines) for group in plan_groups(lines, rules, group_by, {})]


def test_lines_that_agree_in_everything_share_a_group() -> None:
    assert groups([line(1), line(2), line(3)], [assigned(1, 2, 3)]) == [("1", (1, 2, 3))]


def test_groups_are_counted_in_the_order_of_their_first_lines() -> None:
    lines = [line(5, ship_set="x"), line(2), line(9, ship_set="x"), line(4, warehouse="north")]
    assert groups(lines, [assigned(2, 4, 5, 9)]) == [("1", (5, 9)), ("2", (2,)), ("3", (4,))]


def test_each_process_has_its_own_group() -> None:
    rules = [assigned(1, 3), assigned(2, process="drop-ship")]
    assert groups([line(1), line(2), line(3)], rules) == [("1", (1, 3)), ("2", (2,))]


def test_one_group_never_mixes_processes_or_warehouses_whatever_the_policy_groups_by() -> None:
    lines = [line(1), line(2), line(3, warehouse="north"), line(4, ship_set="x")]
    rules = [assigned(1, 3, 4), assigned(2, process="drop-ship")]
    assert groups(lines, rules, ()) == [("1", (1, 4)), ("2", (2,)), ("3", (3,))]


def test_a_group_says_why() -> None:
    (plan,) = plan_groups([line(1, ship_set="gift")], [assigned(1)], ALL, {"main": {"a": 3}})
    assert plan.why == "ship set gift; process standard (row 1); from main: all of it is available there"


STOCK = {"north": {"a": 5, "b": 1}, "main": {"a": 2}}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([line(1, "a", 5)], ("north", "all of it is available there")),
        ([line(1, "a", 2)], ("main", "all of it is available there")),
        ([line(1, "a", 2), line(2, "b", 1)], ("north", "all of it is available there")),
        ([line(1, "a", 3), line(2, "a", 3)], ("main", "no location has all of it; this is the first that stocks any")),
        ([line(1, "a", 9, warehouse="east")], ("east", "the order names this warehouse")),
    ],
)
def test_the_location_is_the_wished_one_or_the_first_that_can_fill_all(
    members: list[OpeningLine], expected: tuple[str, str]
) -> None:
    assert choose_location(members, STOCK) == expected


def test_without_any_stock_there_is_still_a_place_to_look() -> None:
    assert choose_location([line(1)], {}) == ("main", "no location stocks any of it")
