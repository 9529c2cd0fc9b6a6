"""Return requests: what nobody wants any more, and what goes out all the same (CHG10, FLW7).

There are no returns yet. What has to come back is on record: in the answer to the change, and as an event.
"""

from collections.abc import Collection, Iterable

from domain.base import Lines
from domain.process import releases
from domain.process.draft import Draft
from domain.process.outcomes import LineChange
from domain.process.read_model import ChangeAnswer
from domain.process.state import ActiveChange, Group, Rework
from domain.process.words import ChangeKind, Pattern

USE_RETURN = "use_return"
"""Code of a change that is refused because the goods have to come back."""
_TAKING = frozenset({ChangeKind.CANCELLED, ChangeKind.ITEM, ChangeKind.QUANTITY_DOWN})


def taken_away(draft: Draft, change: ActiveChange, groups: Collection[str]) -> Lines:
    """The units that an edit takes out of lines of these groups. A line that is cancelled, or becomes another item, is
    not wanted at all; of a line in parts it is what of it is in these groups."""
    assert change.revised is not None
    homes = {number: group.id for group in draft.groups.values() for number in group.lines}
    found: Lines = {}
    for one in change.revised.lines:
        if one.kind not in _TAKING:
            continue
        if one.number in (change.shares or {}):
            units = _of_parts(draft, change, one, groups)
        elif homes.get(one.number) in groups:
            units = one.before - (one.after if one.kind is ChangeKind.QUANTITY_DOWN else 0)
        else:
            continue
        if units > 0:
            found[one.number] = max(units, found.get(one.number, 0))
    return dict(sorted(found.items()))


def _of_parts(draft: Draft, change: ActiveChange, one: LineChange, groups: Collection[str]) -> int:
    stays = {} if one.kind is ChangeKind.ITEM else (change.shares or {})[one.number]
    parts = {name: (draft.groups[name].parts or {}).get(one.number) for name in groups if name in draft.groups}
    return sum(max(part.units - stays.get(name, 0), 0) for name, part in parts.items() if part is not None)


def with_what_comes_back(draft: Draft, change: ActiveChange, reworks: tuple[Rework, ...]) -> ActiveChange:
    """An edit that the change rules turn down with the word `return`, with the units that have to come back."""
    if not draft.since(releases.RETURNS_ON_RECORD) or change.revised is None or change.refused_code != USE_RETURN:
        return change
    groups = {one.group for one in reworks if one.pattern is Pattern.RETURN}
    return change.model_copy(update={"to_return": taken_away(draft, change, groups)})


def all_of(draft: Draft, groups: Iterable[Group]) -> Lines:
    """All units of some groups."""
    found: Lines = {}
    for group in groups:
        for number, units in draft.quantities(group).items():
            found[number] = found.get(number, 0) + units
    return found


def record(draft: Draft, given: ChangeAnswer) -> None:
    """Tells what has to come back, once for a change."""
    if given.to_return:
        draft.tell(
            f"change/{given.change_id}/return",
            "return.requested",
            f"Return requested: {in_words(given.to_return)}.",
            why=given.words,
            change_id=given.change_id,
            units=sum(given.to_return.values()),
            lines=in_words(given.to_return),
        )


def in_words(lines: Lines) -> str:
    """2 of line 1, 3 of line 4."""
    return ", ".join(f"{units} of line {number}" for number, units in sorted(lines.items()))
