"""Conditions, for any expression and any order: equal to a plain evaluator, total, and honest about the unknown."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conditions.compiled import check, compile_condition
from domain.conditions.order_model import OrderFacts, roots
from domain.conditions.parse import BadConditionError
from domain.conditions.runtime import Unknown
from domain.conditions.types import Environment, Kind
from tests.policy.orders import order
from tests.policy.reference import UNKNOWN, Tree, text, value

ENVIRONMENT = Environment(
    {name: roots()[name] for name in ("order", "now", "today")}, {"premium": ("gold", "platinum")}
)
ANY_VALUE = (Kind.YES_NO, Kind.NUMBER, Kind.MONEY)

WORDS = [
    *("order", ".total", ".lines", ".id", "and", "or", "not", "in", "(", ")", "[", "]", "==", "<", "+", "-", "*", "/"),
    *("1", "0.5", '"x"', "any", "all", "for", "l", "if", ",", "lambda", "premium", "now", "today", "days(", "date("),
    *("min(", "has(", "count(", "=", "#", "'", "{", "}", ":", "is", "None", "True", "x"),
]
decimals = st.decimals(min_value=-1000, max_value=1000, places=2, allow_nan=False)
numbers = st.one_of(
    decimals.map(lambda n: ("number", n)),
    st.sampled_from([("number", Decimal(0)), ("number", Decimal(3)), ("number", Decimal("0.1"))]),
)
segments = st.sampled_from(["gold", "silver", "x"])


def _amounts(variable: bool) -> st.SearchStrategy[Tree]:
    paths = ["l.quantity", "l.discount"] if variable else ["count(order.lines)"]
    plain = [("path", path) for path in paths if "(" not in path]
    leaves = st.one_of(numbers, st.sampled_from(plain)) if plain else numbers
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["+", "-", "*", "/"]), inner, inner),
            st.tuples(st.just("minus"), inner),
            st.tuples(st.just("percent"), inner),
            st.tuples(st.just("coalesce"), inner, inner),
        ),
        max_leaves=5,
    )


def _questions(variable: bool) -> st.SearchStrategy[Tree]:
    signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    money = ("path", "l.amount" if variable else "order.total")
    name = ("path", "l.ship_set" if variable else "order.customer.segment")
    texts = segments.map(lambda word: ("text", word))
    leaves = [
        st.tuples(signs, st.just(money), numbers),
        st.tuples(signs, _amounts(variable), _amounts(variable)),
        st.tuples(st.sampled_from(["==", "!="]), st.just(name), texts),
        st.tuples(st.just("in"), st.just(name), st.lists(texts, min_size=1, max_size=3)),
        st.tuples(st.just("has"), st.sampled_from([money, name])),
    ]
    if not variable:
        leaves.append(_loops())
    return st.recursive(
        st.one_of(leaves),
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(["and", "or"]), inner, inner),
            st.tuples(st.sampled_from(["and", "or"]), inner, inner, inner),
        ),
        max_leaves=6,
    )


def _loops() -> st.SearchStrategy[Tree]:
    condition = st.one_of(st.none(), _questions(variable=True))
    asked = st.tuples(st.just("loop"), st.sampled_from(["any", "all"]), _questions(variable=True), condition)
    counted = st.tuples(st.just("loop"), st.just("count"), _questions(variable=True), condition)
    summed = st.tuples(st.just("loop"), st.just("sum"), _amounts(variable=True), condition)
    compared = st.tuples(st.sampled_from(["<", "==", ">="]), st.one_of(counted, summed), numbers)
    return st.one_of(asked, compared)


optional = st.one_of(st.none(), decimals)
lines = st.builds(
    lambda number, quantity, amount, ship_set: {
        "number": number,
        "sku": "A",
        "quantity": quantity,
        "amount": amount,
        "ship_set": ship_set,
    },
    st.integers(1, 9),
    st.integers(1, 9),
    optional,
    st.one_of(st.none(), segments),
)
orders = st.builds(
    lambda total, segment, some: order(total=total, customer={"id": "1", "segment": segment}, lines=some),
    optional,
    st.one_of(st.none(), segments),
    st.lists(lines, max_size=4),
)


@settings(max_examples=400, deadline=None)
@given(tree=_questions(variable=False), about=orders)
def test_a_condition_gives_what_a_plain_evaluator_gives(tree: Tree, about: OrderFacts) -> None:
    found = compile_condition(text(tree), ENVIRONMENT).evaluate({"order": about})
    expected = value(tree, about)
    if expected is UNKNOWN:
        assert isinstance(found, Unknown), text(tree)
        assert found.reason
    else:
        assert found is expected, text(tree)


@settings(max_examples=200, deadline=None)
@given(tree=_amounts(variable=False), about=orders)
def test_an_amount_is_exact_to_28_digits(tree: Tree, about: OrderFacts) -> None:
    found = compile_condition(text(tree), ENVIRONMENT, ANY_VALUE).evaluate({"order": about})
    expected = value(tree, about)
    assert (isinstance(found, Unknown) and expected is UNKNOWN) or found == expected


@settings(max_examples=300, deadline=None)
@given(
    source=st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(WORDS),
            max_size=14,
        ).map(" ".join),
    )
)
def test_no_text_breaks_the_check(source: str) -> None:
    errors = check(source, ENVIRONMENT, ANY_VALUE)
    assert all(0 <= error.offset <= len(source) and error.message for error in errors)
    if errors:
        with pytest.raises(BadConditionError) as refused:
            compile_condition(source, ENVIRONMENT, ANY_VALUE)
        assert refused.value.errors == errors
    else:
        compile_condition(source, ENVIRONMENT, ANY_VALUE).evaluate({})


@settings(max_examples=200, deadline=None)
@given(tree=_questions(variable=False))
def test_nothing_known_is_never_an_exception(tree: Tree) -> None:
    found = compile_condition(text(tree), ENVIRONMENT).evaluate({})
    assert found is True or found is False or isinstance(found, Unknown)
