"""Opening a changed order: priced, assigned and grouped by the bundle it is pinned to (PRC10, ORC6, CHG1, I10).

What stood stays: a list price as of the order's day, the process of a line, its group. Only what is new is decided.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.grouping import Available
from domain.money import to_minor
from domain.opening import Document, open_order, opening_lines
from domain.policy.model import Assigned, Bundle, Glossary, OrderSlice
from domain.pricing import LISTED, DatedPrice
from domain.process.outcomes import Opened
from domain.process.read_model import GroupPlan
from domain.regrouping import Standing, regroup


@dataclass(frozen=True, slots=True)
class Before:
    """The version that a change starts from. `used` are all group ids ever given, `waterfalls` by line number."""

    document: Document
    opened: Opened
    waterfalls: Mapping[int, Sequence[Mapping[str, Any]]]
    used: Collection[str]


@dataclass(frozen=True, slots=True)
class Reopened:
    """The new version whole; and the ids of its groups that are new, or leave from another place than before."""

    opened: Opened
    waterfalls: dict[int, list[dict[str, Any]]]
    news: frozenset[str]


def reopen_order(
    document: Document, bundle: Bundle, prices: Mapping[str, Sequence[DatedPrice]], available: Available, before: Before
) -> Reopened:
    """The changed document opened. NoPriceError if a line has no price on the day of the order."""
    currency = document["currency"]
    fresh = open_order(document, bundle, {**prices, **_prices_given(before.waterfalls, before, currency)}, available)
    policy = _extended(before.opened.policy, fresh.opened.policy, {line.number for line in fresh.opened.lines})
    wished = {line.number: line.warehouse for line in opening_lines(before.document)}
    grouped = regroup(
        opening_lines(document),
        policy.assigned,
        policy.group_by,
        available,
        Standing(_at_home(before.opened), wished, before.used),
    )
    group_of = {number: group.id for group in grouped.groups for number in group.lines}
    lines = tuple(line.model_copy(update={"group": group_of[line.number]}) for line in fresh.opened.lines)
    opened = fresh.opened.model_copy(update={"lines": lines, "groups": grouped.groups, "policy": policy})
    return Reopened(opened, fresh.waterfalls, grouped.news)


def _at_home(opened: Opened) -> tuple[GroupPlan, ...]:
    """Each line in one group: where further units of it go by themselves, they follow."""
    home = {line.number: line.group for line in opened.lines}
    plans = (
        plan.model_copy(
            update={"lines": tuple(n for n in plan.lines if home.get(n) == plan.id), "parts": None, "beside": None}
        )
        for plan in opened.groups
    )
    return tuple(plan for plan in plans if plan.lines)


def _prices_given(
    waterfalls: Mapping[int, Sequence[Mapping[str, Any]]], before: Before, currency: str
) -> dict[str, list[DatedPrice]]:
    """The list prices that the order was told, by sku: a list that changed since changes no line (PRC10)."""
    sku_of = {line.number: line.sku for line in before.opened.lines}
    given = {}
    for number, waterfall in waterfalls.items():
        price = waterfall[0]
        if number in sku_of and price["rule"] == LISTED:
            told = DatedPrice(date.fromisoformat(price["valid_from"]), to_minor(price["unit"], currency))
            given[sku_of[number]] = [told]
    return given


def _extended(old: OrderSlice, fresh: OrderSlice, numbers: set[int]) -> OrderSlice:
    """The order's slice with what added lines need; lines that it had keep their process and the reason for it."""
    had = {number for rule in old.assigned for number in rule.lines}
    assigned = (*_only(old.assigned, numbers), *_only(fresh.assigned, numbers - had))
    return old.model_copy(
        update={
            "assigned": assigned,
            "processes": {**fresh.processes, **old.processes},
            "retry_styles": {**fresh.retry_styles, **old.retry_styles},
            "calendars": {**fresh.calendars, **old.calendars},
            "glossary": _together(old.glossary, fresh.glossary),
        }
    )


def _only(assigned: Iterable[Assigned], numbers: set[int]) -> list[Assigned]:
    kept = [rule.model_copy(update={"lines": tuple(n for n in rule.lines if n in numbers)}) for rule in assigned]
    return [rule for rule in kept if rule.lines]


def _together(old: Glossary, fresh: Glossary) -> Glossary:
    facts = {fact.fact: fact for fact in (*old.facts, *fresh.facts)}
    return old.model_copy(update={"lists": {**fresh.lists, **old.lists}, "facts": tuple(facts.values())})
