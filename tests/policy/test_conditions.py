"""The condition language: what is true, what is refused and where, and what is unknown and why."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from domain.conditions.compiled import POINT_IN_TIME, check, compile_condition
from domain.conditions.order_model import GroupFacts, roots
from domain.conditions.runtime import Unknown
from domain.conditions.types import Environment, Kind, NamedFact
from tests.policy.orders import order

FACTS = {
    "big": NamedFact("big", "line", Kind.YES_NO, "line.quantity > 10"),
    "many": NamedFact("many", "order", Kind.YES_NO, "count(order.lines) > 1"),
    "looped": NamedFact(
        "looped", "order", Kind.YES_NO, "any(any(a.sku == b.sku for a in order.lines) for b in order.lines)"
    ),
    "share": NamedFact("share", "line", Kind.NUMBER, "line.amount / order.total"),
    "round_a": NamedFact("round_a", "order", Kind.YES_NO, "round_b"),
    "round_b": NamedFact("round_b", "order", Kind.YES_NO, "round_a"),
    "broken": NamedFact("broken", "order", Kind.YES_NO, "order.custmer"),
    "mistyped": NamedFact("mistyped", "order", Kind.YES_NO, "order.total"),
}
LISTS = {"premium": ("gold", "platinum")}
EVERYTHING = Environment(roots(), LISTS, FACTS)
ORDER_ONLY = Environment({"order": roots()["order"]}, LISTS, FACTS)
VALUE = tuple(Kind)


def values() -> dict[str, object]:
    facts = order()
    return {
        "order": facts,
        "line": facts.lines[0],
        "group": GroupFacts(id="1", lines=facts.lines[:1], warehouse="SEA"),
        "now": datetime(2026, 3, 2, 18, tzinfo=UTC),
        "today": date(2026, 3, 2),
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("order.total > 500 and order.customer.segment in premium", True),
        ("order.total > 500.10", False),
        ("order.total >= 500.10", True),
        ("0.1 + 0.2 == 0.3", True),
        ("order.total == 450.10 + 50", True),
        ("line.unit_price * line.quantity == 50", True),
        ("line.amount / order.total < percent(10)", True),
        ('order.channel in ["web", "store"]', True),
        ('order.channel not in ["edi"]', True),
        ("10 <= line.quantity < 99", False),
        ("any(l.quantity > 10 for l in order.lines)", True),
        ("all(l.quantity > 10 for l in order.lines)", False),
        ('all(l.quantity > 10 for l in order.lines if l.sku == "B")', True),
        ("sum(l.amount for l in order.lines) == order.total", True),
        ("count(order.lines) == 2", True),
        ("count(l.quantity > 10 for l in order.lines) == 1", True),
        ('count(l for l in order.lines if l.sku != "B") == 1', True),
        ("max(l.quantity for l in order.lines) == 50 and min(3, 1, 2) == 1", True),
        ("any(any(a.sku == b.sku and a.number != b.number for a in order.lines) for b in order.lines)", False),
        ("has(order.requested_date) or not has(order.warehouse)", True),
        ('coalesce(order.warehouse, group.warehouse, "none") == "SEA"', True),
        ('lower("WEB") == order.channel', True),
        ("round(2.5) == 2 and round(3.5) == 4 and round(0.125, 2) == 0.12", True),
        ('today + days(3) == date("2026-03-05")', True),
        ("date(order.ordered_at) == today", True),
        ("now - order.ordered_at > hours(2) and now - order.ordered_at < hours(2.6)", True),
        ('today - date("2026-02-27") == days(3)', True),
        ("big or any(big for line in order.lines)", True),
        ("share < 0.1", True),
        ("many", True),
        ("order.customer.segment == 'gold' and true and not false", True),
        ("any(word == order.customer.segment for word in premium)", True),
        ("-line.quantity < -4", True),
    ],
)
def test_it_answers_exactly(source: str, expected: bool) -> None:
    assert check(source, EVERYTHING) == []
    assert compile_condition(source, EVERYTHING).evaluate(values()) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("order.total * 3", Decimal("1500.30")),
        ("1 / 3", Decimal("0.3333333333333333333333333333")),
        ("2 / 3", Decimal("0.6666666666666666666666666667")),
        ("percent(12.5)", Decimal("0.125")),
        ('date("2026-03-01") + days(1)', date(2026, 3, 2)),
        ("hours(1.5)", timedelta(minutes=90)),
        ("coalesce(order.requested_date, date(order.ordered_at) + days(30))", date(2026, 4, 1)),
    ],
)
def test_it_calculates_exactly(source: str, expected: object) -> None:
    found = compile_condition(source, EVERYTHING, VALUE).evaluate(values())
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("order.requested_date > today", "order.requested_date is missing"),
        ('order.ship_to.region == "IL"', "order.ship_to.region is missing"),
        ("order.total / (line.quantity - 5) > 1", "division by zero"),
        ("order.total / 0 > 1 or order.total < 5", "division by zero"),
        ('not (order.warehouse == "SEA")', "order.warehouse is missing"),
        ('any(l.ship_set == "x" for l in order.lines)', "l.ship_set is missing"),
        ('max(l.quantity for l in order.lines if l.sku == "Z") > 1', "max() of an empty list"),
        ("today + days(999999999) > today", "a date falls outside the calendar"),
        ("today + days(0.5) > today", "days() takes a whole number"),
    ],
)
def test_what_is_missing_is_unknown_and_says_why(source: str, reason: str) -> None:
    assert compile_condition(source, EVERYTHING).evaluate(values()) == Unknown(reason)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('order.warehouse == "SEA" and order.total < 1', False),
        ('order.total < 1 and order.warehouse == "SEA"', False),
        ('order.warehouse == "SEA" or order.total > 1', True),
        ('any(l.ship_set == "x" or l.quantity > 10 for l in order.lines)', True),
        ('all(l.ship_set == "x" and l.quantity > 10 for l in order.lines)', False),
    ],
)
def test_the_unknown_does_not_hide_what_is_settled(source: str, expected: bool) -> None:
    assert compile_condition(source, EVERYTHING).evaluate(values()) is expected


def test_unknown_has_no_truth() -> None:
    unknown = compile_condition('order.warehouse == "SEA"', EVERYTHING).evaluate(values())
    with pytest.raises(TypeError, match=r"unknown is neither true nor false \(order\.warehouse is missing\)"):
        bool(unknown)


def test_a_root_that_is_absent_is_unknown() -> None:
    assert compile_condition("line.quantity > 1", EVERYTHING).evaluate({}) == Unknown("line.quantity is missing")
    assert compile_condition('today > date("2026-01-01")', EVERYTHING).evaluate({}) == Unknown("today is missing")


@pytest.mark.parametrize(
    ("source", "offset", "message"),
    [
        ('order.custmer.id == "x"', 6, "`order` has no field `custmer`; did you mean `customer`?"),
        ('order.customer.nmae == "x"', 15, "`order.customer` has no field `nmae`; known here: id, segment"),
        ("order.total.cents > 1", 12, "`order.total` is an amount of money; it has no field `cents`"),
        (
            'order.lines.sku == "A"',
            12,
            "`order.lines` is a list; write any(x.sku ... for x in order.lines)",
        ),
        ('"é" == order.chanel', 13, "`order` has no field `chanel`; did you mean `channel`?"),
        ('order.payment.method == "cart"', 24, "`cart` is not a value it can have; did you mean `card`?"),
        ('order.ship_to.country == "XX"', 25, "`XX` is not a value it can have; write an ISO code such as US or DE"),
        ('order.ship_to.country in ["US", "Us"]', 32, "`Us` is not a value it can have; did you mean `US`?"),
        ('order.channel > "a"', 0, "a text has no order; compare with == or !="),
        ("order.total > line.quantity", 0, "an amount of money cannot be compared with a number"),
        ("order.total + line.quantity > 5", 0, "`+` does not go with an amount of money and a number"),
        ("order.total * order.total > 5", 0, "`*` does not go with an amount of money and an amount of money"),
        ('line.quantity == "5"', 0, "a number cannot be compared with a text; a text stands in quotes"),
        (
            "today + 3 > order.requested_date",
            0,
            "`+` does not go with a date and a number; write days(...) around the number",
        ),
        (
            "order.ordered_at > today",
            0,
            "a point in time cannot be compared with a date; write date(...) around the point in time",
        ),
        ("today + hours(3) > today", 0, "`+` does not go with a date and a length of time; a date moves by days(...)"),
        ("order.total = 5", 12, "write `==` to compare"),
        ("order.total > 5 && true", 16, "write `and` instead of `&&`"),
        ("order.total > 5 AND true", 16, "write `and`, `or`, `not`, `in` in small letters"),
        ("!big", 0, "write `not` instead of `!`"),
        ("(order.total > 5", 0, "this bracket is not closed"),
        ('order.lines[0].sku == "A"', 0, "`order.lines[0]` has no fields"),
        ("order.total is 5", 0, "`is` has no place in a condition; write =="),
        (
            "1 if true else 2",
            0,
            "`if ... else` has no place in a condition; write a `choose`, or a fact in the glossary",
        ),
        ('__import__("os")', 0, "there is no function `__import__`; known here: any, all,"),
        ("order.total.__class__ == 1", 12, "`order.total` is an amount of money; it has no field `__class__`"),
        ("order.__class__ == 1", 6, "`order` has no field `__class__`; known here: number, channel,"),
        ('f"{order}" == ""', 0, "a text with braces has no place in a condition"),
        ("len(order.lines) > 1", 0, "there is no function `len`; known here: any, all,"),
        ("line.quantity ** 2 > 4", 0, "only + - * / calculate in a condition"),
        ("1e5 > 4", 0, "`1e5` is not a plain number; write it in digits, such as 1200.50"),
        ("0x10 > 4", 0, "`0x10` is not a plain number; write it in digits, such as 1200.50"),
        ("1 > 12345678901234567890123456789", 4, "a number has at most 28 digits"),
        ("order.total", 0, "this gives an amount of money, but needed is yes or no"),
        ("order.total and true", 0, "`order.total` is an amount of money, but yes or no is needed here"),
        ("any(order.lines)", 0, "`any` takes a loop: any(l.quantity > 10 for l in order.lines)"),
        ("any(l.quantity for l in order.lines)", 4, "`any` asks a yes/no question of each element, not a number"),
        ("any(l.quantity > 1 for l in order.total)", 28, "`order.total` is an amount of money, not a list"),
        (
            "any(order.total > 1 for order in order.lines)",
            24,
            "`order` is already known here; choose another name in the loop",
        ),
        (
            "any(true for a in order.lines for b in order.lines)",
            3,
            "one `for` in each loop; put a second any(...) or all(...) inside",
        ),
        ("any(looped for l in order.lines)", 4, "at most 2 loops inside each other"),
        ("days(3, 4) == days(1)", 0, "`days` takes one value: days(2)"),
        ('date("2026-02-30") == today', 5, '`2026-02-30` is not a date; write date("2026-03-01")'),
        ('date("soon") == today', 5, '`soon` is not a date; write date("2026-03-01")'),
        (
            "order.channel in premiun",
            17,
            '`in` needs a list, such as ["a", "b"]; `premiun` is none; did you mean `premium`?',
        ),
        ("order.channel in []", 17, "the list is empty, so nothing is ever in it"),
        ("order.channel in [order.channel]", 18, "a list holds values, not calculations"),
        ("premium == order.channel", 0, "`premium` is a list; write `... in premium`"),
        ("round_a", 0, "a fact cannot use itself: round_a -> round_b -> round_a"),
        ("broken", 0, "the fact `broken` has a mistake of its own; mend it first"),
        ("mistyped", 0, "the fact `mistyped` has a mistake of its own; mend it first"),
        ("has and true", 0, "`has` needs parentheses: has(order.requested_date)"),
        ("true # always", 5, "a comment cannot stand in a condition"),
        ('order.channel == "a\\n"', 19, "backslashes have no place in a condition"),
        ("   ", 0, "the condition is empty"),
        (
            'channel == "web"',
            0,
            '`channel` is not known here; did you mean `order.channel`? (a text stands in quotes: "channel")',
        ),
        (
            "not " * 60 + "true",
            164,
            "with its facts written out the condition has more than 2000 parts or 40 levels",
        ),
        ("-" * 1999 + "1", 41, "with its facts written out the condition has more than 2000 parts or 40 levels"),
        ("(" * 1500 + "1", 200, "the condition is nested too deeply"),
        ("order.total > ", 12, "something is missing after `>`"),
        ("order.total => 5", 12, "write `>=` instead of `=>`"),
        ("order total > 5", 6, "the condition cannot be read from `total > 5` on"),
        ("order.channel == 'web\"", 17, "this quote is not closed"),
        ("order.total > 1,000", 0, "a comma has no place here; a list stands in [ ] right of `in`"),
        ("true or " * 300 + "true", 0, "a condition has at most 2000 characters"),
    ],
)
def test_a_mistake_is_told_at_its_place(source: str, offset: int, message: str) -> None:
    errors = check(source, EVERYTHING)
    assert errors, source
    assert (errors[0].offset, errors[0].message[: len(message)]) == (offset, message)


def test_every_mistake_is_told() -> None:
    errors = check('order.custmer.id == "x" and order.totl > 5', EVERYTHING)
    assert [(error.offset, error.message) for error in errors] == [
        (6, "`order` has no field `custmer`; did you mean `customer`?"),
        (34, "`order` has no field `totl`; did you mean `total`?"),
    ]


def test_a_fact_needs_what_it_describes() -> None:
    assert [error.message for error in check("big", ORDER_ONLY)] == [
        "`big` describes a line, and no line is known here"
    ]
    assert check("any(big for line in order.lines)", ORDER_ONLY) == []


def test_facts_within_facts_do_not_grow_for_ever() -> None:
    facts = {"f0": NamedFact("f0", "order", Kind.YES_NO, "order.total > 1")}
    for n in range(1, 30):
        facts[f"f{n}"] = NamedFact(f"f{n}", "order", Kind.YES_NO, f"f{n - 1} and f{n - 1}")
    errors = check("f29", Environment(roots(), {}, facts))
    assert [error.message for error in errors] == [
        "with its facts written out the condition has more than 2000 parts or 40 levels"
    ]


def test_a_due_date_is_a_point_in_time() -> None:
    assert check("order.requested_date", EVERYTHING, POINT_IN_TIME) == []
    assert [error.message for error in check("order.total", EVERYTHING, POINT_IN_TIME)] == [
        "this gives an amount of money, but needed is a date or a point in time"
    ]


def test_the_same_condition_is_compiled_once() -> None:
    assert compile_condition("order.total > 1", EVERYTHING) is compile_condition("order.total > 1", EVERYTHING)
