"""Conditions of a process, evaluated on an order's state. Unknown is not true: the path is not taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from domain.base import Lines
from domain.codes import decimals_of
from domain.conditions.compiled import POINT_IN_TIME, YES_OR_NO, compile_condition
from domain.conditions.runtime import Unknown
from domain.policy.environments import GROUP_LINE, environment_for
from domain.policy.model import Choose, Path, Step
from domain.process.clock import local_date
from domain.process.draft import Draft
from domain.process.flow import on_the_way
from domain.process.outcomes import PricedLine
from domain.process.state import Group


def holds_for(draft: Draft, group: Group, source: str) -> bool:
    """Whether a yes/no condition is true for the group."""
    return _is_true(draft, _roots(draft, group), source)


def _is_true(draft: Draft, roots: dict[str, object], source: str) -> bool:
    compiled = compile_condition(source, environment_for(draft.policy.glossary), YES_OR_NO)
    return compiled.evaluate(roots) is True


def path_now(draft: Draft, group: Group, choose: Choose) -> Path:
    """The path that the group takes as the order is now."""
    return _path(draft, _roots(draft, group), choose)


def _path(draft: Draft, roots: dict[str, object], choose: Choose) -> Path:
    return next(path for path in choose.paths if path.otherwise or (path.when and _is_true(draft, roots, path.when)))


def required(draft: Draft, group: Group) -> Iterator[Step]:
    """The steps that the group needs as the order is now: on its way, and with their conditions true (CHG4).

    Each is judged as it is asked for: the order must not be changed in between.
    """
    roots = _roots(draft, group)
    for step in on_the_way(draft.process(group).steps, lambda choose: _path(draft, roots, choose)):
        if step.when is None or _is_true(draft, roots, step.when):
            yield step


def picked_lines(draft: Draft, group: Group, step: Step) -> Lines:
    """The lines a step handles, with their quantities: those its `lines:` is true for; others pass through (ORC4)."""
    quantities = draft.quantities(group)
    if step.lines is None:
        return quantities
    compiled = compile_condition(step.lines, environment_for(draft.policy.glossary, GROUP_LINE), YES_OR_NO)
    roots, currency = _roots(draft, group), draft.facts.currency
    return {
        number: quantity
        for number, quantity in quantities.items()
        if compiled.evaluate(roots | {"line": LineView(draft.line_in(group, number), currency)}) is True
    }


def value_for(draft: Draft, group: Group, source: str) -> date | datetime | None:
    """The moment an expression gives; None when it is unknown."""
    compiled = compile_condition(source, environment_for(draft.policy.glossary), POINT_IN_TIME)
    value: Any = compiled.evaluate(_roots(draft, group))
    return None if isinstance(value, Unknown) else value


def _roots(draft: Draft, group: Group) -> dict[str, object]:
    return {
        "order": OrderView(draft),
        "group": GroupView(draft, group),
        "now": draft.now,
        "today": local_date(draft.now, draft.policy.timezone),
    }


@dataclass(frozen=True)
class _Named:
    """A thing of the order model with a few fields; absent ones are unknown."""

    id: str | None = None
    segment: str | None = None
    country: str | None = None
    region: str | None = None
    zone: str | None = None
    method: str | None = None


class OrderView:
    """The order as conditions see it. Built lazily: most conditions ask for one field."""

    warehouse: str | None = None

    def __init__(self, draft: Draft) -> None:
        facts = draft.facts
        self._draft = draft
        self.number = facts.number
        self.channel = facts.channel
        self.currency = facts.currency
        self.ordered_at = facts.ordered_at
        self.requested_date = facts.requested_date
        self.ship_method = facts.ship_method

    @cached_property
    def customer(self) -> _Named:
        return _Named(id=self._draft.facts.customer, segment=self._draft.facts.segment)

    @cached_property
    def ship_to(self) -> _Named:
        return _Named(country=self._draft.facts.country, region=self._draft.facts.region)

    @cached_property
    def payment(self) -> _Named:
        return _Named(method=self._draft.facts.payment_method)

    @cached_property
    def total(self) -> Decimal:
        facts = self._draft.facts
        return _amount(facts.goods + facts.charges + facts.tax, facts.currency)

    @cached_property
    def lines(self) -> tuple["LineView", ...]:
        return tuple(LineView(line, self.currency) for line in self._draft.lines.values())


class GroupView:
    """A group as conditions see it."""

    def __init__(self, draft: Draft, group: Group) -> None:
        self._draft = draft
        self._group = group
        self.id = group.id
        self.warehouse = group.location
        self.ship_method = draft.facts.ship_method

    @cached_property
    def amount(self) -> Decimal:
        return _amount(self._draft.amount(self._group), self._draft.facts.currency)

    @cached_property
    def lines(self) -> tuple["LineView", ...]:
        currency = self._draft.facts.currency
        return tuple(LineView(self._draft.line_in(self._group, number), currency) for number in self._group.lines)


class LineView:
    """A line as conditions see it; what the process does not keep of it is unknown."""

    unit_price: Decimal | None = None
    discount: Decimal | None = None
    ship_set: str | None = None
    requested_date: date | None = None
    warehouse: str | None = None

    def __init__(self, line: PricedLine, currency: str) -> None:
        self.number = Decimal(line.number)
        self.sku = line.sku
        self.quantity = Decimal(line.quantity)
        self.amount = _amount(line.amount, currency)


def _amount(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-decimals_of(currency))
