"""Which groups the lines of a changed order travel in: they stay unless they have to leave (ORC6, CHG6)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.grouping import Available, OpeningLine, plan_group, trait_key
from domain.policy.model import Assigned
from domain.process.read_model import GroupPlan


@dataclass(frozen=True, slots=True)
class Standing:
    """The version before: its groups, the warehouse that each of its lines wished for, and every id ever given."""

    groups: tuple[GroupPlan, ...]
    wished: Mapping[int, str | None]
    used: Collection[str]


@dataclass(frozen=True, slots=True)
class Regrouped:
    """The groups that have lines, and the ids of those that are new or leave from another place than before."""

    groups: tuple[GroupPlan, ...]
    news: frozenset[str]


def regroup(
    lines: Sequence[OpeningLine],
    assigned: Sequence[Assigned],
    group_by: Sequence[str],
    available: Available,
    standing: Standing,
) -> Regrouped:
    """A line whose wish for a warehouse changed takes its group along if no other line stays in it.

    Lines that leave, and new ones, join the group that they agree with in process, warehouse and `group_by`, or found
    one with a new id.
    """
    rule_of = {number: rule for rule in assigned for number in rule.lines}
    plans = {plan.id: plan for plan in standing.groups}
    home = {number: plan for plan in standing.groups for number in plan.lines}
    members: dict[str, list[OpeningLine]] = {id_: [] for id_ in plans}
    leaving = []
    for line in lines:
        if line.number in home and _may_stay(line, home[line.number], standing):
            members[home[line.number].id].append(line)
        else:
            leaving.append(line)
    moved, leaving = _taken_along(leaving, home, members)
    by_traits = {trait_key(of[0], plans[id_].process, group_by): id_ for id_, of in members.items() if of}
    ids = _free_ids((*standing.used, *plans))
    for line in leaving:
        traits = trait_key(line, rule_of[line.number].process, group_by)
        if traits not in by_traits:
            by_traits[traits] = next(ids)
        members.setdefault(by_traits[traits], []).append(line)
    news = frozenset(moved | (members.keys() - plans.keys()))
    return Regrouped(
        tuple(
            plan_group(id_, of, rule_of[of[0].number], available)
            if id_ in news
            else plans[id_].model_copy(update={"lines": tuple(line.number for line in of)})
            for id_, of in members.items()
            if of
        ),
        news,
    )


def _may_stay(line: OpeningLine, plan: GroupPlan, standing: Standing) -> bool:
    """A wish that is not new, is taken back, or is for where the group is anyway, moves nothing."""
    return line.warehouse in (None, plan.location, standing.wished.get(line.number))


def _taken_along(
    leaving: Iterable[OpeningLine], home: Mapping[int, GroupPlan], members: dict[str, list[OpeningLine]]
) -> tuple[set[str], list[OpeningLine]]:
    """Groups that nobody stays in go where their first line goes, with all of its lines that go there; and the rest."""
    moved: dict[str, str | None] = {}
    rest = []
    for line in leaving:
        plan = home.get(line.number)
        empty = plan is not None and (plan.id in moved or not members[plan.id])
        if plan is not None and empty and moved.setdefault(plan.id, line.warehouse) == line.warehouse:
            members[plan.id].append(line)
        else:
            rest.append(line)
    return set(moved), rest


def _free_ids(used: Iterable[str]) -> Iterator[str]:
    n = max((int(one) for one in used if one.isdigit()), default=0)
    while True:
        n += 1
        yield str(n)
