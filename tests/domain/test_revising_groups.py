"""Groups of a changed order: nothing moves that need not (ORC6, CHG6)."""

from domain.grouping import OpeningLine
from domain.policy.model import Assigned
from domain.process.read_model import GroupPlan
from domain.regrouping import Regrouped, Standing, regroup

ALL = ("ship_set", "process", "warehouse")
STOCK = {"main": {"a": 9}, "north": {"a": 9}}


def line(number: int, warehouse: str | None = None, ship_set: str | None = None) -> OpeningLine:
    return OpeningLine(number, "a", 1, ship_set, warehouse)


def plan(group: str, *lines: int, location: str = "main", process: str = "standard") -> GroupPlan:
    return GroupPlan(id=group, process=process, lines=lines, location=location, why="as before")


def regrouped(
    lines: list[OpeningLine],
    standing: list[GroupPlan],
    *,
    other: tuple[int, ...] = (),
    wished: dict[int, str | None] | None = None,
    used: tuple[str, ...] = (),
) -> Regrouped:
    """`other` lines run the process `drop-ship`, the rest `standard`."""
    rules = [
        Assigned(process=process, because="row 1", lines=numbers)
        for process, numbers in (
            ("standard", tuple(one.number for one in lines if one.number not in other)),
            ("drop-ship", other),
        )
        if numbers
    ]
    return regroup(lines, rules, ALL, STOCK, Standing(tuple(standing), wished or {}, used))


def shown(found: Regrouped) -> list[tuple[str, tuple[int, ...], str]]:
    return [(group.id, group.lines, group.location) for group in found.groups]


def test_lines_that_stay_stay_and_an_added_one_joins_those_it_agrees_with() -> None:
    found = regrouped([line(1), line(2, ship_set="x"), line(3)], [plan("1", 1), plan("2", 2)])
    assert shown(found) == [("1", (1, 3), "main"), ("2", (2,), "main")]
    assert found.news == frozenset()
    assert found.groups[0].why == "as before"


def test_an_added_line_that_agrees_with_none_founds_a_group_with_an_id_never_used() -> None:
    found = regrouped([line(1), line(2, ship_set="x"), line(3)], [plan("1", 1)], other=(3,), used=("1", "4"))
    assert shown(found) == [("1", (1,), "main"), ("5", (2,), "main"), ("6", (3,), "main")]
    assert found.news == {"5", "6"}
    assert found.groups[2].process == "drop-ship"


def test_a_group_without_lines_is_gone_and_its_id_is_not_given_again() -> None:
    found = regrouped([line(1), line(3, ship_set="x")], [plan("1", 1), plan("2", 2)])
    assert shown(found) == [("1", (1,), "main"), ("3", (3,), "main")]


def test_a_group_whose_lines_all_go_to_another_warehouse_goes_with_them() -> None:
    found = regrouped([line(1, "north"), line(2, "north")], [plan("1", 1, 2)])
    assert shown(found) == [("1", (1, 2), "north")]
    assert found.news == {"1"}
    assert found.groups[0].why == "process standard (row 1); from north: the order names this warehouse"


def test_one_line_that_goes_elsewhere_leaves_its_group_and_an_added_one_may_follow() -> None:
    found = regrouped([line(1), line(2, "north"), line(3, "north")], [plan("1", 1, 2)])
    assert shown(found) == [("1", (1,), "main"), ("2", (2, 3), "north")]
    assert found.news == {"2"}


def test_lines_that_part_leave_the_group_to_the_first() -> None:
    found = regrouped([line(1, "north"), line(2, "east"), line(3, "north")], [plan("1", 1, 2, 3)])
    assert shown(found) == [("1", (1, 3), "north"), ("2", (2,), "east")]
    assert found.news == {"1", "2"}


def test_a_line_may_go_to_a_group_that_is_there_already() -> None:
    standing = [plan("1", 1, 2), plan("2", 3, location="north")]
    found = regrouped([line(1), line(2, "north"), line(3, "north")], standing, wished={3: "north"})
    assert shown(found) == [("1", (1,), "main"), ("2", (3, 2), "north")]
    assert found.news == frozenset()


def test_a_wish_that_is_taken_back_or_met_already_moves_nothing() -> None:
    standing = [plan("1", 1, location="north"), plan("2", 2)]
    found = regrouped([line(1), line(2, "main")], standing, wished={1: "north", 2: None})
    assert shown(found) == [("1", (1,), "north"), ("2", (2,), "main")]
    assert found.news == frozenset()


def test_a_wish_that_was_not_kept_is_not_met_by_the_way() -> None:
    found = regrouped([line(1, "east"), line(2, "east")], [plan("1", 1, 2)], wished={1: "east", 2: "east"})
    assert shown(found) == [("1", (1, 2), "main")]
